"""Who belongs to a family: members come and leave.

Each of these holds the family's row until the commit, so that no two of them decide about its members at once.
"""

import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch, find, made_before
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.actions.beneficiaries import flush_placed, new_person
from app.beneficiaries.actions.candidates import Answer, look_for_duplicates, possible_duplicates
from app.beneficiaries.actions.caregivers import correct_care, forget_later
from app.beneficiaries.actions.coverage import close_on, close_through
from app.beneficiaries.actions.families import Member, new_membership
from app.beneficiaries.actions.members import head_among, hold_people, others_of, present, refuse_overlaps, words_about, wrong_age
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.history import FormerCare, FormerRelationship
from app.beneficiaries.models import (
    AlreadyMember,
    Beneficiary,
    Family,
    FamilyMembership,
    FamilyStatus,
    HeadExists,
    HeadNeeded,
    LeavingReason,
    Relationship,
)
from app.beneficiaries.schemas.memberships import MOST_MEMBERS, MemberAdd, MembershipEnd, MembershipUpdate
from app.constraints import refuse
from app.days import today
from app.problems import Conflict, Invalid, NotFound, Stale, WrongState, invalid

# The row rules and the checks below say the same earlier and better; these two say it when two transactions pass them at once.
refuse("ix_family_membership_open_head", HeadExists)
refuse("ix_family_membership_open", AlreadyMember)
_BY_COMMAND = frozenset({LeavingReason.SPLIT, LeavingReason.MERGED})
_FIRST_CHANGES = tuple(
    prebuilt(sa.select(sa.func.min(col(model.ended_on))).where(col(model.membership_id) == bindparam("membership")), f"{name}.first")
    for name, model in (("former_relationship", FormerRelationship), ("former_care", FormerCare))
)


def _of_family(db: GuardedSession, family: Family, membership_id: uuid.UUID, version: int) -> FamilyMembership:
    membership = fetch(db, FamilyMembership, membership_id)
    if membership.family_id != family.id:
        raise NotFound
    # Before anything is compared: whether a change would change nothing tells what a field holds.
    require_writable(db, membership)
    if membership.version != version:
        raise Stale
    return membership


def add_member(db: GuardedSession, family_id: uuid.UUID, *, body: MemberAdd, by: Visit) -> tuple[Member, list[Answer], bool]:
    """((membership, person), who may be the same as a new person, made before).

    Raises NotFound, Invalid, WrongState, HeadExists, HeadNeeded, AlreadyMember, Conflict, IdTaken.
    """
    family = fetch(db, Family, family_id, lock=True)
    # Who is there already is not told to whoever sees the family by consent alone.
    require_writable(db, family)
    origin = body.origin(under=family.id)
    if before := made_before(db, FamilyMembership, body.id, origin):
        found = possible_duplicates(db, [before.beneficiary_id] if body.person else [])
        return (before, fetch(db, Beneficiary, before.beneficiary_id)), found, True
    if family.status == FamilyStatus.DISSOLVED:
        raise WrongState("The family is dissolved; correct its status first, if it lives together again.")
    members = present(db, family)
    if len(members) >= MOST_MEMBERS:
        raise Conflict(f"A family has at most {MOST_MEMBERS} members.")
    person, at = _who(db, body, family=family, by=by)
    membership = new_membership(body, family=family, person=person)
    if faults := [*(person.faults(at) if at else ()), *membership.faults(person), *membership.faults_of_coming(person, day=today())]:
        raise Invalid(faults=faults)
    if membership.is_head and any(one.is_head for one in members):
        raise HeadExists
    if not membership.is_head and not any(one.is_head for one in members):
        raise HeadNeeded("Add the head first.")
    if at:
        db.add(person)
        flush_placed(db, chosen=[f"{at}/id"])
    else:
        _come(db, membership)
    membership.id, membership.origin = body.id or membership.id, origin
    db.add(membership)
    family.touch()
    db.flush()
    # When all else holds: the head may be out of sight, and whoever could try days that are refused anyway would find out the head's.
    if faults := wrong_age(head_among(db, members), "", membership.relationship_to_head, person):
        raise Invalid(faults=faults)
    return (membership, person), look_for_duplicates(db, [person] if at else []), False


def _come(db: GuardedSession, membership: FamilyMembership) -> None:
    """Of someone who belonged to a family before: who comes since nobody knows when came, for all that is known, when that ended."""
    known = others_of(db, [membership.beneficiary_id])
    ends = [one.ended_on for one in known if one.ended_on is not None]
    if membership.started_on is None and ends:
        membership.started_on = max(ends)
    refuse_overlaps(membership, known)


def _who(db: GuardedSession, body: MemberAdd, *, family: Family, by: Visit) -> tuple[Beneficiary, str]:
    """The person, and the pointer to it when it is a new one."""
    if (body.beneficiary_id is None) == (body.person is None):
        raise invalid("/beneficiary_id", "one_of_two", "Give either beneficiary_id or person.")
    if body.person is not None:
        return new_person(body.person, by=by, territory=family.territory), "/person"
    assert body.beneficiary_id is not None  # noqa: S101 – exactly one is there.
    hold_people(db, [body.beneficiary_id])
    person = find(db, Beneficiary, body.beneficiary_id, keep=True)
    if person is None:
        raise invalid("/beneficiary_id", "unknown", "There is no such beneficiary.")
    # Whoever sees a person by consent alone does not take it into a family of its own.
    require_writable(db, person)
    return person, ""


def update_membership(
    db: GuardedSession, family_id: uuid.UUID, membership_id: uuid.UUID, *, version: int, body: MembershipUpdate
) -> FamilyMembership:
    """Correct a membership; what was opened by the word of one who never cared is closed.

    Raises NotFound, Merged, WasForgotten, Stale, Invalid.
    """
    family = fetch(db, Family, family_id, lock=True)
    membership = _of_family(db, family, membership_id, version)
    values = body.model_dump(exclude_unset=True)
    cares = values.pop("is_primary_caregiver", membership.is_primary_caregiver)
    for name, value in values.items():
        setattr(membership, name, value)
    person = fetch(db, Beneficiary, membership.beneficiary_id)
    _hold_together(db, family, membership, person, corrected=values.keys())
    turns = cares != membership.is_primary_caregiver
    if turns or "started_on" in values:
        hold_people(db, [membership.beneficiary_id])
    if "started_on" in values:
        refuse_overlaps(membership, others_of(db, [membership.beneficiary_id]))
    if turns:
        correct_care(db, membership, person, cares=cares)
    family.touch()
    db.flush()
    if "started_on" in values:
        _refuse_late_start(db, membership)
    if turns:
        tell_standing(db, [membership.beneficiary_id])
    return membership


def _refuse_late_start(db: GuardedSession, membership: FamilyMembership) -> None:
    """Raises Invalid if what the member was to the head, or that it cared, changed before it came."""
    changes = [db.execute(first, {"membership": membership.id}).scalar() for first in _FIRST_CHANGES]
    if membership.started_on and any(day and day <= membership.started_on for day in changes):
        raise invalid(
            "/started_on", "after_end", "Lies after the first change of the head or of the caregivers that is kept of this member."
        )


def _hold_together(
    db: GuardedSession, family: Family, membership: FamilyMembership, person: Beneficiary, *, corrected: Collection[str]
) -> None:
    """Raises Invalid if what was corrected contradicts the rest."""
    if membership.is_head != (membership.relationship_to_head == Relationship.HEAD):
        raise invalid("/relationship_to_head", "head_is_called_head", "The head is changed by change-head.")
    if faults := membership.faults(person) + (membership.faults_of_start(person) if "started_on" in corrected else []):
        raise Invalid(faults=faults)
    if "relationship_to_head" in corrected and membership.ended_on is None:
        faults = wrong_age(head_among(db, present(db, family)), "", membership.relationship_to_head, person)
        if faults:
            raise Invalid(faults=faults)
    if membership.ended_on and membership.started_on and membership.ended_on < membership.started_on:
        raise invalid("/started_on", "after_end", "Lies after ended_on.")


def end_membership(
    db: GuardedSession, family_id: uuid.UUID, membership_id: uuid.UUID, *, version: int, body: MembershipEnd
) -> FamilyMembership:
    """A member leaves the family, and what its consent opened through that is closed, and what was opened by the word of a caregiver, of
    the one who leaves or of another for this child.

    Raises NotFound, Merged, WasForgotten, Stale, WrongState, HeadNeeded, Invalid.
    """
    family = fetch(db, Family, family_id, lock=True)
    membership = _of_family(db, family, membership_id, version)
    if body.reason in _BY_COMMAND:
        raise invalid("/reason", "by_command", "Memberships end for this reason by the command of that name alone.")
    membership.end(on=body.ended_on or today(), reason=body.reason, note=words_about(db, [membership.beneficiary_id], body.note))
    others = [one for one in present(db, family) if one is not membership]
    if membership.is_head and others:
        raise HeadNeeded("Others remain: change the head first.")
    hold_people(db, [membership.beneficiary_id])
    forget_later(db, membership)
    tell_standing(db, [membership.beneficiary_id])
    close_through(db, [membership.id])
    if not others:
        close_on(db, family.id)
    family.touch()
    db.flush()
    return membership
