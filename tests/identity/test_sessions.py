"""Logging in, refreshing, logging out, changing one's password."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from sqlmodel import SQLModel

from app.database import Database, now
from app.identity import models, passwords
from app.identity.actions import sessions
from app.identity.models import Account, LoginSession
from tests.callers import PASSWORD, Callers
from tests.client import Client
from tests.identity.conftest import Person
from tests.identity.forging import read
from tests.racing import together

UNEQUAL = {"request_id"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock of sessions forward by so many seconds from the real one."""

    def forward(seconds: float) -> None:
        for module in (sessions, models):
            monkeypatch.setattr(module, "now", lambda: now() + timedelta(seconds=seconds))

    return forward


def session_of(db: Database, person: Person) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(sa.select(LoginSession.__table__).where(LoginSession.account_id == uuid.UUID(person.account["id"]))).one()


# --- logging in ---------------------------------------------------------------------------------------------------------------
def test_tokens_are_given_for_the_right_password(person: Person) -> None:
    response = person.attempt()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    found = response.json()
    assert found.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 900)
    claims = read(found["access_token"].split(".")[1])
    assert claims["iss"] == "https://himoya.example"
    assert claims["exp"] - claims["iat"] == 900
    assert claims["nbf"] == claims["iat"]
    assert (claims["sub"], claims["role"], claims["duty"], claims["territory"]) == (person.account["id"], "ngo", "specialist", "1733")
    assert claims["organization"] == person.account["organization_id"]
    me = person.me(found)
    assert me.status_code == 200
    assert me.json()["email"] == person.email
    assert "accounts:write" not in me.json()["permissions"]


def test_an_email_is_the_same_however_it_is_written(person: Person) -> None:
    assert person.attempt(email=f"  {person.email.upper()} ").status_code == 200


def test_wrong_and_unknown_are_not_told_apart(person: Person, make_person: Callable[..., Person], administrator: Any) -> None:
    """Neither by status, body nor headers; a disabled account with the right password looks the same too."""
    shut = make_person()
    assert administrator.post(f"{shut.url}/disable", version=1).status_code == 200
    answers = [
        person.attempt("wrong password here"),
        person.attempt(email="nobody@test.example"),
        shut.attempt("wrong password here"),
        shut.attempt(),
    ]
    first = answers[0]
    assert first.status_code == 401
    assert first.json()["code"] == "wrong_credentials"
    for answer in answers:
        assert answer.status_code == first.status_code
        assert {key: value for key, value in answer.json().items() if key not in UNEQUAL} == {
            key: value for key, value in first.json().items() if key not in UNEQUAL
        }
        same = {key: value for key, value in answer.headers.items() if key != "x-request-id"}
        assert same == {key: value for key, value in first.headers.items() if key != "x-request-id"}


def test_an_unknown_account_costs_as_much_as_a_known_one(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not timed: the slow comparison itself must run once in every case."""
    seen: list[str] = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, stored, given: (seen.append(stored), real(self, stored, given))[1])
    for attempt in ((None, "nobody@test.example"), ("wrong password here", None)):
        person.attempt(*attempt)
        assert len(seen) == 1
        seen.clear()


def test_passwords_are_stored_as_argon2id(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    stored = passwords.hashed("a sentence that nobody guesses")
    found = extract_parameters(stored)
    assert found.type is Type.ID
    assert found.memory_cost >= 19 * 1024, "OWASP's least, in KiB"
    assert found.time_cost >= 2
    assert passwords.matches(stored, "a sentence that nobody guesses")
    assert not passwords.matches(stored, "a sentence that nobody guesse")
    assert not passwords.matches(None, "a sentence that nobody guesses")
    assert not passwords.matches("no hash at all", "x")


def test_malformed_log_ins(client: Client, person: Person) -> None:
    for body in ({}, {"email": person.email}, {"email": 1, "password": "x"}, {"email": person.email, "password": "x", "more": 1}, [], None):
        assert client.post("/v1/auth/login", json=body).status_code == 422
    for email in ("x", "@", "a@b", "a b@c.d", "x" * 300 + "@a.b", ""):
        assert client.post("/v1/auth/login", json={"email": email, "password": "x"}).status_code == 422
    assert client.post("/v1/auth/login", json={"email": person.email, "password": "x" * 201}).status_code == 422
    refused = client.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD, "otp": "123456"})
    assert PASSWORD not in refused.text
    assert "123456" not in refused.text


# --- refreshing ---------------------------------------------------------------------------------------------------------------
def test_a_refresh_token_is_spent_by_its_use(person: Person) -> None:
    first = person.log_in()
    second = person.refresh(first)
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    third = person.refresh(second.json())
    assert third.status_code == 200
    for tokens in (first, second.json(), third.json()):
        assert person.me(tokens).status_code == 200, "access tokens of the same session live on"


def test_a_lost_answer_is_given_again_within_the_grace(person: Person, clock: Callable[[float], None]) -> None:
    first = person.log_in()
    lost = person.refresh(first).json()
    clock(29)
    again = person.refresh(first)
    assert again.status_code == 200
    assert again.json()["refresh_token"] == lost["refresh_token"]
    assert person.refresh(lost).status_code == 200


def test_a_spent_token_after_the_grace_ends_the_session(person: Person, clock: Callable[[float], None], db: Database) -> None:
    first = person.log_in()
    second = person.refresh(first).json()
    other = person.log_in()
    clock(31)
    reused = person.refresh(first)
    assert reused.status_code == 401
    assert reused.json()["code"] == "session_ended"
    # At once, in this process: the thief's tokens and the owner's.
    for tokens in (first, second):
        assert person.me(tokens).status_code == 401
    assert person.refresh(second).status_code == 401
    assert person.me(other).status_code == 200, "another session of the same person is not touched"
    with db.engine.connect() as connection:
        mine = sa.select(LoginSession.__table__.c.end_reason).where(LoginSession.account_id == uuid.UUID(person.account["id"]))
        reasons = connection.execute(mine).scalars().all()
    assert sorted(str(reason) for reason in reasons) == ["None", "reuse"]


def test_a_token_two_steps_old_has_no_grace(person: Person) -> None:
    first = person.log_in()
    second = person.refresh(first).json()
    assert person.refresh(second).status_code == 200
    assert person.refresh(first).status_code == 401
    assert person.refresh(second).status_code == 401


def test_two_refreshes_at_once_go_one_step(person: Person, db: Database) -> None:
    first = person.log_in()
    answers = together([lambda: person.refresh(first)] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert session_of(db, person).step == 2


def test_a_session_ends_after_thirty_idle_days(person: Person, clock: Callable[[float], None]) -> None:
    day = 86_400
    tokens = person.log_in()
    clock(29 * day)
    tokens = person.refresh(tokens).json()
    clock(58 * day)
    tokens = person.refresh(tokens).json()
    clock(89 * day)
    assert person.refresh(tokens).status_code == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace(".1.", ".2."),
        lambda token: token.replace(".1.", ".01."),
        lambda token: token.replace(".1.", ".١."),
        lambda token: token.replace(".1.", ".-1."),
        lambda token: token.replace(".1.", "." + "1" * 120 + "."),
        lambda token: token.upper(),
        lambda token: token + "é",
        lambda token: token + "=",
        lambda token: ".".join(token.split(".")[:2]),
        lambda token: ".".join([uuid.uuid4().hex, *token.split(".")[1:]]),
        lambda token: token.split(".")[2],
        lambda token: "x",
        lambda token: "...",
        lambda token: "🗝",
    ],
)
def test_forged_refresh_tokens(person: Person, forge: Callable[[str], str]) -> None:
    tokens = person.log_in()
    response = person.refresh({"refresh_token": forge(tokens["refresh_token"])})
    assert response.status_code == 401, response.text
    assert response.json()["code"] == "session_ended"
    assert person.refresh(tokens).status_code == 200, "a forgery does not end the session"


def test_nothing_of_a_token_is_stored(person: Person, db: Database) -> None:
    tokens = person.log_in()
    secret = tokens["refresh_token"].rpartition(".")[2]
    with db.engine.connect() as connection:
        for name in ("login_session", "account", "audit_entry", "idempotency", "login_attempt"):
            text = str(connection.execute(sa.select(SQLModel.metadata.tables[name])).all())
            assert secret not in text
            assert tokens["access_token"].rpartition(".")[2] not in text
            assert PASSWORD not in text


# --- logging out --------------------------------------------------------------------------------------------------------------
def test_logging_out_ends_this_session_at_once(person: Person) -> None:
    here, there = person.log_in(), person.log_in()
    headers = {"Authorization": f"Bearer {here['access_token']}"}
    assert person.client.post("/v1/auth/logout", headers=headers).status_code == 204
    assert person.me(here).status_code == 401
    assert person.refresh(here).status_code == 401
    assert person.client.post("/v1/auth/logout", headers=headers).status_code == 401
    assert person.me(there).status_code == 200
    assert person.refresh(there).status_code == 200


def test_logging_out_needs_a_token(client: Client) -> None:
    assert client.post("/v1/auth/logout").status_code == 401


# --- one's own password -------------------------------------------------------------------------------------------------------
NEW = "another sentence that nobody guesses"


def change(person: Person, tokens: dict[str, Any], current: str = PASSWORD, new: str = NEW) -> Any:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return person.client.post("/v1/me/password", json={"current": current, "new": new}, headers=headers)


def test_a_new_password_ends_every_session(person: Person) -> None:
    here, there = person.log_in(), person.log_in()
    assert change(person, here).status_code == 204
    for tokens in (here, there):
        assert person.me(tokens).status_code == 401
        assert person.refresh(tokens).status_code == 401
    assert person.attempt().status_code == 401
    assert person.attempt(NEW).status_code == 200


def test_the_present_password_is_asked_for_and_not_guessed(person: Person) -> None:
    tokens = person.log_in()
    wrong = change(person, tokens, current="not the password")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/current"
    assert "not the password" not in wrong.text
    for _ in range(4):
        assert change(person, tokens, current="not the password").status_code == 422
    stopped = change(person, tokens)
    assert stopped.status_code == 429, "a stolen access token does not serve to guess the password"
    assert int(stopped.headers["retry-after"]) > 0
    assert person.me(tokens).status_code == 200


def test_the_present_password_is_no_new_one(person: Person) -> None:
    tokens = person.log_in()
    refused = change(person, tokens, new=PASSWORD)
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/new", "same")]
    assert PASSWORD not in refused.text
    assert person.me(tokens).status_code == 200


def test_a_short_password_is_refused(person: Person) -> None:
    tokens = person.log_in()
    for new in ("short", "x" * 11, "x" * 201, "", "with a \u0000 in it ..."):
        assert change(person, tokens, new=new).status_code == 422, new
    assert person.attempt().status_code == 200


def test_an_administrator_sets_a_password(person: Person, administrator: Any) -> None:
    tokens = person.log_in()
    assert administrator.patch(person.url, {"password": NEW}, version=1).status_code == 200
    assert person.me(tokens).status_code == 401
    assert person.refresh(tokens).status_code == 401
    assert person.attempt(NEW).status_code == 200


# --- who am I -----------------------------------------------------------------------------------------------------------------
def test_who_am_i(callers: Callers) -> None:
    state = callers.state(duty="viewer")
    me = state.get("/v1/me").json()
    assert me["id"] == str(state.account.id)
    assert (me["kind"], me["role"], me["duty"], me["administrator"]) == ("account", "state_partner", "viewer", False)
    assert me["permissions"] == sorted(me["permissions"])
    assert "places:read" in me["permissions"]
    assert "etag" not in state.get("/v1/me").headers
    assert "password" not in state.get("/v1/me").text


def test_roles_follow_the_organization(db: Database, callers: Callers) -> None:
    """The pair (organization, role) is held by the database, so that no account can have another organization's role."""
    caller = callers.ngo()
    change = sa.update(Account.__table__).where(Account.id == caller.account.id).values(role="womens_committee")
    with db.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(change)
