"""HTTP of specialists."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity.door import Caller, allow
from app.listing import Page
from app.partners import policy, queries
from app.partners.actions import specialists as actions
from app.partners.schemas import SpecialistCreate, SpecialistListing, SpecialistRead, SpecialistUpdate
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/specialists", tags=["specialists"])


@router.get("", response_model=Page[SpecialistRead], dependencies=[allow(policy.READ)])
def list_specialists(caller: Caller, listing: Annotated[SpecialistListing, Query()], request: Request) -> Response:
    """The professionals of all partners by name, organization, place and day; the name in any script."""
    with reading(caller) as db:
        return answer_page(request, queries.specialists(db, listing))


@router.post(
    "", response_model=SpecialistRead, status_code=201, dependencies=[allow(policy.SPECIALISTS_WRITE)], responses=problems(IdTaken, Invalid)
)
def create_specialist(caller: Caller, body: SpecialistCreate) -> Response:
    """Register a professional of one's own organization. `phone_e164` is null where no number could be read from `phone`."""
    with begin(caller) as db:
        specialist, again = actions.create_specialist(db, body=body, by=caller)
        return created(queries.specialist(db, specialist.id), f"/v1/specialists/{specialist.id}", again=again)


@router.get("/{specialist_id}", response_model=SpecialistRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_specialist(caller: Caller, specialist_id: Id, known: IfNoneMatch) -> Response:
    """One specialist."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.specialist(db, specialist_id))


@router.patch(
    "/{specialist_id}",
    response_model=SpecialistRead,
    dependencies=[allow(policy.SPECIALISTS_WRITE)],
    responses=problems(OutOfScope, NotFound, Stale, Invalid),
)
def update_specialist(caller: Caller, specialist_id: Id, version: IfMatch, body: SpecialistUpdate) -> Response:
    """Change a specialist of one's own organization; who leaves it gets `active_until`."""
    with begin(caller) as db:
        actions.update_specialist(db, specialist_id, version=version, body=body)
        return answer(queries.specialist(db, specialist_id))
