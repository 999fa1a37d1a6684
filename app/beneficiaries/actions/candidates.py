"""Looking for rows that may be the same person, whenever somebody is registered or corrected, and writing down what was found.

Whoever may be the same shares the birth date, the telephone, or surname and given name by their consonants, so three look-ups in three
indexes find them in one statement; the comparison itself is `resemblance`. It reaches over the whole organization of the caller, since one
child may be known to it in two regions: the pair is written down for those who see both. Nobody is told of a person whom it does not see.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain, combinations, product
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.guard import GuardedSession, prebuilt, watch
from app.access.transaction import every_row
from app.beneficiaries.candidates import UNDECIDED, DuplicateCandidate, common_territory
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.resemblance import COMPARED, Likeness, Portrait, alike, likeness, portrait
from app.schemas import Precision

MOST = 500
"""Rows that are compared in one request. Where more share a name or a day, the daily scan compares the rest."""
TOLD = 200
"""Pairs that one answer tells of; the rest stand in the list."""
_SHOWN = ("name_latin", "name_cyrillic")
_columns_of = attrgetter(*COMPARED, *_SHOWN)


def _one_of(column: Any, name: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = col(column).in_(bindparam(name, expanding=True))
    return found


def _block(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """People of the organization who share something, told so that the index on it serves."""
    standing = (col(Beneficiary.merged_into_id).is_(None), col(Beneficiary.anonymized_at).is_(None))
    own = col(Beneficiary.organization_id) == bindparam("organization_id")
    return sa.select(*(getattr(Beneficiary, name) for name in (*COMPARED, *_SHOWN, "organization_id"))).where(own, *conditions, *standing)


_near = aliased(
    Beneficiary,
    sa.union_all(
        _block(_one_of(Beneficiary.match_key, "match_keys")),
        _block(_one_of(Beneficiary.phone_e164, "phones")),
        # Last, since of a day that was filled in for want of a better one there are more than are compared.
        _block(_one_of(Beneficiary.birth_date, "born"), col(Beneficiary.birth_precision) == Precision.DAY.value),
    ).subquery("near"),
    name="near",
)
# Without their coverage, so that these two are refused to whoever does not run them over every row.
_LOOK = prebuilt(sa.select(*(getattr(_near, name) for name in (*COMPARED, *_SHOWN))).limit(MOST), "beneficiary.look_for_duplicates")
_SEEN = prebuilt(sa.select(col(Beneficiary.id)).where(_one_of(Beneficiary.id, "ids")), "beneficiary.seen_duplicates")
_KNOWN = prebuilt(
    sa.select(DuplicateCandidate).where(_one_of(DuplicateCandidate.a_id, "a_ids"), _one_of(DuplicateCandidate.b_id, "b_ids")),
    "duplicate_candidate.known",
)
_UNDECIDED = prebuilt(
    sa.select(DuplicateCandidate)
    .where(
        sa.or_(col(DuplicateCandidate.a_id) == bindparam("id"), col(DuplicateCandidate.b_id) == bindparam("id")),
        col(DuplicateCandidate.status).in_([one.value for one in UNDECIDED]),
    )
    .order_by(col(DuplicateCandidate.id)),
    "duplicate_candidate.undecided_of_person",
)
_PORTRAITS = prebuilt(
    sa.select(*(getattr(Beneficiary, name) for name in COMPARED)).where(_one_of(Beneficiary.id, "ids")), "beneficiary.portraits"
)
_other = aliased(Beneficiary)
_is_a = _one_of(DuplicateCandidate.a_id, "ids")
_POSSIBLE = prebuilt(
    sa.select(
        *(
            col(DuplicateCandidate.id),
            sa.case((_is_a, col(DuplicateCandidate.a_id)), else_=col(DuplicateCandidate.b_id)),
            *(getattr(_other, name) for name in ("id", *_SHOWN, "birth_date")),
            col(DuplicateCandidate.score),
            col(DuplicateCandidate.reasons),
        )
    )
    .join(_other, sa.case((_is_a, col(DuplicateCandidate.b_id)), else_=col(DuplicateCandidate.a_id)) == _other.id)
    .where(
        sa.or_(_is_a, _one_of(DuplicateCandidate.b_id, "ids")),
        col(DuplicateCandidate.status).in_([one.value for one in UNDECIDED]),
        col(_other.merged_into_id).is_(None),
    )
    .order_by(col(DuplicateCandidate.score).desc(), col(DuplicateCandidate.id))
    .limit(TOLD),
    "duplicate_candidate.possible",
)
_ANSWER = ("candidate_id", "registered_id", "beneficiary_id", "names", "birth_date", "score", "reasons")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two persons of one organization, and how alike they are."""

    one: Portrait
    other: Portrait
    likeness: Likeness

    @property
    def key(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Their ids in the order in which a candidate names them."""
        a, b = sorted((self.one.id, self.other.id))
        return a, b


Answer = dict[str, Any]


@contextmanager
def _whole_organization(db: GuardedSession) -> Iterator[None]:
    """For what is compared and written down, whoever may see it; after what the caller wrote was judged by its own rights."""
    db.flush()
    with every_row():
        yield


def look_for_duplicates(db: GuardedSession, people: Sequence[Beneficiary]) -> list[Answer]:
    """Who may be the same as these people of one organization, who were just written: recorded, the likeliest first; of those whom the
    caller does not see nothing is answered. Pairs that were decided before are left alone.
    """
    if not people:
        return []
    mine = {one.id: portrait(_columns_of(one)) for one in people}
    with _whole_organization(db):
        rows: dict[uuid.UUID, Any] = {row[0]: row for row in db.rows(_LOOK, _sought(people), shown=0) if row[0] not in mine}
        others = [portrait(row) for row in rows.values()]
        pairs = [Pair(*found) for found in alike(chain(product(mine.values(), others), combinations(mine.values(), 2)))]
        if not pairs:
            return []
        recorded = {(one.a_id, one.b_id): one for one in record(db, pairs, organization_id=people[0].organization_id)}
    told = mine.keys() | _seen(db, {pair.other.id for pair in pairs} - mine.keys())
    rows |= {one.id: _columns_of(one) for one in people}
    answers = []
    for pair in sorted(pairs, key=lambda pair: (-recorded[pair.key].score, recorded[pair.key].id)):
        candidate, shown = recorded[pair.key], rows[pair.other.id]
        if candidate.status in UNDECIDED and pair.other.id in told:
            names = shown[len(COMPARED) : len(COMPARED) + len(_SHOWN)]
            row = (candidate.id, pair.one.id, pair.other.id, *names, pair.other.born, candidate.score, candidate.reasons)
            answers.append(_answer(row))
    del answers[TOLD:]
    watch(_LOOK, [rows[one["beneficiary_id"]] for one in answers])
    return answers


def _seen(db: GuardedSession, people: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the people whom the caller sees."""
    return {row[0] for row in db.rows(_SEEN, {"ids": sorted(people)}, shown=0)} if people else set()


def _sought(people: Iterable[Beneficiary]) -> dict[str, Any]:
    """What the three look-ups look for. A day that stands for a whole year is shared by many and tells nothing. Where there is nothing to
    look for, what nobody has: for an empty list SQLite reads a whole region instead of the index.
    """
    known = list(people)
    return {
        "organization_id": known[0].organization_id,
        "born": sorted({one.birth_date for one in known if one.birth_precision == Precision.DAY}) or [date.min],
        "match_keys": sorted({one.match_key for one in known}),
        "phones": sorted({one.phone_e164 for one in known if one.phone_e164}) or [""],
    }


def _answer(row: Sequence[Any]) -> Answer:
    """Of the columns of `_POSSIBLE`."""
    candidate, registered, other, latin, cyrillic, *rest = row
    return dict(zip(_ANSWER, (candidate, registered, other, {"latin": latin, "cyrillic": cyrillic}, *rest), strict=True))


def possible_duplicates(db: GuardedSession, ids: Collection[uuid.UUID]) -> list[Answer]:
    """The same answer about people who were registered before, as far as it is not decided."""
    return [_answer(row) for row in db.rows(_POSSIBLE, {"ids": list(ids)})] if ids else []


def compare_again(db: GuardedSession, person: Beneficiary, *, identified: Collection[uuid.UUID] | None = None) -> None:
    """Score anew what is undecided about a person who was corrected; what is no longer alike is a candidate no longer. `identified` are
    those in the whole organization who bear a number of this person's, where that changed.
    """
    with _whole_organization(db):
        candidates = list(db.execute(_UNDECIDED, {"id": person.id}).scalars())
        if not candidates:
            return
        ids = sorted({one.a_id for one in candidates} | {one.b_id for one in candidates})
        drawn = {row[0]: portrait(row) for row in db.rows(_PORTRAITS, {"ids": ids}, shown=0)}
        for candidate in candidates:
            if not (one := drawn.get(candidate.a_id)) or not (other := drawn.get(candidate.b_id)):
                continue
            same = None if identified is None else bool({candidate.a_id, candidate.b_id} & set(identified))
            candidate.compare(likeness(one, other), one=one.territory, other=other.territory, same_identifier=same)
            if not candidate.is_alike and not candidate.is_kept:
                db.delete(candidate)
        db.flush()


def record(
    db: GuardedSession, pairs: Sequence[Pair], *, organization_id: uuid.UUID, same_identifier: bool | None = None
) -> list[DuplicateCandidate]:
    """The candidates of these pairs: new ones, those that are undecided with the score of today, decided ones as they are.
    `same_identifier` is False where numbers were compared as well, so that a pair which does not say so has none in common.
    """
    # Another request may find the same pair from its other end; the second one waits here and then sees what the first one wrote.
    db.hold(*(f"duplicate_candidate:{a}:{b}" for a, b in sorted({pair.key for pair in pairs})))
    known = known_candidates(db, [pair.key for pair in pairs])
    found = {}
    for pair in pairs:
        candidate = known.get(pair.key)
        one, other = pair.one.territory, pair.other.territory
        if candidate is None:
            candidate = DuplicateCandidate(
                organization_id=organization_id,
                territory=common_territory(one, other),
                a_id=pair.key[0],
                b_id=pair.key[1],
                score=pair.likeness.score,
                reasons=pair.likeness.reasons,
            )
            db.add(candidate)
        elif candidate.status in UNDECIDED:
            candidate.compare(pair.likeness, one=one, other=other, same_identifier=same_identifier)
        found[pair.key] = candidate
    db.flush()
    return list(found.values())


def record_same_identifier(db: GuardedSession, person: Beneficiary, others: Iterable[Beneficiary]) -> None:
    """Candidates of a person and those who bear the same number of a document."""
    mine = portrait(_columns_of(person))
    bearers = [portrait(_columns_of(other)) for other in others]
    pairs = [Pair(mine, other, likeness(mine, other, same_identifier=True)) for other in bearers]
    if pairs:
        record(db, pairs, organization_id=person.organization_id)


def known_candidates(
    db: GuardedSession, keys: Collection[tuple[uuid.UUID, uuid.UUID]]
) -> Mapping[tuple[uuid.UUID, uuid.UUID], DuplicateCandidate]:
    """The candidates that stand for these pairs already."""
    values = {"a_ids": sorted({a for a, _ in keys}), "b_ids": sorted({b for _, b in keys})}
    return {(one.a_id, one.b_id): one for one in db.execute(_KNOWN, values).scalars()}
