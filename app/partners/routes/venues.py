"""HTTP of venues."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity.door import Caller, allow
from app.listing import Page
from app.partners import policy, queries
from app.partners.actions import venues as actions
from app.partners.schemas import VenueCreate, VenueListing, VenueRead, VenueUpdate
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/venues", tags=["venues"])


@router.get("", response_model=Page[VenueRead], dependencies=[allow(policy.READ)])
def list_venues(caller: Caller, listing: Annotated[VenueListing, Query()], request: Request) -> Response:
    """The venues of all partners by name, organization and place; the name in any script."""
    with reading(caller) as db:
        return answer_page(request, queries.venues(db, listing))


@router.post("", response_model=VenueRead, status_code=201, dependencies=[allow(policy.VENUES_WRITE)], responses=problems(IdTaken, Invalid))
def create_venue(caller: Caller, body: VenueCreate) -> Response:
    """Register a venue of one's own organization."""
    with begin(caller) as db:
        venue, again = actions.create_venue(db, body=body, by=caller)
        return created(queries.venue(db, venue.id), f"/v1/venues/{venue.id}", again=again)


@router.get("/{venue_id}", response_model=VenueRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_venue(caller: Caller, venue_id: Id, known: IfNoneMatch) -> Response:
    """One venue."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.venue(db, venue_id))


@router.patch(
    "/{venue_id}",
    response_model=VenueRead,
    dependencies=[allow(policy.VENUES_WRITE)],
    responses=problems(OutOfScope, NotFound, Stale, Invalid),
)
def update_venue(caller: Caller, venue_id: Id, version: IfMatch, body: VenueUpdate) -> Response:
    """Change a venue of one's own organization."""
    with begin(caller) as db:
        actions.update_venue(db, venue_id, version=version, body=body)
        return answer(queries.venue(db, venue_id))
