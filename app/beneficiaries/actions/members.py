"""A family's members as rows, and what must hold of them: nobody belongs to two families at a time, no child is older than the head.

A day on which a membership ends is the first one without it, so one can begin on the day on which another ends.

What must hold of people holds of those too whom the actor does not see, since they live elsewhere in the country: a contradiction is none
the less one. So what judges here reads every row; what it answers names nobody.
"""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.fetch import kept, read_anew, require_current
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import every_row
from app.beneficiaries.actions.standing import JUDGES
from app.beneficiaries.models import (
    OLDER,
    YOUNGER,
    AlreadyMember,
    Beneficiary,
    Family,
    FamilyMembership,
    LeavingReason,
    Relationship,
    may_be_elder,
)
from app.problems import Fault, Invalid, NotFound

_of_family: sa.ColumnElement[bool] = col(FamilyMembership.family_id) == bindparam("family_id")
_open: sa.ColumnElement[bool] = col(FamilyMembership.ended_on).is_(None)
_memberships = sa.select(FamilyMembership).order_by(col(FamilyMembership.id))
_ALL = prebuilt(_memberships.where(_of_family), "family_membership.all")
_OPEN = prebuilt(_memberships.where(_of_family, _open), "family_membership.open")
_OF_PEOPLE = prebuilt(
    _memberships.where(col(FamilyMembership.beneficiary_id).in_(bindparam("people", expanding=True))), "family_membership.of_people"
)
_people = sa.select(Beneficiary).where(col(Beneficiary.id).in_(bindparam("people", expanding=True))).order_by(col(Beneficiary.id))
_PEOPLE = prebuilt(_people, "beneficiary.people")
_KEPT = prebuilt(kept(_people, Beneficiary), "beneficiary.kept")
_FORGOTTEN = prebuilt(
    sa.select(col(Beneficiary.id)).where(
        col(Beneficiary.id).in_(bindparam("people", expanding=True)), col(Beneficiary.anonymized_at).is_not(None)
    ),
    "beneficiary.forgotten",
)
_own = aliased(FamilyMembership)
_BESIDE = prebuilt(
    sa.select(FamilyMembership, Beneficiary)
    .join(Beneficiary, col(Beneficiary.id) == col(FamilyMembership.beneficiary_id))
    .join(_own, col(_own.family_id) == col(FamilyMembership.family_id))
    .where(_open, col(_own.ended_on).is_(None), col(_own.beneficiary_id) == bindparam("person"))
    .order_by(col(FamilyMembership.id)),
    "family_membership.beside",
)


def present(db: GuardedSession, family: Family) -> list[FamilyMembership]:
    """The open memberships of a family."""
    return list(db.execute(_OPEN, {"family_id": family.id}).scalars())


def everyone(db: GuardedSession, family: Family) -> list[FamilyMembership]:
    """All memberships of a family, ended ones too."""
    return list(db.execute(_ALL, {"family_id": family.id}).scalars())


def people_of(db: GuardedSession, memberships: Iterable[FamilyMembership]) -> dict[uuid.UUID, Beneficiary]:
    """The persons of memberships by their ids, whoever may see them."""
    if not (ids := [membership.beneficiary_id for membership in memberships]):
        return {}
    with every_row():
        return {person.id: person for person in db.execute(_PEOPLE, {"people": ids}).scalars()}


def wrong_age(head: Beneficiary | None, at: str, relationship: Relationship, person: Beneficiary) -> list[Fault]:
    """The fault of a child who is not younger than the head, or a parent who is not older, however little is known of their births."""
    at = f"{at}/relationship_to_head"
    if head is None:
        return []
    if relationship in YOUNGER and not may_be_elder(head, person):
        return [Fault(at, "older_than_head", "A child or grandchild is younger than the head.")]
    if relationship in OLDER and not may_be_elder(person, head):
        return [Fault(at, "younger_than_head", "A parent is older than the head.")]
    return []


def words_about(db: GuardedSession, people: Iterable[uuid.UUID | None], text: str | None) -> str | None:
    """The words that come with a change, or None where one of these persons was forgotten: what must go on does so, and no words are kept
    by which somebody could be known again.
    """
    if text is None:
        return None
    # Whoever makes the change need not see the person.
    with every_row():
        return None if db.rows(_FORGOTTEN, {"people": [one for one in people if one]}, shown=0) else text


def head_among(db: GuardedSession, memberships: Iterable[FamilyMembership]) -> Beneficiary | None:
    """The person of the membership that is the head's; None without one."""
    return next(iter(people_of(db, [one for one in memberships if one.is_head]).values()), None)


def refuse_ages(db: GuardedSession, person: Beneficiary) -> None:
    """After a birth date was corrected. Raises Invalid if the person came to a family before it was born, or if in that family or among its
    kin a child is older than who raised it now.
    """
    if any(one.faults(person) for one in others_of(db, [person.id])):
        raise Invalid(faults=[Fault("/birth_date", "after_membership", "Lies after the person came to a family: correct that first.")])
    with every_row():
        beside: Sequence[tuple[FamilyMembership, Beneficiary]] = [(row[0], row[1]) for row in db.execute(_BESIDE, {"person": person.id})]
        faults = [fault for judge in JUDGES for fault in judge(db, person)]
    head = next((one for membership, one in beside if membership.is_head), None)
    faults += [fault for membership, one in beside for fault in wrong_age(head, "", membership.relationship_to_head, one)]
    if faults:
        # Once each: several children may be older by the same correction.
        raise Invalid(faults=list(dict.fromkeys(replace(fault, pointer="/birth_date") for fault in faults)))


def keep_people(db: GuardedSession, people: Iterable[uuid.UUID]) -> dict[uuid.UUID, Beneficiary]:
    """These persons by their ids, as far as the actor may see them, kept from being merged until the commit (see `access.fetch.fetch`); in
    one order, so that nobody waits in a circle. Whoever holds rows about them too holds those afterwards, as a merge does.
    Raises Merged, WasForgotten.
    """
    found = {}
    for person in db.execute(_KEPT, {"people": sorted(people)}, execution_options=read_anew(db, Beneficiary)).scalars():
        with suppress(NotFound):
            require_current(db, person)
            found[person.id] = person
    return found


def hold_people(db: GuardedSession, people: Iterable[uuid.UUID]) -> None:
    """Until the commit nobody else decides about these persons' memberships, in whatever family, nor about whose word counts for them, nor
    merges them. What is held is held in one order: families, people by this, their rows, and only then what hangs on them.
    """
    db.hold(*{f"memberships of {person}" for person in people})


def others_of(db: GuardedSession, people: Iterable[uuid.UUID]) -> list[FamilyMembership]:
    """All memberships that these persons have and had, wherever; what was entered in error never was one."""
    with every_row():
        found = db.execute(_OF_PEOPLE, {"people": list(people)}).scalars()
    return [one for one in found if one.end_reason != LeavingReason.ENTERED_IN_ERROR]


def refuse_overlaps(membership: FamilyMembership, others: Iterable[FamilyMembership], at: str = "/started_on") -> None:
    """Raises AlreadyMember if the person is a member of another family, Invalid at the pointer for a period that overlaps another one."""
    others = [one for one in others if one.id != membership.id and one.beneficiary_id == membership.beneficiary_id]
    if membership.ended_on is None and any(one.ended_on is None for one in others):
        raise AlreadyMember
    if any(overlap(membership, one) for one in others):
        raise Invalid(faults=[Fault(at, "overlaps", "The person belonged to a family in that time; a membership lasts until the next.")])


def overlap(one: FamilyMembership, other: FamilyMembership) -> bool:
    """Whether two memberships have a day in common: nobody belongs to two families at a time. What was entered in error never was."""
    if LeavingReason.ENTERED_IN_ERROR in (one.end_reason, other.end_reason):
        return False
    return _begins(one) < _ends(other) and _begins(other) < _ends(one) and _begins(one) < _ends(one) and _begins(other) < _ends(other)


def _begins(membership: FamilyMembership) -> date:
    return membership.started_on or date.min


def _ends(membership: FamilyMembership) -> date:
    return membership.ended_on or date.max
