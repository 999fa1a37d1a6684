"""The head of a family changes, and with it what every member is called; what they were to the former head is kept."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import fetch, require_current
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.actions.members import hold_people, people_of, present, wrong_age
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.history import FormerRelationship
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, Relationship, not_alive
from app.beneficiaries.schemas.memberships import HeadChange, RelationshipToNewHead
from app.days import today
from app.problems import Fault, Invalid, invalid

_LAST = prebuilt(
    sa.select(col(FormerRelationship.membership_id), sa.func.max(col(FormerRelationship.ended_on)))
    .where(col(FormerRelationship.membership_id).in_(bindparam("memberships", expanding=True)))
    .group_by(col(FormerRelationship.membership_id)),
    "former_relationship.last",
)


def change_head(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: HeadChange) -> Family:
    """Another present member becomes the head, and what the others are is told anew; what was opened by the word of the former head, for
    those for whom it may not speak as anything else, is closed. Raises NotFound, Merged, WasForgotten, Stale, Invalid.
    """
    family = fetch(db, Family, family_id, version=version, lock=True)
    # Who is there already is not told to whoever sees the family by consent alone.
    require_writable(db, family)
    found = {membership.beneficiary_id: membership for membership in present(db, family)}
    head = found.pop(body.beneficiary_id, None)
    if head is None:
        raise invalid("/beneficiary_id", "unknown", "There is no such present member.")
    if head.is_head:
        raise invalid("/beneficiary_id", "is_head", "This member is the head already.")
    former = [one.beneficiary_id for one in found.values() if one.is_head]
    hold_people(db, former)
    put_head(db, family, head=head, others=found, told=body.relationships, on=body.on or today())
    family.touch()
    tell_standing(db, former)
    return family


def put_head(
    db: GuardedSession,
    family: Family,
    *,
    head: FamilyMembership,
    others: dict[uuid.UUID, FamilyMembership],
    told: Sequence[RelationshipToNewHead],
    on: date,
    at: str = "",
    on_at: str = "/on",
) -> None:
    """Make a present member the head from a day on; `others` are all the other ones by their persons, `told` is what each of them is to
    the new head, `at` and `on_at` are pointers. Raises Invalid, also for one who had died by that day, and WasForgotten.
    """
    members = [head, *others.values()]
    persons = people_of(db, members)
    if new := persons.get(head.beneficiary_id):
        require_current(db, new)
        if faults := not_alive(new, on, f"{at}/beneficiary_id"):
            raise Invalid(faults=faults)
    become = told_anew(told, others, persons, persons.get(head.beneficiary_id), at)
    last: dict[uuid.UUID, date] = {row[0]: row[1] for row in db.execute(_LAST, {"memberships": [one.id for one in members]})}
    if any(on < day for day in last.values()) or (head.started_on and on < head.started_on):
        raise invalid(on_at, "before_start", "Lies before the last change of the head, or before the new head came.")
    for key, membership in others.items():
        _become(db, family, membership, become[key], since=last.get(membership.id), on=on)
    # The former head goes first: the database admits no two at any time.
    db.flush()
    _become(db, family, head, Relationship.HEAD, since=last.get(head.id), on=on)
    db.flush()


def _become(
    db: GuardedSession, family: Family, membership: FamilyMembership, relationship: Relationship, *, since: date | None, on: date
) -> None:
    was = membership.relationship_to_head
    if was == relationship:
        return
    if not (membership.started_on and membership.started_on >= on):
        owner: dict[str, Any] = {"organization_id": family.organization_id, "territory": family.territory}
        db.add(FormerRelationship(**owner, membership_id=membership.id, relationship_to_head=was, started_on=since, ended_on=on))
    membership.relationship_to_head, membership.is_head = relationship, relationship == Relationship.HEAD


def told_anew(
    told: Sequence[RelationshipToNewHead],
    others: dict[uuid.UUID, FamilyMembership],
    persons: dict[uuid.UUID, Beneficiary],
    head: Beneficiary | None,
    at: str = "",
) -> dict[uuid.UUID, Relationship]:
    """What every other member is to the head, by their persons. Raises Invalid unless each of them is told of once, and none as a head."""
    faults: list[Fault] = []
    found: dict[uuid.UUID, Relationship] = {}
    for place, one in enumerate(told):
        here = f"{at}/relationships/{place}"
        if one.beneficiary_id not in others or one.beneficiary_id in found:
            faults.append(Fault(f"{here}/beneficiary_id", "unknown", "Must be another present member, and each once."))
            continue
        if one.relationship_to_head == Relationship.HEAD:
            faults.append(Fault(f"{here}/relationship_to_head", "one_head", "Only the new head is the head."))
        elif (person := persons.get(one.beneficiary_id)) is not None:
            faults += wrong_age(head, here, one.relationship_to_head, person)
        found[one.beneficiary_id] = one.relationship_to_head
    if found.keys() != others.keys():
        faults.append(Fault(f"{at}/relationships", "missing", "Every other present member must stand here."))
    if faults:
        raise Invalid(faults=faults[:200])
    return found
