"""HTTP of what was reported without names."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfNoneMatch, answer_if_changed, answer_page, created
from app.identity.door import Caller, allow
from app.listing import Page
from app.participation import policy, queries
from app.participation.actions import headcounts as actions
from app.participation.schemas import HeadcountCreate, HeadcountListing, HeadcountRead
from app.problems import IdTaken, NotFound, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/reported-headcounts", tags=["reported headcounts"])


@router.get("", response_model=Page[HeadcountRead], dependencies=[allow(policy.READ)])
def list_reported_headcounts(caller: Caller, listing: Annotated[HeadcountListing, Query()], request: Request) -> Response:
    """Totals that were reported without names. Where names are on record they win; both are shown with the activity."""
    with reading(caller) as db:
        return answer_page(request, queries.headcounts(db, listing))


@router.post(
    "",
    response_model=HeadcountRead,
    status_code=201,
    dependencies=[allow(policy.WRITE)],
    responses=problems(IdTaken, OutOfScope),
)
def report_headcount(caller: Caller, body: HeadcountCreate) -> Response:
    """Keep a total over one or several activities, each named by its `roster_id`, with its source. It is never split among them."""
    with begin(caller) as db:
        headcount_id, again = actions.report_headcount(db, body=body, by=caller)
        return created(queries.headcount(db, headcount_id), f"/v1/reported-headcounts/{headcount_id}", again=again)


@router.get(
    "/{headcount_id}",
    response_model=HeadcountRead,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound),
)
def get_reported_headcount(caller: Caller, headcount_id: Id, known: IfNoneMatch) -> Response:
    """One reported headcount."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.headcount(db, headcount_id))
