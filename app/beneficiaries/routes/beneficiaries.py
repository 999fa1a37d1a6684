"""HTTP of beneficiaries."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries import policy, queries
from app.beneficiaries.actions import beneficiaries as actions
from app.beneficiaries.models import Merged, WasForgotten
from app.beneficiaries.schemas.beneficiaries import (
    AsOf,
    BeneficiaryCreate,
    BeneficiaryListing,
    BeneficiaryRead,
    BeneficiaryUpdate,
    BeneficiaryWrittenRead,
)
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/beneficiaries", tags=["beneficiaries"])
BeneficiaryId = Annotated[Id, Path(description="The beneficiary.")]
_CREATE = problems(Merged, WasForgotten, IdTaken, Invalid, OutOfScope)
_UPDATE = problems(NotFound, Stale, Merged, WasForgotten, Invalid, OutOfScope)
_MOVED = {"description": "Merged into the row at `Location`.", "headers": {"Location": {"schema": {"type": "string", "maxLength": 200}}}}
_GET = {**problems(NotFound), 308: _MOVED}


@router.post("", response_model=BeneficiaryWrittenRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_CREATE)
def register_beneficiary(caller: Caller, body: BeneficiaryCreate) -> Response:
    """Register a person who belongs to no family yet; members of a family are registered with it, or added to it. Who may be the same
    person is told in `possible_duplicates`.
    """
    with begin(caller) as db:
        person, possible, again = actions.register_beneficiary(db, body=body, by=caller)
        shown = queries.beneficiary(db, person.id) if again else queries.beneficiary_of(person)
        return created(shown | {"possible_duplicates": possible}, f"/v1/beneficiaries/{person.id}", again=again)


@router.get("", response_model=Page[BeneficiaryRead], dependencies=[allow(policy.READ)])
def list_beneficiaries(caller: Caller, listing: Annotated[BeneficiaryListing, Query()], request: Request) -> Response:
    """People by name in any script, place, sex, birth and family, with their ages today or on the day of `as_of`. It is recorded whom the
    caller looked at.
    """
    with reading(caller) as db:
        return answer_page(request, queries.beneficiaries(db, listing))


@router.get("/{beneficiary_id}", response_model=BeneficiaryRead, dependencies=[allow(policy.READ)], responses=_GET)
def get_beneficiary(caller: Caller, beneficiary_id: BeneficiaryId, as_of: Annotated[AsOf, Query()] = None) -> Response:
    """One person, with the age today or on the day of `as_of`. It is recorded that the caller looked. A row that was found to be the same
    person as another and merged into it redirects there.

    The age changes on a birthday, and what a consent opens when it begins and ends, without a new version of the row; so this is always
    answered in full, whatever `If-None-Match` says.
    """
    with reading(caller) as db:
        return answer(queries.beneficiary(db, beneficiary_id, as_of))


@router.patch("/{beneficiary_id}", response_model=BeneficiaryWrittenRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def update_beneficiary(caller: Caller, beneficiary_id: BeneficiaryId, version: IfMatch, body: BeneficiaryUpdate) -> Response:
    """Correct what is known of a person; the other script and the search follow the name. What somebody else's consent opened of a
    child ends when it comes of age by the corrected birth date, and no later than before.
    """
    with begin(caller) as db:
        person, possible = actions.update_beneficiary(db, beneficiary_id, version=version, body=body)
        return answer(queries.beneficiary(db, person.id) | {"possible_duplicates": possible})
