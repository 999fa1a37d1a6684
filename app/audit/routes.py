"""HTTP of the trail."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.transaction import reading
from app.answers import answer_page
from app.audit import policy, queries
from app.audit.schemas import AuditEntryRead, AuditListing
from app.identity.door import Caller, allow
from app.listing import Page

router = APIRouter(prefix="/v1/audit-entries", tags=["audit"])


@router.get("", response_model=Page[AuditEntryRead], dependencies=[allow(policy.READ)])
def list_audit_entries(caller: Caller, listing: Annotated[AuditListing, Query()], request: Request) -> Response:
    """What members of one's own organization changed, and where a door did not open for them."""
    with reading(caller) as db:
        return answer_page(request, queries.entries(db, listing))
