"""HTTP of families."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries import policy, queries
from app.beneficiaries.actions import families as actions
from app.beneficiaries.actions.memberships import change_head as change_head_of
from app.beneficiaries.schemas import FamilyCreate, FamilyListing, FamilyRead, FamilyUpdate, FamilyWithMembersRead, HeadChange
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/families", tags=["families"])
FamilyId = Annotated[Id, Path(description="The family.")]
_CREATE = problems(IdTaken, Invalid, OutOfScope)
_UPDATE = problems(NotFound, Stale, Invalid, OutOfScope)


@router.post("", response_model=FamilyWithMembersRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_CREATE)
def register_family(caller: Caller, body: FamilyCreate) -> Response:
    """Register a family in a mahalla or district, with its members if they are known: all of it, or nothing."""
    with begin(caller) as db:
        family, members, again = actions.register_family(db, body=body, by=caller)
        shown = queries.family(db, family.id) if again else queries.family_of(family, members)
        return created(shown, f"/v1/families/{family.id}", again=again)


@router.get("", response_model=Page[FamilyRead], dependencies=[allow(policy.READ)])
def list_families(caller: Caller, listing: Annotated[FamilyListing, Query()], request: Request) -> Response:
    """Families by the names of their present members in any script, by place, state and number."""
    with reading(caller) as db:
        return answer_page(request, queries.families(db, listing))


@router.get("/{family_id}", response_model=FamilyWithMembersRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_family(caller: Caller, family_id: FamilyId) -> Response:
    """One family with its present members. Members come and leave with a new version of the family; a member's own data have theirs,
    so this is always answered in full, whatever `If-None-Match` says.
    """
    with reading(caller) as db:
        return answer(queries.family(db, family_id))


@router.patch("/{family_id}", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def update_family(caller: Caller, family_id: FamilyId, version: IfMatch, body: FamilyUpdate) -> Response:
    """Correct what is known of a family."""
    with begin(caller) as db:
        actions.update_family(db, family_id, version=version, body=body)
        return answer(queries.family(db, family_id))


@router.post("/{family_id}/change-head", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def change_head(caller: Caller, family_id: FamilyId, version: IfMatch, body: HeadChange) -> Response:
    """Make another present member the head, and say what the others are to the new head."""
    with begin(caller) as db:
        change_head_of(db, family_id, version=version, body=body)
        return answer(queries.family(db, family_id))
