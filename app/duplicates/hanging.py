"""What hangs on a person: every column that refers to a beneficiary, and what becomes of its rows when two persons turn out to be one.

A table that comes later is one line more. A test holds this list against the columns that there are.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.guard import GuardedSession, mapper_of, prebuilt
from app.beneficiaries.actions.members import overlap
from app.beneficiaries.models import Beneficiary
from app.identifiers import actions as identifiers
from app.identifiers.models import Identifier
from app.problems import Fault


def _always(_row: Any) -> bool:
    return True


def _is_open(row: Any) -> bool:
    return row.ended_on is None


@dataclass(frozen=True, slots=True)
class Hanging:
    """One column that refers to a person.

    `alone_by`, where it is given, says what one person cannot have twice: rows that agree in these columns, as long as `counts` is true of
    them. Where both persons have one, the merge is refused with `settle`, or, without it, the loser's row stays behind with the loser,
    where nobody sees it until the merge is undone. `beside` says the same of two rows; of what is over there, the loser's stays behind.
    `lies_with_person`: the row has the territory of its person.
    """

    table: str
    column: str = "beneficiary_id"
    alone_by: tuple[str, ...] | None = None
    counts: Callable[[Any], bool] = _always
    settle: str = ""
    beside: Callable[[Any, Any], bool] | None = None
    lies_with_person: bool = False


HANGING = (
    Hanging(
        "family_membership",
        alone_by=(),
        counts=_is_open,
        settle="Both belong to a family, or belonged to one in that time: end one of the memberships, or correct when it began.",
        beside=overlap,
    ),
    Hanging(
        "enrollment",
        alone_by=("roster_id",),
        counts=lambda row: row.status not in ("withdrawn", "rejected"),
        settle="Both are enrolled on one roster: withdraw one of them.",
    ),
    Hanging("certificate"),
    Hanging("circumstances", alone_by=(), lies_with_person=True),
    Hanging("vulnerability_record", alone_by=("category_id",), counts=lambda row: row.until is None, lies_with_person=True),
    Hanging("identifier", alone_by=("kind", "blind_index"), counts=_is_open, lies_with_person=True),
    Hanging("consent"),
    Hanging("consent", "given_by_id"),
    Hanging("consent", "withdrawn_by_id"),
    Hanging("consent_subject", alone_by=("consent_id",)),
    Hanging("break_glass"),
    Hanging("legal_hold"),
    Hanging(
        "erasure_request",
        alone_by=(),
        counts=lambda row: row.status in ("requested", "approved"),
        settle="For both it was asked to be forgotten: decide about one of the requests.",
    ),
)
ELSEWHERE = {
    "access_grant.beneficiary_id": "`opened` ends the loser's and begins the winner's, so that it is told for all time who could see what",
    "kinship.person_id": "`kin` turns them, since what goes both ways stands with the smaller id first",
    "kinship.relative_id": "the same",
    "duplicate_candidate.a_id": "pairs of the loser become pairs of the winner, as `merging` does itself",
    "duplicate_candidate.b_id": "the same",
    "beneficiary_merge.winner_id": "what was merged before is told as it was",
    "beneficiary_merge.loser_id": "the same",
}
"""Columns that refer to a person and are not moved as the others are, with the reason."""


@dataclass(slots=True)
class Found:
    """What hangs on the loser: rows to be moved, rows that stay, and what stands in the way."""

    moving: list[tuple[Hanging, Any]] = field(default_factory=list)
    staying: list[tuple[Hanging, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


_building = threading.Lock()
_statements: dict[tuple[str, str, bool], Any] = {}


def held_rows(db: GuardedSession, table: str, column: str, value: uuid.UUID) -> list[Any]:
    """The rows of a table whose column has this value, held until the commit. The names are of this module and of what a merge wrote down
    itself, never of a request.
    """
    return list(db.execute(_statement(table, column), {"value": value}).scalars())


def held_by_id(db: GuardedSession, keys: Iterable[tuple[str, uuid.UUID]]) -> dict[tuple[str, uuid.UUID], Any]:
    """The rows of these (table, id), held until the commit, each under its key: one statement a table, however many rows a person has."""
    by_table: dict[str, list[uuid.UUID]] = {}
    for table, key in keys:
        by_table.setdefault(table, []).append(key)
    found: dict[tuple[str, uuid.UUID], Any] = {}
    for table, ids in by_table.items():
        found |= {(table, row.id): row for row in db.execute(_statement(table, "id", many=True), {"values": ids}).scalars()}
    return found


def _statement(table: str, column: str, *, many: bool = False) -> Any:
    """Built on first use, since rooms above have tables here too; two first users at once must not both name it."""
    key = (table, column, many)
    with _building:
        if key not in _statements:
            model = mapper_of(table).class_
            wanted = getattr(model, column)
            is_it = wanted.in_(bindparam("values", expanding=True)) if many else wanted == bindparam("value")
            held = sa.select(model).where(is_it).order_by(model.id).with_for_update()
            _statements[key] = prebuilt(held, f"merge.{table}.{column}{'s' if many else ''}")
        return _statements[key]


def hanging_on(db: GuardedSession, loser: Beneficiary, *, winner: Beneficiary) -> Found:
    """All that hangs on the loser, and how it goes together with what hangs on the winner."""
    found = Found()
    for one in HANGING:
        rows = held_rows(db, one.table, one.column, loser.id)
        others = held_rows(db, one.table, one.column, winner.id) if rows and one.alone_by is not None else []
        taken = set(_alone(one, others))
        for row in rows:
            is_taken = bool(taken.intersection(_alone(one, [row])))
            if not is_taken and not (one.beside and any(one.beside(row, other) for other in others)):
                found.moving.append((one, row))
            elif one.settle and one.counts(row):
                found.faults.append(Fault("/winner_id", one.table, one.settle))
            else:
                found.staying.append((one, row))
    return found


def _alone(one: Hanging, rows: list[Any]) -> Iterator[tuple[Any, ...]]:
    """What of the rows a person can have but once."""
    yield from (tuple(getattr(row, name) for name in one.alone_by or ()) for row in rows if one.alone_by is not None and one.counts(row))


def move(db: GuardedSession, moving: Sequence[tuple[Hanging, Any]], *, to: Beneficiary) -> dict[tuple[str, uuid.UUID], dict[str, Any]]:
    """The rows refer to another person from now on; answers what the changed columns of each, by (table, id), held before."""
    before: dict[tuple[str, uuid.UUID], dict[str, Any]] = {}
    for one, row in moving:
        held = {one.column: getattr(row, one.column)} | ({"territory": row.territory} if one.lies_with_person else {})
        # A row may name the person in two columns; the territory it had first is the one it goes back to.
        before[one.table, row.id] = held | before.get((one.table, row.id), {})
        if isinstance(row, Identifier):
            continue
        setattr(row, one.column, to.id)
        if one.lies_with_person:
            row.territory = to.territory
    # A number opens for its own person alone, so it is sealed anew.
    identifiers.move_to(db, [row for _, row in moving if isinstance(row, Identifier)], beneficiary=to)
    return before
