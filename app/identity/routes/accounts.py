"""HTTP of accounts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity import policy, queries
from app.identity.actions import accounts as actions
from app.identity.actions.administrators import LastAdministrator
from app.identity.door import Caller, allow
from app.identity.revocations import revocations
from app.identity.schemas import AccountCreate, AccountListing, AccountRead, AccountUpdate
from app.listing import Page
from app.problems import AlreadyExists, IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])


@router.post(
    "",
    response_model=AccountRead,
    status_code=201,
    dependencies=[allow(policy.ACCOUNTS_WRITE)],
    responses=problems(AlreadyExists, IdTaken, Invalid),
)
def create_account(caller: Caller, body: AccountCreate) -> Response:
    """Make an account; its role is that of the organization."""
    with begin(caller) as db:
        account, again = actions.create_account(db, body=body)
        return created(queries.account(db, account.id), f"/v1/accounts/{account.id}", again=again)


@router.get("", response_model=Page[AccountRead], dependencies=[allow(policy.ACCOUNTS_READ)])
def list_accounts(caller: Caller, listing: Annotated[AccountListing, Query()], request: Request) -> Response:
    """Accounts of one's own organization; an administrator sees all."""
    with reading(caller) as db:
        return answer_page(request, queries.accounts(db, listing))


@router.get("/{account_id}", response_model=AccountRead, dependencies=[allow(policy.ACCOUNTS_READ)], responses=problems(NotFound))
def get_account(caller: Caller, account_id: Id, known: IfNoneMatch) -> Response:
    """One account."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.account(db, account_id))


@router.patch(
    "/{account_id}",
    response_model=AccountRead,
    dependencies=[allow(policy.ACCOUNTS_WRITE)],
    responses=problems(NotFound, Stale, Invalid, LastAdministrator),
)
def update_account(caller: Caller, account_id: Id, version: IfMatch, body: AccountUpdate) -> Response:
    """Change an account. New rights hold at once: tokens given out under the old ones are refused.

    The last administrator keeps the mark: give it to another account first.
    """
    with begin(caller) as db:
        actions.update_account(db, account_id, version=version, body=body)
        response = answer(queries.account(db, account_id))
    revocations.forget()
    return response


@router.post(
    "/{account_id}/disable",
    response_model=AccountRead,
    dependencies=[allow(policy.ACCOUNTS_WRITE)],
    responses=problems(NotFound, WrongState, Stale, LastAdministrator),
)
def disable_account(caller: Caller, account_id: Id, version: IfMatch) -> Response:
    """Shut a person out at once: every session and token ends. The last administrator stays: make another one first."""
    with begin(caller) as db:
        actions.disable_account(db, account_id, version=version)
        response = answer(queries.account(db, account_id))
    revocations.forget()
    return response


@router.post(
    "/{account_id}/enable",
    response_model=AccountRead,
    dependencies=[allow(policy.ACCOUNTS_WRITE)],
    responses=problems(NotFound, WrongState, Stale),
)
def enable_account(caller: Caller, account_id: Id, version: IfMatch) -> Response:
    """Let a person in again."""
    with begin(caller) as db:
        actions.enable_account(db, account_id, version=version)
        response = answer(queries.account(db, account_id))
    revocations.forget()
    return response
