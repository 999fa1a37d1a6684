"""HTTP of organizations."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity.actions.administrators import LastAdministrator
from app.identity.door import Caller, allow
from app.identity.revocations import revocations
from app.listing import Page
from app.partners import policy, queries
from app.partners.actions import organizations as actions
from app.partners.actions.organizations import KindInUse
from app.partners.schemas import OrganizationCreate, OrganizationListing, OrganizationRead, OrganizationUpdate
from app.problems import IdTaken, Invalid, NotFound, Stale, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/organizations", tags=["organizations"])


@router.get("", response_model=Page[OrganizationRead], dependencies=[allow(policy.READ)])
def list_organizations(caller: Caller, listing: Annotated[OrganizationListing, Query()], request: Request) -> Response:
    """The partner organizations by name, kind, place and day, with their published contacts; the name in any script."""
    with reading(caller) as db:
        return answer_page(request, queries.organizations(db, listing))


@router.post(
    "",
    response_model=OrganizationRead,
    status_code=201,
    dependencies=[allow(policy.ORGANIZATIONS_WRITE)],
    responses=problems(IdTaken, Invalid),
)
def create_organization(caller: Caller, body: OrganizationCreate) -> Response:
    """Register an organization. Phones are kept as written; a contact's `phone_e164` is null where no number could be read from it."""
    with begin(caller) as db:
        organization, again = actions.create_organization(db, body=body)
        return created(queries.organization(db, organization.id), f"/v1/organizations/{organization.id}", again=again)


@router.get("/{organization_id}", response_model=OrganizationRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_organization(caller: Caller, organization_id: Id, known: IfNoneMatch) -> Response:
    """One organization."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.organization(db, organization_id))


@router.patch(
    "/{organization_id}",
    response_model=OrganizationRead,
    dependencies=[allow(policy.ORGANIZATIONS_WRITE)],
    responses=problems(NotFound, KindInUse, LastAdministrator, Stale, Invalid),
)
def update_organization(caller: Caller, organization_id: Id, version: IfMatch, body: OrganizationUpdate) -> Response:
    """Change an organization. Where it ends or merges, give `valid_to` and, if there is one, the successor.

    Before `valid_from` and after `valid_to` nobody of it is let in: log-in, refresh and every token of its accounts and service clients are
    refused. The organization that runs the installation ends only when an administrator of another one is there to go on.
    """
    with begin(caller) as db:
        actions.update_organization(db, organization_id, version=version, body=body)
        response = answer(queries.organization(db, organization_id))
    revocations.forget()
    return response
