"""A family splits: some of its members live as a family of their own from a day on."""

import uuid

from app.access.fetch import fetch, made_before, require_current
from app.access.guard import GuardedSession, require_writable
from app.beneficiaries.actions.beneficiaries import flush_placed
from app.beneficiaries.actions.caregivers import go_along
from app.beneficiaries.actions.coverage import close_through
from app.beneficiaries.actions.heads import put_head
from app.beneficiaries.actions.members import hold_people, others_of, people_of, present, refuse_overlaps, wrong_age
from app.beneficiaries.actions.residences import residence, take_along
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.models import Family, FamilyMembership, LeavingReason, Relationship, not_alive
from app.beneficiaries.numbers import new_number
from app.beneficiaries.schemas.moving import FamilySplit
from app.database import uuid7
from app.problems import Fault, Invalid, Stale, invalid

_Members = dict[uuid.UUID, FamilyMembership]


def split_family(db: GuardedSession, family_id: uuid.UUID, *, version: int, body: FamilySplit) -> tuple[Family, bool]:
    """(the new family, made before). All of it or nothing: memberships end and begin, the rest keeps a head, grants are closed.

    Raises NotFound, Merged, WasForgotten, Stale, WrongState, IdTaken, Invalid, and OutOfScope for a place outside the actor's territory.
    """
    family = fetch(db, Family, family_id, lock=True)
    # Who is there already is not told to whoever sees the family by consent alone.
    require_writable(db, family)
    origin = body.origin(under=family.id)
    if before := made_before(db, Family, body.id, origin):
        return before, True
    if family.version != version:
        raise Stale
    hold_people(db, [one.beneficiary_id for one in body.members])
    staying: _Members = {one.beneficiary_id: one for one in present(db, family)}
    leaving = _leaving(db, staying, body)
    for membership in leaving.values():
        membership.end(on=body.on, reason=LeavingReason.SPLIT, note=body.note, at="/on")
    # Ended first: the database admits no two open memberships of a person at any time.
    db.flush()
    _keep_a_head(db, family, staying, leaving, body)
    made = _new_family(family, body)
    made.origin = origin
    db.add(made)
    flush_placed(db)
    _take_over(db, made, leaving, body)
    take_along(db, list(leaving.values()), was=family.territory, to=made.territory)
    tell_standing(db, leaving)
    close_through(db, [one.id for one in leaving.values()])
    family.touch()
    db.flush()
    return made, False


def _leaving(db: GuardedSession, staying: _Members, body: FamilySplit) -> _Members:
    """Take those who leave out of those who stay."""
    faults: list[Fault] = []
    found: _Members = {}
    for place, one in enumerate(body.members):
        if (membership := staying.pop(one.beneficiary_id, None)) is None:
            faults.append(Fault(f"/members/{place}/beneficiary_id", "unknown", "Must be a present member, and each once."))
        else:
            found[one.beneficiary_id] = membership
    heads = [one.beneficiary_id for one in body.members if one.relationship_to_head == Relationship.HEAD]
    if len(heads) != 1:
        faults.append(Fault("/members", "one_head", "Exactly one member must be the head."))
    if not staying and not faults:
        faults.append(Fault("/members", "nobody_stays", "Somebody must stay; a family that goes as a whole moves."))
    if not faults:
        persons = people_of(db, found.values())
        for place, one in enumerate(body.members):
            if one.beneficiary_id in persons:
                # Another home, and who goes there, is written about nobody who was forgotten.
                require_current(db, persons[one.beneficiary_id])
                faults += not_alive(persons[one.beneficiary_id], body.on, f"/members/{place}/beneficiary_id")
                faults += wrong_age(persons.get(heads[0]), f"/members/{place}", one.relationship_to_head, persons[one.beneficiary_id])
    if faults:
        raise Invalid(faults=faults[:200])
    return found


def _keep_a_head(db: GuardedSession, family: Family, staying: _Members, leaving: _Members, body: FamilySplit) -> None:
    goes = any(membership.is_head for membership in leaving.values())
    if body.remaining is None:
        if goes:
            raise invalid("/remaining", "head_needed", "The head leaves: say who is the head of those who stay.")
        return
    if not goes:
        raise invalid("/remaining", "head_stays", "The head stays, and so do the relationships of the others.")
    others = dict(staying)
    head = others.pop(body.remaining.beneficiary_id, None)
    if head is None:
        raise invalid("/remaining/beneficiary_id", "unknown", "There is no such member among those who stay.")
    put_head(db, family, head=head, others=others, told=body.remaining.relationships, on=body.on, at="/remaining")


def _new_family(family: Family, body: FamilySplit) -> Family:
    stays_there = body.territory is None or body.territory == family.territory
    return Family(
        id=body.id or uuid7(),
        number=new_number(),
        organization_id=family.organization_id,
        territory=body.territory or family.territory,
        address=body.address or (family.address if stays_there else None),
        is_synthetic=family.is_synthetic,
    )


def _take_over(db: GuardedSession, made: Family, leaving: _Members, body: FamilySplit) -> None:
    """Open a residence and the memberships of those who left."""
    home = residence(made)
    home.started_on = body.on
    db.add(home)
    known = others_of(db, leaving)
    came: _Members = {}
    for one in body.members:
        membership = FamilyMembership(
            organization_id=made.organization_id,
            territory=made.territory,
            family_id=made.id,
            beneficiary_id=one.beneficiary_id,
            relationship_to_head=one.relationship_to_head,
            is_head=one.relationship_to_head == Relationship.HEAD,
            is_primary_caregiver=leaving[one.beneficiary_id].is_primary_caregiver,
            started_on=body.on,
        )
        refuse_overlaps(membership, known, "/on")
        db.add(membership)
        came[one.beneficiary_id] = membership
    db.flush()
    go_along(db, leaving, came)
