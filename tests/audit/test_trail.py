"""An entry for every write, in the write's own transaction, and for every refused door."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.fetch import fetch
from app.access.guard import GuardedSession
from app.access.transaction import as_system, begin
from app.audit import trail
from app.audit.models import AuditEntry
from app.beneficiaries.models import Family
from app.changes import CONCEALED
from app.database import Database
from app.identity.models import Account, LoginAttempt, LoginSession
from app.partners.models import Venue
from app.problems import Conflict
from tests.callers import PASSWORD, Caller, Callers
from tests.client import Client

PLACE = {"district": "1733230", "names": {"uz_latn": "Guliston"}}
_entries: sa.Table = AuditEntry.__table__


def entries(db: Database, **where: Any) -> list[Any]:
    """The trail as it lies in the database, oldest first."""
    with db.engine.connect() as connection:
        found = (
            sa.select(_entries).where(*(_entries.c[name] == value for name, value in where.items())).order_by(_entries.c.at, _entries.c.id)
        )
        return list(connection.execute(found))


@pytest.fixture
def administrator(callers: Callers) -> Caller:
    return callers.administrator()


# --- writes -------------------------------------------------------------------------------------------------------------------
def test_a_created_row(db: Database, administrator: Caller) -> None:
    made = administrator.request("POST", "/v1/places", json=PLACE, headers={"X-Request-ID": "request-0001"})
    (entry,) = entries(db, subject_id=uuid.UUID(made.json()["id"]))
    assert (entry.action, entry.subject_type) == ("place.created", "place")
    assert (entry.actor_id, entry.actor_kind) == (administrator.account.id, "account")
    assert str(entry.organization_id) == administrator.organization_id
    assert entry.request_id == "request-0001"
    assert entry.changes["soato"] == "1733230-0001"
    assert entry.changes["name_uz_latn"] == "Guliston"
    assert "name_ru" not in entry.changes, "what was left empty is not told"
    assert not {"id", "version", "created_at", "updated_at", "origin"} & entry.changes.keys()


def test_a_changed_row(db: Database, administrator: Caller) -> None:
    made = administrator.post("/v1/places", PLACE)
    url, key = made.headers["location"], uuid.UUID(made.json()["id"])
    assert administrator.patch(url, {"is_pilot": True, "valid_from": "2020-01-01"}, version=1).status_code == 200
    entry = entries(db, subject_id=key)[-1]
    assert entry.action == "place.updated"
    assert entry.changes == {"is_pilot": {"before": False, "after": True}, "valid_from": {"before": None, "after": "2020-01-01"}}


def test_a_change_that_changes_nothing_is_no_entry(db: Database, administrator: Caller) -> None:
    made = administrator.post("/v1/places", PLACE)
    before = len(entries(db))
    for body in ({}, {"is_pilot": False}):
        assert administrator.patch(made.headers["location"], body, version=1).status_code == 200
    assert len(entries(db)) == before


def test_a_deleted_row(db: Database, administrator: Caller) -> None:
    with begin(as_system("test")) as session:
        venue = Venue(organization_id=administrator.account.organization_id, territory="1733", name_en="House")
        session.add(venue)
        session.flush()
        key = venue.id
    with begin(as_system("test")) as session:
        session.delete(fetch(session, Venue, key))
    last = entries(db, subject_id=key)[-1]
    assert (last.action, last.changes["name_en"], last.actor_kind) == ("venue.deleted", "House", "system")


def test_a_retry_leaves_one_entry(db: Database, administrator: Caller) -> None:
    for _ in range(3):
        administrator.post("/v1/places", PLACE, key="once")
    assert len(entries(db, action="place.created")) == 1


def test_reads_and_refusals_leave_none(db: Database, administrator: Caller) -> None:
    before = len(entries(db))
    administrator.get("/v1/places")
    assert administrator.post("/v1/places", {**PLACE, "district": "1733999"}).status_code == 422
    assert administrator.post("/v1/places", {}).status_code == 422
    assert administrator.patch("/v1/places/1733230", {"is_pilot": True}, version=9).status_code in (409, 412)
    assert len(entries(db)) == before


# --- one transaction ----------------------------------------------------------------------------------------------------------
def make_family(session: GuardedSession, administrator: Caller, number: str) -> None:
    session.add(Family(number=number, organization_id=administrator.account.organization_id, territory="1733230"))
    session.flush()


def test_what_is_rolled_back_was_never_written(db: Database, administrator: Caller) -> None:
    before = len(entries(db))

    def refuse() -> None:
        with begin(as_system("test")) as session:
            make_family(session, administrator, "one")
            raise Conflict

    with pytest.raises(Conflict):
        refuse()
    assert len(entries(db)) == before


def test_a_commit_that_fails_leaves_none(db: Database, administrator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(entries(db))

    def fail(_self: GuardedSession) -> None:
        raise RuntimeError

    monkeypatch.setattr(GuardedSession, "commit", fail)
    assert administrator.post("/v1/places", PLACE).status_code == 500
    monkeypatch.undo()
    assert len(entries(db)) == before


def test_without_the_entry_there_is_no_write(db: Database, administrator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(trail.changes, "WRITERS", [broken])
    assert administrator.post("/v1/places", PLACE).status_code == 500
    monkeypatch.undo()
    assert administrator.get("/v1/places?level=mahalla").json()["items"] == []


def test_a_savepoint_that_is_rolled_back_leaves_none(db: Database, administrator: Caller) -> None:
    """One item of many fails and is undone alone; the next flush must not bring its entry back."""
    with begin(as_system("test")) as session:
        make_family(session, administrator, "one")
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            make_family(session, administrator, "one")
        make_family(session, administrator, "two")
        kept = [str(key) for key in session.execute(sa.select(Family.id).order_by(Family.number)).scalars()]
    assert [str(entry.subject_id) for entry in entries(db, action="family.created")] == kept
    assert len(kept) == 2


def test_every_write_of_many_has_its_entry(db: Database, administrator: Caller, statements: list[str]) -> None:
    with begin(as_system("test")) as session:
        statements.clear()
        for number in range(20):
            session.add(Family(number=f"f{number}", organization_id=administrator.account.organization_id, territory="1733230"))
        session.flush()
        assert sum("audit_entry" in statement for statement in statements) == 1
    assert len(entries(db, action="family.created")) == 20


# --- what is hidden -----------------------------------------------------------------------------------------------------------
def test_concealed_values_are_stars(db: Database, administrator: Caller) -> None:
    body = {"email": "karimova@test.example", "name": "Karimova Nigora", "password": PASSWORD, "duty": "viewer", "territory": "1733"}
    made = administrator.post("/v1/accounts", {**body, "organization_id": administrator.organization_id}).json()
    administrator.patch(f"/v1/accounts/{made['id']}", {"name": "Karimova Dilnoza", "password": PASSWORD + "!"}, version=1)
    first, last = entries(db, subject_id=uuid.UUID(made["id"]))
    assert {first.changes[name] for name in ("email", "name", "password_hash")} == {"***"}
    assert first.changes["duty"] == "viewer"
    assert last.changes["name"] == last.changes["password_hash"] == {"before": "***", "after": "***"}
    text = str([tuple(entry) for entry in entries(db)])
    for secret in ("karimova@", "Karimova", "argon2", PASSWORD):
        assert secret not in text
    shown = administrator.get(f"/v1/audit-entries?subject={made['id']}")
    assert "Karimova" not in shown.text


def test_what_the_trail_does_not_follow_is_listed() -> None:
    """Housekeeping of log-ins, and the trail itself; every other table is followed."""
    from app.access.declare import DECLARED

    unfollowed = {model.__name__ for model in DECLARED if model not in CONCEALED}
    assert unfollowed == {"AccessEntry", "AuditEntry", "AuditSeal", "Idempotency", LoginAttempt.__name__, LoginSession.__name__}
    assert {"password_hash", "email", "name"} <= CONCEALED[Account]


# --- log-ins ------------------------------------------------------------------------------------------------------------------
def test_log_ins_and_log_outs_are_told(db: Database, callers: Callers, client: Client) -> None:
    administrator = callers.administrator()
    sent = {"email": "who@test.example", "name": "W", "password": PASSWORD, "organization_id": administrator.organization_id}
    account = administrator.post("/v1/accounts", {**sent, "duty": "specialist", "territory": "1733"}).json()["id"]

    def log_in() -> Any:
        return client.post("/v1/auth/login", json={"email": sent["email"], "password": PASSWORD}).json()

    first, second = log_in(), log_in()
    client.post("/v1/auth/logout", headers={"Authorization": f"Bearer {first['access_token']}"})
    spent = second["refresh_token"]
    for _ in range(2):
        second = client.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]}).json()
    assert client.post("/v1/auth/refresh", json={"refresh_token": spent}).status_code == 401
    told = administrator.get("/v1/audit-entries", params={"subject": account, "sort": "at"}).json()["items"][1:]
    assert [one["action"] for one in told] == ["account.logged_in", "account.logged_in", "account.logged_out", "account.session_ended"]
    assert [one["changes"]["end_reason"] for one in told] == [None, None, "logout", "reuse"]
    assert [one["actor_kind"] for one in told] == ["account", "account", "account", "system"], "whoever sent the spent token is not known"
    assert {one["actor_id"] for one in told[:3]} == {account}
    sessions = [one["changes"]["session_id"] for one in told]
    assert sessions == [sessions[0], sessions[1], sessions[0], sessions[1]]
    assert sessions[0] != sessions[1]
    assert client.post("/v1/auth/login", json={"email": sent["email"], "password": "wrong"}).status_code == 401
    assert len(entries(db, subject_id=uuid.UUID(account))) == 5


# --- doors --------------------------------------------------------------------------------------------------------------------
def test_a_refused_door_leaves_an_entry(db: Database, callers: Callers) -> None:
    state = callers.state(duty="viewer")
    response = state.request("POST", "/v1/places", json=PLACE, headers={"X-Request-ID": "request-0002"})
    assert response.status_code == 403
    assert "places:write" in response.json()["detail"]
    (entry,) = entries(db, action="door.refused")
    assert (entry.subject_type, entry.subject_id) == ("operation", None)
    assert (entry.actor_id, str(entry.organization_id), entry.request_id) == (state.account.id, state.organization_id, "request-0002")
    assert entry.changes == {"operation": "add_mahalla", "permission": "places:write"}
    manager = callers.state(organization_id=state.organization_id)
    assert [one["id"] for one in manager.get("/v1/audit-entries?action=door.refused").json()["items"]] == [str(entry.id)]


def test_a_stranger_leaves_none(db: Database, client: Client) -> None:
    client.post("/v1/places", json=PLACE)
    client.post("/v1/places", json=PLACE, headers={"Authorization": "Bearer x"})
    assert entries(db) == []


# --- who reads it -------------------------------------------------------------------------------------------------------------
def test_managers_read_the_trail_of_their_own_organization(client: Client, callers: Callers, administrator: Caller) -> None:
    made = administrator.post("/v1/places", PLACE).json()
    assert client.get("/v1/audit-entries").status_code == 401
    for caller in (callers.ngo(duty="specialist"), callers.committee(duty="viewer"), callers.state(duty="specialist")):
        assert caller.get("/v1/audit-entries").status_code == 403
    colleague = callers.ngo(organization_id=administrator.organization_id)
    for caller in (administrator, colleague):
        found = caller.get(f"/v1/audit-entries?subject={made['id']}").json()["items"]
        assert [entry["action"] for entry in found] == ["place.created"]
    for stranger in (callers.ngo(), callers.committee(), callers.state()):
        assert stranger.get(f"/v1/audit-entries?subject={made['id']}").json()["items"] == []
        assert {entry["organization_id"] for entry in stranger.get("/v1/audit-entries").json()["items"]} <= {stranger.organization_id}


def test_filters_of_the_trail(administrator: Caller, callers: Callers) -> None:
    first, second = (administrator.post("/v1/places", PLACE).json() for _ in range(2))
    administrator.patch(f"/v1/places/{first['soato']}", {"is_pilot": True}, version=1)

    def actions(query: str) -> list[str]:
        return [entry["action"] for entry in administrator.get(f"/v1/audit-entries?{query}").json()["items"]]

    assert actions(f"subject={first['id']}") == ["place.updated", "place.created"]
    assert actions(f"subject={first['id']}&sort=at") == ["place.created", "place.updated"]
    assert actions(f"subject={second['id']}") == ["place.created"]
    assert actions(f"actor={administrator.account.id}&action=place.created") == ["place.created"] * 2
    assert actions(f"actor={uuid.uuid4()}") == []
    assert administrator.get("/v1/audit-entries?include=total&action=place.created").json()["total"] == 2
    for wrong in ("subject=x", "actor=1", "action=Place.Created", "action=%25", "since=today", "sort=id"):
        assert administrator.get(f"/v1/audit-entries?{wrong}").status_code == 422


def test_the_trail_is_walked_page_by_page(administrator: Caller) -> None:
    for _ in range(5):
        administrator.post("/v1/places", PLACE)
    found: list[str] = []
    target = "/v1/audit-entries?action=place.created&limit=2"
    while target:
        response = administrator.get(target)
        found += [entry["id"] for entry in response.json()["items"]]
        target = response.links["next"]["url"] if "link" in response.headers else ""
    assert len(found) == len(set(found)) == 5


def test_nobody_writes_the_trail(administrator: Caller, db: Database) -> None:
    made = administrator.post("/v1/places", PLACE).json()
    (entry,) = administrator.get(f"/v1/audit-entries?subject={made['id']}").json()["items"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert administrator.request(method, "/v1/audit-entries").status_code == 405
        assert administrator.request(method, f"/v1/audit-entries/{entry['id']}").status_code == 404


def test_an_entry_outlives_what_it_speaks_of(db: Database) -> None:
    assert not _entries.foreign_keys
