"""A rule that deletes: what no statistic, no certificate and nobody else needs is gone, and the run says how much of it there was."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app.access.grants import DataCategory, to_role
from app.beneficiaries.models import Beneficiary
from app.consents.models import Consent
from app.database import Database, now
from app.participation.models import Enrollment
from app.retention import due
from app.retention.actions.running import run_retention
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import daughter, father, make_beneficiary, make_family
from tests.factories.certificates import HULKAR, issue, make_course
from tests.factories.circumstances import make_circumstances
from tests.factories.consents import household, make_consent
from tests.factories.duplicates import make_twice, merge
from tests.factories.grants import grant
from tests.factories.identifiers import make_identifier
from tests.factories.kinship import make_kinship
from tests.factories.lives import url
from tests.factories.oversight import consent_of
from tests.factories.vulnerability import make_record
from tests.retention.test_erasing import ask
from tests.retention.test_running import LONG_AGO, PEOPLE, age, rule

HOLDS = "/v1/legal-holds"
TABLES = SQLModel.metadata.tables


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    from app.vulnerability.loading import load_schemes

    load_schemes()
    return callers.ngo()


def furnish(ngo: Caller, person: dict[str, Any]) -> None:
    """All that speaks of a person and that nobody else needs."""
    make_identifier(ngo, person)
    make_circumstances(ngo, person)
    make_record(ngo, person, "child_with_disability")
    grant(ngo, to_role("womens_committee"), *DataCategory, beneficiary_id=person["id"])
    consent_of(ngo, person)
    held = ngo.post(HOLDS, {"beneficiary_id": person["id"], "reason": "Sud ishi"}).json()
    assert ngo.post(f"{HOLDS}/{held['id']}/release", {"reason": "Tugadi"}, version=1).status_code == 200
    refused = ngo.post(f"{ask(ngo, person)}/refuse", {"reason": "Kerak"}, version=1)
    assert refused.status_code == 200


FURNISHED = {"identifier", "circumstances", "vulnerability_record", "access_grant", "consent", "legal_hold", "erasure_request"}


def run(callers: Callers, db: Database) -> dict[str, Any]:
    """All of it was long ago."""
    age(db, *due.TOLD_BY, Beneficiary)
    rule(callers, action="delete")
    return dict(run_retention()["two_years"])


def rows_of(counts: dict[str, Any]) -> dict[str, int]:
    return {one["table"]: one["rows"] for one in counts["rows_deleted"]}


def left(db: Database, person: dict[str, Any]) -> set[str]:
    """The tables that still have a row with the person's id in it, their own and the trails apart."""
    key, found = uuid.UUID(person["id"]), set()
    with db.engine.connect() as connection:
        for name, table in TABLES.items():
            for column in table.columns:
                if isinstance(column.type, sa.Uuid) and not name.startswith(("audit_", "access_entry")):
                    where = sa.select(sa.func.count()).select_from(table).where(column == key)
                    found |= {name} if connection.execute(where).scalar_one() else set()
    return found


def test_of_whom_nothing_stands_nothing_is_left(callers: Callers, ngo: Caller, db: Database) -> None:
    person = make_beneficiary(ngo)
    furnish(ngo, person)
    counts = run(callers, db)
    assert (counts["deleted"], counts["anonymized"]) == (1, 0)
    assert rows_of(counts) == dict.fromkeys(FURNISHED | {"beneficiary"}, 1)
    assert left(db, person) == set()
    assert ngo.get(f"{PEOPLE}/{person['id']}").status_code == 404


def test_who_holds_a_certificate_is_anonymized_and_the_rest_is_gone(callers: Callers, ngo: Caller, db: Database) -> None:
    course = make_course(ngo, HULKAR)
    person = {"id": course.persons[0], "birth_date": "1985-03-08"}
    certificate = issue(ngo, course)[0]["certificate_id"]
    furnish(ngo, person)
    counts = run(callers, db)
    assert (counts["deleted"], counts["anonymized"]) == (0, 1)
    assert rows_of(counts) == dict.fromkeys(FURNISHED, 1)
    assert left(db, person) == {"beneficiary", "enrollment", "certificate"}
    assert ngo.get(f"/v1/certificates/{certificate}").json()["status"] == "valid"


def test_what_a_family_lived_on_goes_with_its_last_member(callers: Callers, ngo: Caller, db: Database) -> None:
    family = make_family(ngo, members=[father(), daughter()], housing="rented", monthly_income=900_000, size=2)
    head, child = family["members"]
    make_kinship(ngo, head, child)
    make_record(ngo, family, "family_of_child_with_disability")
    income = {"sources": [{"source": "wages", "amount": 1}]}
    assert ngo.put(url(family, "incomes", "2026-01"), income, version=0).status_code == 201
    counts = run(callers, db)
    assert (counts["deleted"], counts["anonymized"]) == (0, 2)
    assert rows_of(counts) == dict.fromkeys(("kinship", "vulnerability_record", "income_month", "income_record"), 1)
    after = ngo.get(url(family)).json()
    assert (after["size"], len(after["members"])) == (2, 2)
    assert (after["address"], after["housing"], after["monthly_income"]) == (None, None, None)
    assert [one["sources"] for one in [ngo.get(url(family, "incomes", "2026-01")).json()]] == [[]]


def test_a_family_keeps_what_it_lives_on_while_somebody_is_known(callers: Callers, ngo: Caller, db: Database) -> None:
    family = make_family(ngo, monthly_income=900_000)
    head, *_ = family["members"]
    age(db, *due.TOLD_BY, Beneficiary)
    with db.engine.begin() as connection:
        of_head = sa.update(Beneficiary).where(Beneficiary.id == uuid.UUID(head["id"]))
        connection.execute(of_head.values(updated_at=now()))
    rule(callers, action="delete")
    assert run_retention()["two_years"]["anonymized"] == 2
    assert ngo.get(url(family)).json()["monthly_income"] == 900_000


def test_a_consent_goes_with_whom_it_was_about_and_no_sooner(callers: Callers, ngo: Caller, db: Database) -> None:
    """The mother's time is over, the boy's is not: what she agreed to for him stands as what was agreed, and so does her row."""
    home = household(ngo)
    made = make_consent(ngo, home, beneficiary_id=home["boy"]["id"], giving={"method": "written"})
    mother = home["mother"]["id"]
    age(db, *due.TOLD_BY, Beneficiary)
    with db.engine.begin() as connection:
        others = sa.update(Beneficiary).where(Beneficiary.id != uuid.UUID(mother))
        connection.execute(others.values(updated_at=now()))
    rule(callers, action="delete")
    assert run_retention()["two_years"]["anonymized"] == 1
    assert left(db, home["mother"]) >= {"beneficiary", "consent"}
    # Whoever is forgotten speaks for him no more.
    assert ngo.get(f"/v1/consents/{made['id']}").json()["status"] == "expired"
    age(db, *due.TOLD_BY, Beneficiary)
    counts = run_retention()["two_years"]
    assert {"consent": 1, "consent_recipient": 1, "consent_subject": 1}.items() <= rows_of(counts).items()
    assert "consent" not in left(db, home["mother"]) | left(db, home["boy"])


def test_a_familys_consent_of_late_stands_as_the_ground_it_was(callers: Callers, ngo: Caller, db: Database) -> None:
    home = household(ngo)
    first = make_consent(ngo, home, giving={"method": "written", "assents": [{"beneficiary_id": home["girl"]["id"], "assent": "given"}]})
    body = {"giving": {"method": "written", "assents": [{"beneficiary_id": home["girl"]["id"], "assent": "given"}]}}
    second = ngo.post(f"/v1/consents/{first['id']}/renew", body, version=first["version"])
    assert second.status_code == 201, second.text
    age(db, *due.TOLD_BY, Beneficiary)
    with db.engine.begin() as connection:
        # It lapsed lately, by itself, which is nobody's work with the family.
        of_late = sa.update(Consent).where(Consent.id == uuid.UUID(second.json()["id"]))
        connection.execute(of_late.values(status="expired", given_at=LONG_AGO, updated_at=now()))
    rule(callers, action="delete")
    counts = run_retention()["two_years"]
    assert rows_of(counts)["consent"] == 1
    table = TABLES["consent"]
    with db.engine.connect() as connection:
        (kept,) = connection.execute(sa.select(table.c.id, table.c.renews_id)).all()
    assert (str(kept.id), kept.renews_id) == (second.json()["id"], None)


def test_two_that_are_one_are_deleted_together(callers: Callers, ngo: Caller, db: Database) -> None:
    first, second, pair = make_twice(ngo)
    merge(ngo, pair, first)
    counts = run(callers, db)
    assert (counts["due"], counts["deleted"]) == (1, 1)
    assert rows_of(counts) == {"beneficiary": 2, "beneficiary_merge": 1, "duplicate_candidate": 1}
    assert left(db, first) | left(db, second) == set()


def test_an_open_request_is_still_to_be_answered(callers: Callers, ngo: Caller, db: Database) -> None:
    person = make_beneficiary(ngo)
    one = ask(ngo, person)
    counts = run(callers, db)
    assert (counts["deleted"], counts["anonymized"]) == (0, 1)
    assert ngo.post(f"{one}/approve", version=ngo.get(one).json()["version"]).status_code == 200
    assert ngo.get(one).json()["status"] == "done"


def test_the_answer_says_what_was_done(callers: Callers, ngo: Caller, db: Database) -> None:
    furnish(ngo, make_beneficiary(ngo))
    age(db, *due.TOLD_BY, Beneficiary, Enrollment)
    administrator = rule(callers, action="delete")
    counts = run_retention()
    (told,) = administrator.get("/v1/retention-runs").json()["items"]
    assert told["counts"] == counts
    assert {"table": "identifier", "rows": 1} in told["counts"]["two_years"]["rows_deleted"]
