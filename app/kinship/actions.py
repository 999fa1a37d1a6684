"""Recording who is whose relative."""

import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch, made_before
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.access.transaction import every_row
from app.beneficiaries.actions.members import hold_people, keep_people
from app.beneficiaries.actions.standing import JUDGES, tell_standing
from app.beneficiaries.models import Beneficiary
from app.database import uuid7
from app.days import today
from app.kinship.models import EXCLUSIVE, SYMMETRIC, CycleOfParents, Kinship, KinshipKind
from app.kinship.schemas import KinshipCreate, KinshipEnd, KinshipUpdate
from app.problems import Fault, Invalid, invalid

# Up from the parent: its parents, their parents, and so on, in one statement; UNION without ALL ends even where there is a cycle.
_is_parent = sa.and_(col(Kinship.kind) == KinshipKind.PARENT, col(Kinship.ended_on).is_(None))
_above = (
    sa.select(col(Kinship.person_id).label("id")).where(_is_parent, col(Kinship.relative_id) == bindparam("parent")).cte(recursive=True)
)
_next = aliased(Kinship)
_ancestors = _above.union(
    sa.select(col(_next.person_id))
    .join(_above, col(_next.relative_id) == _above.c.id)
    .where(col(_next.kind) == KinshipKind.PARENT, col(_next.ended_on).is_(None))
)
_IS_ANCESTOR = prebuilt(
    sa.select(Beneficiary.id).where(col(Beneficiary.id) == bindparam("child"), col(Beneficiary.id).in_(sa.select(_ancestors.c.id))),  # type: ignore[call-overload]
    "kinship.is_ancestor",
)
_open = col(Kinship.ended_on).is_(None)
_one, _other = aliased(Beneficiary), aliased(Beneficiary)
_OF_PERSON = prebuilt(
    sa.select(Kinship, _one, _other)
    .join(_one, col(Kinship.person_id) == _one.id)
    .join(_other, col(Kinship.relative_id) == _other.id)
    .where(_open, sa.or_(col(Kinship.person_id) == bindparam("person"), col(Kinship.relative_id) == bindparam("person")))
    .order_by(col(Kinship.id)),
    "kinship.of_person",
)
_BETWEEN = prebuilt(
    sa.select(col(Kinship.kind)).where(
        _open,
        sa.or_(
            sa.and_(col(Kinship.person_id) == bindparam("one"), col(Kinship.relative_id) == bindparam("other")),
            sa.and_(col(Kinship.person_id) == bindparam("other"), col(Kinship.relative_id) == bindparam("one")),
        ),
    ),
    "kinship.between",
)


def record_kinship(db: GuardedSession, *, body: KinshipCreate, by: Visit) -> tuple[Kinship, bool]:
    """(kinship, made before). More than two legal parents are not refused: adoption and paternity are corrected one row after the other.

    Raises Invalid, Merged, WasForgotten, CycleOfParents, AlreadyExists, IdTaken, OutOfScope.
    """
    if before := made_before(db, Kinship, body.id, body.origin()):
        return before, True
    if body.person_id == body.relative_id:
        raise invalid("/relative_id", "itself", "A person is not its own relative.")
    hold_people(db, (body.person_id, body.relative_id))
    people = keep_people(db, [body.person_id, body.relative_id])
    person, relative = _of(db, people, body.person_id, "/person_id"), _of(db, people, body.relative_id, "/relative_id")
    if body.kind in SYMMETRIC and person.id > relative.id:
        person, relative = relative, person
    made = Kinship(
        id=body.id or uuid7(),
        origin=body.origin(),
        organization_id=by.actor.organization_id,  # type: ignore[arg-type]
        territory=person.territory,
        person_id=person.id,
        relative_id=relative.id,
        kind=body.kind,
        is_legal=body.is_legal,
        started_on=body.started_on,
        note=body.note,
    )
    if faults := made.faults(person, relative):
        raise Invalid(faults=faults)
    if made.kind == KinshipKind.PARENT:
        refuse_cycle(db, made)
    _refuse_contradiction(db, made)
    db.add(made)
    db.flush()
    return made, False


def refuse_cycle(db: GuardedSession, parenthood: Kinship) -> None:
    """Raises CycleOfParents if the child is an ancestor of the parent, be it through somebody whom the actor does not see."""
    # Two that each look before the other has written would close a cycle together.
    db.hold(f"parents in {parenthood.organization_id}")
    with every_row():
        found = db.rows(_IS_ANCESTOR, {"parent": parenthood.person_id, "child": parenthood.relative_id}, shown=0)
    if found:
        raise CycleOfParents


def _refuse_contradiction(db: GuardedSession, made: Kinship) -> None:
    """Raises Invalid if the two are to each other already what nobody is beside this."""
    found = {row[0] for row in db.rows(_BETWEEN, {"one": made.person_id, "other": made.relative_id}, shown=0)}
    if others := EXCLUSIVE & found - {made.kind} if made.kind in EXCLUSIVE else set():
        raise invalid("/kind", "contradicts", f"They are recorded as {' and '.join(sorted(others))} of each other: end that first.")


def faults_by_birth(db: GuardedSession, person: Beneficiary) -> list[Fault]:
    """What the day on which the person was born contradicts among its present kin, as far as whoever asks sees it."""
    return [fault for kinship, one, other in db.execute(_OF_PERSON, {"person": person.id}) for fault in kinship.faults(one, other)]


JUDGES.append(faults_by_birth)


def _of(db: GuardedSession, people: Mapping[uuid.UUID, Beneficiary], key: uuid.UUID, at: str) -> Beneficiary:
    if (person := people.get(key)) is None:
        raise invalid(at, "unknown", "There is no such beneficiary.")
    # Whoever sees a person by consent alone does not write whose kin it is, nor learn it by trying.
    require_writable(db, person)
    return person


def _held(db: GuardedSession, kinship_id: uuid.UUID, version: int) -> Kinship:
    """One's own kinship; until the commit nobody decides whose word counts for the two. Raises NotFound, Stale, OutOfScope."""
    found = fetch(db, Kinship, kinship_id, version=version)
    # Before anything is compared: whether a change would change nothing tells what a field holds.
    require_writable(db, found)
    hold_people(db, (found.person_id, found.relative_id))
    return found


def update_kinship(db: GuardedSession, kinship_id: uuid.UUID, *, version: int, body: KinshipUpdate) -> Kinship:
    """Correct what is known of a kinship; what a guardian opened who is none by law is closed.

    Raises NotFound, Merged, WasForgotten, Stale, OutOfScope, Invalid.
    """
    found = _held(db, kinship_id, version)
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        setattr(found, name, value)
    if faults := found.faults(fetch(db, Beneficiary, found.person_id), fetch(db, Beneficiary, found.relative_id)):
        raise Invalid(faults=faults)
    db.flush()
    if "is_legal" in values:
        tell_standing(db, [found.person_id])
    return found


def end_kinship(db: GuardedSession, kinship_id: uuid.UUID, *, version: int, body: KinshipEnd) -> Kinship:
    """A marriage, a guardianship or an error ends, and what was opened by the word of a guardian or parent who is none any more is closed.

    Raises NotFound, Stale, OutOfScope, WrongState, Invalid.
    """
    found = _held(db, kinship_id, version)
    found.end(on=body.ended_on or today())
    if found.kind not in SYMMETRIC:
        tell_standing(db, [found.person_id])
    db.flush()
    return found
