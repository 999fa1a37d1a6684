"""Callers of every role, made as rows and tokens without the slow road through a password."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx

from app.access.transaction import as_system, begin
from app.identity import tokens
from app.identity.actions.sessions import actor_of
from app.identity.models import Account, LoginSession
from app.partners.models import Organization
from tests.client import Client

PASSWORD = "a sentence that nobody guesses"
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$unusable"


@dataclass
class Caller:
    """A client that speaks for one account."""

    client: Client
    account: Account
    token: str

    @property
    def organization_id(self) -> str:
        """The caller's organization."""
        return str(self.account.organization_id)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.request(method, url, headers=headers, **options)

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, json: Any = None, *, version: int | None = None, key: str | None = None, **options: Any) -> httpx.Response:
        return self.request("POST", url, json=json, headers=_headers(version, key) | options.pop("headers", {}), **options)

    def patch(self, url: str, json: Any = None, *, version: int | None = None, **options: Any) -> httpx.Response:
        return self.request("PATCH", url, json=json, headers=_headers(version, None), **options)

    def put(self, url: str, json: Any = None, *, version: int | None = None, **options: Any) -> httpx.Response:
        return self.request("PUT", url, json=json, headers=_headers(version, None), **options)

    def delete(self, url: str, *, version: int | None = None, **options: Any) -> httpx.Response:
        return self.request("DELETE", url, headers=_headers(version, None), **options)


def _headers(version: int | None, key: str | None) -> dict[str, str]:
    found = {} if version is None else {"If-Match": f'"{version}"'}
    return found if key is None else {**found, "Idempotency-Key": key}


class Callers:
    """Makes callers; each call is a new account, and a new organization unless one is given."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def make(
        self,
        kind: str,
        territory: str = "17",
        *,
        duty: str = "manager",
        organization_id: str | uuid.UUID | None = None,
        administrator: bool = False,
    ) -> Caller:
        """An account of any role."""
        with begin(as_system("test")) as db:
            if organization_id is None:
                organization = Organization(kind=kind, name_en=f"{kind} {uuid.uuid4().hex[:6]}", territory=territory)
                db.add(organization)
                db.flush()
                organization_id = organization.id
            account = Account(
                email=f"{uuid.uuid4().hex}@test.example",
                password_hash=HASH,
                name="Test",
                organization_id=uuid.UUID(str(organization_id)),
                role=kind,
                duty=duty,
                territory=territory,
                administrator=administrator,
            )
            db.add(account)
            db.flush()
            session = LoginSession(account_id=account.id)
            db.add(session)
            token = tokens.issue(actor_of(account, session=session.id))
        return Caller(self.client, account, token)

    def ngo(self, territory: str = "17", **options: Any) -> Caller:
        """Of the NGO."""
        return self.make("ngo", territory, **options)

    def committee(self, territory: str = "1733", **options: Any) -> Caller:
        """Of the Women's Committee."""
        return self.make("womens_committee", territory, **options)

    def state(self, territory: str = "1733", **options: Any) -> Caller:
        """Of a state partner."""
        return self.make("state_partner", territory, **options)

    def administrator(self) -> Caller:
        """Who runs the installation."""
        return self.ngo(administrator=True)
