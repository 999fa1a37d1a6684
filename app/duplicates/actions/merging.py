"""Making two rows of one person one.

The loser keeps its row and redirects; what hung on it hangs on the winner. Whoever merges sees both persons and may write them; what hangs
on them need not all be theirs to see (a certificate that another organization issued), and is moved all the same, since half a merge
would leave the rest with nobody.
"""

import uuid
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.access.transaction import every_row
from app.beneficiaries.actions.candidates import known_candidates
from app.beneficiaries.actions.members import hold_people, refuse_ages
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.candidates import DuplicateCandidate, DuplicateStatus
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.naming import rename
from app.database import now
from app.duplicates.hanging import hanging_on, move
from app.duplicates.kin import kin_on, move_kin
from app.duplicates.models import BeneficiaryMerge, MergeSide, SettleFirst
from app.duplicates.schemas import MergeCreate, MergeFields, MergeWarning
from app.problems import Invalid, NotFound, invalid

PERSONS = prebuilt(
    sa.select(Beneficiary).where(col(Beneficiary.id).in_(bindparam("ids", expanding=True))).order_by(col(Beneficiary.id)).with_for_update(),
    "merge.persons",
)
_PAIRS = prebuilt(
    sa.select(DuplicateCandidate)
    .where(sa.or_(col(DuplicateCandidate.a_id) == bindparam("person"), col(DuplicateCandidate.b_id) == bindparam("person")))
    .order_by(col(DuplicateCandidate.id))
    .with_for_update(),
    "merge.duplicate_candidate",
)
COLUMNS = {name: (name,) for name in MergeFields.model_fields} | {
    "birth_date": ("birth_date", "birth_precision"),
    "phone": ("phone_as_written", "phone_e164"),
}
"""The columns that a field of the choice brings along."""
_NAME = frozenset({"surname", "given_name", "patronymic"})


def hold_persons(db: GuardedSession, *keys: uuid.UUID) -> dict[uuid.UUID, Beneficiary]:
    """The two persons, held until the commit, in one order, so that two merges cannot wait for each other; NotFound. Nobody else decides
    meanwhile about their memberships and words.
    """
    hold_people(db, keys)
    found = {one.id: one for one in db.execute(PERSONS, {"ids": sorted(keys)}, execution_options={"populate_existing": True}).scalars()}
    if found.keys() != set(keys):
        raise NotFound
    return found


def merge_candidate(
    db: GuardedSession, candidate_id: uuid.UUID, *, version: int, body: MergeCreate, by: Visit
) -> tuple[BeneficiaryMerge, list[MergeWarning]]:
    """(the merge, what is odd about it).

    Raises NotFound, Stale, WrongState, Merged, SettleFirst, CycleOfParents, Invalid, OutOfScope.
    """
    candidate = fetch(db, DuplicateCandidate, candidate_id, version=version)
    if body.winner_id not in (candidate.a_id, candidate.b_id):
        raise invalid("/winner_id", "not_of_the_pair", "Must be one of the two.")
    # The persons before the pair: another merge of one of them holds it and turns its pairs, this one among them.
    people = hold_persons(db, candidate.a_id, candidate.b_id)
    candidate = fetch(db, DuplicateCandidate, candidate_id, version=version, lock=True)
    candidate.decide(DuplicateStatus.MERGED, by=by.actor.id, note=body.note)
    for person in people.values():
        person.require_current()
        require_writable(db, person)
    winner = people.pop(body.winner_id)
    (loser,) = people.values()
    warnings = _warnings(winner, loser)
    with every_row():
        found, kin = hanging_on(db, loser, winner=winner), kin_on(db, loser, winner=winner)
    if faults := [*found.faults, *kin.faults]:
        raise SettleFirst("Both have something that one person cannot have twice.", faults=faults[:200])
    choices = _choices(body, candidate, winner, loser)
    replaced = _take_over(winner, loser, candidate, choices)
    if faults := winner.faults():
        raise Invalid(faults=faults)
    loser.merged_into_id = winner.id
    winner.updated_at = now()
    # The two persons themselves are changed with the caller's own rights.
    db.flush()
    with every_row():
        before: dict[tuple[str, uuid.UUID], dict[str, Any]] = {}
        rows: dict[tuple[str, uuid.UUID], Any] = {}
        for one, row in found.moving:
            key = (one.table, row.id)
            # A row may name the person in two columns; the territory it had first is the one it goes back to.
            before[key] = move(db, one, row, to=winner) | before.get(key, {})
            rows[key] = row
        for table, rest in (
            ("kinship", move_kin(db, kin)),
            ("duplicate_candidate", _pair_anew(db, loser.id, winner=winner.id, but=candidate)),
        ):
            for row, values in rest:
                before[table, row.id], rows[table, row.id] = values, row
        db.flush()
        refuse_ages(db, winner)
        # Before it is noted which versions the rows have: what ends by this is no change after the merge.
        tell_standing(db, [winner.id])
    moved = [_entry(table, key, before[table, key], row.version) for (table, key), row in rows.items()]
    staying = [(one.table, row.id) for one, row in found.staying] + [("kinship", row.id) for row in kin.staying]
    moved += [{"table": table, "id": str(key), "stayed": True} for table, key in staying]
    made = BeneficiaryMerge(
        organization_id=winner.organization_id,
        territory=candidate.territory,
        candidate_id=candidate.id,
        winner_id=winner.id,
        loser_id=loser.id,
        merged_by=by.actor.id,
        choices={name: side.value for name, side in choices.items()},
        replaced=replaced,
        moved=moved,
    )
    db.add(made)
    db.flush()
    return made, warnings


def _entry(table: str, key: uuid.UUID, before: dict[str, Any], version: int) -> dict[str, Any]:
    return {"table": table, "id": str(key), "stayed": False, "version": version, "before": to_jsonable_python(before)}


def _warnings(winner: Beneficiary, loser: Beneficiary) -> list[MergeWarning]:
    odd = {
        MergeWarning.DECEASED_AND_LIVING: (winner.deceased_on is None) != (loser.deceased_on is None),
        MergeWarning.OTHER_SEX: winner.sex != loser.sex,
        MergeWarning.OTHER_BIRTH_DATE: winner.birth_date != loser.birth_date,
    }
    return [warning for warning, is_so in odd.items() if is_so]


def _choices(body: MergeCreate, candidate: DuplicateCandidate, winner: Beneficiary, loser: Beneficiary) -> dict[str, MergeSide]:
    """Whose value each field takes of which that was said, or which is empty in the winner and to be filled."""
    chosen = {name: side for name in MergeFields.model_fields if (side := getattr(body.fields, name)) is not None}
    if body.absent == "fill":
        other = MergeSide.A if loser.id == candidate.a_id else MergeSide.B
        for name, (column, *_) in COLUMNS.items():
            if name not in chosen and getattr(winner, column) is None and getattr(loser, column) is not None:
                chosen[name] = other
    return chosen


def _take_over(
    winner: Beneficiary, loser: Beneficiary, candidate: DuplicateCandidate, choices: dict[str, MergeSide]
) -> dict[str, list[Any]]:
    """The winner's columns take the loser's values as was chosen; answers {column: [before, after]} of those that changed."""
    replaced = {}
    losers_side = MergeSide.A if loser.id == candidate.a_id else MergeSide.B
    for name in (name for name, side in choices.items() if side == losers_side):
        for column in COLUMNS[name]:
            before, after = getattr(winner, column), getattr(loser, column)
            if before != after:
                setattr(winner, column, after)
                replaced[column] = to_jsonable_python([before, after])
    if _NAME & replaced.keys():
        rename(winner)
    return replaced


def _pair_anew(db: GuardedSession, loser: uuid.UUID, *, winner: uuid.UUID, but: DuplicateCandidate) -> list[tuple[Any, dict[str, Any]]]:
    """What was found and decided about the loser and others holds for the winner and them, unless that pair is known itself."""
    pairs = [one for one in db.execute(_PAIRS, {"person": loser}).scalars() if one.id != but.id]
    keys = {}
    for one in pairs:
        a, b = sorted((winner, one.b_id if one.a_id == loser else one.a_id))
        keys[one.id] = (a, b)
    known = known_candidates(db, list(keys.values())) if keys else {}
    moved: list[tuple[Any, dict[str, Any]]] = []
    for one in pairs:
        if keys[one.id] not in known:
            moved.append((one, {"a_id": one.a_id, "b_id": one.b_id}))
            one.a_id, one.b_id = keys[one.id]
    return moved
