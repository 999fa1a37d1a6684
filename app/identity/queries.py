"""Reads of accounts and service clients."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.fetch import Single
from app.access.transaction import Rows
from app.identity.models import Account, ServiceClient
from app.identity.schemas import AccountListing, AccountRead, ServiceClientListing, ServiceClientRead
from app.listing import Found, Keyset, by_age, filters_of

_account = sa.select(*(getattr(Account, name) for name in AccountRead.model_fields))
_client = sa.select(*(getattr(ServiceClient, name) for name in ServiceClientRead.model_fields))
_ONE_ACCOUNT = Single("account.one", _account, Account.id)
_ONE_CLIENT = Single("service_client.one", _client, ServiceClient.id)
_BY_ORGANIZATION = {"organization_id": Account.organization_id == bindparam("organization_id")}
_ACCOUNTS = Keyset("account.list", _account, key=Account.id, sorts=by_age(Account), filters=_BY_ORGANIZATION)  # type: ignore[arg-type]
_CLIENTS = Keyset("service_client.list", _client, key=ServiceClient.id, sorts=by_age(ServiceClient), filters={})


def account(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One account; NotFound."""
    return _ONE_ACCOUNT.one(db, key)


def service_client(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One service client; NotFound."""
    return _ONE_CLIENT.one(db, key)


def accounts(db: Rows, listing: AccountListing) -> Found:
    """A page of accounts."""
    return _ACCOUNTS.page(db, listing, filters_of(listing, "organization_id"))


def service_clients(db: Rows, listing: ServiceClientListing) -> Found:
    """A page of service clients."""
    return _CLIENTS.page(db, listing, {})
