"""What goes on after somebody was forgotten goes on without words: nothing is kept by which the person could be known again."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.beneficiaries.models import Beneficiary
from app.consents.models import Consent
from app.database import Database
from app.problems import Busy
from app.retention import due
from app.retention.actions import running
from app.retention.actions.running import run_retention
from app.vulnerability.loading import load_schemes
from tests.callers import Callers
from tests.factories.beneficiaries import daughter, family_body, father, make_beneficiary, mother
from tests.factories.certificates import HULKAR, make_course
from tests.factories.consents import CONSENTS, consent_body, given_consent, household
from tests.factories.lives import memberships, told, url
from tests.factories.trainings import make_open_training
from tests.factories.vulnerability import RECORDS, make_record, record_body
from tests.retention.test_forgotten import forget, refused
from tests.retention.test_running import LONG_AGO, age, is_forgotten, rule

Body = dict[str, Any]
SAID = "Dilnoza opa edi"


@pytest.fixture(autouse=True)
def schemes(db: Database) -> None:
    """The schemes that come with the service."""
    load_schemes()


def test_no_words_are_kept(callers: Callers, db: Database) -> None:
    """They leave a family and a roster, a consent is refused, a certificate is revoked."""
    ngo = callers.ngo("17")
    home = household(ngo)
    asked = ngo.post(CONSENTS, consent_body(home, beneficiary_id=home["girl"]["id"])).json()
    own = consent_body(home, beneficiary_id=home["father"]["id"], given_by_id=home["father"]["id"], capacity="self")
    given = ngo.post(CONSENTS, own | {"giving": {"method": "written"}}).json()
    roster = make_open_training(ngo)["id"]
    enrolled = ngo.post(f"/v1/trainings/{roster}/enrollments", {"beneficiary_id": home["girl"]["id"]}).json()
    course = make_course(ngo, HULKAR)
    (outcome,) = ngo.post(course.url, {"dry_run": False}).json()["outcomes"]
    for person in (home["girl"], home["father"], {"id": course.persons[0]}):
        forget(ngo, person)

    def move(address: str, verb: str, body: Body, version: int | None = None) -> None:
        moved = ngo.post(f"{address}/{verb}", body, version=version or ngo.get(address).json()["version"])
        assert moved.status_code == 200, moved.text

    (member,) = [one for one in memberships(ngo, home["family"]) if one["beneficiary_id"] == home["girl"]["id"]]
    move(url(home["family"], "memberships", member["id"]), "end", {"reason": "moved_away", "note": SAID}, member["version"])
    move(f"{CONSENTS}/{asked['id']}", "refuse", {"note": SAID})
    assert ngo.get(f"{CONSENTS}/{given['id']}").json()["status"] == "expired"
    move(f"/v1/trainings/{roster}/enrollments/{enrolled['id']}", "withdraw", {"reason": SAID}, 2)
    move(f"/v1/certificates/{outcome['certificate_id']}", "revoke", {"category": "issued_in_error", "reason": SAID})
    with db.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            assert SAID not in str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()), table


def test_they_are_the_head_of_no_family_and_found_none(callers: Callers) -> None:
    ngo = callers.ngo("17")
    home = household(ngo)
    forget(ngo, home["girl"])
    version = ngo.get(url(home["family"])).json()["version"]
    others = told((home["father"]["id"], "other_relative"), (home["mother"]["id"], "other_relative"), (home["boy"]["id"], "sibling"))
    refused(ngo.post(url(home["family"], "change-head"), {"beneficiary_id": home["girl"]["id"], "relationships": others}, version=version))
    split = {"members": told((home["girl"]["id"], "head")), "on": "2026-01-15", "address": "Bogʻiston 7"}
    refused(ngo.post(url(home["family"], "split"), split, version=version))


def test_days_of_birth_go_from_where_else_they_stand(callers: Callers) -> None:
    ngo = callers.ngo("17")
    family = ngo.post("/v1/families", family_body(members=[father(), mother(), daughter(started_on="2012-05-17")])).json()
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    make_record(ngo, child, "orphan", since="2012-05-17")
    forget(ngo, child)
    (membership,) = [one for one in memberships(ngo, family) if one["beneficiary_id"] == child["id"]]
    (record,) = ngo.get(RECORDS, params={"beneficiary_id": child["id"]}).json()["items"]
    assert (membership["started_on"], record["since"]) == ("2012-01-01", "2012-01-01")


def test_a_kept_answer_about_a_family_goes_with_the_family(callers: Callers) -> None:
    ngo = callers.ngo("17")
    home = household(ngo)
    body = record_body(ngo, home["family"], "low_income_family", evidence=SAID)
    assert ngo.post(RECORDS, body, key="evidence").status_code == 201
    for who in ("father", "mother", "girl", "boy"):
        forget(ngo, home[who])
    again = ngo.post(RECORDS, body, key="evidence")
    assert (again.status_code, again.json()["code"]) == (410, "idempotency_key_forgotten")


@pytest.mark.parametrize("batch", [1, 200])
def test_forgetting_one_is_no_work_with_another(callers: Callers, db: Database, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """What the mother had opened of her girl ends with the mother; the time of the girl does not begin anew by that."""
    monkeypatch.setattr(running, "_BATCH", batch)
    ngo = callers.ngo("17")
    home = household(ngo)
    given_consent(ngo, home, to=callers.committee("17"))
    given_consent(ngo, home, beneficiary_id=home["girl"]["id"], to=callers.state("17"))
    with db.engine.begin() as connection:
        connection.execute(sa.update(Consent).values(given_at=LONG_AGO))
    age(db, *due.TOLD_BY, Beneficiary)
    rule(callers)
    assert run_retention()["two_years"]["anonymized"] == 4
    assert all(is_forgotten(ngo, home[who]["id"]) for who in ("father", "mother", "girl", "boy"))


def test_whoever_stands_in_the_way_is_let_pass(callers: Callers, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes something of one person just then: the others are forgotten, and the run is written down."""
    ngo = callers.ngo("17")
    first, second = make_beneficiary(ngo), make_beneficiary(ngo, given_name="Zuhra", birth_date="1990-01-02")
    age(db, Beneficiary)
    rule(callers)
    real = running.erase

    def erase(session: Any, person: Any, **other: Any) -> Any:
        if str(person.id) == first["id"]:
            raise Busy
        return real(session, person, **other)

    monkeypatch.setattr(running, "erase", erase)
    counts = run_retention()["two_years"]
    assert (counts["due"], counts["anonymized"], counts["failed"]) == (2, 1, 1)
    assert [is_forgotten(ngo, one["id"]) for one in (first, second)] == [False, True]
    monkeypatch.undo()
    assert run_retention()["two_years"]["anonymized"] == 1
