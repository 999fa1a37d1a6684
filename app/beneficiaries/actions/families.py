"""Registering families and correcting what is known of them."""

import uuid

from app.access.actor import Visit
from app.access.fetch import fetch, made_before
from app.access.guard import GuardedSession, require_writable
from app.beneficiaries.actions.beneficiaries import flush_placed, new_person
from app.beneficiaries.actions.candidates import Answer, look_for_duplicates, possible_duplicates
from app.beneficiaries.actions.coverage import close_on
from app.beneficiaries.actions.members import everyone, present, wrong_age
from app.beneficiaries.actions.residences import open_residence, residence, take_along
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, FamilyStatus, MembersPresent, Relationship
from app.beneficiaries.numbers import new_number
from app.beneficiaries.schemas.families import FamilyCreate, FamilyUpdate, MemberCreate
from app.beneficiaries.schemas.memberships import MemberAdd
from app.database import uuid7
from app.days import today
from app.problems import Fault, Invalid

Member = tuple[FamilyMembership, Beneficiary]


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


def register_family(db: GuardedSession, *, body: FamilyCreate, by: Visit) -> tuple[Family, list[Member], list[Answer], bool]:
    """(family, its members, who may be the same as one of them, made before); the members of one made before are not read.

    Raises Invalid, IdTaken.
    """
    if before := made_before(db, Family, body.id, body.origin()):
        people = {one.beneficiary_id for one in everyone(db, before)}
        return before, [], possible_duplicates(db, people), True
    values = body.model_dump(include={"territory", "address", "housing", "monthly_income", "size", "note"})
    values["organization_id"] = by.actor.organization_id
    family = Family(id=body.id or uuid7(), origin=body.origin(), number=new_number(), **values)
    persons = [new_person(one, by=by, territory=body.territory) for one in body.members]
    memberships = [new_membership(one, family=family, person=person) for one, person in zip(body.members, persons, strict=True)]
    members = list(zip(memberships, persons, strict=True))
    _hold_together(members)
    db.add_all([family, *persons])
    # The database does not tell which of several ids is taken, and one of another organization's must not be sought.
    flush_placed(db, chosen=[f"/members/{place}/id" for place, one in enumerate(body.members) if one.id])
    # A membership needs its family and its person to be there.
    db.add_all([residence(family), *memberships])
    db.flush()
    return family, members, look_for_duplicates(db, persons), False


def _hold_together(members: list[Member]) -> None:
    faults: list[Fault] = []
    day = today()
    head = next((person for membership, person in members if membership.is_head), None)
    for place, (membership, person) in enumerate(members):
        at = f"/members/{place}"
        faults += [*person.faults(at), *membership.faults(person, at), *membership.faults_of_coming(person, day=day, at=at)]
        faults += wrong_age(head, at, membership.relationship_to_head, person)
    ids = [person.id for _, person in members]
    if len(set(ids)) != len(ids):
        faults.append(Fault("/members", "repeated", "Two members have the same id."))
    if members and sum(membership.is_head for membership, _ in members) != 1:
        faults.append(Fault("/members", "one_head", "Exactly one member must be the head."))
    if faults:
        raise Invalid(faults=faults[:200])


def update_family(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: FamilyUpdate) -> Family:
    """Correct what is known of a family, and of where it lives now. Its memberships lie where it lies; those present members who were
    registered where it was are corrected with it, who lies elsewhere stays. One that nobody belongs to can be dissolved, which closes its
    row. Raises NotFound, Merged, WasForgotten, Stale, MembersPresent, Invalid.
    """
    family = fetch(db, Family, family_id, version=version)
    # Before anything is compared: whether a change would change nothing tells what a field holds.
    require_writable(db, family)
    values = body.model_dump(exclude_unset=True)
    if values.get("status") == FamilyStatus.DISSOLVED:
        # Whoever comes meanwhile makes a new version of the family, which this change then fails for.
        if present(db, family):
            raise MembersPresent("End the memberships of those who belong to the family, or merge it into another one.")
        close_on(db, family.id)
    was = family.territory
    for name, value in values.items():
        setattr(family, name, value)
    flush_placed(db)
    if family.territory != was:
        memberships = everyone(db, family)
        for membership in memberships:
            membership.territory = family.territory
        take_along(db, [one for one in memberships if one.ended_on is None], was=was, to=family.territory)
    if {"territory", "address"} & values.keys() and (home := open_residence(db, family)):
        home.territory, home.address = family.territory, family.address
    db.flush()
    return family
