"""HTTP of places."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity.door import Caller, allow
from app.listing import Page
from app.places import actions, policy, queries
from app.places.actions import NotAMahalla
from app.places.schemas import PlaceCreate, PlaceListing, PlaceRead, PlaceUpdate, Soato
from app.problems import AlreadyExists, IdTaken, Invalid, NotFound, Stale, problems

router = APIRouter(prefix="/v1/places", tags=["places"])
Code = Annotated[Soato, Path(description="SOATO code.", examples=["1733230"])]


@router.get("", response_model=Page[PlaceRead], dependencies=[allow(policy.READ)])
def list_places(caller: Caller, listing: Annotated[PlaceListing, Query()], request: Request) -> Response:
    """Places by size, parent and name; the name in any script."""
    with reading(caller) as db:
        return answer_page(request, queries.places(db, listing))


@router.post(
    "", response_model=PlaceRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=problems(AlreadyExists, IdTaken, Invalid)
)
def add_mahalla(caller: Caller, body: PlaceCreate) -> Response:
    """Add a mahalla under a district."""
    with begin(caller) as db:
        place, again = actions.add_mahalla(db, body=body)
        return created(queries.place(db, place.soato), f"/v1/places/{place.soato}", again=again)


@router.get("/{soato}", response_model=PlaceRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_place(caller: Caller, soato: Code, known: IfNoneMatch) -> Response:
    """One place by its code."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.place(db, soato))


@router.patch(
    "/{soato}", response_model=PlaceRead, dependencies=[allow(policy.WRITE)], responses=problems(NotFound, Stale, NotAMahalla, Invalid)
)
def update_mahalla(caller: Caller, soato: Code, version: IfMatch, body: PlaceUpdate) -> Response:
    """Change a mahalla's names, dates or successor."""
    with begin(caller) as db:
        actions.update_mahalla(db, soato, version=version, body=body)
        return answer(queries.place(db, soato))
