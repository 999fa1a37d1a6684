"""HTTP of circumstances."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.fields import FieldConcealed
from app.access.guard import OutOfScope
from app.access.transaction import Rows, begin, reading
from app.answers import IfMatch, answer, answer_page
from app.beneficiaries.models import Merged, WasForgotten
from app.beneficiaries.routes.beneficiaries import BeneficiaryId
from app.circumstances import actions, policy, queries
from app.circumstances.schemas import CircumstancesListing, CircumstancesPut, CircumstancesRead, CircumstancesUpdate
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import Invalid, NotFound, Stale, problems

router = APIRouter(prefix="/v1", tags=["circumstances"])
_ONE = "/beneficiaries/{beneficiary_id}/circumstances"
_WRITE = {
    201: {"model": CircumstancesRead, "description": "Recorded for the first time."},
    **problems(NotFound, Merged, WasForgotten, Stale, Invalid, OutOfScope),
}


def _written(db: Rows, beneficiary_id: uuid.UUID, *, first: bool) -> Response:
    shown = queries.circumstances(db, beneficiary_id)
    return answer(shown, 201, location=f"/v1/beneficiaries/{beneficiary_id}/circumstances") if first else answer(shown)


@router.get("/circumstances", response_model=Page[CircumstancesRead], dependencies=[allow(policy.READ)], responses=problems(FieldConcealed))
def list_circumstances(caller: Caller, listing: Annotated[CircumstancesListing, Query()], request: Request) -> Response:
    """People by school, disability, immunization and missing papers: the lists that an organization works through. Only people of whom
    something was recorded. It is recorded whom the caller looked at.
    """
    with reading(caller) as db:
        return answer_page(request, queries.all_circumstances(db, listing))


@router.get(_ONE, response_model=CircumstancesRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_circumstances(caller: Caller, beneficiary_id: BeneficiaryId) -> Response:
    """What is known of one person. Before anything was recorded it is an empty record of version 0, so that it is filled in as any
    other is changed: by its `ETag`. The person's name and a consent change without a new version, so this is always answered in full,
    whatever `If-None-Match` says. It is recorded that the caller looked. For a partner to whom no part of it is open it is not there.
    """
    with reading(caller) as db:
        return answer(queries.circumstances(db, beneficiary_id))


@router.put(_ONE, response_model=CircumstancesRead, dependencies=[allow(policy.WRITE)], responses=_WRITE)
def put_circumstances(caller: Caller, beneficiary_id: BeneficiaryId, version: IfMatch, body: CircumstancesPut) -> Response:
    """Record all that is known of a person; what is left out is emptied. The first time, `If-Match` is `"0"`."""
    with begin(caller) as db:
        first = actions.put_circumstances(db, beneficiary_id, version=version, body=body)
        return _written(db, beneficiary_id, first=first)


@router.patch(_ONE, response_model=CircumstancesRead, dependencies=[allow(policy.WRITE)], responses=_WRITE)
def update_circumstances(caller: Caller, beneficiary_id: BeneficiaryId, version: IfMatch, body: CircumstancesUpdate) -> Response:
    """Record what changed; fields left out stay. The first time, `If-Match` is `"0"`."""
    with begin(caller) as db:
        first = actions.update_circumstances(db, beneficiary_id, version=version, body=body)
        return _written(db, beneficiary_id, first=first)
