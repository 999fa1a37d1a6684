"""What is known of the loser's circumstances goes over to the winner, part by part: a part of which the winner has nothing is taken over
unless it was chosen otherwise. What both have stays as the winner has it, and is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.access.guard import GuardedSession
from app.beneficiaries.models import Beneficiary
from app.circumstances.models import DOMAINS, SCHOOLING, Circumstances
from app.duplicates.hanging import held_rows
from app.problems import Fault

PARTS: Mapping[str, tuple[str, ...]] = {
    # Answers of two askings are not mixed, nor is a class of one school with the name of another.
    "functioning": (*DOMAINS, "functioning_assessed_on", "has_disability"),
    "schooling": SCHOOLING,
    **{name: (name,) for name in ("disability_status", "chronic_conditions", "polyclinic", "immunization_up_to_date")},
    **{name: (name,) for name in ("citizenship", "missing_documents", "papers_note")},
}
"""Fields of the choice that are parts of the circumstances, with the columns that each of them brings along."""
_EMPTY: Mapping[str, Any] = {"missing_documents": []}
_PART_OF = {column: part for part, columns in PARTS.items() for column in columns}


@dataclass(slots=True)
class Filling:
    """The winner's circumstances as they will be: `row` is the winner's own, or the loser's where the winner has none and it moves.
    `before` is what its changed columns held.
    """

    row: Circumstances | None = None
    is_winners: bool = False
    version: int = 0
    before: dict[str, Any] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)

    def faults(self, winner: Beneficiary) -> list[Fault]:
        """What of it contradicts the winner, at the parts of the choice that would settle it."""
        if self.row is None:
            return []
        new = {_PART_OF[column] for column in self.before} if self.is_winners else PARTS.keys()
        found = {_PART_OF[one.pointer.removeprefix("/")]: one for one in self.row.faults(winner)}
        return [Fault(f"/fields/{part}", one.code, one.message) for part, one in found.items() if part in new]


def fill(db: GuardedSession, loser: Beneficiary, *, winner: Beneficiary, chosen: Mapping[str, bool]) -> Filling:
    """Write the loser's circumstances into the winner's. `chosen` says of parts whether they are to be the loser's, `taken` answers which
    others were.
    """
    theirs, mine = _of(db, loser), _of(db, winner)
    row = mine or theirs
    if row is None or (theirs is None and not chosen):
        return Filling()
    found = Filling(row, is_winners=row is mine, version=row.version)
    for part, columns in PARTS.items():
        offered, present = _values(theirs, columns), _values(mine, columns)
        is_losers = chosen.get(part, _tells(offered) and not _tells(present))
        if part not in chosen and _tells(offered):
            if not is_losers and offered != present:
                found.left_behind.append(part)
            elif is_losers and found.is_winners:
                found.taken.append(part)
        for column, value in (offered if is_losers else present).items():
            if (before := getattr(row, column)) != value:
                found.before[column] = before
                setattr(row, column, value)
    return found


def _of(db: GuardedSession, person: Beneficiary) -> Circumstances | None:
    return next(iter(held_rows(db, "circumstances", "beneficiary_id", person.id)), None)


def _values(row: Circumstances | None, columns: tuple[str, ...]) -> dict[str, Any]:
    return {column: getattr(row, column) if row is not None else _EMPTY.get(column) for column in columns}


def _tells(values: Mapping[str, Any]) -> bool:
    """Whether anything was asked; `no` is an answer."""
    return any(value not in (None, []) for value in values.values())
