"""Two families become one: all members of the one belong to the other from a day on, and the emptied one says where they went."""

import uuid

from app.access.fetch import find
from app.access.guard import GuardedSession, require_writable
from app.beneficiaries.actions.caregivers import go_along
from app.beneficiaries.actions.coverage import close_on, close_through
from app.beneficiaries.actions.heads import told_anew
from app.beneficiaries.actions.members import hold_people, others_of, people_of, present, refuse_overlaps
from app.beneficiaries.actions.residences import open_residence, take_along
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.models import Family, FamilyMembership, FamilyStatus, HeadNeeded, LeavingReason, not_alive
from app.beneficiaries.schemas.memberships import MOST_MEMBERS
from app.beneficiaries.schemas.moving import FamilyMerge
from app.problems import Conflict, Invalid, NotFound, Stale, WrongState, invalid


def merge_family(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: FamilyMerge) -> Family:
    """The family that goes on. All of it or nothing: memberships end and begin, grants are closed, the emptied family is dissolved.

    Raises NotFound, Merged, WasForgotten, Stale, WrongState, HeadNeeded, Conflict, Invalid, OutOfScope.
    """
    family, into = _both(db, family_id, body.into, version)
    ending = {one.beneficiary_id: one for one in present(db, family)}
    hold_people(db, ending)
    staying = present(db, into)
    if len(staying) + len(ending) > MOST_MEMBERS:
        raise Conflict(f"A family has at most {MOST_MEMBERS} members.")
    if ending:
        _take_over(db, into, ending, staying, body)
        take_along(db, list(ending.values()), was=family.territory, to=into.territory)
        tell_standing(db, ending)
        close_through(db, [one.id for one in ending.values()])
    elif body.relationships:
        raise invalid("/relationships", "unknown", "The family has no members.")
    close_on(db, family.id)
    home = open_residence(db, family)
    if home is not None:
        home.ended_on = max(body.on, home.started_on or body.on)
    family.status, family.merged_into_id = FamilyStatus.DISSOLVED, into.id
    into.touch()
    db.flush()
    return into


def _both(db: GuardedSession, family_id: uuid.UUID, into_id: uuid.UUID, version: int) -> tuple[Family, Family]:
    """Both families, held until the commit in one order, so that two merges cannot wait for each other."""
    found = {key: find(db, Family, key, lock=True) for key in sorted({family_id, into_id})}
    family, into = found[family_id], found[into_id]
    if family is None:
        raise NotFound
    # Before anything is compared; and a family without members would be written to by nothing but its version.
    for one in (family, into):
        if one is not None:
            require_writable(db, one)
    if family.version != version:
        raise Stale
    if family is into:
        raise invalid("/into", "itself", "A family cannot be merged with itself.")
    if into is None:
        raise invalid("/into", "unknown", "There is no such family.")
    if into.status == FamilyStatus.DISSOLVED:
        raise WrongState("The other family is dissolved.")
    return family, into


def _take_over(
    db: GuardedSession, into: Family, ending: dict[uuid.UUID, FamilyMembership], staying: list[FamilyMembership], body: FamilyMerge
) -> None:
    """End the memberships and open those in the other family."""
    head = next((one for one in staying if one.is_head), None)
    if head is None:
        raise HeadNeeded("The other family has no head; merge it into this one.")
    persons = people_of(db, [head, *ending.values()])
    become = told_anew(body.relationships, ending, persons, persons.get(head.beneficiary_id))
    told = [one.beneficiary_id for one in body.relationships]
    if faults := [
        fault
        for place, key in enumerate(told)
        if key in persons
        for fault in not_alive(persons[key], body.on, f"/relationships/{place}/beneficiary_id")
    ]:
        raise Invalid(faults=faults)
    for key, membership in ending.items():
        # Of whoever was forgotten no words are kept.
        note = body.note if key in persons and persons[key].anonymized_at is None else None
        membership.end(on=body.on, reason=LeavingReason.MERGED, note=note, at="/on")
    # Ended first: the database admits no two open memberships of a person at any time.
    db.flush()
    known = others_of(db, ending)
    came: dict[uuid.UUID, FamilyMembership] = {}
    for key, relationship in become.items():
        membership = FamilyMembership(
            organization_id=into.organization_id,
            territory=into.territory,
            family_id=into.id,
            beneficiary_id=key,
            relationship_to_head=relationship,
            is_primary_caregiver=ending[key].is_primary_caregiver,
            started_on=body.on,
        )
        refuse_overlaps(membership, known, "/on")
        db.add(membership)
        came[key] = membership
    db.flush()
    go_along(db, ending, came)
