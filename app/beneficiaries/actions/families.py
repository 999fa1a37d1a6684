"""Registering families and correcting what is known of them."""

import uuid

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch, made_before
from app.access.guard import GuardedSession, prebuilt
from app.beneficiaries.actions.beneficiaries import flush_placed, new_person, refuse_empty
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, Relationship
from app.beneficiaries.numbers import new_number
from app.beneficiaries.schemas import FamilyCreate, FamilyUpdate, MemberAdd, MemberCreate
from app.database import uuid7
from app.problems import Fault, Invalid

Member = tuple[FamilyMembership, Beneficiary]
_ALL = prebuilt(
    sa.select(FamilyMembership).where(col(FamilyMembership.family_id) == bindparam("family_id")).order_by(col(FamilyMembership.id)),
    "family_membership.all",
)
_CAN_BE_EMPTY = frozenset({"address", "housing", "monthly_income", "size", "note"})


def new_membership(body: MemberCreate | MemberAdd, *, family: Family, person: Beneficiary) -> FamilyMembership:
    """A membership as a row, not stored yet; it belongs to whom the family belongs and lies where the family lies."""
    return FamilyMembership(
        organization_id=family.organization_id,
        territory=family.territory,
        family_id=family.id,
        beneficiary_id=person.id,
        relationship_to_head=body.relationship_to_head,
        is_head=body.relationship_to_head == Relationship.HEAD if body.is_head is None else body.is_head,
        is_primary_caregiver=body.is_primary_caregiver,
        started_on=body.started_on,
    )


def register_family(db: GuardedSession, *, body: FamilyCreate, by: Visit) -> tuple[Family, list[Member], bool]:
    """(family, its members, made before); the members of one made before are not read. Raises Invalid, IdTaken."""
    if before := made_before(db, Family, body.id, body.origin()):
        return before, [], True
    values = body.model_dump(include={"territory", "address", "housing", "monthly_income", "size", "note"})
    values["organization_id"] = by.actor.organization_id
    family = Family(id=body.id or uuid7(), origin=body.origin(), number=new_number(), **values)
    people = [new_person(one, by=by, territory=body.territory) for one in body.members]
    memberships = [new_membership(one, family=family, person=person) for one, person in zip(body.members, people, strict=True)]
    members = list(zip(memberships, people, strict=True))
    _hold_together(members)
    db.add_all([family, *people])
    flush_placed(db)
    # A membership needs its family and its person to be there.
    db.add_all(memberships)
    db.flush()
    return family, members, False


def _hold_together(members: list[Member]) -> None:
    faults: list[Fault] = []
    for place, (membership, person) in enumerate(members):
        at = f"/members/{place}"
        faults += [*person.faults(at), *membership.faults(person, at)]
    ids = [person.id for _, person in members]
    if len(set(ids)) != len(ids):
        faults.append(Fault("/members", "repeated", "Two members have the same id."))
    if members and sum(membership.is_head for membership, _ in members) != 1:
        faults.append(Fault("/members", "one_head", "Exactly one member must be the head."))
    if faults:
        raise Invalid(faults=faults[:200])


def update_family(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: FamilyUpdate) -> Family:
    """Correct what is known of a family. Its memberships lie where it lies; its members have a territory of their own.

    Raises NotFound, Stale, Invalid.
    """
    family = fetch(db, Family, family_id, version=version)
    values = body.model_dump(exclude_unset=True)
    refuse_empty(values, _CAN_BE_EMPTY)
    for name, value in values.items():
        setattr(family, name, value)
    flush_placed(db)
    if "territory" in values:
        for membership in db.execute(_ALL, {"family_id": family.id}).scalars():
            membership.territory = family.territory
        db.flush()
    return family
