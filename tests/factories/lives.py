"""What happens to families: bodies of their commands, and shorthands to tell what came of them."""

from typing import Any

from tests.callers import Caller
from tests.factories.beneficiaries import ANDIJON, Body

FAMILIES = "/v1/families"


def url(family: Body, *rest: str) -> str:
    """The address of a family, or of something below it."""
    return "/".join((FAMILIES, family["id"], *rest))


def member_of(family: Body, relationship: str) -> str:
    """The id of the first member of that relationship."""
    return next(str(one["id"]) for one in family["members"] if one["relationship_to_head"] == relationship)


def membership_of(family: Body, relationship: str) -> str:
    """The id of the membership of the first member of that relationship."""
    return next(str(one["membership_id"]) for one in family["members"] if one["relationship_to_head"] == relationship)


def told(*pairs: tuple[str, str]) -> list[Body]:
    """What each person is to the head."""
    return [{"beneficiary_id": person, "relationship_to_head": becomes} for person, becomes in pairs]


def move_body(**other: Any) -> Body:
    """To Andijon, in the spring of 2021."""
    return {"territory": ANDIJON, "address": "Bogʻiston 7", "moved_on": "2021-04-01", **other}


def split_body(family: Body, **other: Any) -> Body:
    """The wife goes with the daughter."""
    members = told((member_of(family, "spouse"), "head"), (member_of(family, "child"), "child"))
    return {"members": members, "on": "2022-02-01", **other}


def merge_body(family: Body, into: Body, **other: Any) -> Body:
    """All members become relatives of the other family's head."""
    return {
        "into": into["id"],
        "relationships": told(*((one["id"], "other_relative") for one in family["members"])),
        "on": "2022-02-01",
        **other,
    }


def cares(family: Body) -> list[str]:
    """Given names of the primary caregivers, as they are listed."""
    return [one["names"]["latin"].split()[1] for one in family["members"] if one["is_primary_caregiver"]]


def roles(family: Body) -> list[tuple[str, str]]:
    """(given name, relationship) of the members, as they are listed."""
    return [(one["names"]["latin"].split()[1], one["relationship_to_head"]) for one in family["members"]]


def memberships(caller: Caller, family: Body) -> list[Body]:
    """All memberships of a family, oldest first."""
    found = caller.get(url(family, "memberships"))
    assert found.status_code == 200, found.text
    return list(found.json()["items"])
