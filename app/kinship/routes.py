"""HTTP of kinship."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries.models import Merged, WasForgotten
from app.identity.door import Caller, allow
from app.kinship import actions, policy, queries
from app.kinship.models import CycleOfParents
from app.kinship.schemas import KinshipCreate, KinshipEnd, KinshipListing, KinshipRead, KinshipUpdate
from app.listing import Page
from app.problems import AlreadyExists, IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/kinships", tags=["kinship"])
KinshipId = Annotated[Id, Path(description="The kinship.")]
_CREATE = problems(AlreadyExists, CycleOfParents, Merged, WasForgotten, IdTaken, Invalid, OutOfScope)
_UPDATE = problems(NotFound, Merged, WasForgotten, Stale, Invalid, OutOfScope)
_END = problems(NotFound, WrongState, Stale, Invalid, OutOfScope)


@router.post("", response_model=KinshipRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_CREATE)
def record_kinship(caller: Caller, body: KinshipCreate) -> Response:
    """Record that one person is the parent, guardian, sibling or spouse of another, of whatever family; both were registered by the
    caller's organization. A parent is older than the child, and nobody is an ancestor of itself. More than two legal parents are not
    refused: when one is corrected, the new one may come before the old one is ended.
    """
    with begin(caller) as db:
        made, again = actions.record_kinship(db, body=body, by=caller)
        return created(queries.kinship(db, made.id), f"/v1/kinships/{made.id}", again=again)


@router.get("", response_model=Page[KinshipRead], dependencies=[allow(policy.READ)])
def list_kinships(caller: Caller, listing: Annotated[KinshipListing, Query()], request: Request) -> Response:
    """Kinships between people whom the caller may see, ended ones too; by person, from either side. It is recorded whom the caller looked
    at.
    """
    with reading(caller) as db:
        return answer_page(request, queries.kinships(db, listing))


@router.get("/{kinship_id}", response_model=KinshipRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_kinship(caller: Caller, kinship_id: KinshipId) -> Response:
    """One kinship. The names change without a new version of it, so this is always answered in full, whatever `If-None-Match` says."""
    with reading(caller) as db:
        return answer(queries.kinship(db, kinship_id))


@router.patch("/{kinship_id}", response_model=KinshipRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def update_kinship(caller: Caller, kinship_id: KinshipId, version: IfMatch, body: KinshipUpdate) -> Response:
    """Correct whether a kinship is legal, and since when it is. What somebody opened as a guardian who is none by law is closed at once."""
    with begin(caller) as db:
        actions.update_kinship(db, kinship_id, version=version, body=body)
        return answer(queries.kinship(db, kinship_id))


@router.post("/{kinship_id}/end", response_model=KinshipRead, dependencies=[allow(policy.WRITE)], responses=_END)
def end_kinship(caller: Caller, kinship_id: KinshipId, version: IfMatch, body: KinshipEnd) -> Response:
    """A kinship ends: by divorce, by the end of a guardianship, or because it was recorded in error. It stays on record. What was opened by
    the word of a guardian or parent who is none any more is closed at once.
    """
    with begin(caller) as db:
        actions.end_kinship(db, kinship_id, version=version, body=body)
        return answer(queries.kinship(db, kinship_id))
