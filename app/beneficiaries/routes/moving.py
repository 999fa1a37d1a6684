"""HTTP of what happens to families as a whole: they move, split and merge."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries import policy, queries
from app.beneficiaries.actions import merging, residences, splitting
from app.beneficiaries.models import HeadNeeded, Merged, WasForgotten
from app.beneficiaries.routes.families import FamilyId
from app.beneficiaries.schemas.families import FamilyWithMembersRead
from app.beneficiaries.schemas.moving import FamilyMerge, FamilyMove, FamilySplit, ResidenceListing, ResidenceRead
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import Conflict, IdTaken, Invalid, NotFound, Stale, WrongState, problems

router = APIRouter(prefix="/v1/families/{family_id}", tags=["families"])
_MOVE = problems(NotFound, Merged, WasForgotten, Stale, Invalid, OutOfScope)
_SPLIT = problems(NotFound, Merged, WasForgotten, WrongState, IdTaken, Stale, Invalid, OutOfScope)
_MERGE = problems(NotFound, Merged, WasForgotten, WrongState, HeadNeeded, Conflict, Stale, Invalid, OutOfScope)


@router.get("/residences", response_model=Page[ResidenceRead], dependencies=[allow(policy.READ)], responses=problems(NotFound))
def list_residences(caller: Caller, family_id: FamilyId, listing: Annotated[ResidenceListing, Query()], request: Request) -> Response:
    """Where a family lives and where it lived."""
    with reading(caller) as db:
        return answer_page(request, queries.residences(db, family_id, listing))


@router.post("/move", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_MOVE)
def move_family(caller: Caller, family_id: FamilyId, version: IfMatch, body: FamilyMove) -> Response:
    """The family lives elsewhere from a day on. Its memberships follow, and so do the members who lay where the family lay, in their own
    `territory`; a member who lies elsewhere stays there. Where it lived is kept.

    Nobody moves a family out of the own territory (`out_of_scope`): it would be out of the mover's sight at once, and nobody would have
    taken it over. Someone of the organization whose territory holds both places does it.
    """
    with begin(caller) as db:
        residences.move_family(db, family_id, version=version, body=body)
        return answer(queries.family(db, family_id))


@router.post("/split", response_model=FamilyWithMembersRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_SPLIT)
def split_family(caller: Caller, family_id: FamilyId, version: IfMatch, body: FamilySplit) -> Response:
    """Some of the members live as a family of their own from a day on. The answer is the new family. Their memberships here end for the
    reason `split`, and with them what a consent opened of them through this family. If the head is among them, `remaining` says who is
    the head of those who stay.
    """
    with begin(caller) as db:
        made, again = splitting.split_family(db, family_id, version=version, body=body)
        return created(queries.family(db, made.id), f"/v1/families/{made.id}", again=again)


@router.post("/merge", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_MERGE)
def merge_family(caller: Caller, family_id: FamilyId, version: IfMatch, body: FamilyMerge) -> Response:
    """All members go over to another family, `into`, from a day on; the answer, and its `ETag`, is that family. Their memberships here end
    for the reason `merged`, and with them what a consent opened of them through this family. This family is dissolved, keeps its
    history, and names the other one in `merged_into_id`.
    """
    with begin(caller) as db:
        into = merging.merge_family(db, family_id, version=version, body=body)
        return answer(queries.family(db, into.id), location=f"/v1/families/{into.id}")
