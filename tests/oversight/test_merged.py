"""Who looked at somebody who was registered more than once, and at what bears the name: told as looks at one person."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.database import now
from app.days import TASHKENT
from app.languages import Language
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON
from tests.factories.certificates import HULKAR, co_host, issue, make_course
from tests.factories.duplicates import PAIRS, Body, make_twice, merge, read_pair, register, undo
from tests.factories.grants import grant
from tests.factories.oversight import PEOPLE, age_looks, break_glass, consent_of, looked
from tests.oversight.test_accesses import accesses
from tests.oversight.test_report import report


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("17")


def by(found: list[Body], caller: Caller) -> list[tuple[str, str, list[str]]]:
    """(kind of the row, its id, grounds) of each look of somebody, the oldest first."""
    mine = [one for one in found if one["viewer"]["id"] == str(caller.account.id)]
    return [(one["subject"]["kind"], one["subject"]["id"], [ground["kind"] for ground in one["grounds"]]) for one in reversed(mine)]


def look(caller: Caller, person: Body, *, status: int = 200) -> None:
    """Each look is written down by itself, in its order."""
    assert caller.get(f"{PEOPLE}/{person['id']}", follow_redirects=False).status_code == status
    age_looks(timedelta(minutes=5))


def test_the_rows_that_were_merged_into_it(callers: Callers, ngo: Caller) -> None:
    # Of age, since a girl does not speak for herself.
    first, second = (register(ngo, surname=surname, birth_date="1990-05-17") for surname in ("Йўлдошева", "Yuldasheva"))
    pair = read_pair(ngo, second["possible_duplicates"][0]["candidate_id"])
    partner, other = callers.state("17"), callers.committee("17")
    given = grant(
        ngo, to_organization(partner.organization_id), DataCategory.IDENTITY, beneficiary_id=second["id"], source_id=consent_of(ngo, second)
    )
    looked()
    # A look at the one row is not explained by what opened the other.
    own = grant(ngo, to_organization(other.organization_id), DataCategory.IDENTITY, beneficiary_id=first["id"], source_id=uuid.uuid4())
    look(partner, second)
    look(other, first)
    break_glass(other, second)
    looked()
    made = merge(ngo, pair, first)
    found = accesses(ngo, first)
    assert by(found, partner) == [("beneficiary", second["id"], ["consent"])]
    assert by(found, other) == [("beneficiary", first["id"], ["consent"]), ("beneficiary", second["id"], ["break_glass"])]
    granted = {(one["subject"]["id"], ground["grant_id"]) for one in found for ground in one["grounds"] if ground["kind"] == "consent"}
    assert granted == {(second["id"], str(given.id)), (first["id"], str(own.id))}, "the grants that let in then, as they were"
    assert partner.get(f"{PEOPLE}/{first['id']}").status_code == 200
    assert by(accesses(ngo, first), partner)[-1] == ("beneficiary", first["id"], ["consent"])
    assert undo(ngo, made).status_code == 200
    assert by(accesses(ngo, first), partner) == [("beneficiary", first["id"], ["consent"])], "two persons again, each with its own"
    assert by(accesses(ngo, second), partner) == [("beneficiary", second["id"], ["consent"])]


def test_a_chain_and_rows_that_lie_elsewhere(callers: Callers, ngo: Caller) -> None:
    """The manager of the winner's district is told of looks at rows that lay where that one sees nobody."""
    first, second, pair = make_twice(ngo, territory=ANDIJON)
    there = callers.ngo("1703", organization_id=ngo.organization_id, duty="specialist")
    look(there, second)
    merge(ngo, pair, second)
    look(there, second)
    third = register(ngo)
    look(ngo, first, status=308)
    (found,) = third["possible_duplicates"]
    merge(ngo, read_pair(ngo, found["candidate_id"]), third)
    near = callers.ngo("1733", organization_id=ngo.organization_id)
    assert near.get(f"{PEOPLE}/{second['id']}/accesses").status_code == 404
    told = accesses(near, third)
    assert by(told, there) == [("beneficiary", second["id"], ["own_organization"])] * 2
    assert ("beneficiary", first["id"], ["own_organization"]) in by(told, ngo)
    assert {one["subject"]["id"] for one in told} == {first["id"], second["id"], third["id"]}
    stranger = register(ngo, given_name="Zuhra", birth_date="1980-01-02")
    assert not {one["subject"]["id"] for one in accesses(ngo, stranger)} & {first["id"], second["id"], third["id"]}


def test_pages_go_on_though_more_rows_tell_of_it(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    for person in (first, second, first):
        look(ngo, person)
    url = f"{PEOPLE}/{first['id']}/accesses"
    page = ngo.get(url, params={"limit": 1, "until": (now() - timedelta(minutes=1)).isoformat(), "include": "total"})
    merge(ngo, pair, first)
    following = ngo.get(page.links["next"]["url"])
    assert following.status_code == 200, following.text
    assert [one["subject"]["id"] for one in (*page.json()["items"], *following.json()["items"])] == [first["id"], second["id"]]


# --- certificates and enrollments -----------------------------------------------------------------------------------------------
def test_what_bears_the_name(callers: Callers, ngo: Caller) -> None:
    course = make_course(ngo, HULKAR)
    issue(ngo, course)
    (certificate,) = ngo.get("/v1/certificates").json()["items"]
    person = {"id": course.persons[0]}
    committee, colleague = callers.committee("17"), callers.ngo("17", organization_id=ngo.organization_id)
    co_host(course, committee)
    age_looks(timedelta(hours=1))
    for caller in (committee, colleague):
        assert caller.get(f"/v1/certificates/{certificate['id']}").status_code == 200
        looked()
    assert committee.get(f"/v1/trainings/{course.id}/enrollments/{course.enrollments[0]}").status_code == 200
    ngo.get(f"/v/{certificate['number']}")
    found = accesses(ngo, person, since=(now() - timedelta(minutes=30)).isoformat())
    assert by(found, committee) == [
        ("certificate", certificate["id"], ["activity"]),
        ("enrollment", course.enrollments[0], ["activity"]),
    ]
    assert by(found, colleague) == [("certificate", certificate["id"], ["own_organization"])]
    assert {one["viewer"]["kind"] for one in found} == {"account"}, "who verifies it is not known"
    another = make_course(ngo, ("Karimova", "Nigora", None))
    assert not by(accesses(ngo, {"id": another.persons[0]}), committee)


def test_the_certificate_of_a_row_that_was_merged(callers: Callers, ngo: Caller) -> None:
    course = make_course(ngo, HULKAR)
    issue(ngo, course)
    (certificate,) = ngo.get("/v1/certificates").json()["items"]
    loser = {"id": course.persons[0]}
    winner = register(ngo, given_name="Hulkar", birth_date="1990-01-01")
    age_looks(timedelta(hours=1))
    callers.ngo("17", organization_id=ngo.organization_id).get(f"/v1/certificates/{certificate['id']}")
    pair = ngo.post(PAIRS, {"a_id": winner["id"], "b_id": loser["id"]}).json()
    merge(ngo, pair, winner)
    assert ("certificate", certificate["id"]) in {(one["subject"]["kind"], one["subject"]["id"]) for one in accesses(ngo, winner)}


# --- on paper -------------------------------------------------------------------------------------------------------------------
WORDS = {
    Language.UZ_LATN: ("Nimani", "Sertifikatingiz", "ikkinchi marta", "Siz qatnashgan trening"),
    Language.UZ_CYRL: ("Нимани", "Сертификатингиз", "иккинчи марта", "Сиз қатнашган тренинг"),
    Language.RU: ("Что", "Ваш сертификат", "Вторая запись", "Проводит тренинг"),
    Language.EN: ("What", "Your certificate", "registered a second time", "It holds a training"),
}


@pytest.mark.parametrize("language", Language)
def test_the_report_says_which_row_it_was(callers: Callers, ngo: Caller, language: Language) -> None:
    course = make_course(ngo, HULKAR)
    issue(ngo, course)
    (certificate,) = ngo.get("/v1/certificates").json()["items"]
    loser: dict[str, Any] = {"id": course.persons[0]}
    winner = register(ngo, given_name="Hulkar", birth_date="1990-01-01")
    pair = ngo.post(PAIRS, {"a_id": winner["id"], "b_id": loser["id"]}).json()
    committee = callers.committee("17")
    co_host(course, committee)
    committee.get(f"/v1/certificates/{certificate['id']}")
    ngo.get(f"{PEOPLE}/{loser['id']}")
    merge(ngo, pair, winner)
    found = report(ngo, winner, language=str(language))
    for words in WORDS[language]:
        assert words in found
    assert f"({now().astimezone(TASHKENT):%d.%m.%Y})" in found, "the day on which it was registered"
    assert loser["id"] not in found
