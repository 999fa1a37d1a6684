"""Accounts that log in with a password, and clients of other addresses."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest
from argon2 import PasswordHasher

from app.identity import passwords
from tests.callers import PASSWORD, Caller, Callers
from tests.client import Client


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost of a hash is looked at in one test; the others are about what it decides."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)
    monkeypatch.setattr(passwords, "_decoy", quick.hash("decoy"))


@dataclass
class Person:
    """An account that was made over HTTP, with its password."""

    client: Client
    account: dict[str, Any]
    password: str = PASSWORD

    @property
    def email(self) -> str:
        return str(self.account["email"])

    @property
    def url(self) -> str:
        return f"/v1/accounts/{self.account['id']}"

    def attempt(self, password: str | None = None, email: str | None = None) -> httpx.Response:
        """A log-in, with whatever is wrong about it."""
        return self.client.post("/v1/auth/login", json={"email": email or self.email, "password": password or self.password})

    def log_in(self) -> dict[str, Any]:
        """The tokens."""
        response = self.attempt()
        assert response.status_code == 200, response.text
        return dict(response.json())

    def me(self, tokens: dict[str, Any]) -> httpx.Response:
        return self.client.get("/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    def refresh(self, tokens: dict[str, Any]) -> httpx.Response:
        return self.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})


@pytest.fixture
def administrator(callers: Callers) -> Caller:
    return callers.administrator()


@pytest.fixture
def make_person(client: Client, administrator: Caller) -> Callable[..., Person]:
    """Make an account in the administrator's organization, unless told otherwise."""

    def make(**more: Any) -> Person:
        body = {
            "email": f"{uuid.uuid4().hex}@test.example",
            "name": "Test Person",
            "password": PASSWORD,
            "organization_id": administrator.organization_id,
            "duty": "specialist",
            "territory": "1733",
            **more,
        }
        response = administrator.post("/v1/accounts", body)
        assert response.status_code == 201, response.text
        return Person(client, response.json(), body["password"])

    return make


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    return make_person()


@pytest.fixture
def move_to(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From now on the client's requests come from this address."""
    return lambda address: monkeypatch.setattr(client._transport, "client", (address, 50000))
