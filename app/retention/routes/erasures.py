"""HTTP of requests to be forgotten."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.beneficiaries.models import Merged, WasForgotten
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import AlreadyExists, IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.retention import policy, queries
from app.retention.actions import requests as actions
from app.retention.actions import running
from app.retention.models import OnHold
from app.retention.schemas import ErasureRefusal, ErasureRequestCreate, ErasureRequestListing, ErasureRequestRead
from app.schemas import Id

router = APIRouter(prefix="/v1/erasure-requests", tags=["retention"])
RequestId = Annotated[Id, Path(description="The request.")]
_CREATE = problems(AlreadyExists, Merged, WasForgotten, IdTaken, Invalid, OutOfScope)
_APPROVE = problems(NotFound, Stale, WrongState, OnHold)
_REFUSE = problems(NotFound, Stale, WrongState, Invalid)


@router.post("", response_model=ErasureRequestRead, status_code=201, dependencies=[allow(policy.REQUEST)], responses=_CREATE)
def request_erasure(caller: Caller, body: ErasureRequestCreate) -> Response:
    """Note that somebody asked that a person be forgotten; a manager decides."""
    with begin(caller) as db:
        request, again = actions.request_erasure(db, body=body)
        return created(queries.request(db, request.id), f"/v1/erasure-requests/{request.id}", again=again)


@router.get("", response_model=Page[ErasureRequestRead], dependencies=[allow(policy.REQUESTS_READ)])
def list_erasure_requests(caller: Caller, listing: Annotated[ErasureRequestListing, Query()], request: Request) -> Response:
    """Requests and what came of them."""
    with reading(caller) as db:
        return answer_page(request, queries.requests(db, listing))


@router.get("/{request_id}", response_model=ErasureRequestRead, dependencies=[allow(policy.REQUESTS_READ)], responses=problems(NotFound))
def get_erasure_request(caller: Caller, request_id: RequestId, known: IfNoneMatch) -> Response:
    """One request."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.request(db, request_id))


@router.post("/{request_id}/approve", response_model=ErasureRequestRead, dependencies=[allow(policy.DECIDE)], responses=_APPROVE)
def approve_erasure(caller: Caller, request_id: RequestId, version: IfMatch) -> Response:
    """Forget the person: name, birth day, contacts, papers and notes go; statistics stay, and certificates remain valid without a name.

    The answer says `approved`; it is carried out right after, and reading the request again says `done`. It cannot be undone.
    """
    with begin(caller) as db:
        actions.approve_erasure(db, request_id, version=version, by=caller)
        response = answer(queries.request(db, request_id))
    # Afterwards and in the service's name: the person's rows may lie where the manager has no rights.
    running.carry_out(request_id)
    return response


@router.post("/{request_id}/refuse", response_model=ErasureRequestRead, dependencies=[allow(policy.DECIDE)], responses=_REFUSE)
def refuse_erasure(caller: Caller, request_id: RequestId, version: IfMatch, body: ErasureRefusal) -> Response:
    """Keep the data, and say why, for instance because a law asks for it."""
    with begin(caller) as db:
        actions.refuse_erasure(db, request_id, version=version, body=body, by=caller)
        return answer(queries.request(db, request_id))
