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
from app.access.fetch import fetch, read_anew, require_current
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.access.transaction import every_row
from app.beneficiaries.actions.candidates import known_candidates
from app.beneficiaries.actions.members import hold_people, refuse_ages
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.candidates import UNDECIDED, DuplicateCandidate, DuplicateStatus
from app.beneficiaries.models import Beneficiary, Merged
from app.beneficiaries.naming import rename
from app.database import now
from app.duplicates.filling import PARTS, Filling, fill
from app.duplicates.hanging import Found, hanging_on, move
from app.duplicates.kin import Kin, kin_on, move_kin
from app.duplicates.models import BeneficiaryMerge, MergeSide, SettleFirst
from app.duplicates.opened import open_of_winner
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
COLUMNS = {name: (name,) for name in MergeFields.model_fields if name not in PARTS} | {
    "birth_date": ("birth_date", "birth_precision"),
    "phone": ("phone_as_written", "phone_e164"),
}
"""The person's own columns that a field of the choice brings along; `filling` has those of the circumstances."""
_NAME = frozenset({"surname", "given_name", "patronymic"})
_DECISION = frozenset({"status", "decided_by", "decided_at", "note"})


def hold_persons(db: GuardedSession, *keys: uuid.UUID) -> dict[uuid.UUID, Beneficiary]:
    """The two persons, held until the commit, in one order, so that two merges cannot wait for each other; NotFound. Whoever writes about
    one of them meanwhile waits (`access.fetch`, `keep`), and then sees which row stands. Their memberships and words come first, as they
    do wherever both are held.
    """
    hold_people(db, keys)
    found = {one.id: one for one in db.execute(PERSONS, {"ids": sorted(keys)}, execution_options=read_anew(db, Beneficiary)).scalars()}
    if found.keys() != set(keys):
        raise NotFound
    return found


def refuse_merged(db: GuardedSession, person: Beneficiary, told: str) -> None:
    """Raises Merged, with these words, if another row stands for the person. Where that one is not the caller's to know, it is not named;
    that there is one is what stands in the way.
    """
    try:
        require_current(db, person)
    except (Merged, NotFound) as refusal:
        raise Merged(told, **refusal.extra) from refusal


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
        refuse_merged(db, person, "One of the two was merged with somebody else since.")
        require_writable(db, person)
    winner = people.pop(body.winner_id)
    (loser,) = people.values()
    warnings = _warnings(winner, loser)
    with every_row():
        found, kin = hanging_on(db, loser, winner=winner), kin_on(db, loser, winner=winner)
    if faults := [*found.faults, *kin.faults]:
        raise SettleFirst("Both have something that one person cannot have twice.", faults=faults[:200])
    choices = _choices(body, candidate, winner, loser)
    left_behind = _left_behind(winner, loser, choices)
    replaced = _take_over(winner, loser, candidate, choices)
    if faults := winner.faults():
        raise Invalid(faults=faults)
    loser.merged_into_id = winner.id
    winner.updated_at = now()
    # The two persons themselves are changed with the caller's own rights.
    db.flush()
    losers_side = _side_of(candidate, loser)
    with every_row():
        chosen = {part: side == losers_side for part in PARTS if (side := getattr(body.fields, part)) is not None}
        filling = fill(db, loser, winner=winner, chosen=chosen)
        if faults := filling.faults(winner):
            raise Invalid(faults=faults)
        moved = _turn(db, found, kin, filling, candidate, loser=loser, winner=winner)
        refuse_ages(db, winner)
    choices |= {part: getattr(body.fields, part) for part in chosen} | dict.fromkeys(filling.taken, losers_side)
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
        left_behind=[*left_behind, *filling.left_behind],
        replaced=replaced,
        moved=moved,
    )
    db.add(made)
    db.flush()
    return made, warnings


def _turn(
    db: GuardedSession, found: Found, kin: Kin, filling: Filling, candidate: DuplicateCandidate, *, loser: Beneficiary, winner: Beneficiary
) -> list[dict[str, Any]]:
    """Turn what hangs on the loser to the winner. Answers each row that was changed: {table, id, was (its version before), version (after),
    before: {column: value}}, `filled` for one that was the winner's already.
    """
    rows: dict[tuple[str, uuid.UUID], Any] = {(one.table, row.id): row for one, row in found.moving}
    rows |= {("kinship", one.id): one for one, _, _ in kin.moving}
    was = {key: row.version for key, row in rows.items()}
    before = move(db, found.moving, to=winner)
    if filling.before and filling.row is not None:
        key = ("circumstances", filling.row.id)
        rows[key], was[key], before[key] = filling.row, filling.version, before.get(key, {}) | filling.before
    before |= {("kinship", row.id): values for row, values in move_kin(db, kin)}
    for pair, values in _pair_anew(db, loser.id, winner=winner.id, but=candidate):
        key = ("duplicate_candidate", pair.id)
        rows[key], was[key], before[key] = pair, pair.version, values
    entries = open_of_winner(db, loser, winner=winner)
    db.flush()
    # Before it is noted which versions the rows have: what ends by this is no change after the merge.
    tell_standing(db, [winner.id])
    for key, row in rows.items():
        entry = {"table": key[0], "id": str(key[1]), "stayed": False, "was": was[key], "version": row.version}
        # Of a pair that was the winner's already, the decision alone is another one.
        is_winners = (row is filling.row and filling.is_winners) or "status" in before[key]
        entries.append(entry | {"before": to_jsonable_python(before[key]), "filled": is_winners})
    return entries


def _warnings(winner: Beneficiary, loser: Beneficiary) -> list[MergeWarning]:
    odd = {
        MergeWarning.DECEASED_AND_LIVING: (winner.deceased_on is None) != (loser.deceased_on is None),
        MergeWarning.OTHER_SEX: winner.sex != loser.sex,
        MergeWarning.OTHER_BIRTH_DATE: winner.birth_date != loser.birth_date,
    }
    return [warning for warning, is_so in odd.items() if is_so]


def _side_of(candidate: DuplicateCandidate, person: Beneficiary) -> MergeSide:
    return MergeSide.A if person.id == candidate.a_id else MergeSide.B


def _choices(body: MergeCreate, candidate: DuplicateCandidate, winner: Beneficiary, loser: Beneficiary) -> dict[str, MergeSide]:
    """Whose value each field takes of which that was said, or which is empty in the winner and to be filled."""
    chosen = {name: side for name in COLUMNS if (side := getattr(body.fields, name)) is not None}
    if body.absent == "fill":
        other = _side_of(candidate, loser)
        for name, (column, *_) in COLUMNS.items():
            if name not in chosen and getattr(winner, column) is None and getattr(loser, column) is not None:
                chosen[name] = other
    return chosen


def _left_behind(winner: Beneficiary, loser: Beneficiary, choices: dict[str, MergeSide]) -> list[str]:
    """The fields of which nothing was said and in which the loser has what the winner has not."""
    found = []
    for name, columns in COLUMNS.items():
        offered, present = ([getattr(one, column) for column in columns] for one in (loser, winner))
        if name not in choices and offered[0] is not None and offered != present:
            found.append(name)
    return found


def _take_over(
    winner: Beneficiary, loser: Beneficiary, candidate: DuplicateCandidate, choices: dict[str, MergeSide]
) -> dict[str, list[Any]]:
    """The winner's columns take the loser's values as was chosen; answers {column: [before, after]} of those that changed."""
    replaced = {}
    losers_side = _side_of(candidate, loser)
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
    """What was found and decided about the loser and others holds for the winner and them. Where that pair is known itself, both stay; but
    whoever is not the loser is not the winner either, where that is undecided. Answers (pair, what its changed columns held before).
    """
    pairs = [one for one in db.execute(_PAIRS, {"person": loser}).scalars() if one.id != but.id]
    keys = {}
    for one in pairs:
        a, b = sorted((winner, one.b_id if one.a_id == loser else one.a_id))
        keys[one.id] = (a, b)
    known = known_candidates(db, list(keys.values())) if keys else {}
    moved: list[tuple[Any, dict[str, Any]]] = []
    for one in pairs:
        if (other := known.get(keys[one.id])) is None:
            moved.append((one, {"a_id": one.a_id, "b_id": one.b_id}))
            one.a_id, one.b_id = keys[one.id]
        elif one.status == DuplicateStatus.DISTINCT and other.status in UNDECIDED:
            # A merge writes no words down: they would outlast the third person.
            taken = _DECISION if other.note is None else _DECISION - {"note"}
            moved.append((other, {name: getattr(other, name) for name in taken}))
            for name in taken:
                setattr(other, name, getattr(one, name))
    return moved
