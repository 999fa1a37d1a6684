"""HTTP of service clients."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity import policy, queries
from app.identity.actions import clients as actions
from app.identity.door import Caller, allow, secret_answer
from app.identity.revocations import revocations
from app.identity.schemas import ServiceClientCreate, ServiceClientCreated, ServiceClientListing, ServiceClientRead
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/service-clients", tags=["service clients"])


@router.post(
    "",
    response_model=ServiceClientCreated,
    status_code=201,
    dependencies=[allow(policy.CLIENTS_WRITE), Depends(secret_answer)],
    responses=problems(IdTaken, Invalid),
)
def create_service_client(caller: Caller, body: ServiceClientCreate) -> Response:
    """Register a script. Its secret stands in this answer and nowhere else; for a safe retry choose the `id` yourself."""
    with begin(caller) as db:
        client, secret = actions.create_client(db, body=body)
        shown = {**queries.service_client(db, client.id), "client_secret": secret}
        return created(shown, f"/v1/service-clients/{client.id}", again=secret is None)


@router.get("", response_model=Page[ServiceClientRead], dependencies=[allow(policy.CLIENTS_READ)])
def list_service_clients(caller: Caller, listing: Annotated[ServiceClientListing, Query()], request: Request) -> Response:
    """Service clients of one's own organization; an administrator sees all."""
    with reading(caller) as db:
        return answer_page(request, queries.service_clients(db, listing))


@router.get("/{client_key}", response_model=ServiceClientRead, dependencies=[allow(policy.CLIENTS_READ)], responses=problems(NotFound))
def get_service_client(caller: Caller, client_key: Id, known: IfNoneMatch) -> Response:
    """One service client."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.service_client(db, client_key))


@router.post(
    "/{client_key}/rotate-secret",
    response_model=ServiceClientCreated,
    dependencies=[allow(policy.CLIENTS_WRITE), Depends(secret_answer)],
    responses=problems(NotFound, Stale),
)
def rotate_client_secret(caller: Caller, client_key: Id, version: IfMatch) -> Response:
    """Give the script a new secret; the old one and every token end at once."""
    with begin(caller) as db:
        _, secret = actions.rotate_secret(db, client_key, version=version)
        response = answer({**queries.service_client(db, client_key), "client_secret": secret})
    revocations.forget()
    return response


@router.post(
    "/{client_key}/disable",
    response_model=ServiceClientRead,
    dependencies=[allow(policy.CLIENTS_WRITE)],
    responses=problems(NotFound, WrongState, Stale),
)
def disable_service_client(caller: Caller, client_key: Id, version: IfMatch) -> Response:
    """Shut a script out at once."""
    with begin(caller) as db:
        actions.disable_client(db, client_key, version=version)
        response = answer(queries.service_client(db, client_key))
    revocations.forget()
    return response


@router.post(
    "/{client_key}/enable",
    response_model=ServiceClientRead,
    dependencies=[allow(policy.CLIENTS_WRITE)],
    responses=problems(NotFound, WrongState, Stale),
)
def enable_service_client(caller: Caller, client_key: Id, version: IfMatch) -> Response:
    """Let a script in again."""
    with begin(caller) as db:
        actions.enable_client(db, client_key, version=version)
        response = answer(queries.service_client(db, client_key))
    revocations.forget()
    return response
