"""Undoing a merge: both rows as they were, and what hung on the loser back with it.

What was changed after the merge is not overwritten unseen: the undo is refused and names it, or, where the caller says so, leaves it with
the winner. What came to the winner after the merge is the winner's.
"""

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy import inspect

from app.access.actor import Visit
from app.access.fetch import fetch
from app.access.guard import GuardedSession, require_writable
from app.access.transaction import every_row
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.naming import rename
from app.database import now
from app.duplicates.actions.merging import hold_persons
from app.duplicates.hanging import held_rows
from app.duplicates.models import BeneficiaryMerge, ChangedSince
from app.duplicates.schemas import MergeUndo
from app.identifiers import actions as identifiers
from app.identifiers.models import Identifier
from app.problems import Fault, Invalid

_NAME = frozenset({"surname", "given_name", "patronymic"})


def undo_merge(db: GuardedSession, merge_id: uuid.UUID, *, version: int, body: MergeUndo, by: Visit) -> BeneficiaryMerge:
    """Two rows again. Raises NotFound, Stale, WrongState, Merged when the winner itself was merged since, ChangedSince, OutOfScope."""
    merge = fetch(db, BeneficiaryMerge, merge_id, version=version, lock=True)
    merge.undo(by=by.actor.id)
    people = hold_persons(db, merge.winner_id, merge.loser_id)
    winner, loser = people[merge.winner_id], people[merge.loser_id]
    winner.require_current()
    for person in people.values():
        require_writable(db, person)
    faults = _give_back(winner, merge.replaced)
    loser.merged_into_id = None
    winner.updated_at = now()
    if person_faults := winner.faults():
        raise Invalid(faults=person_faults)
    db.flush()
    with every_row():
        for entry in merge.moved:
            if not entry["stayed"] and not _move_back(db, entry, loser) and entry["table"] != "duplicate_candidate":
                faults.append(Fault("/changed", entry["table"], f"The {entry['table']} {entry['id']} was changed after the merge."))
        db.flush()
    if faults and body.changed == "refuse":
        raise ChangedSince("Something was changed after the merge.", faults=faults[:200])
    tell_standing(db, [winner.id, loser.id])
    fetch(db, DuplicateCandidate, merge.candidate_id, lock=True).reopen()
    db.flush()
    return merge


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
    return uuid.UUID(value) if isinstance(kind, sa.Uuid) else value


def _move_back(db: GuardedSession, entry: dict[str, Any], loser: Beneficiary) -> bool:
    """Whether the row was moved back; not so when it was changed since."""
    row = next(iter(held_rows(db, entry["table"], "id", uuid.UUID(entry["id"]))), None)
    if row is None or row.version != entry["version"]:
        return False
    if isinstance(row, Identifier):
        identifiers.move_to(db, row, beneficiary=loser)
        return True
    for column, value in entry["before"].items():
        setattr(row, column, _typed(type(row), column, value))
    return True
