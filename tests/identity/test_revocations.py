"""What ends is refused at once in the process that ended it, and within five seconds in the others."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.access.actor import Actor
from app.database import Database
from app.days import today
from app.identity import revocations as revocations_module
from app.identity import standing, tokens
from app.identity.revocations import Revocations, revocations
from app.problems import Unauthenticated
from tests.callers import Caller, Callers
from tests.identity.conftest import Person

THERE = "1718"


class Elsewhere:
    """Another process: its own knowledge of who stands, and a clock that we move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = 1000.0
        self.revocations = Revocations(clock=lambda: self.moment)
        self.loads = 0
        real = self.revocations.load

        def load(older_than: float) -> None:
            self.loads += 1
            real(older_than)

        monkeypatch.setattr(self.revocations, "load", load)

    def admits(self, token: str) -> bool:
        """Whether a request with this token would pass there now, with whatever it started in the background done."""

        async def ask() -> None:
            try:
                await self.revocations.check(tokens.verify(token))
            finally:
                if self.revocations._background is not None:
                    await self.revocations._background
                    self.revocations._background = None

        try:
            asyncio.run(ask())
        except Unauthenticated:
            return False
        return True


@pytest.fixture
def elsewhere(db: Database, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    return Elsewhere(monkeypatch)


ENDINGS: dict[str, dict[str, Any] | str] = {
    "disabled": "disable",
    "duty": {"duty": "viewer"},
    "territory": {"territory": THERE},
    "mark": {"duty": "manager", "administrator": True},
    "password": {"password": "a sentence that somebody else set"},
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_old_token_is_refused_at_once(person: Person, administrator: Caller, ending: str) -> None:
    tokens_before = person.log_in()
    assert person.me(tokens_before).status_code == 200
    change = ENDINGS[ending]
    if isinstance(change, str):
        assert administrator.post(f"{person.url}/{change}", version=1).status_code == 200
    else:
        assert administrator.patch(person.url, change, version=1).status_code == 200
    assert person.me(tokens_before).status_code == 401


def test_a_change_that_is_no_right_leaves_the_token(person: Person, administrator: Caller) -> None:
    before = person.log_in()
    assert administrator.patch(person.url, {"name": "Another Name"}, version=1).status_code == 200
    assert person.me(before).status_code == 200


def test_new_rights_come_with_the_next_refresh(person: Person, administrator: Caller) -> None:
    before = person.log_in()
    administrator.patch(person.url, {"duty": "viewer", "territory": THERE}, version=1)
    assert person.me(before).status_code == 401
    after = person.refresh(before)
    assert after.status_code == 200, "the session goes on, with the new rights"
    me = person.me(after.json()).json()
    assert (me["duty"], me["territory"]) == ("viewer", THERE)


def test_a_disabled_account_gets_nothing_and_comes_back_only_by_logging_in(person: Person, administrator: Caller) -> None:
    before = person.log_in()
    disabled = administrator.post(f"{person.url}/disable", version=1)
    assert disabled.json()["disabled_at"] is not None
    assert person.refresh(before).status_code == 401
    assert person.attempt().status_code == 401
    assert administrator.post(f"{person.url}/disable", version=disabled.json()["version"]).json()["code"] == "wrong_state"
    enabled = administrator.post(f"{person.url}/enable", version=disabled.json()["version"])
    assert enabled.json()["disabled_at"] is None
    assert person.me(before).status_code == 401
    assert person.refresh(before).status_code == 401
    assert person.me(person.log_in()).status_code == 200


def test_another_process_refuses_within_five_seconds(person: Person, elsewhere: Elsewhere) -> None:
    before = person.log_in()["access_token"]
    assert elsewhere.admits(before)
    person.client.post("/v1/auth/logout", headers={"Authorization": f"Bearer {before}"})
    assert elsewhere.admits(before), "it has not asked again yet"
    elsewhere.moment += 5.0
    assert not elsewhere.admits(before)


@pytest.mark.parametrize("change", [{"duty": "viewer"}, {"territory": THERE}, {"password": "a sentence that somebody else set"}])
def test_another_process_refuses_old_rights(person: Person, administrator: Caller, elsewhere: Elsewhere, change: dict[str, Any]) -> None:
    before = person.log_in()["access_token"]
    assert elsewhere.admits(before)
    assert administrator.patch(person.url, change, version=1).status_code == 200
    elsewhere.moment += 5.0
    assert not elsewhere.admits(before)


def test_another_process_refuses_whose_organization_has_ended(callers: Callers, administrator: Caller, elsewhere: Elsewhere) -> None:
    caller = callers.committee()
    assert elsewhere.admits(caller.token)
    url = f"/v1/organizations/{caller.organization_id}"
    assert administrator.patch(url, {"valid_to": str(today() - timedelta(days=1))}, version=1).status_code == 200
    elsewhere.moment += 5.0
    assert not elsewhere.admits(caller.token)
    assert administrator.patch(url, {"valid_to": None}, version=2).status_code == 200
    elsewhere.moment += 5.0
    assert elsewhere.admits(caller.token)


def test_an_organization_ends_by_the_calendar_though_nobody_does_anything(
    callers: Callers, administrator: Caller, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, last = callers.committee(), today()
    assert administrator.patch(f"/v1/organizations/{caller.organization_id}", {"valid_to": str(last)}, version=1).status_code == 200
    assert elsewhere.admits(caller.token), "its last day belongs to it"
    monkeypatch.setattr(standing, "today", lambda: last + timedelta(days=1))
    assert elsewhere.admits(caller.token), "it has not asked again yet"
    elsewhere.moment += 5.0
    assert not elsewhere.admits(caller.token)


def test_with_steady_traffic_it_asks_in_the_background(person: Person, elsewhere: Elsewhere) -> None:
    before = person.log_in()["access_token"]
    for _ in range(9):
        assert elsewhere.admits(before)
        elsewhere.moment += 0.2
    assert elsewhere.loads == 1, "not at every request"
    person.client.post("/v1/auth/logout", headers={"Authorization": f"Bearer {before}"})
    elsewhere.moment += 1.0
    assert elsewhere.admits(before), "this request does not wait; it makes the process ask"
    assert elsewhere.loads == 2
    assert not elsewhere.admits(before)


def test_a_failed_look_in_the_background_stops_nobody(person: Person, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    before = person.log_in()["access_token"]
    assert elsewhere.admits(before)

    def broken(_older_than: float) -> None:
        raise RuntimeError

    monkeypatch.setattr(elsewhere.revocations, "load", broken)
    elsewhere.moment += 3.0
    assert elsewhere.admits(before)


def test_it_does_not_pass_blindly_when_it_cannot_ask(person: Person, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    before = person.log_in()["access_token"]

    def broken(_older_than: float) -> None:
        raise RuntimeError

    monkeypatch.setattr(elsewhere.revocations, "load", broken)
    with pytest.raises(RuntimeError):
        elsewhere.admits(before)


def test_after_something_ended_the_very_next_request_asks(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = callers.ngo()
    assert caller.get("/v1/me").status_code == 200
    asked: list[float] = []
    real = revocations.load
    monkeypatch.setattr(revocations, "load", lambda older_than: (asked.append(older_than), real(older_than))[1])
    caller.get("/v1/me")
    assert asked == []
    revocations.forget()
    caller.get("/v1/me")
    assert len(asked) == 1
    caller.get("/v1/me")
    assert len(asked) == 1


def test_a_client_without_a_session_is_not_taken_for_an_ended_one(db: Database) -> None:
    found = Revocations()
    actor = Actor(uuid.uuid4(), "ngo", organization_id=uuid.uuid4(), territory="17", kind="client", session="")
    asyncio.run(found.check(actor))
    assert "" not in found.sessions


def test_loads_do_not_pile_up(db: Database, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many threads that find the knowledge old ask the database once."""
    reads: list[int] = []
    real: Callable[..., Any] = revocations_module.reading
    monkeypatch.setattr(revocations_module, "reading", lambda visit: (reads.append(1), real(visit))[1])
    found = Revocations()
    for _ in range(5):
        found.load(2.0)
    assert len(reads) == 1
