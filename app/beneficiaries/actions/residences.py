"""Where families live: a family moves, and where it lived is kept."""

import uuid

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import fetch
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.actions.beneficiaries import flush_placed
from app.beneficiaries.actions.members import everyone, people_of
from app.beneficiaries.history import FamilyResidence
from app.beneficiaries.models import Family, FamilyMembership
from app.beneficiaries.schemas.moving import FamilyMove
from app.constraints import refuse
from app.problems import Conflict, invalid

_OPEN = prebuilt(
    sa.select(FamilyResidence).where(col(FamilyResidence.family_id) == bindparam("family_id"), col(FamilyResidence.ended_on).is_(None)),
    "family_residence.open",
)
# The family's row is held while it moves; this says the same when something passes that by.
refuse("ix_family_residence_open", lambda: Conflict("The family lives somewhere already."))


def residence(family: Family) -> FamilyResidence:
    """Where a family lives, as a row that is not stored yet: since nobody knows when."""
    return FamilyResidence(organization_id=family.organization_id, territory=family.territory, family_id=family.id, address=family.address)


def open_residence(db: GuardedSession, family: Family) -> FamilyResidence | None:
    """Where the family lives; None for one that lives nowhere any more."""
    found: FamilyResidence | None = db.execute(_OPEN, {"family_id": family.id}).scalar_one_or_none()
    return found


def move_family(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: FamilyMove) -> Family:
    """The family lives elsewhere from a day on. Its memberships follow, and those present members who lay where it lay.

    Raises NotFound, Merged, WasForgotten, Stale, Invalid, and OutOfScope for a place outside the actor's territory.
    """
    family = fetch(db, Family, family_id, version=version, lock=True)
    # Before anything is compared: whether a change would change nothing tells what a field holds.
    require_writable(db, family)
    if (body.territory, body.address) == (family.territory, family.address):
        raise invalid("/territory", "lives_there", "The family lives there already.")
    left = open_residence(db, family) or residence(family)
    left.leave(on=body.moved_on, at="/moved_on")
    was, family.territory, family.address = family.territory, body.territory, body.address
    db.add(left)
    flush_placed(db)
    memberships = everyone(db, family)
    for membership in memberships:
        membership.territory = family.territory
    take_along(db, [one for one in memberships if one.ended_on is None], was=was, to=family.territory)
    came = residence(family)
    came.started_on, came.note = body.moved_on, body.note
    db.add(came)
    db.flush()
    return family


def take_along(db: GuardedSession, memberships: list[FamilyMembership], *, was: str, to: str) -> None:
    """Move the persons of memberships who lie in a place, or in a part of it, to another place; who lies elsewhere stays, and so does who
    was forgotten: of where those lived no more than the district is known.
    """
    if was != to:
        for person in people_of(db, memberships).values():
            if person.anonymized_at is None and person.territory.startswith(was):
                person.territory = to
        db.flush()
