"""HTTP of what is open to whom."""

from fastapi import APIRouter, Response

from app.access.transaction import reading
from app.answers import answer
from app.beneficiaries.routes.beneficiaries import BeneficiaryId
from app.beneficiaries.routes.families import FamilyId
from app.consents import policy, queries
from app.consents.schemas import CoverageRead
from app.identity.door import Caller, allow
from app.problems import NotFound, problems

router = APIRouter(prefix="/v1", tags=["consents"])


@router.get(
    "/families/{family_id}/consent-coverage",
    response_model=CoverageRead,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound),
)
def get_family_consent_coverage(caller: Caller, family_id: FamilyId) -> Response:
    """Who may see what of a family and its members right now, through which consent. Another organization sees what is open to itself."""
    with reading(caller) as db:
        return answer(queries.family_coverage(db, family_id))


@router.get(
    "/beneficiaries/{beneficiary_id}/consent-coverage",
    response_model=CoverageRead,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound),
)
def get_beneficiary_consent_coverage(caller: Caller, beneficiary_id: BeneficiaryId) -> Response:
    """Who may see what of a person right now, and through which consent. Another organization sees what is open to itself."""
    with reading(caller) as db:
        return answer(queries.person_coverage(db, beneficiary_id))
