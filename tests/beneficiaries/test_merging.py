"""Two families become one; the emptied one says where its members went."""

import uuid
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from tests.beneficiaries.test_races import outcomes, together
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import ANDIJON, daughter, father, make_family, mother, person_body
from tests.factories.grants import grant
from tests.factories.lives import member_of, memberships, merge_body, move_body, roles, split_body, told, url


def grandmother(**other: Any) -> dict[str, Any]:
    return mother(given_name="Oysha", birth_date="1955-01-01", relationship_to_head="head", **other)


def test_who_may_not_merge_families(client: Client, callers: Callers) -> None:
    ngo = callers.ngo()
    family, into = make_family(ngo), make_family(ngo, members=[grandmother()])
    body = merge_body(family, into)
    assert client.post(url(family, "merge"), json=body).status_code == 401
    for caller in (callers.state(), callers.ngo(duty="viewer", organization_id=ngo.organization_id)):
        assert caller.post(url(family, "merge"), body, version=1).status_code == 403
    for stranger in (callers.ngo(), callers.committee("17")):
        assert stranger.post(url(family, "merge"), body, version=1).status_code == 404
    assert ngo.post(url(family, "merge"), body).status_code == 428
    assert ngo.post(url(family, "merge"), body, version=2).status_code == 412


def test_a_family_joins_the_grandmothers(callers: Callers) -> None:
    ngo = callers.ngo()
    family, into = make_family(ngo), make_family(ngo, territory=ANDIJON, members=[grandmother()])
    husband, wife, child = (member_of(family, one) for one in ("head", "spouse", "child"))
    body = merge_body(family, into, relationships=told((husband, "child"), (wife, "child_in_law"), (child, "grandchild")), note="Birlashdi")
    merged = ngo.post(url(family, "merge"), body, version=1, key="one")
    assert merged.status_code == 200, merged.text
    assert (merged.headers["location"], merged.headers["etag"]) == (url(into), '"2"')
    assert roles(merged.json()) == [("Oysha", "head"), ("Karim", "child"), ("Zuhra", "child_in_law"), ("Dilnoza", "grandchild")]
    assert merged.json() == ngo.get(url(into)).json()
    assert [one["is_primary_caregiver"] for one in merged.json()["members"]] == [True, False, True, False]
    assert ngo.post(url(family, "merge"), body, version=1, key="one").headers["idempotent-replayed"] == "true"
    emptied = ngo.get(url(family))
    assert emptied.status_code == 200
    assert (emptied.json()["status"], emptied.json()["merged_into_id"], emptied.json()["members"]) == ("dissolved", into["id"], [])
    assert {(one["end_reason"], one["end_note"], one["ended_on"]) for one in memberships(ngo, family)} == {
        ("merged", "Birlashdi", "2022-02-01")
    }
    (home,) = ngo.get(url(family, "residences")).json()["items"]
    assert home["ended_on"] == "2022-02-01"
    assert {ngo.get(f"/v1/beneficiaries/{one}").json()["territory"] for one in (husband, wife, child)} == {ANDIJON}


def test_nothing_happens_to_a_family_that_was_merged(callers: Callers) -> None:
    ngo = callers.ngo()
    family, into, third = make_family(ngo), make_family(ngo), make_family(ngo)
    assert ngo.post(url(family, "merge"), merge_body(family, into), version=1).status_code == 200
    child = {"person": person_body(), "relationship_to_head": "head"}
    for refused in (
        ngo.patch(url(family), {"status": "active"}, version=2),
        ngo.post(url(family, "move"), move_body(), version=2),
        ngo.post(url(family, "split"), split_body(third), version=2),
        ngo.post(url(family, "merge"), {"into": third["id"], "relationships": [], "on": "2022-02-02"}, version=2),
        ngo.post(url(family, "members"), child),
        ngo.post(url(third, "merge"), merge_body(third, family), version=1),
    ):
        assert (refused.status_code, refused.json()["code"], refused.json()["merged_into_id"]) == (409, "merged", into["id"])
    assert ngo.get(url(third)).json()["version"] == 1


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda f, i: {"into": f["id"]}, ["/into"]),
        (lambda f, i: {"into": str(uuid.uuid4())}, ["/into"]),
        (lambda f, i: {"into": "x"}, ["/into"]),
        (lambda f, i: {"relationships": []}, ["/relationships"]),
        (lambda f, i: {"relationships": told((member_of(f, "head"), "other_relative"))}, ["/relationships"]),
        (
            lambda f, i: {"relationships": told(*((one["id"], one["relationship_to_head"]) for one in f["members"]))},
            ["/relationships/0/relationship_to_head"],
        ),
        (
            lambda f, i: {"relationships": told(*((one["id"], "other_relative") for one in (*f["members"], *i["members"])))},
            ["/relationships/3/beneficiary_id", "/relationships/4/beneficiary_id"],
        ),
        (lambda f, i: {"on": "2019-12-31"}, ["/on"]),
        (lambda f, i: {"on": "2999-01-01"}, ["/on"]),
    ],
)
def test_a_wrong_merge_changes_nothing(callers: Callers, change: Any, found: list[str]) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[father(), mother(started_on="2020-01-01"), daughter()])
    into = make_family(ngo, members=[father(), mother()])
    before = [ngo.get(url(one)).json() for one in (family, into)]
    assert pointers(ngo.post(url(family, "merge"), merge_body(family, into) | change(family, into), version=1)) == found
    assert [ngo.get(url(one)).json() for one in (family, into)] == before


def test_a_child_older_than_the_other_head(callers: Callers) -> None:
    ngo = callers.ngo()
    family, into = make_family(ngo, members=[grandmother()]), make_family(ngo)
    body = merge_body(family, into, relationships=told((member_of(family, "head"), "child")))
    refused = ngo.post(url(family, "merge"), body, version=1)
    assert pointers(refused) == ["/relationships/0/relationship_to_head"]
    assert refused.json()["errors"][0]["code"] == "older_than_head"


def test_a_foreign_family_is_unknown(callers: Callers) -> None:
    ngo, committee = callers.ngo(), callers.committee("17")
    family, foreign = make_family(ngo), make_family(committee)
    refused = ngo.post(url(family, "merge"), merge_body(family, foreign), version=1)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/into"], "unknown")
    # And one that a consent shows is not the reader's to write.
    grant(ngo, to_organization(committee.organization_id), DataCategory.HOUSEHOLD, family_id=family["id"])
    empty = make_family(committee, members=[])
    refused = committee.post(url(empty, "merge"), {"into": family["id"], "relationships": [], "on": "2022-02-01"}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")


def test_families_without_members_and_dissolved_ones(callers: Callers) -> None:
    ngo = callers.ngo()
    family, empty, gone = make_family(ngo), make_family(ngo, members=[]), make_family(ngo, members=[])
    assert ngo.post(url(family, "merge"), merge_body(family, empty), version=1).json()["code"] == "head_needed"
    assert ngo.patch(url(gone), {"status": "dissolved"}, version=1).status_code == 200
    assert ngo.post(url(family, "merge"), merge_body(family, gone), version=1).json()["code"] == "wrong_state"
    assert pointers(ngo.post(url(empty, "merge"), merge_body(family, family), version=1)) == ["/relationships"]
    assert ngo.post(url(empty, "merge"), merge_body(empty, family), version=1).status_code == 200
    assert ngo.get(url(empty)).json()["merged_into_id"] == family["id"]


def test_a_family_has_at_most_sixty_members(callers: Callers) -> None:
    ngo = callers.ngo()
    names = [
        daughter(given_name=f"Q{chr(97 + n // 26)}{chr(97 + n % 26)}", birth_date=f"20{10 + n % 10}-0{1 + n % 9}-01") for n in range(58)
    ]
    family, into = make_family(ngo), make_family(ngo, members=[father(), *names])
    assert ngo.post(url(family, "merge"), merge_body(family, into), version=1).status_code == 409


def test_two_families_that_are_merged_into_each_other_at_once(callers: Callers) -> None:
    ngo = callers.ngo()
    for _ in range(4):
        one, other = make_family(ngo), make_family(ngo)
        requests = [(one, other), (other, one)] * 3
        answers = together([lambda a=a, b=b: ngo.post(url(a, "merge"), merge_body(a, b), version=1) for a, b in requests])
        assert outcomes(answers)[200, ""] == 1
        assert {answer.status_code for answer in answers} <= {200, 409, 412}
        assert sorted(len(ngo.get(url(family)).json()["members"]) for family in (one, other)) == [0, 6]
