"""Reads of possible duplicates, the two side by side, and of merges."""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.fields import coverage
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.candidates import DuplicateCandidate, DuplicateStatus
from app.beneficiaries.models import Beneficiary
from app.duplicates.models import UNDOABLE_FOR, BeneficiaryMerge
from app.duplicates.schemas import CandidateListing, MergeListing
from app.listing import Found, Keyset, Sort, by_age, filters_of
from app.problems import NotFound

_ENTITY = ("id", "created_at", "updated_at", "version")
_CANDIDATE = (*_ENTITY, "organization_id", "territory", "status", "score", "reasons", "decided_by", "decided_at", "note")
_PLAIN = ("id", "created_at", "territory", "surname", "given_name", "patronymic", "sex", "birth_date", "birth_precision")
_OWN = (*_PLAIN, "phone_e164", "deceased_on")
_PERSON = (*_OWN, "merged_into_id")
_NAMES = ("name_latin", "name_cyrillic")
_COMPARED = ("surname", "given_name", "patronymic", "sex", "birth_date", "birth_precision", "phone_e164", "deceased_on", "territory")
_MERGE = (*_ENTITY, "candidate_id", "winner_id", "loser_id", "choices", "left_behind", "merged_by", "undone_by", "undone_at")

_a, _b = aliased(Beneficiary, name="a"), aliased(Beneficiary, name="b")
_into = aliased(Beneficiary, name="into_which")


def _columns(model: Any, names: Sequence[str]) -> list[Any]:
    return [getattr(model, name) for name in names]


def _side(person: Any) -> list[Any]:
    """What is shown of one of the two. Into which row it was merged is asked of that row, so that it is told to those who see it."""
    merged_into = sa.select(col(_into.id)).where(col(_into.id) == person.merged_into_id).correlate(person).scalar_subquery()
    return [*_columns(person, _OWN), merged_into.label("merged_into_id"), *_columns(person, _NAMES)]


# --- candidates -------------------------------------------------------------------------------------------------------------
_candidates = (
    sa.select(
        *_columns(DuplicateCandidate, _CANDIDATE),
        *_side(_a),
        *_side(_b),
        coverage(_a, beneficiary=_a.id),
        coverage(_b, beneficiary=_b.id),
    )
    .join(_a, col(_a.id) == col(DuplicateCandidate.a_id))
    .join(_b, col(_b.id) == col(DuplicateCandidate.b_id))
)
_decided = col(DuplicateCandidate.status).in_([DuplicateStatus.MERGED.value, DuplicateStatus.DISTINCT.value])
# With one of the two merged into a third, there is nothing left to decide.
_both_stand = sa.and_(col(_a.merged_into_id).is_(None), col(_b.merged_into_id).is_(None))


def _person(row: Sequence[Any]) -> dict[str, Any]:
    shown = dict(zip(_PERSON, row, strict=False))
    shown["names"] = {"latin": row[len(_PERSON)], "cyrillic": row[len(_PERSON) + 1]}
    return shown


def _candidate(row: Sequence[Any]) -> dict[str, Any]:
    first, width = len(_CANDIDATE), len(_PERSON) + len(_NAMES)
    shown = dict(zip(_CANDIDATE, row, strict=False))
    a, b = _person(row[first : first + width]), _person(row[first + width : first + 2 * width])
    differences = [name for name in _COMPARED if a[name] != b[name]]
    return {**shown, "a": a, "b": b, "differences": differences}


_CANDIDATE_ONE = prebuilt(_candidates.where(col(DuplicateCandidate.id) == bindparam("id")), "duplicate_candidate.one")
_CANDIDATES = Keyset(
    "duplicate_candidate.list",
    _candidates.where(sa.or_(_decided, _both_stand)),
    key=DuplicateCandidate.id,
    sorts={"-score": Sort(DuplicateCandidate.score, descending=True), **by_age(DuplicateCandidate)},
    filters={
        "status": col(DuplicateCandidate.status) == bindparam("status"),
        "min_score": col(DuplicateCandidate.score) >= bindparam("min_score"),
        "beneficiary_id": sa.or_(
            col(DuplicateCandidate.a_id) == bindparam("beneficiary_id"), col(DuplicateCandidate.b_id) == bindparam("beneficiary_id")
        ),
    },
    shape=_candidate,
)


def candidate(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One pair; NotFound."""
    found = db.rows(_CANDIDATE_ONE, {"id": key})
    if not found:
        raise NotFound
    return _candidate(found[0])


def candidates(db: Rows, listing: CandidateListing) -> Found:
    """A page of pairs, the likeliest first."""
    return _CANDIDATES.page(db, listing, filters_of(listing, "status", "min_score", "beneficiary_id"))


# --- merges -----------------------------------------------------------------------------------------------------------------
_merges = sa.select(*_columns(BeneficiaryMerge, (*_MERGE, "moved")))


def _merge(row: Sequence[Any]) -> dict[str, Any]:
    shown = dict(zip(_MERGE, row, strict=False))
    rows: list[dict[str, Any]] = row[len(_MERGE)]
    shown["left_behind"] = shown["left_behind"] or []
    for name, stayed in (("moved", False), ("stayed", True)):
        counted = Counter(one["table"] for one in rows if one["stayed"] is stayed and not one.get("filled"))
        shown[name] = [{"table": table, "rows": count} for table, count in sorted(counted.items())]
    shown["undoable_until"] = shown["created_at"] + UNDOABLE_FOR
    return shown


_MERGE_ONE = prebuilt(_merges.where(col(BeneficiaryMerge.id) == bindparam("id")), "beneficiary_merge.one")
_MERGES = Keyset(
    "beneficiary_merge.list",
    _merges,
    key=BeneficiaryMerge.id,
    sorts=by_age(BeneficiaryMerge),
    filters={
        "beneficiary_id": sa.or_(
            col(BeneficiaryMerge.winner_id) == bindparam("beneficiary_id"), col(BeneficiaryMerge.loser_id) == bindparam("beneficiary_id")
        )
    },
    shape=_merge,
)


def merge(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One merge; NotFound."""
    found = db.rows(_MERGE_ONE, {"id": key})
    if not found:
        raise NotFound
    return _merge(found[0])


def merge_of(found: BeneficiaryMerge) -> dict[str, Any]:
    """The same answer about one that was just made."""
    return _merge([getattr(found, name) for name in (*_MERGE, "moved")])


def merges(db: Rows, listing: MergeListing) -> Found:
    """A page of merges."""
    return _MERGES.page(db, listing, filters_of(listing, "beneficiary_id"))
