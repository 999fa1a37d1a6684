"""Nothing is written about somebody who was forgotten, by whatever way; and what others do goes on beside it."""

from typing import Any

import pytest

from app.database import Database
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import URGANCH, beneficiary_body, make_beneficiary, person_body, read_afterwards
from tests.factories.certificates import HULKAR, make_course
from tests.factories.circumstances import PAPERS
from tests.factories.circumstances import url_of as circumstances_of
from tests.factories.consents import CONSENTS, consent_body, given_consent, giving, household, withdraw
from tests.factories.duplicates import make_twice
from tests.factories.identifiers import identifier_body
from tests.factories.identifiers import url_of as identifiers_of
from tests.factories.kinship import KINSHIPS, kinship_body
from tests.factories.lives import memberships, move_body, url
from tests.factories.trainings import make_open_training
from tests.factories.vulnerability import RECORDS, make_record, record_body

Body = dict[str, Any]
PEOPLE = "/v1/beneficiaries"
NEWCOMER = {"person": person_body(), "relationship_to_head": "child"}
INCOME = {"sources": []}


@pytest.fixture(autouse=True)
def schemes(db: Database) -> None:
    """The schemes that come with the service."""
    load_schemes()


def forget(caller: Caller, person: Body) -> Body:
    """The person as it is read after it was forgotten."""
    asked = caller.post("/v1/erasure-requests", {"beneficiary_id": person["id"], "asked_by": "self", "asked_on": "2026-01-31"})
    assert asked.status_code == 201, asked.text
    assert caller.post(f"/v1/erasure-requests/{asked.json()['id']}/approve", version=1).json()["status"] == "approved"
    return dict(caller.get(f"{PEOPLE}/{person['id']}").json())


def refused(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "forgotten"), answer.text


def test_who_was_forgotten_is_told(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo)
    assert person["anonymized_at"] is None
    left = forget(ngo, person)
    assert left["anonymized_at"] > person["updated_at"]
    listed = ngo.get(PEOPLE, params={"updated_since": person["updated_at"]}).json()["items"]
    assert [one["anonymized_at"] for one in listed] == [left["anonymized_at"]]


def test_the_row_is_not_filled_again(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo)
    record = make_record(ngo, person, "orphan")
    left = forget(ngo, person)
    version = left["version"]
    refused(ngo.patch(f"{PEOPLE}/{person['id']}", {"surname": "Karimova"}, version=version))
    refused(ngo.put(circumstances_of(person), PAPERS, version=0))
    refused(ngo.post(identifiers_of(person), identifier_body()))
    refused(ngo.post(RECORDS, record_body(ngo, person, "out_of_school")))
    refused(ngo.patch(f"{RECORDS}/{record['id']}", {"evidence": "Bor"}, version=ngo.get(f"{RECORDS}/{record['id']}").json()["version"]))
    refused(ngo.post("/v1/legal-holds", {"beneficiary_id": person["id"], "reason": "Sud ishi"}))
    refused(ngo.post("/v1/erasure-requests", {"beneficiary_id": person["id"], "asked_by": "self", "asked_on": "2026-01-31"}))
    assert ngo.get(f"{PEOPLE}/{person['id']}").json() == left


@pytest.mark.parametrize("side", ["person", "relative"])
def test_nobody_is_tied_to_them(callers: Callers, side: str) -> None:
    ngo = callers.ngo("1733")
    gone, other = make_beneficiary(ngo, birth_date="1990-01-02"), make_beneficiary(ngo, given_name="Zuhra", birth_date="1984-03-02")
    forget(ngo, gone)
    refused(ngo.post(KINSHIPS, kinship_body(*((gone, other) if side == "person" else (other, gone)), kind="sibling")))
    roster = make_open_training(ngo)["id"]
    refused(ngo.post(f"/v1/trainings/{roster}/enrollments", {"beneficiary_id": gone["id"]}))
    refused(ngo.post(f"{RECORDS[:3]}/duplicate-candidates", {"a_id": gone["id"], "b_id": other["id"]}))


def test_they_come_into_no_family(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    home, gone = household(ngo), make_beneficiary(ngo)
    forget(ngo, gone)
    refused(ngo.post(url(home["family"], "members"), {"beneficiary_id": gone["id"], "relationship_to_head": "child"}))
    forget(ngo, home["boy"])
    membership = next(one for one in home["family"]["members"] if one["id"] == home["boy"]["id"])["membership_id"]
    version = next(one["version"] for one in memberships(ngo, home["family"]) if one["id"] == membership)
    refused(ngo.patch(url(home["family"], "memberships", membership), {"started_on": "2020-01-01"}, version=version))
    assert ngo.post(url(home["family"], "memberships", membership, "end"), {"reason": "moved_away"}, version=version).status_code == 200


def test_they_say_no_word_and_none_is_said_for_them(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    asked = ngo.post(CONSENTS, consent_body(home))
    boys = consent_body(home, beneficiary_id=home["boy"]["id"])
    forget(ngo, home["boy"])
    refused(ngo.post(CONSENTS, boys))
    # What the family agrees to does not speak of the one whom nobody knows any more.
    given = ngo.post(f"{CONSENTS}/{asked.json()['id']}/give", giving(home), version=1)
    assert given.status_code == 200, given.text
    assert home["boy"]["id"] not in given.text
    forget(ngo, home["mother"])
    refused(ngo.post(CONSENTS, consent_body(home)))
    refused(ngo.post(CONSENTS, consent_body(home, giving=giving(home))))


def test_who_was_forgotten_takes_nothing_back(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    made = given_consent(ngo, home)
    forget(ngo, home["father"])
    refused(withdraw(ngo, ngo.get(f"{CONSENTS}/{made['id']}").json(), home, withdrawn_by_id=home["father"]["id"]))
    assert ngo.get(f"{CONSENTS}/{made['id']}").json()["status"] == "given"


def test_a_family_goes_on_without_them(callers: Callers) -> None:
    """It moves, and where the forgotten one lived stays as little known as it is."""
    ngo = callers.ngo("17")
    home = household(ngo)
    left = forget(ngo, home["boy"])
    moved = ngo.post(url(home["family"], "move"), move_body(territory=URGANCH), version=ngo.get(url(home["family"])).json()["version"])
    assert moved.status_code == 200, moved.text
    assert ngo.get(f"{PEOPLE}/{home['girl']['id']}").json()["territory"] == URGANCH
    assert ngo.get(f"{PEOPLE}/{home['boy']['id']}").json() == left


def test_nothing_is_written_about_a_family_of_whom_nobody_is_known(callers: Callers) -> None:
    ngo = callers.ngo("17")
    home = household(ngo, note="Ichki")
    consent = ngo.post(CONSENTS, consent_body(home)).json()
    for who in ("father", "mother", "girl"):
        forget(ngo, home[who])
        assert ngo.get(url(home["family"])).json()["anonymized_at"] is None
    forget(ngo, home["boy"])
    left = ngo.get(url(home["family"])).json()
    assert left["anonymized_at"] is not None
    version = left["version"]
    refused(ngo.patch(url(home["family"]), {"note": "Bor"}, version=version))
    refused(ngo.post(url(home["family"], "move"), move_body(), version=version))
    refused(ngo.post(url(home["family"], "members"), NEWCOMER))
    refused(ngo.post(RECORDS, record_body(ngo, home["family"], "low_income_family")))
    refused(ngo.put(url(home["family"], "incomes", "2026-01"), INCOME, version=0))
    refused(ngo.post(CONSENTS, consent_body(home)))
    assert ngo.post(f"{CONSENTS}/{consent['id']}/give", {"method": "written"}, version=consent["version"]).status_code in (409, 412)
    assert ngo.get(url(home["family"])).json() == left


def test_a_pair_with_them_is_gone(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    one, _, pair = make_twice(ngo)
    forget(ngo, one)
    assert ngo.get(f"/v1/duplicate-candidates/{pair['id']}").status_code == 404


def test_they_get_no_certificate(callers: Callers) -> None:
    ngo = callers.ngo("17")
    course = make_course(ngo, HULKAR)
    forget(ngo, {"id": course.persons[0]})
    (outcome,) = ngo.post(course.url, {"dry_run": False}).json()["outcomes"]
    assert (outcome["outcome"], [one["code"] for one in outcome["reasons"]]) == ("not_eligible", ["participant_forgotten"])


def test_whoever_comes_back_is_registered_anew(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    gone = make_beneficiary(ngo)
    forget(ngo, gone)
    again = ngo.post(PEOPLE, beneficiary_body())
    assert (again.status_code, again.json()["possible_duplicates"]) == (201, [])
    assert read_afterwards(again.json())["id"] != gone["id"]
