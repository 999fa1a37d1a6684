"""HTTP of legal holds."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.beneficiaries.models import Merged, WasForgotten
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.retention import policy, queries
from app.retention.actions import requests as actions
from app.retention.schemas import LegalHoldCreate, LegalHoldListing, LegalHoldRead, LegalHoldRelease
from app.schemas import Id

router = APIRouter(prefix="/v1/legal-holds", tags=["retention"])
HoldId = Annotated[Id, Path(description="The hold.")]
_CREATE = problems(Merged, WasForgotten, IdTaken, Invalid, OutOfScope)
_RELEASE = problems(NotFound, Stale, WrongState, Invalid)


@router.post("", response_model=LegalHoldRead, status_code=201, dependencies=[allow(policy.HOLDS_WRITE)], responses=_CREATE)
def place_legal_hold(caller: Caller, body: LegalHoldCreate) -> Response:
    """Keep a person's data whatever the rules say and whoever asks."""
    with begin(caller) as db:
        hold, again = actions.place_hold(db, body=body)
        return created(queries.hold(db, hold.id), f"/v1/legal-holds/{hold.id}", again=again)


@router.get("", response_model=Page[LegalHoldRead], dependencies=[allow(policy.HOLDS_READ)])
def list_legal_holds(caller: Caller, listing: Annotated[LegalHoldListing, Query()], request: Request) -> Response:
    """Holds, open and released."""
    with reading(caller) as db:
        return answer_page(request, queries.holds(db, listing))


@router.get("/{hold_id}", response_model=LegalHoldRead, dependencies=[allow(policy.HOLDS_READ)], responses=problems(NotFound))
def get_legal_hold(caller: Caller, hold_id: HoldId, known: IfNoneMatch) -> Response:
    """One hold."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.hold(db, hold_id))


@router.post("/{hold_id}/release", response_model=LegalHoldRead, dependencies=[allow(policy.HOLDS_WRITE)], responses=_RELEASE)
def release_legal_hold(caller: Caller, hold_id: HoldId, version: IfMatch, body: LegalHoldRelease) -> Response:
    """Let the rules act on this person again, from the next run on."""
    with begin(caller) as db:
        actions.release_hold(db, hold_id, version=version, body=body)
        return answer(queries.hold(db, hold_id))
