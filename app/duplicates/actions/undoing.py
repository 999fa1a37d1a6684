"""Undoing a merge: both rows as they were, and what hung on the loser back with it.

What was changed after the merge is not overwritten unseen: the undo is refused and names it, or, where the caller says so, leaves it with
the winner. What came to the winner after the merge is the winner's. A later merge of the winner that was undone changed nothing: what it
gave back is followed from version to version.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy import bindparam, inspect
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.access.transaction import every_row
from app.beneficiaries.actions.members import refuse_ages
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.naming import rename
from app.database import UtcDateTime, now
from app.duplicates.actions.merging import hold_persons, refuse_merged
from app.duplicates.hanging import held_by_id
from app.duplicates.models import BeneficiaryMerge, ChangedSince
from app.duplicates.opened import open_again
from app.duplicates.schemas import MergeUndo
from app.identifiers import actions as identifiers
from app.identifiers.models import Identifier
from app.problems import Fault, Invalid

_NAME = frozenset({"surname", "given_name", "patronymic"})
_UNDONE = prebuilt(
    sa.select(BeneficiaryMerge)
    .where(
        sa.or_(col(BeneficiaryMerge.winner_id) == bindparam("winner"), col(BeneficiaryMerge.loser_id) == bindparam("winner")),
        col(BeneficiaryMerge.undone_at).is_not(None),
    )
    .order_by(col(BeneficiaryMerge.id)),
    "merge.undone",
)


def undo_merge(db: GuardedSession, merge_id: uuid.UUID, *, version: int, body: MergeUndo, by: Visit) -> BeneficiaryMerge:
    """Two rows again. Raises NotFound, Stale, WrongState, Merged when the winner itself was merged since, ChangedSince, OutOfScope."""
    merge = fetch(db, BeneficiaryMerge, merge_id, version=version)
    # The persons before the merge, as whoever forgets one of them holds them.
    people = hold_persons(db, merge.winner_id, merge.loser_id)
    merge = fetch(db, BeneficiaryMerge, merge_id, version=version, lock=True)
    merge.undo(by=by.actor.id)
    winner, loser = people[merge.winner_id], people[merge.loser_id]
    # What hung on the loser hangs on yet another row.
    refuse_merged(db, winner, "The winner was itself merged since: undo that merge first, the latest before the earlier.")
    for person in people.values():
        require_writable(db, person)
    faults = _give_back(winner, merge.replaced)
    loser.merged_into_id = None
    winner.updated_at = now()
    if person_faults := winner.faults():
        raise Invalid(faults=person_faults)
    db.flush()
    with every_row():
        faults += _turn_back(db, merge, loser)
        # What was written of the winner since may contradict the day of birth that it has again.
        refuse_ages(db, winner)
    if faults and body.changed == "refuse":
        raise ChangedSince("Something was changed after the merge.", faults=faults[:200])
    tell_standing(db, [winner.id, loser.id])
    fetch(db, DuplicateCandidate, merge.candidate_id, lock=True).reopen()
    db.flush()
    return merge


def _turn_back(db: GuardedSession, merge: BeneficiaryMerge, loser: Beneficiary) -> list[Fault]:
    """Turn back what was moved; answers what was changed since, which stays as it is."""
    faults, returned = [], {}
    later, rows = _later(db, merge), _rows(db, merge)
    for place, entry in enumerate(merge.moved):
        if entry["stayed"]:
            continue
        if "instead_of" in entry:
            open_again(rows.get(_key(entry)), rows.get(_key(entry, "instead_of")))
        elif row := _move_back(rows.get(_key(entry)), entry, _followed(entry, later)):
            returned[place] = row
        elif entry["table"] != "duplicate_candidate":
            faults.append(Fault("/changed", entry["table"], f"The {entry['table']} {entry['id']} was changed after the merge."))
    identifiers.move_to(db, [row for row in returned.values() if isinstance(row, Identifier)], beneficiary=loser)
    db.flush()
    merge.moved = [entry | {"returned": returned[place].version} if place in returned else entry for place, entry in enumerate(merge.moved)]
    return faults


def _key(entry: dict[str, Any], name: str = "id") -> tuple[str, uuid.UUID]:
    return entry["table"], uuid.UUID(entry[name])


def _rows(db: GuardedSession, merge: BeneficiaryMerge) -> dict[tuple[str, uuid.UUID], Any]:
    """What was moved, and the grants in whose place others were opened, held until the commit."""
    moved = [entry for entry in merge.moved if not entry["stayed"]]
    return held_by_id(db, [_key(entry, name) for entry in moved for name in ("id", "instead_of") if name in entry])


def _later(db: GuardedSession, merge: BeneficiaryMerge) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """What later merges of the winner, as winner or as loser, did and gave back: by (table, id) the versions (before it, after its undo),
    in their order.
    """
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for other in db.execute(_UNDONE, {"winner": merge.winner_id}).scalars():
        for entry in other.moved:
            if other.id != merge.id and "returned" in entry:
                found.setdefault((entry["table"], entry["id"]), []).append((entry["was"], entry["returned"]))
    return found


def _followed(entry: dict[str, Any], later: Mapping[tuple[str, str], Sequence[tuple[int, int]]]) -> int:
    """The version that the row has, if nothing but undone merges changed it."""
    version: int = entry["version"]
    for was, returned in sorted(later.get((entry["table"], entry["id"]), ())):
        version = returned if was == version else version
    return version


def _give_back(winner: Beneficiary, replaced: dict[str, list[Any]]) -> list[Fault]:
    """The winner's columns hold again what they held; answers those that were changed since, which keep what they hold."""
    faults = []
    for column, (before, after) in replaced.items():
        if to_jsonable_python(getattr(winner, column)) != after:
            faults.append(Fault("/changed", "beneficiary", f"The winner's {column} was changed after the merge."))
        else:
            setattr(winner, column, _typed(Beneficiary, column, before))
    if _NAME & replaced.keys():
        rename(winner)
    return faults


def _typed(model: Any, column: str, value: Any) -> Any:
    """A value that was kept as JSON, as its column takes it."""
    if value is None:
        return None
    kind = inspect(model).columns[column].type
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value)
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return uuid.UUID(value) if isinstance(kind, sa.Uuid) else value


def _move_back(row: Any, entry: dict[str, Any], version: int) -> Any:
    """The row, moved back, unless it is a number, which is sealed anew by its own room; None when it was changed since."""
    if row is None or row.version != version:
        return None
    if not isinstance(row, Identifier):
        for column, value in entry["before"].items():
            setattr(row, column, _typed(type(row), column, value))
    return row
