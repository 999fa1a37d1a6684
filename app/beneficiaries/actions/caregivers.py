"""Who the primary caregivers of a family are changes from a day on, and who cared before is kept.

The stretches of one membership follow each other without a gap, the last one being what stands in the membership itself; two that touch
say the opposite of each other, so to take the last change back is to remove the last of the former ones.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import fetch, require_current
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.actions.members import hold_people, people_of, present
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.history import FormerCare
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, not_alive
from app.beneficiaries.schemas.memberships import CaregiversChange
from app.days import today
from app.problems import Fault, Invalid, invalid

_FORMER = prebuilt(
    sa.select(FormerCare)
    .where(col(FormerCare.membership_id).in_(bindparam("memberships", expanding=True)))
    .order_by(col(FormerCare.ended_on), col(FormerCare.id)),
    "former_care.of_memberships",
)
_Former = Mapping[uuid.UUID, list[FormerCare]]


def _former(db: GuardedSession, memberships: Iterable[FamilyMembership]) -> _Former:
    """What was so before, the oldest first, by membership."""
    found: dict[uuid.UUID, list[FormerCare]] = defaultdict(list)
    for one in db.execute(_FORMER, {"memberships": [membership.id for membership in memberships]}).scalars():
        found[one.membership_id].append(one)
    return found


def change_caregivers(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: CaregiversChange) -> Family:
    """These present members, and no others, are the primary caregivers from a day on; what was opened by the word of one who is none any
    more, for those for whom it may not speak as anything else, is closed.

    Raises NotFound, Merged, WasForgotten, Stale, and Invalid, also for one who had died by that day and for a day before the last change.
    """
    family = fetch(db, Family, family_id, version=version, lock=True)
    # Who is there already is not told to whoever sees the family by consent alone.
    require_writable(db, family)
    members = {membership.beneficiary_id: membership for membership in present(db, family)}
    named = {key: members[key] for key in body.caregivers if key in members}
    turning = {key: one for key, one in members.items() if one.is_primary_caregiver != (key in named)}
    # Whoever corrects meanwhile when one of them was born or died is waited for.
    hold_people(db, named | turning)
    on = body.on or today()
    persons = people_of(db, named.values())
    for person in persons.values():
        require_current(db, person)
    if faults := _faults(body, members, persons, on):
        raise Invalid(faults=faults)
    if not turning:
        raise invalid("/caregivers", "same", "They are the primary caregivers already.")
    former = _former(db, members.values())
    if any(on < before[-1].ended_on for before in former.values()) or any(
        one.started_on and on < one.started_on for one in (named | turning).values()
    ):
        raise invalid("/on", "before_start", "Lies before the last change of the caregivers, or before one of them came.")
    for membership in turning.values():
        _turn(db, membership, former.get(membership.id, []), on=on)
    family.touch()
    db.flush()
    if ceasing := [key for key, one in turning.items() if not one.is_primary_caregiver]:
        tell_standing(db, ceasing)
    return family


def _faults(
    body: CaregiversChange, members: Mapping[uuid.UUID, FamilyMembership], persons: Mapping[uuid.UUID, Beneficiary], on: date
) -> list[Fault]:
    faults: list[Fault] = []
    for place, key in enumerate(body.caregivers):
        at = f"/caregivers/{place}"
        if key not in members or key in body.caregivers[:place]:
            faults.append(Fault(at, "unknown", "Must be a present member, and each once."))
        elif key in persons:
            faults += not_alive(persons[key], on, at)
    return faults


def _turn(db: GuardedSession, membership: FamilyMembership, former: list[FormerCare], *, on: date) -> None:
    """It is the other way round from a day on, which lies not before the last change."""
    last = former[-1] if former else None
    if last is not None and last.ended_on == on:
        # It was changed on this very day: that is taken back.
        db.delete(last)
    elif membership.started_on is None or membership.started_on < on:
        owner: dict[str, Any] = {"organization_id": membership.organization_id, "territory": membership.territory}
        was = membership.is_primary_caregiver
        since = None if last is None else last.ended_on
        db.add(FormerCare(**owner, membership_id=membership.id, is_primary_caregiver=was, started_on=since, ended_on=on))
    membership.is_primary_caregiver = not membership.is_primary_caregiver


def correct_care(db: GuardedSession, membership: FamilyMembership, person: Beneficiary, *, cares: bool) -> None:
    """It was recorded wrongly: it has been so since the membership began or, where it changed since, the last change never was. Raises
    Invalid for one who had died before it came.
    """
    former = _former(db, [membership])[membership.id]
    if former:
        db.delete(former.pop())
    since = former[-1].ended_on if former else membership.started_on
    if cares and since and (faults := not_alive(person, since, "/is_primary_caregiver")):
        raise Invalid(faults=faults)
    membership.is_primary_caregiver = cares


def _cut(db: GuardedSession, ended: Mapping[uuid.UUID, FamilyMembership]) -> dict[uuid.UUID, list[FormerCare]]:
    """Memberships that have just ended say from now on who cared on their last day. Answers, by the keys, what was changed afterwards."""
    found = {}
    former = _former(db, ended.values())
    for key, membership in ended.items():
        later = [one for one in former.get(membership.id, []) if membership.ended_on and one.ended_on >= membership.ended_on]
        if later:
            membership.is_primary_caregiver = later[0].is_primary_caregiver
            found[key] = later
    return found


def forget_later(db: GuardedSession, membership: FamilyMembership) -> None:
    """A membership that has ended knows nothing of changes after its end."""
    for later in _cut(db, {membership.beneficiary_id: membership}).values():
        for one in later:
            db.delete(one)


def go_along(db: GuardedSession, ended: Mapping[uuid.UUID, FamilyMembership], came: Mapping[uuid.UUID, FamilyMembership]) -> None:
    """Persons go from one membership over to another on a day; what was changed of their care after that day, and recorded before, goes
    along. Both are by their persons, and the new ones say what the former ones said last.
    """
    for key, later in _cut(db, ended).items():
        membership = came[key]
        for one in later:
            if one.ended_on == membership.started_on:
                db.delete(one)
                continue
            one.membership_id, one.organization_id, one.territory = membership.id, membership.organization_id, membership.territory
            if one.started_on and membership.started_on and one.started_on <= membership.started_on:
                one.started_on = None
    db.flush()
