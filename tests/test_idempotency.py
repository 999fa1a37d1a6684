"""Idempotency-Key: the same request twice is done once and answered twice, whatever happens in between."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import idempotency
from app.access.guard import GuardedSession
from app.access.transaction import as_system, begin
from app.database import Database, now
from app.idempotency import KEPT, Idempotency, Retry
from app.identity import tokens
from app.identity.actions.sessions import actor_of
from app.identity.models import LoginSession
from app.places.models import Place
from app.problems import all_problems
from tests.callers import Caller, Callers
from tests.racing import together

VENUE = {"territory": "1733230", "names": {"uz_latn": "Markaz"}}
BODY = {"district": "1733230", "names": {"uz_latn": "Guliston"}}
_kept: sa.Table = Idempotency.__table__


@pytest.fixture
def administrator(callers: Callers) -> Caller:
    return callers.administrator()


def keys(db: Database) -> list[str]:
    with db.engine.connect() as connection:
        return sorted(connection.execute(sa.select(_kept.c.key)).scalars())


def script_of(administrator: Caller) -> str:
    body = {"name": "script", "organization_id": administrator.organization_id, "territory": "17", "scopes": ["places:read"]}
    return str(administrator.post("/v1/service-clients", body).json()["id"])


def mahallas(db: Database) -> int:
    with db.engine.connect() as connection:
        found = sa.select(sa.func.count()).select_from(Place.__table__).where(Place.level == "mahalla")
        return int(connection.execute(found).scalar_one())


def headers(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in ("x-request-id", "idempotent-replayed")}


def test_a_replay_is_the_first_answer(administrator: Caller, db: Database) -> None:
    first = administrator.post("/v1/places", BODY, key="once")
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    for _ in range(2):
        again = administrator.post("/v1/places", BODY, key="once")
        assert again.status_code == 201
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert headers(again) == headers(first)
        assert again.headers["etag"] == '"1"'
        assert again.headers["location"] == first.headers["location"]
    assert mahallas(db) == 1
    assert administrator.post("/v1/places", BODY).status_code == 201
    assert mahallas(db) == 2, "without the key it is another request"


def test_a_replay_survives_what_happened_since(administrator: Caller) -> None:
    first = administrator.post("/v1/places", BODY, key="once")
    assert administrator.patch(first.headers["location"], {"is_pilot": True}, version=1).status_code == 200
    assert administrator.post("/v1/places", BODY, key="once").content == first.content


def test_a_replay_of_nothing_to_say(administrator: Caller) -> None:
    assert administrator.post("/v1/auth/logout", key="out").status_code == 204
    assert administrator.post("/v1/auth/logout", key="out").status_code == 401, "the door comes before the key"


def test_a_key_stands_for_one_version(administrator: Caller) -> None:
    """Whoever read the row anew asks for something else, and is not told that it was done."""
    script = script_of(administrator)
    for version, status, code in ((1, 200, None), (1, 200, None), (2, 422, "idempotency_key_reused")):
        answer = administrator.post(f"/v1/service-clients/{script}/disable", version=version, key="once")
        assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


def test_two_keys_are_none(administrator: Caller, db: Database) -> None:
    twice = [("Authorization", f"Bearer {administrator.token}"), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = administrator.client.request("POST", "/v1/places", json=BODY, headers=twice)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert "Idempotency-Key" in answer.json()["detail"]
    assert mahallas(db) == 0


def test_a_key_stands_for_one_request(administrator: Caller, db: Database) -> None:
    administrator.post("/v1/places", BODY, key="once")
    for path, body in (
        ("/v1/places", {**BODY, "is_pilot": True}),
        ("/v1/places", {**BODY, "names": {"uz_latn": "guliston"}}),
        ("/v1/accounts", BODY),
    ):
        refused = administrator.post(path, body, key="once")
        if path == "/v1/places":
            assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        assert refused.status_code == 422
    assert mahallas(db) == 1


def test_the_same_text_in_another_form_is_the_same_request(administrator: Caller, db: Database) -> None:
    """The fingerprint is of the body as it is read: in NFC. Beyond that other bytes are another request."""
    composed = administrator.post("/v1/places", {**BODY, "names": {"uz_cyrl": "й"}}, key="once")
    assert composed.status_code == 201

    def again(text: str) -> Any:
        sent = {"Idempotency-Key": "once", "Content-Type": "application/json"}
        return administrator.request("POST", "/v1/places", content=text.encode(), headers=sent)

    decomposed = again('{"district":"1733230","names":{"uz_cyrl":"и\u0306"}}')
    assert (decomposed.status_code, decomposed.content) == (201, composed.content), decomposed.text
    assert decomposed.headers["idempotent-replayed"] == "true"
    for text in ('{"district":"1733230","names":{"uz_cyrl":"и"}}', '{"district":"1733230", "names":{"uz_cyrl":"й"}}'):
        assert again(text).json()["code"] == "idempotency_key_reused"
    assert mahallas(db) == 1


LOST: dict[str, dict[str, Any]] = {
    "duty": {"duty": "specialist"},
    "territory": {"territory": "1718"},
    "organization": {"organization_id": uuid.UUID(int=7)},
    "mark": {"administrator": True},
    "role": {"role": "womens_committee"},
}


@pytest.mark.parametrize("right", LOST)
def test_a_replay_is_for_the_rights_it_was_made_with(callers: Callers, db: Database, right: str) -> None:
    """Else the answer of before would show a row to somebody who may not read it any more."""
    ngo = callers.ngo("1733")
    with db.engine.connect() as connection:
        session = connection.execute(sa.select(LoginSession.__table__.c.id)).scalar_one()
    actor = actor_of(ngo.account, session=session)
    first = ngo.post("/v1/venues", VENUE, key="once")
    assert first.status_code == 201
    assert Caller(ngo.client, ngo.account, tokens.issue(actor)).post("/v1/venues", VENUE, key="once").content == first.content
    changed = Caller(ngo.client, ngo.account, tokens.issue(replace(actor, **LOST[right])))
    refused = changed.post("/v1/venues", VENUE, key="once")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert first.json()["id"] not in refused.text


def test_a_replay_is_for_the_scopes_it_was_made_with(administrator: Caller) -> None:
    """A script that is given a narrower token is another reader."""
    owner = {"organization_id": administrator.organization_id, "territory": "17"}
    made = administrator.post("/v1/service-clients", {"name": "script", "scopes": ["venues:write", "partners:read"], **owner}).json()
    form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["client_secret"]}

    def post(scope: str) -> Any:
        token = administrator.client.post("/v1/oauth/token", data={**form, "scope": scope}).json()["access_token"]
        return Caller(administrator.client, administrator.account, token).post("/v1/venues", VENUE, key="once")

    first = post("venues:write partners:read")
    assert (first.status_code, post("partners:read venues:write").content) == (201, first.content)
    assert post("venues:write").json()["code"] == "idempotency_key_reused"


def test_each_caller_has_keys_of_its_own(administrator: Caller, callers: Callers, db: Database) -> None:
    first = administrator.post("/v1/places", BODY, key="once")
    second = callers.administrator().post("/v1/places", BODY, key="once")
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    assert callers.ngo().post("/v1/places", BODY, key="once").status_code == 403, "a key opens no door"
    assert keys(db) == ["once", "once"]


def test_a_refusal_leaves_no_key(administrator: Caller, db: Database) -> None:
    for body, status in (({**BODY, "district": "1733999"}, 422), ({"district": "1733230"}, 422)):
        assert administrator.post("/v1/places", body, key="once").status_code == status
        assert keys(db) == []
    taken = administrator.post("/v1/places", BODY, key="once")
    assert taken.status_code == 201, "its retry, mended, runs"
    conflict = administrator.post("/v1/places", {**BODY, "soato": taken.json()["soato"]}, key="twice")
    assert conflict.status_code == 409
    assert keys(db) == ["once"]


def test_a_failed_commit_leaves_no_key(administrator: Caller, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: GuardedSession) -> None:
        raise RuntimeError

    monkeypatch.setattr(GuardedSession, "commit", fail)
    assert administrator.post("/v1/places", BODY, key="once").status_code == 500
    monkeypatch.undo()
    assert keys(db) == []
    assert mahallas(db) == 0
    assert administrator.post("/v1/places", BODY, key="once").status_code == 201


def test_one_effect_whoever_comes_first(administrator: Caller, db: Database) -> None:
    """24 racers with one key."""
    answers = together([lambda: administrator.post("/v1/places", BODY, key="race")] * 24)
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers if answer.status_code != 201][:2]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert (mahallas(db), keys(db)) == (1, ["race"])
    assert db.engine.pool.checkedout() == 0


def test_racers_whose_first_one_fails(administrator: Caller, db: Database) -> None:
    """A claim that is rolled back lets the next racer run; all are refused alike and nothing stays."""
    body = {**BODY, "soato": "1733230-0007"}
    assert administrator.post("/v1/places", body).status_code == 201
    answers = together([lambda: administrator.post("/v1/places", body, key="race")] * 12)
    assert {answer.status_code for answer in answers} == {409}
    assert {answer.json()["code"] for answer in answers} == {"already_exists"}
    assert keys(db) == []


@pytest.mark.postgresql
def test_a_racer_does_not_wait_for_ever(administrator: Caller, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request holds the key; the lock's time is made short for the second one."""
    actor = str(administrator.account.id)
    listening: list[Any] = []

    def hurry(connection: sa.Connection, *_: Any) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")

    real = idempotency.claim
    monkeypatch.setattr(
        idempotency, "claim", lambda connection, retry: (hurry(connection), listening.append(retry), real(connection, retry))[2]
    )
    with db.engine.begin() as first:
        real(first, Retry(actor, "held", "fingerprint"))
        second = administrator.post("/v1/places", BODY, key="held")
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_progress")
    assert int(second.headers["retry-after"]) > 0
    assert len(listening) == 1


@pytest.mark.sqlite
def test_a_racer_does_not_wait_for_ever_on_sqlite(administrator: Caller, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one writer's lock for all, so nobody can tell for whom it is held: busy, try again."""
    quick = Database(db.url + "?timeout=0.05")
    monkeypatch.setattr("app.access.transaction.current", lambda: quick)

    @sa.event.listens_for(quick.engine, "connect")
    def hurry(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    try:
        with db.engine.begin():
            second = administrator.post("/v1/places", BODY, key="held")
        assert (second.status_code, second.json()["code"]) == (503, "busy")
        assert int(second.headers["retry-after"]) > 0
    finally:
        quick.engine.dispose()


def test_a_claim_without_an_answer_is_in_progress(administrator: Caller, db: Database) -> None:
    with db.engine.begin() as connection:
        idempotency.claim(connection, Retry(str(administrator.account.id), "odd", "fingerprint"))
    refused = administrator.post("/v1/places", BODY, key="odd")
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_in_progress")


def test_an_operation_must_leave_its_answer(administrator: Caller, db: Database) -> None:
    """A claim without an answer would block every retry for two days, so it is a mistake of ours that is seen at once."""
    visit = as_system("test")
    visit.retry = Retry("somebody", "key", "fingerprint")
    with pytest.raises(RuntimeError, match="inside"), begin(visit):
        pass
    assert keys(db) == []


def test_an_answer_of_before_is_not_taken_for_this_one(db: Database) -> None:
    """The answer travels by a context variable; a request that leaves none must not find that of the request before."""
    from app.answers import no_content

    no_content()
    visit = as_system("test")
    visit.retry = Retry("somebody", "key", "fingerprint")
    with pytest.raises(RuntimeError), begin(visit):
        pass
    assert keys(db) == []


@pytest.mark.parametrize("key", ["a", "x" * 64, "0b6d1c3e-6a2f-4d58-9a55-2f3a7c1d9e10", '"quoted"', "with blank", "~!@#$%^&*()"])
def test_keys_that_stand(administrator: Caller, db: Database, key: str) -> None:
    assert administrator.post("/v1/places", BODY, key=key).status_code == 201
    assert administrator.post("/v1/places", BODY, key=key).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 65, "tab\tin", "\u0431", "é"])
def test_keys_that_are_none(administrator: Caller, db: Database, key: str) -> None:
    sent = {"Idempotency-Key": key.encode()}
    response = administrator.request("POST", "/v1/places", json=BODY, headers=sent)
    assert (response.status_code, response.json()["code"]) == (400, "malformed")
    assert mahallas(db) == 0


def test_other_methods_have_no_key(administrator: Caller, db: Database) -> None:
    made = administrator.post("/v1/places", BODY)
    sent = {"Idempotency-Key": "x" * 500}
    assert administrator.get("/v1/places", headers=sent).status_code == 200
    changed = administrator.request("PATCH", made.headers["location"], json={"is_pilot": True}, headers={**sent, "If-Match": '"1"'})
    assert changed.status_code == 200
    assert keys(db) == []


def test_keys_are_forgotten_after_two_days(administrator: Caller, db: Database) -> None:
    administrator.post("/v1/places", BODY, key="old")
    administrator.post("/v1/places", BODY, key="new")
    with db.engine.begin() as connection:
        connection.execute(sa.update(_kept).where(_kept.c.key == "old").values(at=now() - KEPT - timedelta(minutes=1)))
        assert idempotency.purge(connection) == 1
        assert idempotency.purge(connection) == 0
    assert keys(db) == ["new"]
    assert "idempotent-replayed" not in administrator.post("/v1/places", BODY, key="old").headers


def test_what_is_kept_is_the_answer_alone(administrator: Caller, db: Database) -> None:
    administrator.post("/v1/places", BODY, key="once")
    with db.engine.connect() as connection:
        row = connection.execute(sa.select(_kept)).one()
    assert len(row.fingerprint) == 64
    assert (row.status, set(row.headers)) == (201, {"content-type", "etag", "location", "cache-control"})
    assert row.at.tzinfo is not None


def test_the_same_id_and_body_again(administrator: Caller, db: Database) -> None:
    """A client that works offline chooses the id; that alone makes a retry safe, with or without a key."""
    body = {**BODY, "id": "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"}
    first, again = (administrator.post("/v1/places", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert again.headers["location"] == first.headers["location"]
    other = administrator.post("/v1/places", {**body, "is_pilot": True})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    assert mahallas(db) == 1


def test_racers_with_one_id(administrator: Caller, db: Database) -> None:
    body = {**BODY, "id": "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17", "soato": "1733230-0042"}
    answers = together([lambda: administrator.post("/v1/places", body)] * 12)
    codes = [answer.status_code for answer in answers]
    assert codes.count(201) == 1
    assert set(codes) <= {200, 201, 409}, codes
    assert mahallas(db) == 1


def test_a_replay_is_no_refusal() -> None:
    """It travels as an exception, but has no page and no place in the contract."""
    assert idempotency.Replay not in all_problems()
    assert idempotency.KeyInProgress in all_problems()
