"""HTTP of possible duplicates and of merges."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.beneficiaries.candidates import DuplicateStatus
from app.beneficiaries.models import Merged, WasForgotten
from app.duplicates import policy, queries
from app.duplicates.actions import candidates as actions
from app.duplicates.actions.merging import merge_candidate
from app.duplicates.actions.undoing import undo_merge as undo
from app.duplicates.models import ChangedSince, SettleFirst
from app.duplicates.schemas import (
    CandidateCreate,
    CandidateDecision,
    CandidateListing,
    CandidateRead,
    MergeCreate,
    MergeDoneRead,
    MergeListing,
    MergeRead,
    MergeUndo,
)
from app.identity.door import Caller, allow
from app.kinship.models import CycleOfParents
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(tags=["duplicates"])
CandidateId = Annotated[Id, Path(description="The pair.")]
MergeId = Annotated[Id, Path(description="The merge.")]
_PAIRS, _PAIR = "/v1/duplicate-candidates", "/v1/duplicate-candidates/{candidate_id}"
_REPORT = problems(IdTaken, WrongState, Merged, WasForgotten, Invalid, OutOfScope)
_DECIDE = problems(NotFound, Stale, WrongState, Invalid, OutOfScope)
_MERGE = problems(NotFound, Stale, WrongState, Merged, WasForgotten, SettleFirst, CycleOfParents, Invalid, OutOfScope)
_UNDO = problems(NotFound, Stale, WrongState, Merged, WasForgotten, ChangedSince, Invalid, OutOfScope)


@router.get(_PAIRS, response_model=Page[CandidateRead], dependencies=[allow(policy.READ)])
def list_duplicate_candidates(caller: Caller, listing: Annotated[CandidateListing, Query()], request: Request) -> Response:
    """Pairs of people who may be one, the likeliest first, both side by side with what differs. They are looked for in the whole
    organization whenever somebody is registered or corrected, and once a day in the whole register. A pair is shown to those who see both.
    """
    with reading(caller) as db:
        return answer_page(request, queries.candidates(db, listing))


@router.post(_PAIRS, response_model=CandidateRead, status_code=201, dependencies=[allow(policy.DECIDE)], responses=_REPORT)
def report_duplicate_candidate(caller: Caller, body: CandidateCreate) -> Response:
    """Report that two people look like one. A pair that is known already is answered as it stands; one that was told to be distinct is
    refused.
    """
    with begin(caller) as db:
        candidate, again = actions.report_candidate(db, body=body)
        return created(queries.candidate(db, candidate.id), f"{_PAIRS}/{candidate.id}", again=again)


@router.get(_PAIR, response_model=CandidateRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_duplicate_candidate(caller: Caller, candidate_id: CandidateId) -> Response:
    """One pair. The two persons have versions of their own, so it is always answered in full."""
    with reading(caller) as db:
        return answer(queries.candidate(db, candidate_id))


@router.post(f"{_PAIR}/distinct", response_model=CandidateRead, dependencies=[allow(policy.DECIDE)], responses=_DECIDE)
def tell_distinct(caller: Caller, candidate_id: CandidateId, version: IfMatch, body: CandidateDecision) -> Response:
    """The two are two persons: the pair is never proposed again."""
    with begin(caller) as db:
        actions.decide_candidate(db, candidate_id, version=version, status=DuplicateStatus.DISTINCT, body=body, by=caller)
        return answer(queries.candidate(db, candidate_id))


@router.post(f"{_PAIR}/defer", response_model=CandidateRead, dependencies=[allow(policy.DECIDE)], responses=_DECIDE)
def defer_duplicate_candidate(caller: Caller, candidate_id: CandidateId, version: IfMatch, body: CandidateDecision) -> Response:
    """Not to be told yet: the pair can be decided later."""
    with begin(caller) as db:
        actions.decide_candidate(db, candidate_id, version=version, status=DuplicateStatus.DEFERRED, body=body, by=caller)
        return answer(queries.candidate(db, candidate_id))


@router.post(f"{_PAIR}/merge", response_model=MergeDoneRead, status_code=201, dependencies=[allow(policy.MERGE)], responses=_MERGE)
def merge_duplicate_candidate(caller: Caller, candidate_id: CandidateId, version: IfMatch, body: MergeCreate) -> Response:
    """Make the two rows one, field by field. The loser redirects to the winner and is in no list any more; memberships, enrollments,
    certificates, numbers, consents and all else that hung on it hang on the winner. It can be undone for 30 days.
    """
    with begin(caller) as db:
        made, warnings = merge_candidate(db, candidate_id, version=version, body=body, by=caller)
        return created(queries.merge_of(made) | {"warnings": warnings}, f"/v1/merges/{made.id}")


@router.get("/v1/merges", response_model=Page[MergeRead], dependencies=[allow(policy.READ)])
def list_merges(caller: Caller, listing: Annotated[MergeListing, Query()], request: Request) -> Response:
    """Rows that were made one, and which of these merges were undone."""
    with reading(caller) as db:
        return answer_page(request, queries.merges(db, listing))


@router.get("/v1/merges/{merge_id}", response_model=MergeRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_merge(caller: Caller, merge_id: MergeId, known: IfNoneMatch) -> Response:
    """One merge: whose value each field took, and how many rows were moved."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.merge(db, merge_id))


@router.post("/v1/merges/{merge_id}/undo", response_model=MergeRead, dependencies=[allow(policy.MERGE)], responses=_UNDO)
def undo_merge(caller: Caller, merge_id: MergeId, version: IfMatch, body: MergeUndo) -> Response:
    """Part the two again, within 30 days: the winner's fields are as they were, and what was moved hangs on the loser again. What was
    changed after the merge is named in a refusal, or stays with the winner where `changed` is `keep`; what came to the winner after the
    merge is the winner's in any case.
    """
    with begin(caller) as db:
        return answer(queries.merge_of(undo(db, merge_id, version=version, body=body, by=caller)))
