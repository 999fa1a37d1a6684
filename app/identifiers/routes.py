"""HTTP of identifiers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.beneficiaries.models import Merged, WasForgotten
from app.beneficiaries.routes.beneficiaries import BeneficiaryId
from app.identifiers import actions, lookups, policy, queries
from app.identifiers.models import IdentifierExists, IdentifierKeyMissing, IdentifierUnreadable
from app.identifiers.schemas import (
    HoldersRead,
    IdentifierAddedRead,
    IdentifierCreate,
    IdentifierEnd,
    IdentifierListing,
    IdentifierRead,
    IdentifierUpdate,
    LookUp,
)
from app.identity.door import Caller, allow, asks_only
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, TooManyRequests, WrongState, problems
from app.schemas import Id

router = APIRouter(tags=["identifiers"])
IdentifierId = Annotated[Id, Path(description="The identifier.")]
_OURS = (IdentifierUnreadable, IdentifierKeyMissing)
_CREATE = problems(NotFound, Merged, WasForgotten, IdentifierExists, IdTaken, Invalid, OutOfScope, TooManyRequests, *_OURS)
_UPDATE = problems(NotFound, Merged, WasForgotten, Stale, Invalid, OutOfScope, *_OURS)
_END = problems(NotFound, Merged, WasForgotten, Stale, WrongState, Invalid, OutOfScope, *_OURS)
_LOOK_UP = problems(Invalid, TooManyRequests, IdentifierKeyMissing)
_OF_PERSON, _ONE = "/v1/beneficiaries/{beneficiary_id}/identifiers", "/v1/identifiers/{identifier_id}"


@router.post(_OF_PERSON, response_model=IdentifierAddedRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_CREATE)
def add_identifier(caller: Caller, beneficiary_id: BeneficiaryId, body: IdentifierCreate) -> Response:
    """Add a number to a person. What speaks against it comes back as `warnings`, and who else carries it as `possible_duplicates`; neither
    is a refusal. The number is stored encrypted and answered masked.

    Since this tells of a number who carries it, it counts as a look-up, of which there are 30 a minute and account, and is recorded as one.
    Without the permission `identifiers:lookup`, `possible_duplicates` is left out.
    """
    with begin(caller) as db:
        added = actions.add_identifier(db, beneficiary_id, body=body, by=caller)
        return created(queries.added(added.row, added.doubts, added.others), f"/v1/identifiers/{added.row.id}", again=added.again)


@router.get(_OF_PERSON, response_model=Page[IdentifierRead], dependencies=[allow(policy.READ)], responses=problems(NotFound, *_OURS))
def list_identifiers(
    caller: Caller, beneficiary_id: BeneficiaryId, listing: Annotated[IdentifierListing, Query()], request: Request
) -> Response:
    """A person's numbers, present and former, masked without the permission `identifiers:read_values`. It is recorded who looked."""
    with reading(caller) as db:
        return answer_page(request, queries.identifiers(db, beneficiary_id, listing))


@router.post(
    "/v1/identifiers/lookup", response_model=HoldersRead, dependencies=[allow(policy.LOOKUP), Depends(asks_only)], responses=_LOOK_UP
)
def look_up_identifier(caller: Caller, body: LookUp) -> Response:
    """Who carries exactly this number, now or formerly, of the persons whose documents the caller may see. 30 a minute and account; each
    is recorded, without the number. A POST, so that the number stands in no address; it changes nothing, so it takes no
    `Idempotency-Key`.
    """
    with reading(caller) as db:
        return answer({"items": lookups.look_up(db, body, by=caller)})


@router.get(_ONE, response_model=IdentifierRead, dependencies=[allow(policy.READ)], responses=problems(NotFound, *_OURS))
def get_identifier(caller: Caller, identifier_id: IdentifierId, known: IfNoneMatch) -> Response:
    """One number, masked without the permission `identifiers:read_values`. It is recorded who looked at its person."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.identifier(db, identifier_id))


@router.patch(_ONE, response_model=IdentifierRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def update_identifier(caller: Caller, identifier_id: IdentifierId, version: IfMatch, body: IdentifierUpdate) -> Response:
    """Say when and by whom the document was issued and until when it holds."""
    with begin(caller) as db:
        return answer(queries.identifier_of(actions.update_identifier(db, identifier_id, version=version, body=body)))


@router.post(f"{_ONE}/end", response_model=IdentifierRead, dependencies=[allow(policy.WRITE)], responses=_END)
def end_identifier(caller: Caller, identifier_id: IdentifierId, version: IfMatch, body: IdentifierEnd) -> Response:
    """The number is no longer the person's: replaced, lost, expired, or wrong from the beginning. A wrong one is added anew afterwards."""
    with begin(caller) as db:
        return answer(queries.identifier_of(actions.end_identifier(db, identifier_id, version=version, body=body)))
