"""HTTP of memberships."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries import policy, queries
from app.beneficiaries.actions import memberships as actions
from app.beneficiaries.models import AlreadyMember, HeadExists, HeadNeeded, Merged, WasForgotten
from app.beneficiaries.routes.families import FamilyId
from app.beneficiaries.schemas.memberships import (
    MemberAdd,
    MemberAddedRead,
    MembershipEnd,
    MembershipListing,
    MembershipRead,
    MembershipUpdate,
)
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import Conflict, IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/families/{family_id}", tags=["families"])
MembershipId = Annotated[Id, Path(description="The membership.")]
_ADD = problems(NotFound, Merged, WasForgotten, WrongState, HeadExists, HeadNeeded, AlreadyMember, Conflict, IdTaken, Invalid, OutOfScope)
_UPDATE = problems(NotFound, Merged, WasForgotten, AlreadyMember, Stale, Invalid, OutOfScope)
_END = problems(NotFound, Merged, WasForgotten, Stale, WrongState, HeadNeeded, Invalid, OutOfScope)


@router.post("/members", response_model=MemberAddedRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_ADD)
def add_member(caller: Caller, family_id: FamilyId, body: MemberAdd) -> Response:
    """Add a member: someone registered already who belongs to no family, or someone new; who may be the same person as someone
    new is told in `possible_duplicates`.
    """
    with begin(caller) as db:
        (membership, person), possible, again = actions.add_member(db, family_id, body=body, by=caller)
        location = f"/v1/families/{family_id}/memberships/{membership.id}"
        shown = queries.membership(db, family_id, membership.id) if again else queries.membership_of(membership, person)
        return created(shown | {"possible_duplicates": possible}, location, again=again)


@router.get("/memberships", response_model=Page[MembershipRead], dependencies=[allow(policy.READ)], responses=problems(NotFound))
def list_memberships(caller: Caller, family_id: FamilyId, listing: Annotated[MembershipListing, Query()], request: Request) -> Response:
    """Who belongs and who belonged to a family."""
    with reading(caller) as db:
        return answer_page(request, queries.memberships(db, family_id, listing))


@router.get("/memberships/{membership_id}", response_model=MembershipRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_membership(caller: Caller, family_id: FamilyId, membership_id: MembershipId) -> Response:
    """One membership, present or former. The name changes without a new version of it, so this is always answered in full, whatever
    `If-None-Match` says.
    """
    with reading(caller) as db:
        return answer(queries.membership(db, family_id, membership_id))


@router.patch("/memberships/{membership_id}", response_model=MembershipRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def update_membership(
    caller: Caller, family_id: FamilyId, membership_id: MembershipId, version: IfMatch, body: MembershipUpdate
) -> Response:
    """Correct what was recorded wrongly: what a member is to the head, whether it is a primary caregiver, and since when it belongs to the
    family. What changes on a day is changed by `change-head` and `change-caregivers`, which keep what was before. What was opened by the
    word of somebody who never cared is closed at once.
    """
    with begin(caller) as db:
        actions.update_membership(db, family_id, membership_id, version=version, body=body)
        return answer(queries.membership(db, family_id, membership_id))


@router.post("/memberships/{membership_id}/end", response_model=MembershipRead, dependencies=[allow(policy.WRITE)], responses=_END)
def end_membership(caller: Caller, family_id: FamilyId, membership_id: MembershipId, version: IfMatch, body: MembershipEnd) -> Response:
    """A member leaves the family, for a reason. The head leaves last, unless the head is changed before. What a consent opened of the
    member through this family is closed at once, and so is what was opened by the word of somebody who, by this, cares for the child no
    more.
    """
    with begin(caller) as db:
        actions.end_membership(db, family_id, membership_id, version=version, body=body)
        return answer(queries.membership(db, family_id, membership_id))
