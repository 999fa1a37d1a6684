"""HTTP of families."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries import policy, queries
from app.beneficiaries.actions import caregivers, heads
from app.beneficiaries.actions import families as actions
from app.beneficiaries.models import MembersPresent, Merged, WasForgotten
from app.beneficiaries.schemas.families import (
    FamilyCreate,
    FamilyListing,
    FamilyRead,
    FamilyRegisteredRead,
    FamilyUpdate,
    FamilyWithMembersRead,
)
from app.beneficiaries.schemas.memberships import CaregiversChange, HeadChange
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id, PastDate

router = APIRouter(prefix="/v1/families", tags=["families"])
FamilyId = Annotated[Id, Path(description="The family.")]
AsOf = Annotated[Annotated[PastDate, Field(description="The family of this day.", examples=["2026-01-31"])] | None, Query()]
_CREATE = problems(Merged, WasForgotten, IdTaken, Invalid, OutOfScope)
_CORRECT = problems(NotFound, Merged, WasForgotten, MembersPresent, Stale, Invalid, OutOfScope)
_UPDATE = problems(NotFound, Merged, WasForgotten, Stale, Invalid, OutOfScope)


@router.post("", response_model=FamilyRegisteredRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_CREATE)
def register_family(caller: Caller, body: FamilyCreate) -> Response:
    """Register a family in a mahalla or district, with its members if they are known: all of it, or nothing. Who may be the same
    person as one of them is told in `possible_duplicates`.
    """
    with begin(caller) as db:
        family, members, possible, again = actions.register_family(db, body=body, by=caller)
        shown = queries.family(db, family.id) if again else queries.family_of(family, members)
        return created(shown | {"possible_duplicates": possible}, f"/v1/families/{family.id}", again=again)


@router.get("", response_model=Page[FamilyRead], dependencies=[allow(policy.READ)])
def list_families(caller: Caller, listing: Annotated[FamilyListing, Query()], request: Request) -> Response:
    """Families by the names of their present members in any script, by place, state and number."""
    with reading(caller) as db:
        return answer_page(request, queries.families(db, listing))


@router.get("/{family_id}", response_model=FamilyWithMembersRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_family(caller: Caller, family_id: FamilyId, as_of: AsOf = None) -> Response:
    """One family with its present members. Members come and leave with a new version of the family; a member's own data have theirs,
    so this is always answered in full, whatever `If-None-Match` says.

    With `as_of` it is the family of that day, as far as the records say: its members, their head and what they were to it, who cared,
    their ages, and where it lived. Whoever has no `started_on` belonged to it since birth. Everything else of it is today's, and so is
    who may see it. A family that was merged into another one still answers, and says so in `merged_into_id`.
    """
    with reading(caller) as db:
        return answer(queries.family(db, family_id, as_of))


@router.patch("/{family_id}", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_CORRECT)
def update_family(caller: Caller, family_id: FamilyId, version: IfMatch, body: FamilyUpdate) -> Response:
    """Correct what is known of a family, where it lives included; `status` is set here too. Present members who were registered where the
    family was are corrected with it. A family that lives elsewhere from now on is moved by `move`, so that it is known where it lived. One
    is `dissolved` only when nobody belongs to it any more (`members_present`): the members leave, or go over to another family by `merge`.
    """
    with begin(caller) as db:
        actions.update_family(db, family_id, version=version, body=body)
        return answer(queries.family(db, family_id))


@router.post("/{family_id}/change-head", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def change_head(caller: Caller, family_id: FamilyId, version: IfMatch, body: HeadChange) -> Response:
    """Make another present member the head from a day on, and say what the others are to the new head. What they were to the former
    one is kept: `as_of` tells. What the former head opened of the family's own row, and of a child, is closed at once where it may speak
    for that as nothing else.
    """
    with begin(caller) as db:
        heads.change_head(db, family_id, version=version, body=body)
        return answer(queries.family(db, family_id))


@router.post("/{family_id}/change-caregivers", response_model=FamilyWithMembersRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def change_caregivers(caller: Caller, family_id: FamilyId, version: IfMatch, body: CaregiversChange) -> Response:
    """Say who the primary caregivers are from a day on: the members who are named, and no others. Who cared before is kept: `as_of` tells.
    What was opened of the family's own row, and of a child, by the word of one who cares no more is closed at once where it may speak for
    that as nothing else. What was recorded wrongly is corrected in the membership instead.

    Nobody is made a caregiver, or the head, from a day on which it had died (`deceased`). When a death is recorded the memberships stay as
    they are: a family without a living head is told by `deceased_on`, and whoever has died cares no more from that day on by itself.
    """
    with begin(caller) as db:
        caregivers.change_caregivers(db, family_id, version=version, body=body)
        return answer(queries.family(db, family_id))
