"""Logging in while the account is shut out or gets another password: whoever comes second sees what the first one did."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.database import Database
from app.identity.actions import accounts, sessions
from app.identity.models import Account, LoginSession
from tests.callers import Caller
from tests.identity.conftest import Person

NEW = "another sentence that nobody guesses"
Hook = Callable[[Any, str, Callable[[], object]], list[object]]


@pytest.fixture
def first_do(monkeypatch: pytest.MonkeyPatch) -> Hook:
    """Before a function of this name runs, do something else once; answers the list of what came of it."""

    def put(where: Any, name: str, do: Callable[[], object]) -> list[object]:
        done: list[object] = []
        real = getattr(where, name)

        def run(*given: Any, **named: Any) -> Any:
            if not done:
                done.append(None)
                done.append(do())
            return real(*given, **named)

        monkeypatch.setattr(where, name, run)
        return done

    return put


def open_sessions(db: Database, person: Person) -> int:
    mine = (LoginSession.account_id == uuid.UUID(person.account["id"]), LoginSession.ended_at.is_(None))
    with db.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(LoginSession.__table__).where(*mine)).scalar_one())


@pytest.mark.parametrize("ending", ["disable", "password"])
def test_what_ended_during_the_slow_comparison_opens_no_session(
    person: Person, administrator: Caller, db: Database, first_do: Hook, ending: str
) -> None:
    """The row was read before it; the password compared is right, and right no longer."""

    def end() -> int:
        if ending == "disable":
            return administrator.post(f"{person.url}/disable", version=1).status_code
        return administrator.patch(person.url, {"password": NEW}, version=1).status_code

    done = first_do(sessions, "matches", end)
    refused = person.attempt()
    assert done[1] == 200
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")
    assert open_sessions(db, person) == 0


def is_held(db: Database, person: Person) -> bool:
    """Whether another transaction holds the account's row at this moment."""
    row = sa.select(Account.__table__.c.id).where(Account.__table__.c.id == uuid.UUID(person.account["id"]))
    with db.engine.connect() as connection:
        try:
            connection.execute(row.with_for_update(nowait=True))
        except OperationalError as error:
            return getattr(error.orig, "sqlstate", "") == "55P03"
    return False


@pytest.mark.postgresql
def test_the_row_is_held_by_whoever_opens_or_ends_sessions(person: Person, administrator: Caller, db: Database, first_do: Hook) -> None:
    """Else a session that is opened between the reading of the open ones and the commit would outlive them."""
    held = lambda: is_held(db, person)  # noqa: E731 – said once, used often.
    seen = {"log in": first_do(sessions, "_tokens", held)}
    tokens = person.log_in()
    seen["own password"] = first_do(accounts, "end_sessions", held)
    own = {"current": person.password, "new": NEW}
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert person.client.post("/v1/me/password", json=own, headers=headers).status_code == 204
    seen["set password"] = first_do(accounts, "end_sessions", held)
    changed = administrator.patch(person.url, {"password": person.password}, version=2)
    assert changed.status_code == 200, changed.text
    seen["disabled"] = first_do(accounts, "end_sessions", held)
    assert administrator.post(f"{person.url}/disable", version=changed.json()["version"]).status_code == 200
    assert {name: done[1] for name, done in seen.items()} == dict.fromkeys(seen, True)
