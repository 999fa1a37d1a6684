"""Who cares for the children of a family changes on a day, and who cared on any day is told."""

from datetime import timedelta
from typing import Any

import pytest

from app.days import today
from tests.callers import Caller, Callers
from tests.client import pointers
from tests.factories.beneficiaries import daughter, father, make_beneficiary, make_family, mother, person_body
from tests.factories.lives import cares, member_of, membership_of, memberships, merge_body, split_body, told, url

Family = dict[str, Any]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


@pytest.fixture
def family(ngo: Caller) -> Family:
    """Karim, the head; Zuhra, who cares; and their daughter."""
    return make_family(ngo)


def ids(family: Family, *kinds: str) -> list[str]:
    return [member_of(family, kind) for kind in kinds]


def version_of(ngo: Caller, family: Family) -> int:
    return int(ngo.get(url(family)).json()["version"])


def change(ngo: Caller, family: Family, *kinds: str, on: str | None = None) -> Any:
    body = {"caregivers": ids(family, *kinds)} | ({"on": on} if on else {})
    return ngo.post(url(family, "change-caregivers"), body, version=version_of(ngo, family))


def cared(ngo: Caller, family: Family, day: str) -> list[str]:
    found = ngo.get(url(family), params={"as_of": day})
    assert found.status_code == 200, found.text
    return cares(found.json())


def dies(ngo: Caller, person: str, on: str) -> None:
    one = f"/v1/beneficiaries/{person}"
    assert ngo.patch(one, {"deceased_on": on}, version=ngo.get(one).json()["version"]).status_code == 200


def code(response: Any) -> tuple[int, list[str], list[str]]:
    return response.status_code, pointers(response), [one["code"] for one in response.json()["errors"]]


def test_who_cared_is_told_for_every_day(ngo: Caller, family: Family) -> None:
    before = family["version"]
    changed = change(ngo, family, "head", on="2020-03-01")
    assert (changed.status_code, cares(changed.json()), changed.json()["version"]) == (200, ["Karim"], before + 1)
    assert change(ngo, family, "head", "spouse", on="2022-03-01").status_code == 200
    assert change(ngo, family, on="2023-03-01").status_code == 200
    days = {
        "2000-01-01": ["Zuhra"],
        "2020-02-29": ["Zuhra"],
        "2020-03-01": ["Karim"],
        "2022-02-28": ["Karim"],
        "2022-03-01": ["Karim", "Zuhra"],
        "2023-03-01": [],
    }
    assert {day: cared(ngo, family, day) for day in days} == days
    assert cares(ngo.get(url(family)).json()) == []


def test_the_day_is_today_unless_it_is_told(ngo: Caller, family: Family) -> None:
    assert change(ngo, family, "head").status_code == 200
    assert cared(ngo, family, str(today() - timedelta(days=1))) == ["Zuhra"]
    assert cared(ngo, family, str(today())) == ["Karim"]


def test_what_was_changed_on_the_very_day_is_changed_anew(ngo: Caller, family: Family) -> None:
    for kind in ("head", "spouse", "head", "spouse"):
        assert change(ngo, family, kind, on="2020-03-01").status_code == 200
    assert cared(ngo, family, "2020-02-29") == cared(ngo, family, "2020-03-01") == ["Zuhra"]
    # The last change before that one is the beginning: an earlier day can be told now.
    assert change(ngo, family, "head", on="2019-01-01").status_code == 200


def test_what_is_wrong_is_named(ngo: Caller, family: Family) -> None:
    stranger = make_beneficiary(ngo)["id"]
    head = member_of(family, "head")
    send = url(family, "change-caregivers")
    assert code(ngo.post(send, {"caregivers": [stranger, head, head]}, version=1)) == (
        422,
        ["/caregivers/0", "/caregivers/2"],
        ["unknown", "unknown"],
    )
    assert code(change(ngo, family, "spouse")) == (422, ["/caregivers"], ["same"])
    assert code(change(ngo, family, "child", on="2012-05-16")) == (422, ["/caregivers/0"], ["before_birth"])
    assert change(ngo, family, "head", on="2020-03-01").status_code == 200
    assert code(change(ngo, family, "spouse", on="2020-02-29")) == (422, ["/on"], ["before_start"])
    assert ngo.post(send, {"caregivers": [], "on": "2999-01-01"}, version=2).status_code == 422
    late = make_family(ngo, members=[father(), mother(started_on="2015-01-01", is_primary_caregiver=False), daughter()])
    assert code(change(ngo, late, "spouse", on="2014-12-31")) == (422, ["/on"], ["before_start"])
    # From the day on which she came it was never otherwise.
    assert change(ngo, late, "spouse", on="2015-01-01").status_code == 200
    assert cared(ngo, late, "2015-01-01") == ["Zuhra"]


# --- corrections ------------------------------------------------------------------------------------------------------------
def correct(ngo: Caller, family: Family, kind: str, *, value: bool) -> Any:
    one = url(family, "memberships", membership_of(family, kind))
    return ngo.patch(one, {"is_primary_caregiver": value}, version=ngo.get(one).json()["version"])


def test_what_was_recorded_wrongly_never_was(ngo: Caller, family: Family) -> None:
    assert correct(ngo, family, "spouse", value=False).status_code == 200
    assert cared(ngo, family, "2020-01-01") == []


def test_a_change_that_never_was_is_taken_back(ngo: Caller, family: Family) -> None:
    assert change(ngo, family, on="2020-03-01").status_code == 200
    assert change(ngo, family, "spouse", on="2021-03-01").status_code == 200
    assert correct(ngo, family, "spouse", value=False).status_code == 200
    assert (cared(ngo, family, "2020-02-29"), cared(ngo, family, "2021-03-01")) == (["Zuhra"], [])
    # What is there already is no correction.
    assert correct(ngo, family, "spouse", value=False).status_code == 200
    assert correct(ngo, family, "spouse", value=True).status_code == 200
    assert cared(ngo, family, "2020-03-01") == ["Zuhra"]
    assert change(ngo, family, on="2019-01-01").status_code == 200


# --- with what happens to families ------------------------------------------------------------------------------------------
def test_an_ended_membership_says_who_cared_on_its_last_day(ngo: Caller, family: Family) -> None:
    assert change(ngo, family, "head", on="2020-03-01").status_code == 200
    one = url(family, "memberships", membership_of(family, "spouse"))
    ended = ngo.post(f"{one}/end", {"reason": "divorce", "ended_on": "2020-03-01"}, version=ngo.get(one).json()["version"])
    assert (ended.status_code, ended.json()["is_primary_caregiver"]) == (200, True)
    assert (cared(ngo, family, "2020-02-29"), cared(ngo, family, "2020-03-01")) == (["Zuhra"], ["Karim"])


def test_what_was_changed_after_a_split_goes_along(ngo: Caller, family: Family) -> None:
    for kinds, day in ((("head",), "2022-02-01"), (("head", "spouse"), "2022-05-01"), (("head",), "2022-08-01")):
        assert change(ngo, family, *kinds, on=day).status_code == 200
    made = ngo.post(url(family, "split"), split_body(family), version=version_of(ngo, family))
    assert made.status_code == 201, made.text
    new = made.json()
    assert [cared(ngo, family, day) for day in ("2022-01-31", "2022-02-01")] == [["Zuhra"], ["Karim"]]
    assert [cared(ngo, new, day) for day in ("2022-02-01", "2022-05-01", "2022-07-31", "2022-08-01")] == [[], ["Zuhra"], ["Zuhra"], []]
    left = [one["is_primary_caregiver"] for one in memberships(ngo, family) if one["end_reason"] == "split"]
    assert sorted(left) == [False, True], "as it was on the last day"
    # And over to a third family, in the middle of it.
    into = make_family(ngo, members=[father()])
    merged = ngo.post(url(new, "merge"), merge_body(new, into, on="2022-06-01"), version=version_of(ngo, new))
    assert merged.status_code == 200, merged.text
    assert [cared(ngo, new, day) for day in ("2022-04-30", "2022-05-31", "2022-06-01")] == [[], ["Zuhra"], []]
    assert [cared(ngo, into, day) for day in ("2022-06-01", "2022-08-01")] == [["Zuhra"], []]


# --- the dead ---------------------------------------------------------------------------------------------------------------
def test_nobody_becomes_a_caregiver_or_head_after_death(ngo: Caller, family: Family) -> None:
    head, wife, child = ids(family, "head", "spouse", "child")
    dies(ngo, wife, "2021-05-01")
    change_head = {"beneficiary_id": wife, "relationships": told((head, "spouse"), (child, "child"))}
    for day in ({"on": "2021-05-01"}, {}):
        refused = ngo.post(url(family, "change-head"), change_head | day, version=version_of(ngo, family))
        assert code(refused) == (422, ["/beneficiary_id"], ["deceased"])
    assert code(change(ngo, family, "head", "spouse", on="2021-05-01")) == (422, ["/caregivers/1"], ["deceased"])
    # Of the time before it can be told later.
    assert change(ngo, family, "head", "spouse", on="2021-04-30").status_code == 200
    assert ngo.post(url(family, "change-head"), change_head | {"on": "2021-04-30"}, version=version_of(ngo, family)).status_code == 200


def test_nobody_comes_after_death(ngo: Caller, family: Family) -> None:
    dead = make_beneficiary(ngo, given_name="Oysha", birth_date="1950-01-01", deceased_on="2020-05-01")["id"]
    comes = {"beneficiary_id": dead, "relationship_to_head": "parent"}
    send = url(family, "members")
    assert code(ngo.post(send, comes | {"started_on": "2020-05-02"})) == (422, ["/started_on"], ["after_death"])
    for day in ({}, {"started_on": "2020-05-01"}):
        refused = ngo.post(send, comes | day | {"is_primary_caregiver": True})
        assert code(refused) == (422, ["/is_primary_caregiver"], ["deceased"])
    empty = make_family(ngo, members=[])
    assert code(ngo.post(url(empty, "members"), comes | {"relationship_to_head": "head"})) == (422, ["/relationship_to_head"], ["deceased"])
    body = {"territory": "1733230", "members": [father(deceased_on="2020-05-01")]}
    assert code(ngo.post("/v1/families", body)) == (422, ["/members/0/relationship_to_head"], ["deceased"])
    added = ngo.post(send, comes | {"started_on": "2010-01-01", "is_primary_caregiver": True})
    assert (added.status_code, added.json()["is_primary_caregiver"]) == (201, True)
    assert (cared(ngo, family, "2020-04-30"), cared(ngo, family, "2020-05-01")) == (["Oysha", "Zuhra"], ["Zuhra"])
    one = url(family, "memberships", added.json()["id"])
    assert code(ngo.patch(one, {"started_on": "2020-05-02"}, version=1)) == (422, ["/started_on"], ["after_death"])
    # As somebody new, and as somebody who goes elsewhere.
    new = {"person": person_body(deceased_on="2020-05-01"), "relationship_to_head": "child", "is_primary_caregiver": True}
    assert code(ngo.post(send, new)) == (422, ["/is_primary_caregiver"], ["deceased"])
    leaving = {"members": told((member_of(family, "spouse"), "head"), (dead, "parent")), "on": "2022-02-01"}
    refused = ngo.post(url(family, "split"), leaving, version=version_of(ngo, family))
    assert code(refused) == (422, ["/members/1/beneficiary_id"], ["deceased"])
    into, whole = make_family(ngo, members=[father()]), ngo.get(url(family)).json()
    merge = merge_body(whole, into)
    place = next(n for n, one in enumerate(merge["relationships"]) if one["beneficiary_id"] == dead)
    refused = ngo.post(url(family, "merge"), merge, version=whole["version"])
    assert code(refused) == (422, [f"/relationships/{place}/beneficiary_id"], ["deceased"])


def test_a_death_is_always_taken_and_ends_the_care(ngo: Caller, family: Family) -> None:
    """Whatever was recorded before it was known: the memberships stay as they are, and are ended properly."""
    head, wife, child = ids(family, "head", "spouse", "child")
    assert change(ngo, family, "head", "spouse", on="2022-01-01").status_code == 200
    for person in (head, wife):
        dies(ngo, person, "2021-05-01")
    assert cares(ngo.get(url(family)).json()) == []
    assert (cared(ngo, family, "2021-04-30"), cared(ngo, family, "2021-05-01")) == (["Zuhra"], [])
    # A child can be the head of what is left.
    body = {"beneficiary_id": child, "relationships": told((head, "parent"), (wife, "parent")), "on": "2021-05-01"}
    assert ngo.post(url(family, "change-head"), body, version=version_of(ngo, family)).status_code == 200
    for kind in ("head", "spouse"):
        one = url(family, "memberships", membership_of(family, kind))
        ended = ngo.post(f"{one}/end", {"reason": "death", "ended_on": "2021-05-01"}, version=ngo.get(one).json()["version"])
        assert ended.status_code == 200, ended.text
    # It was a mistake: what was recorded of the care counts again.
    one = f"/v1/beneficiaries/{wife}"
    assert ngo.patch(one, {"deceased_on": None}, version=ngo.get(one).json()["version"]).status_code == 200
    assert cared(ngo, family, "2021-04-30") == ["Zuhra"]


def test_whoever_was_forgotten_is_made_nothing(ngo: Caller, family: Family) -> None:
    wife = member_of(family, "spouse")
    asked = ngo.post("/v1/erasure-requests", {"beneficiary_id": wife, "asked_by": "self", "asked_on": str(today())}).json()
    assert ngo.post(f"/v1/erasure-requests/{asked['id']}/approve", version=asked["version"]).status_code == 200
    refused = change(ngo, family, "head", "spouse")
    assert (refused.status_code, refused.json()["code"]) == (409, "forgotten")
    # That others care goes on without it.
    assert change(ngo, family, "head").status_code == 200
