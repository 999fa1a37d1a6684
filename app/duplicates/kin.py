"""The loser's relatives become the winner's."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from app.access.guard import GuardedSession
from app.beneficiaries.models import Beneficiary
from app.duplicates.hanging import held_rows
from app.kinship.actions import refuse_cycle
from app.kinship.models import EXCLUSIVE, SYMMETRIC, Kinship, KinshipKind
from app.problems import Fault

_SETTLE = "One is recorded as the relative of the other: end that kinship, or they are two persons."
_CONTRADICTS = "The two are recorded as different relatives of the same person: end the kinship that is wrong."


@dataclass(slots=True)
class Kin:
    """The loser's kinships: those that move, each with its two persons as they will be, those that stay, and what stands in the way."""

    moving: list[tuple[Kinship, uuid.UUID, uuid.UUID]] = field(default_factory=list)
    staying: list[Kinship] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def kin_on(db: GuardedSession, loser: Beneficiary, *, winner: Beneficiary) -> Kin:
    """All kinships of the loser. What the winner has as well stays behind, and so does what the two were to each other and are no more."""
    found = Kin()
    taken = {(one.kind, one.person_id, one.relative_id) for one in _of(db, winner) if one.ended_on is None}
    known = {frozenset((person, relative)): kind for kind, person, relative in taken if kind in EXCLUSIVE}
    for one in _of(db, loser):
        person, relative = (winner.id if key == loser.id else key for key in (one.person_id, one.relative_id))
        if one.kind in SYMMETRIC:
            person, relative = sorted((person, relative))
        if person == relative and one.ended_on is None:
            found.faults.append(Fault("/winner_id", "kinship", _SETTLE))
        elif one.ended_on is None and one.kind in EXCLUSIVE and known.get(frozenset((person, relative)), one.kind) != one.kind:
            found.faults.append(Fault("/winner_id", "kinship", _CONTRADICTS))
        elif person == relative or (one.ended_on is None and (one.kind, person, relative) in taken):
            found.staying.append(one)
        else:
            taken |= {(one.kind, person, relative)} if one.ended_on is None else set()
            found.moving.append((one, person, relative))
    return found


def _of(db: GuardedSession, person: Beneficiary) -> list[Kinship]:
    return [one for column in ("person_id", "relative_id") for one in held_rows(db, "kinship", column, person.id)]


def move_kin(db: GuardedSession, kin: Kin) -> list[tuple[Any, dict[str, Any]]]:
    """(row, what its changed columns held before). Raises CycleOfParents."""
    moved: list[tuple[Any, dict[str, Any]]] = []
    for one, person, relative in kin.moving:
        moved.append((one, {"person_id": one.person_id, "relative_id": one.relative_id}))
        one.person_id, one.relative_id = person, relative
    db.flush()
    for one, _ in moved:
        if one.kind == KinshipKind.PARENT and one.ended_on is None:
            refuse_cycle(db, one)
    return moved
