"""What is undecided about a person is compared again when the person is corrected, or a number turns out to be another's."""

from typing import Any

import pytest

from app.duplicates import scanning
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON
from tests.factories.duplicates import PAIRS, make_twice, merge, read_pair, register, undo

Body = dict[str, Any]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def correct(ngo: Caller, person: Body, **change: Any) -> Body:
    changed = ngo.patch(f"/v1/beneficiaries/{person['id']}", change, version=1)
    assert changed.status_code == 200, changed.text
    return dict(changed.json())


def give_passport(ngo: Caller, *people: Body) -> list[Body]:
    made = [ngo.post(f"/v1/beneficiaries/{one['id']}/identifiers", {"kind": "passport", "value": "AA1234567"}) for one in people]
    assert [one.status_code for one in made] == [201] * len(people)
    return [dict(one.json()) for one in made]


def end(ngo: Caller, identifier: Body) -> None:
    ended = ngo.post(f"/v1/identifiers/{identifier['id']}/end", {"ended_on": "2026-01-15", "end_reason": "entered_in_error"}, version=1)
    assert ended.status_code == 200, ended.text


def test_a_corrected_sex_is_looked_for(ngo: Caller) -> None:
    girl = register(ngo)
    other = register(ngo, surname="Yuldasheva", given_name="Dilnoza", patronymic=None, sex="male")
    assert other["possible_duplicates"] == []
    (found,) = correct(ngo, other, sex="female")["possible_duplicates"]
    assert found["beneficiary_id"] == girl["id"]


def test_a_pair_lies_where_both_lie_now(ngo: Caller) -> None:
    _, second, pair = make_twice(ngo)
    assert "same_district" in pair["reasons"]
    correct(ngo, second, territory=ANDIJON)
    moved = read_pair(ngo, pair["id"])
    assert moved["territory"] == "17"
    assert "other_region" in moved["reasons"]
    assert not {"same_district", "same_mahalla"} & set(moved["reasons"])
    assert moved["score"] < pair["score"]


def test_who_is_alike_no_longer_is_no_candidate(ngo: Caller) -> None:
    _, second, pair = make_twice(ngo)
    correct(ngo, second, given_name="Zuhra", birth_date="1961-02-03")
    assert ngo.get(f"{PAIRS}/{pair['id']}").status_code == 404
    assert ngo.get(PAIRS).json()["items"] == []


def test_what_was_decided_is_left_as_it_is(ngo: Caller) -> None:
    _, second, pair = make_twice(ngo)
    assert ngo.post(f"{PAIRS}/{pair['id']}/distinct", {}, version=1).status_code == 200
    correct(ngo, second, given_name="Zuhra", birth_date="1961-02-03")
    assert (read_pair(ngo, pair["id"])["status"], read_pair(ngo, pair["id"])["score"]) == ("distinct", pair["score"])


def test_a_number_in_common_outweighs_a_report_and_its_end_leaves_it(ngo: Caller) -> None:
    one, other = register(ngo), register(ngo, surname="Karimov", given_name="Nodir", patronymic=None, sex="male", birth_date="1970-01-01")
    reported = ngo.post(PAIRS, {"a_id": one["id"], "b_id": other["id"]}).json()
    assert (reported["score"], reported["reasons"][-1]) == (0.9, "reported_by_hand")
    passports = give_passport(ngo, one, other)
    for found in (read_pair(ngo, reported["id"]), scanning.scan() and read_pair(ngo, reported["id"])):
        assert (found["reasons"][0], found["reasons"][-1]) == ("same_identifier", "reported_by_hand")
        assert found["score"] >= 0.99
    end(ngo, passports[0])
    left = read_pair(ngo, reported["id"])
    assert (left["score"], left["reasons"]) == (0.9, reported["reasons"])


def test_a_number_of_another_is_no_reason_any_more(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    passports = give_passport(ngo, first, second)
    assert read_pair(ngo, pair["id"])["reasons"][0] == "same_identifier"
    end(ngo, passports[1])
    assert read_pair(ngo, pair["id"])["reasons"] == pair["reasons"]
    stranger = register(ngo, surname="Karimov", given_name="Nodir", patronymic=None, sex="male", birth_date="1970-01-01")
    (theirs,) = give_passport(ngo, stranger)
    (found,) = ngo.get(f"{PAIRS}?beneficiary_id={stranger['id']}").json()["items"]
    end(ngo, theirs)
    assert ngo.get(f"{PAIRS}/{found['id']}").status_code == 404, "they had nothing else in common"


def test_whoever_corrects_one_need_not_see_the_other(ngo: Caller, callers: Callers) -> None:
    _, second, pair = make_twice(ngo, territory=ANDIJON)
    there = callers.ngo("1703", organization_id=ngo.organization_id)
    assert there.get(f"{PAIRS}/{pair['id']}").status_code == 404
    correct(there, second, patronymic="Karim qizi")
    assert read_pair(ngo, pair["id"])["score"] > pair["score"]
    version = ngo.get(f"/v1/beneficiaries/{second['id']}").json()["version"]
    changed = there.patch(f"/v1/beneficiaries/{second['id']}", {"given_name": "Zuhra", "birth_date": "1961-02-03"}, version=version)
    assert changed.json()["possible_duplicates"] == []
    assert ngo.get(f"{PAIRS}/{pair['id']}").status_code == 404


def test_a_number_ends_of_which_another_bearer_is_not_seen(ngo: Caller, callers: Callers) -> None:
    """It says nothing of a second number that the two have in common."""
    first, second, pair = make_twice(ngo, territory=ANDIJON)
    (passport, _) = give_passport(ngo, second, first)
    for one in (first, second):
        assert ngo.post(f"/v1/beneficiaries/{one['id']}/identifiers", {"kind": "id_card", "value": "AD7654321"}).status_code == 201
    end(callers.ngo("1703", organization_id=ngo.organization_id), passport)
    assert read_pair(ngo, pair["id"])["reasons"][0] == "same_identifier"


def test_the_pair_of_a_merge_that_was_undone_stays(ngo: Caller) -> None:
    """The merge refers to it, however little the two are alike once each says who it is."""
    first, second, pair = make_twice(ngo)
    merged = merge(ngo, pair, first)
    assert undo(ngo, merged).status_code == 200
    version = ngo.get(f"/v1/beneficiaries/{second['id']}").json()["version"]
    change = {"given_name": "Zuhra", "birth_date": "1961-02-03"}
    assert ngo.patch(f"/v1/beneficiaries/{second['id']}", change, version=version).status_code == 200
    again = read_pair(ngo, pair["id"])
    assert (again["status"], again["score"] < pair["score"]) == ("open", True)
    scanning.scan()
    assert read_pair(ngo, pair["id"])["status"] == "open"
