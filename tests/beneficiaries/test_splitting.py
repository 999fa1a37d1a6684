"""A family splits: memberships end here and begin there, in one transaction."""

import uuid
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from tests.beneficiaries.test_races import outcomes, together
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, daughter, father, make_beneficiary, make_family, mother
from tests.factories.grants import grant
from tests.factories.lives import member_of, memberships, roles, split_body, told, url


def test_who_may_not_split_a_family(client: Client, callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    body = split_body(family)
    assert client.post(url(family, "split"), json=body).status_code == 401
    for caller in (callers.state(), callers.ngo(duty="viewer", organization_id=ngo.organization_id)):
        assert caller.post(url(family, "split"), body, version=1).status_code == 403
    for stranger in (callers.ngo(), callers.committee("17")):
        assert stranger.post(url(family, "split"), body, version=1).status_code == 404
    assert ngo.post(url(family, "split"), body).status_code == 428
    assert ngo.post(url(family, "split"), body, version=2).status_code == 412
    partner = callers.committee("17")
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, DataCategory.HOUSEHOLD, family_id=family["id"])
    for member in family["members"]:
        grant(ngo, mine, DataCategory.IDENTITY, beneficiary_id=member["id"])
    refused = partner.post(url(family, "split"), body, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert len(ngo.get("/v1/families").json()["items"]) == 1


def test_the_wife_leaves_with_the_daughter(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    body = split_body(family, territory=ANDIJON, address="Navoiy 1", note="Ajrashgan")
    made = ngo.post(url(family, "split"), body, version=1, key="one")
    assert made.status_code == 201, made.text
    new = made.json()
    assert (made.headers["location"], made.headers["etag"]) == (url(new), '"1"')
    assert (new["territory"], new["address"], new["status"], new["organization_id"]) == (ANDIJON, "Navoiy 1", "active", ngo.organization_id)
    assert new["number"] != family["number"]
    assert roles(new) == [("Zuhra", "head"), ("Dilnoza", "child")]
    assert [one["started_on"] for one in new["members"]] == ["2022-02-01"] * 2
    assert [one["is_primary_caregiver"] for one in new["members"]] == [True, False]
    assert new == ngo.get(url(new)).json()
    assert ngo.post(url(family, "split"), body, version=1, key="one").headers["idempotent-replayed"] == "true"
    left = ngo.get(url(family)).json()
    assert (roles(left), left["version"], left["territory"]) == ([("Karim", "head")], 2, SHOVOT)
    ended = [(one["end_reason"], one["end_note"], one["ended_on"]) for one in memberships(ngo, family) if one["ended_on"]]
    assert ended == [("split", "Ajrashgan", "2022-02-01")] * 2
    assert {ngo.get(f"/v1/beneficiaries/{one['id']}").json()["territory"] for one in new["members"]} == {ANDIJON}
    (home,) = ngo.get(url(new, "residences")).json()["items"]
    assert (home["territory"], home["address"], home["started_on"]) == (ANDIJON, "Navoiy 1", "2022-02-01")


def test_without_another_place_they_live_in_the_same_house(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    new = ngo.post(url(family, "split"), split_body(family), version=1).json()
    assert (new["territory"], new["address"]) == (family["territory"], family["address"])
    other = make_family(ngo)
    new = ngo.post(url(other, "split"), split_body(other, territory=ANDIJON), version=1).json()
    assert (new["territory"], new["address"]) == (ANDIJON, None)


def test_the_head_leaves_and_those_who_stay_have_another(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[father(), mother(), daughter(), daughter(given_name="Nodira")])
    head, wife = member_of(family, "head"), member_of(family, "spouse")
    children = [one["id"] for one in family["members"] if one["relationship_to_head"] == "child"]
    remaining = {"beneficiary_id": wife, "relationships": told((children[0], "stepchild"), (children[1], "child"))}
    body = {"members": told((head, "head")), "on": "2022-02-01", "remaining": remaining}
    new = ngo.post(url(family, "split"), body, version=1)
    assert new.status_code == 201, new.text
    assert roles(new.json()) == [("Karim", "head")]
    left = ngo.get(url(family)).json()
    assert roles(left)[0] == ("Zuhra", "head")
    assert [one["relationship_to_head"] for one in left["members"]] == ["head", "stepchild", "child"]
    before = ngo.get(url(family), params={"as_of": "2022-01-31"}).json()
    assert [one["relationship_to_head"] for one in before["members"]] == ["head", "spouse", "child", "child"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda f: {"members": []}, ["/members"]),
        (lambda f: {"members": told((member_of(f, "spouse"), "spouse"))}, ["/members"]),
        (lambda f: {"members": told((member_of(f, "spouse"), "head"), (member_of(f, "child"), "head"))}, ["/members"]),
        (lambda f: {"members": told((member_of(f, "spouse"), "head"), (member_of(f, "spouse"), "spouse"))}, ["/members/1/beneficiary_id"]),
        (lambda f: {"members": told((member_of(f, "spouse"), "head"), (str(uuid.uuid4()), "child"))}, ["/members/1/beneficiary_id"]),
        (lambda f: {"members": told(*((one["id"], one["relationship_to_head"]) for one in f["members"]))}, ["/members"]),
        # The mother as the daughter's child.
        (
            lambda f: {"members": told((member_of(f, "child"), "head"), (member_of(f, "spouse"), "child"))},
            ["/members/1/relationship_to_head"],
        ),
        (lambda f: {"members": told((member_of(f, "head"), "head"))}, ["/remaining"]),
        (lambda f: {"remaining": {"beneficiary_id": member_of(f, "head"), "relationships": []}}, ["/remaining"]),
        (
            lambda f: {
                "members": told((member_of(f, "head"), "head")),
                "remaining": {"beneficiary_id": member_of(f, "head"), "relationships": []},
            },
            ["/remaining/beneficiary_id"],
        ),
        (
            lambda f: {
                "members": told((member_of(f, "head"), "head")),
                "remaining": {"beneficiary_id": member_of(f, "spouse"), "relationships": []},
            },
            ["/remaining/relationships"],
        ),
        (
            lambda f: {
                "members": told((member_of(f, "head"), "head")),
                "remaining": {"beneficiary_id": member_of(f, "child"), "relationships": told((member_of(f, "spouse"), "grandchild"))},
            },
            ["/remaining/relationships/0/relationship_to_head"],
        ),
        (lambda f: {"on": "2999-01-01"}, ["/on"]),
        (lambda f: {"on": "2019-12-31"}, ["/on"]),
        (lambda f: {"territory": "1733999"}, ["/territory"]),
    ],
)
def test_a_wrong_split_changes_nothing(callers: Callers, change: Any, found: list[str]) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[father(), mother(started_on="2020-01-01"), daughter()])
    before, people = ngo.get(url(family)).json(), memberships(ngo, family)
    body = split_body(family) | change(family)
    assert pointers(ngo.post(url(family, "split"), body, version=1)) == found
    assert ngo.get(url(family)).json() == before
    assert memberships(ngo, family) == people
    assert len(ngo.get("/v1/families").json()["items"]) == 1


def test_a_stranger_is_no_member(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    body = split_body(family, members=told((make_beneficiary(ngo)["id"], "head")))
    assert pointers(ngo.post(url(family, "split"), body, version=1))[0] == "/members/0/beneficiary_id"


def test_the_same_split_again(callers: Callers) -> None:
    ngo, chosen = callers.ngo(), str(uuid.uuid4())
    family = make_family(ngo)
    body = split_body(family, id=chosen)
    made = ngo.post(url(family, "split"), body, version=1)
    assert (made.status_code, made.json()["id"]) == (201, chosen)
    # The lost answer is asked for again with the version of then.
    again = ngo.post(url(family, "split"), body, version=1)
    assert (again.status_code, again.json()) == (200, made.json())
    assert ngo.post(url(family, "split"), body | {"on": "2022-02-02"}, version=2).json()["code"] == "id_taken"
    assert len(ngo.get("/v1/families").json()["items"]) == 2


def test_nobody_splits_a_family_out_of_sight(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    refused = ngo.post(url(family, "split"), split_body(family, territory=ANDIJON), version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert len(ngo.get(url(family)).json()["members"]) == 3


def test_eight_splits_at_once(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    body = split_body(family)
    answers = together([lambda: ngo.post(url(family, "split"), body, version=1)] * 8)
    assert outcomes(answers) == {(201, ""): 1, (412, "stale"): 7}
    assert len(ngo.get("/v1/families").json()["items"]) == 2
