"""Who looked: gathered in memory, written in batches; readers are slowed down rather than entries dropped."""

import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.actor import PUBLIC_ACTOR, SYSTEM_ACTOR, Actor, Visit
from app.audit import views as module
from app.audit.models import AccessEntry
from app.audit.views import Views
from app.database import Database

SECONDS = 20
_entries: sa.Table = AccessEntry.__table__


def visit(operation: str = "get_family") -> Visit:
    return Visit(Actor(uuid.uuid4(), "ngo", "manager", uuid.uuid4(), "17"), operation=operation)


def entries(db: Database) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(_entries).order_by(_entries.c.id)))


@pytest.fixture
def views() -> Views:
    """A gathering of its own, without a thread."""
    return Views()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would go to the database."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "_write", found.extend)
    return found


# --- what is written ----------------------------------------------------------------------------------------------------------
def test_looks_are_written_with_who_and_whom(db: Database, views: Views) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    looking = visit()
    views.add(looking, "family", "family.one", [first])
    views.add(looking, "beneficiary", "family.members", [first, second])
    assert entries(db) == [], "a read does not wait for the write"
    assert views.flush() == 3
    found = entries(db)
    assert {(entry.subject_type, entry.subject_id) for entry in found} == {
        ("family", first),
        ("beneficiary", first),
        ("beneficiary", second),
    }
    for entry in found:
        assert (entry.actor_id, entry.actor_kind, entry.organization_id) == (looking.actor.id, "account", looking.actor.organization_id)
        assert (entry.through, entry.times) == ("get_family", 1)
        assert entry.at.tzinfo is not None
    assert views.flush() == 0
    assert len(entries(db)) == 3


def test_looks_of_one_kind_are_one_row(db: Database, views: Views) -> None:
    looking, key = visit(), uuid.uuid4()
    for _ in range(7):
        views.add(looking, "family", "family.one", [key])
    views.add(visit(), "family", "family.one", [key])
    assert views.flush() == 2
    assert sorted(entry.times for entry in entries(db)) == [1, 7]


def test_the_statement_is_named_where_there_is_no_operation(db: Database, views: Views) -> None:
    views.add(visit(operation=""), "family", "family.one", [uuid.uuid4()])
    views.flush()
    assert entries(db)[0].through == "family.one"


def test_the_public_is_recorded_and_the_service_is_not(db: Database, views: Views) -> None:
    views.add(Visit(SYSTEM_ACTOR, operation="purge"), "family", "family.one", [uuid.uuid4()])
    views.add(Visit(PUBLIC_ACTOR, operation="verify"), "certificate", "certificate.verify", [uuid.uuid4()])
    views.add(visit(), "family", "family.one", [])
    views.flush()
    assert [(entry.actor_kind, entry.organization_id) for entry in entries(db)] == [("public", None)]


# --- nothing is lost ----------------------------------------------------------------------------------------------------------
def test_a_failed_write_keeps_the_batch(db: Database, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, key = visit(), uuid.uuid4()
    views.add(looking, "family", "family.one", [key])

    def fail(_rows: list[dict[str, Any]]) -> None:
        views.add(looking, "family", "family.one", [key])
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(module, "_write", fail)
        with pytest.raises(OSError):  # noqa: PT011 – raised by the stand-in above.
            views.flush()
    assert views.flush() == 1
    assert [entry.times for entry in entries(db)] == [2], "and what came in meanwhile is counted to it"


def test_the_rest_is_written_at_stop(db: Database, views: Views) -> None:
    views.start()
    keys = {uuid.uuid4() for _ in range(5)}
    for key in keys:
        views.add(visit(), "family", "family.one", [key])
    views.stop()
    assert {entry.subject_id for entry in entries(db)} == keys
    assert views._thread is None


def test_it_can_be_started_again(db: Database, views: Views) -> None:
    for _ in range(2):
        views.start()
        views.add(visit(), "family", "family.one", [uuid.uuid4()])
        views.stop()
    assert len(entries(db)) == 2


def test_the_thread_survives_a_failed_write(views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[str] = []
    done = threading.Event()

    def first_fail(rows: list[dict[str, Any]]) -> None:
        outcomes.append("failed" if not outcomes else f"wrote {len(rows)}")
        if len(outcomes) == 1:
            raise OSError
        done.set()

    monkeypatch.setattr(module, "_write", first_fail)
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.001)
    views.add(visit(), "family", "family.one", [uuid.uuid4()])
    views.start()
    assert done.wait(SECONDS)
    views.stop()
    assert outcomes == ["failed", "wrote 1"]


# --- back-pressure ------------------------------------------------------------------------------------------------------------
def test_a_full_gathering_slows_readers_down_and_drops_nothing(views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer is held until the readers wait; then it is let go, and every look arrives."""
    monkeypatch.setattr(module, "MOST", 10)
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.001)
    may_write, waiting = threading.Event(), threading.Event()
    written: list[dict[str, Any]] = []

    def write(rows: list[dict[str, Any]]) -> None:
        assert may_write.wait(SECONDS)
        written.extend(rows)

    real_wait = views._room.wait

    def wait(timeout: float | None = None) -> bool:
        if threading.current_thread().name.startswith("reader"):
            waiting.set()
        return real_wait(timeout)

    monkeypatch.setattr(module, "_write", write)
    monkeypatch.setattr(views._room, "wait", wait)
    looking = visit()

    def read() -> None:
        for _ in range(50):
            views.add(looking, "family", "family.one", [uuid.uuid4()])

    views.start()
    readers = [threading.Thread(target=read, name=f"reader {number}") for number in range(4)]
    for reader in readers:
        reader.start()
    assert waiting.wait(SECONDS), "no reader ever waited"
    assert any(reader.is_alive() for reader in readers)
    # 4 readers may each be one look over the edge.
    assert views._size <= 10 + 4
    may_write.set()
    for reader in readers:
        reader.join(SECONDS)
    views.stop()
    assert not any(reader.is_alive() for reader in readers)
    assert len(written) == 4 * 50
    assert len({row["subject_id"] for row in written}) == 200


def test_without_a_writer_nobody_waits(views: Views, written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for _ in range(10):
        views.add(visit(), "family", "family.one", [uuid.uuid4()])
    views.flush()
    assert len(written) == 10


def test_two_that_write_at_once_write_each_look_once(views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "_write", written.extend)
    keys = [uuid.uuid4() for _ in range(400)]

    def read(part: list[uuid.UUID]) -> None:
        for key in part:
            views.add(visit(), "family", "family.one", [key])
            views.flush()

    threads = [threading.Thread(target=read, args=(keys[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    views.flush()
    assert sorted(str(row["subject_id"]) for row in written) == sorted(map(str, keys))


def test_readers_that_wait_hold_no_connection(db: Database, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many readers as there are connections, all of them waiting: the writer still finds a connection, and the wait ends."""
    from sqlalchemy import select

    from app.access import guard
    from app.access.transaction import as_system, begin, reading
    from app.beneficiaries.models import Family
    from app.partners.models import Organization

    with begin(as_system("test")) as session:
        organization = Organization(kind="ngo", name_en="NGO", territory="17")
        session.add(organization)
        session.flush()
        for number in range(5):
            session.add(Family(number=f"f{number}", organization_id=organization.id, territory="1733230"))
        key = organization.id
    monkeypatch.setattr(guard, "WATCHERS", [views.add])
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.001)
    monkeypatch.setattr(db.engine.pool, "_timeout", SECONDS)
    statement = guard.prebuilt(select(Family.id), f"test.{uuid.uuid4().hex}")

    def read() -> None:
        for _ in range(10):
            with reading(Visit(Actor(uuid.uuid4(), "ngo", "manager", key, "17"), operation="list_families")) as rows:
                assert len(rows.rows(statement)) == 5

    views.start()
    readers = [threading.Thread(target=read) for _ in range(db.pool)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(SECONDS)
    alive = [reader for reader in readers if reader.is_alive()]
    views.stop()
    assert not alive
    assert sum(entry.times for entry in entries(db)) == db.pool * 10 * 5
