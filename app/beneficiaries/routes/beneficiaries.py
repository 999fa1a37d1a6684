"""HTTP of beneficiaries."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_if_changed, answer_page, created
from app.beneficiaries import policy, queries
from app.beneficiaries.actions import beneficiaries as actions
from app.beneficiaries.schemas import BeneficiaryCreate, BeneficiaryListing, BeneficiaryRead, BeneficiaryUpdate
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/beneficiaries", tags=["beneficiaries"])
BeneficiaryId = Annotated[Id, Path(description="The beneficiary.")]
_CREATE = problems(IdTaken, Invalid, OutOfScope)
_UPDATE = problems(NotFound, Stale, Invalid, OutOfScope)


@router.post("", response_model=BeneficiaryRead, status_code=201, dependencies=[allow(policy.WRITE)], responses=_CREATE)
def register_beneficiary(caller: Caller, body: BeneficiaryCreate) -> Response:
    """Register a person who belongs to no family yet; members of a family are registered with it, or added to it."""
    with begin(caller) as db:
        person, again = actions.register_beneficiary(db, body=body, by=caller)
        return created(queries.beneficiary_of(person), f"/v1/beneficiaries/{person.id}", again=again)


@router.get("", response_model=Page[BeneficiaryRead], dependencies=[allow(policy.READ)])
def list_beneficiaries(caller: Caller, listing: Annotated[BeneficiaryListing, Query()], request: Request) -> Response:
    """People by name in any script, place, sex, birth and family. It is recorded whom the caller looked at."""
    with reading(caller) as db:
        return answer_page(request, queries.beneficiaries(db, listing))


@router.get("/{beneficiary_id}", response_model=BeneficiaryRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_beneficiary(caller: Caller, beneficiary_id: BeneficiaryId, request: Request) -> Response:
    """One person. It is recorded that the caller looked."""
    with reading(caller) as db:
        return answer_if_changed(request, queries.beneficiary(db, beneficiary_id))


@router.patch("/{beneficiary_id}", response_model=BeneficiaryRead, dependencies=[allow(policy.WRITE)], responses=_UPDATE)
def update_beneficiary(caller: Caller, beneficiary_id: BeneficiaryId, version: IfMatch, body: BeneficiaryUpdate) -> Response:
    """Correct what is known of a person; the other script and the search follow the name."""
    with begin(caller) as db:
        return answer(queries.beneficiary_of(actions.update_beneficiary(db, beneficiary_id, version=version, body=body)))
