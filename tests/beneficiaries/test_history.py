"""A family as it was on a day."""

from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from tests.callers import Caller, Callers
from tests.client import pointers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, daughter, father, make_beneficiary, make_family, mother, person_body
from tests.factories.grants import grant
from tests.factories.lives import member_of, membership_of, merge_body, move_body, roles, split_body, told, url


def was(caller: Caller, family: dict[str, Any], day: str) -> dict[str, Any]:
    found = caller.get(url(family), params={"as_of": day})
    assert found.status_code == 200, found.text
    return dict(found.json())


def test_members_of_a_day(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[father(), mother(started_on="2010-06-01"), daughter()])
    end = url(family, "memberships", membership_of(family, "spouse"), "end")
    assert ngo.post(end, {"reason": "divorce", "ended_on": "2020-01-31"}, version=1).status_code == 200
    everybody = [("Karim", "head"), ("Zuhra", "spouse"), ("Dilnoza", "child")]
    # Who has no first day belonged to it since birth; on the day of the end one belongs to it no more.
    assert roles(was(ngo, family, "2010-05-31")) == [("Karim", "head")]
    assert roles(was(ngo, family, "2010-06-01")) == [("Karim", "head"), ("Zuhra", "spouse")]
    assert roles(was(ngo, family, "2012-05-16")) == [("Karim", "head"), ("Zuhra", "spouse")]
    assert roles(was(ngo, family, "2012-05-17")) == everybody
    assert roles(was(ngo, family, "2020-01-30")) == everybody
    assert roles(was(ngo, family, "2020-01-31")) == [("Karim", "head"), ("Dilnoza", "child")]
    assert [one["age"] for one in was(ngo, family, "2020-01-30")["members"]] == [39, 35, 7]
    assert roles(was(ngo, family, "1979-12-31")) == []
    assert was(ngo, family, "2020-01-31")["version"] == ngo.get(url(family)).json()["version"]


def test_the_head_of_a_day(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    husband, wife, child = (member_of(family, one) for one in ("head", "spouse", "child"))
    first = {"beneficiary_id": wife, "relationships": told((husband, "spouse"), (child, "stepchild")), "on": "2019-01-01"}
    assert ngo.post(url(family, "change-head"), first, version=1).status_code == 200
    back = {"beneficiary_id": husband, "relationships": told((wife, "spouse"), (child, "child"))}
    assert pointers(ngo.post(url(family, "change-head"), back | {"on": "2018-12-31"}, version=2)) == ["/on"]
    assert ngo.post(url(family, "change-head"), back | {"on": "2021-01-01"}, version=2).status_code == 200
    before, between = (
        [("Karim", "head"), ("Zuhra", "spouse"), ("Dilnoza", "child")],
        [("Zuhra", "head"), ("Karim", "spouse"), ("Dilnoza", "stepchild")],
    )
    assert roles(was(ngo, family, "2018-12-31")) == before
    assert roles(was(ngo, family, "2019-01-01")) == between
    assert [one["is_head"] for one in was(ngo, family, "2019-01-01")["members"]] == [True, False, False]
    assert roles(was(ngo, family, "2020-12-31")) == between
    assert roles(was(ngo, family, "2021-01-01")) == before == roles(ngo.get(url(family)).json())


def test_where_it_lived_on_a_day(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    ngo.post(url(family, "move"), move_body(), version=1)
    homes = [(one["territory"], one["address"]) for one in (was(ngo, family, day) for day in ("2021-03-31", "2021-04-01"))]
    assert homes == [(SHOVOT, "Guliston koʻchasi 4"), (ANDIJON, "Bogʻiston 7")]
    partner = callers.committee("17")
    grant(ngo, to_organization(partner.organization_id), DataCategory.HOUSEHOLD, family_id=family["id"])
    shown = was(partner, family, "2021-03-31")
    assert (shown["territory"], "address" in shown, shown["members"]) == (SHOVOT, False, [])
    assert callers.ngo().get(url(family), params={"as_of": "2021-03-31"}).status_code == 404


def test_after_a_split_and_a_merge(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    new = ngo.post(url(family, "split"), split_body(family), version=1).json()
    assert len(was(ngo, family, "2022-01-31")["members"]) == 3
    assert was(ngo, new, "2022-01-31")["members"] == []
    assert roles(was(ngo, family, "2022-02-01")) == [("Karim", "head")]
    assert roles(was(ngo, new, "2022-02-01")) == [("Zuhra", "head"), ("Dilnoza", "child")]
    assert ngo.post(url(new, "merge"), merge_body(new, family, on="2023-01-01"), version=1).status_code == 200
    assert roles(was(ngo, new, "2022-12-31")) == [("Zuhra", "head"), ("Dilnoza", "child")]
    assert was(ngo, new, "2023-01-01")["members"] == []
    assert len(was(ngo, family, "2023-01-01")["members"]) == 3


def test_what_was_entered_in_error_never_was(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    end = url(family, "memberships", membership_of(family, "child"), "end")
    assert ngo.post(end, {"reason": "entered_in_error"}, version=1).status_code == 200
    assert roles(was(ngo, family, "2020-01-01")) == [("Karim", "head"), ("Zuhra", "spouse")]
    # So the time of it is free for the family that she really belonged to.
    other = make_family(ngo, members=[father()])
    body = {"beneficiary_id": member_of(family, "child"), "relationship_to_head": "child", "started_on": "2012-05-17"}
    assert ngo.post(url(other, "members"), body).status_code == 201


@pytest.mark.parametrize("day", ["2999-01-01", "2026-02-30", "0", "yesterday"])
def test_a_day_that_is_none(callers: Callers, day: str) -> None:
    ngo = callers.ngo()
    refused = ngo.get(url(make_family(ngo)), params={"as_of": day})
    assert pointers(refused) == ["/as_of"]


def test_nobody_belongs_to_two_families_at_a_time(callers: Callers) -> None:
    ngo = callers.ngo()
    first, second = make_family(ngo, members=[father(), daughter(started_on="2015-01-01")]), make_family(ngo, members=[father()])
    child = member_of(first, "child")
    one = url(first, "memberships", membership_of(first, "child"))
    assert ngo.post(f"{one}/end", {"reason": "adopted", "ended_on": "2018-01-01"}, version=1).status_code == 200
    body = {"beneficiary_id": child, "relationship_to_head": "ward"}
    for day in ("2014-12-31", "2015-01-01", "2017-12-31"):
        refused = ngo.post(url(second, "members"), body | {"started_on": day})
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/started_on"], "overlaps")
    # Who comes since nobody knows when came, for all that is known, when the former membership ended.
    added = ngo.post(url(second, "members"), body)
    assert (added.status_code, added.json()["started_on"]) == (201, "2018-01-01")
    two = url(second, "memberships", added.json()["id"])
    assert pointers(ngo.patch(two, {"started_on": "2017-12-31"}, version=1)) == ["/started_on"]
    assert pointers(ngo.patch(two, {"started_on": None}, version=1)) == ["/started_on"]
    assert ngo.patch(two, {"started_on": "2018-02-01"}, version=1).status_code == 200
    assert ngo.post(url(first, "members"), {"beneficiary_id": child, "relationship_to_head": "child"}).json()["code"] == "already_member"


def test_a_child_is_not_older_than_the_head(callers: Callers) -> None:
    ngo = callers.ngo()
    old = person_body(given_name="Oysha", birth_date="1979-12-31")
    for relationship in ("child", "grandchild"):
        refused = ngo.post("/v1/families", {"territory": SHOVOT, "members": [father(), old | {"relationship_to_head": relationship}]})
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/members/1/relationship_to_head"], "older_than_head")
    # Where only the year of a birth is known, who may be younger is not refused.
    unsure = old | {"birth_date": "1980-01-01", "birth_precision": "year", "relationship_to_head": "child"}
    assert ngo.post("/v1/families", {"territory": SHOVOT, "members": [father(), unsure]}).status_code == 201
    family = make_family(ngo)
    refused = ngo.post(url(family, "members"), {"person": old, "relationship_to_head": "child"})
    assert pointers(refused) == ["/relationship_to_head"]
    grown = make_beneficiary(ngo, birth_date="1979-12-31", given_name="Oysha")
    assert pointers(ngo.post(url(family, "members"), {"beneficiary_id": grown["id"], "relationship_to_head": "child"})) == [
        "/relationship_to_head"
    ]
    added = ngo.post(url(family, "members"), {"beneficiary_id": grown["id"], "relationship_to_head": "sibling"}).json()
    one = url(family, "memberships", added["id"])
    assert pointers(ngo.patch(one, {"relationship_to_head": "grandchild"}, version=1)) == ["/relationship_to_head"]
    wife, husband, child = (member_of(family, name) for name in ("spouse", "head", "child"))
    body = {"beneficiary_id": wife, "relationships": told((husband, "child"), (child, "child"), (grown["id"], "other_relative"))}
    assert pointers(ngo.post(url(family, "change-head"), body, version=2)) == ["/relationships/0/relationship_to_head"]


def test_a_birth_date_is_not_corrected_to_before_the_heads(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    child, head = (f"/v1/beneficiaries/{member_of(family, one)}" for one in ("child", "head"))
    for person, day in ((child, "1979-12-31"), (head, "2013-01-01")):
        refused = ngo.patch(person, {"birth_date": day}, version=1)
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/birth_date"], "older_than_head")
    assert ngo.patch(child, {"birth_date": "2012-05-18"}, version=1).status_code == 200


def test_a_birth_date_is_not_corrected_to_after_the_membership_began(callers: Callers) -> None:
    """Nobody could correct such a membership any more, since each change of it would be refused for a day before the birth."""
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father(), daughter(started_on="2012-06-01")])
    child = f"/v1/beneficiaries/{member_of(family, 'child')}"
    refused = ngo.patch(child, {"birth_date": "2012-06-02"}, version=1)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/birth_date"], "after_membership")
    assert ngo.patch(child, {"birth_date": "2012-06-01"}, version=1).status_code == 200
