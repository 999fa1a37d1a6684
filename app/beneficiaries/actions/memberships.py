"""Who belongs to a family: members come and leave, and the head changes.

Each of these holds the family's row until the commit, so that no two of them decide about its members at once.
"""

import hashlib
import uuid
from datetime import date

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch, find, made_before
from app.access.guard import GuardedSession, prebuilt
from app.beneficiaries.actions.beneficiaries import new_person, refuse_empty
from app.beneficiaries.actions.families import Member, new_membership
from app.beneficiaries.models import AlreadyMember, Beneficiary, Family, FamilyMembership, HeadExists, HeadNeeded, Relationship
from app.beneficiaries.schemas import MOST_MEMBERS, HeadChange, MemberAdd, MembershipEnd, MembershipUpdate
from app.constraints import refuse
from app.problems import Conflict, Fault, Invalid, NotFound, Stale, invalid

_OPEN = prebuilt(
    sa.select(FamilyMembership)
    .where(col(FamilyMembership.family_id) == bindparam("family_id"), col(FamilyMembership.ended_on).is_(None))
    .order_by(col(FamilyMembership.id)),
    "family_membership.open",
)
# The row rules and the checks below say the same earlier and better; these two say it when two transactions pass them at once.
refuse("ix_family_membership_open_head", HeadExists)
refuse("ix_family_membership_open", AlreadyMember)


def _present(db: GuardedSession, family: Family) -> list[FamilyMembership]:
    return list(db.execute(_OPEN, {"family_id": family.id}).scalars())


def _of_family(db: GuardedSession, family: Family, membership_id: uuid.UUID, version: int) -> FamilyMembership:
    membership = fetch(db, FamilyMembership, membership_id)
    if membership.family_id != family.id:
        raise NotFound
    if membership.version != version:
        raise Stale
    return membership


def add_member(db: GuardedSession, family_id: uuid.UUID, *, body: MemberAdd, by: Visit) -> tuple[Member, bool]:
    """((membership, person), made before). Raises NotFound, Invalid, HeadExists, HeadNeeded, AlreadyMember, Conflict, IdTaken."""
    family = fetch(db, Family, family_id, lock=True)
    origin = hashlib.sha256(family.id.bytes + body.origin()).digest()
    if before := made_before(db, FamilyMembership, body.id, origin):
        return (before, fetch(db, Beneficiary, before.beneficiary_id)), True
    present = _present(db, family)
    if len(present) >= MOST_MEMBERS:
        raise Conflict(f"A family has at most {MOST_MEMBERS} members.")
    person, at = _who(db, body, family=family, by=by)
    membership = new_membership(body, family=family, person=person)
    if faults := [*(person.faults(at) if at else ()), *membership.faults(person)]:
        raise Invalid(faults=faults)
    if membership.is_head and any(one.is_head for one in present):
        raise HeadExists
    if not membership.is_head and not any(one.is_head for one in present):
        raise HeadNeeded("Add the head first.")
    if at:
        db.add(person)
        db.flush()
    membership.id, membership.origin = body.id or membership.id, origin
    db.add(membership)
    family.touch()
    db.flush()
    return (membership, person), False


def _who(db: GuardedSession, body: MemberAdd, *, family: Family, by: Visit) -> tuple[Beneficiary, str]:
    """The person, and the pointer to it when it is a new one."""
    if (body.beneficiary_id is None) == (body.person is None):
        raise invalid("/beneficiary_id", "one_of_two", "Give either beneficiary_id or person.")
    if body.person is not None:
        return new_person(body.person, by=by, territory=family.territory), "/person"
    person = find(db, Beneficiary, body.beneficiary_id) if body.beneficiary_id else None
    if person is None:
        raise invalid("/beneficiary_id", "unknown", "There is no such beneficiary.")
    return person, ""


def update_membership(
    db: GuardedSession, family_id: uuid.UUID, membership_id: uuid.UUID, *, version: int, body: MembershipUpdate
) -> FamilyMembership:
    """Correct a membership. Raises NotFound, Stale, Invalid."""
    family = fetch(db, Family, family_id, lock=True)
    membership = _of_family(db, family, membership_id, version)
    values = body.model_dump(exclude_unset=True)
    refuse_empty(values, frozenset({"started_on"}))
    for name, value in values.items():
        setattr(membership, name, value)
    if membership.is_head != (membership.relationship_to_head == Relationship.HEAD):
        raise invalid("/relationship_to_head", "head_is_called_head", "The head is changed by change-head.")
    if faults := membership.faults(fetch(db, Beneficiary, membership.beneficiary_id)):
        raise Invalid(faults=faults)
    if membership.ended_on and membership.started_on and membership.ended_on < membership.started_on:
        raise invalid("/started_on", "after_end", "Lies after ended_on.")
    family.touch()
    db.flush()
    return membership


def end_membership(
    db: GuardedSession, family_id: uuid.UUID, membership_id: uuid.UUID, *, version: int, body: MembershipEnd
) -> FamilyMembership:
    """A member leaves the family. Raises NotFound, Stale, WrongState, HeadNeeded, Invalid."""
    family = fetch(db, Family, family_id, lock=True)
    membership = _of_family(db, family, membership_id, version)
    membership.end(on=body.ended_on or date.today(), reason=body.reason)  # noqa: DTZ011 – a calendar day where the service runs.
    if membership.is_head and any(one is not membership for one in _present(db, family)):
        raise HeadNeeded("Others remain: change the head first.")
    family.touch()
    db.flush()
    return membership


def change_head(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: HeadChange) -> Family:
    """Another present member becomes the head, and what the others are is told anew. Raises NotFound, Stale, Invalid."""
    family = fetch(db, Family, family_id, version=version, lock=True)
    present = {membership.beneficiary_id: membership for membership in _present(db, family)}
    head = present.pop(body.beneficiary_id, None)
    if head is None:
        raise invalid("/beneficiary_id", "unknown", "There is no such present member.")
    if head.is_head:
        raise invalid("/beneficiary_id", "is_head", "This member is the head already.")
    _told_anew(present, body)
    for membership in present.values():
        membership.is_head = False
    # The former head goes first: the database admits no two at any time.
    db.flush()
    head.is_head, head.relationship_to_head = True, Relationship.HEAD
    family.touch()
    db.flush()
    return family


def _told_anew(others: dict[uuid.UUID, FamilyMembership], body: HeadChange) -> None:
    faults: list[Fault] = []
    told = set()
    for place, one in enumerate(body.relationships):
        at = f"/relationships/{place}"
        if one.beneficiary_id not in others or one.beneficiary_id in told:
            faults.append(Fault(f"{at}/beneficiary_id", "unknown", "Must be another present member, and each once."))
            continue
        if one.relationship_to_head == Relationship.HEAD:
            faults.append(Fault(f"{at}/relationship_to_head", "one_head", "Only the new head is the head."))
        told.add(one.beneficiary_id)
        others[one.beneficiary_id].relationship_to_head = one.relationship_to_head
    if told != others.keys():
        faults.append(Fault("/relationships", "missing", "Every other present member must stand here."))
    if faults:
        raise Invalid(faults=faults[:200])
