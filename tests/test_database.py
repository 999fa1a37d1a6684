"""The portable ground: moments, ids, transactions, the pool, the same on both databases."""

import sqlite3
import threading
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import database
from app.access.transaction import as_system, begin, reading
from app.audit.models import AuditEntry
from app.database import Database, UtcDateTime, now, uuid7
from app.partners.models import Organization
from app.problems import Busy, Unavailable


def test_ids_are_ordered_by_time() -> None:
    made = [uuid7() for _ in range(50)]
    assert len(set(made)) == 50
    for one in made:
        assert one.version == 7
        assert one.variant == uuid.RFC_4122
    milliseconds = [one.int >> 80 for one in made]
    assert milliseconds == sorted(milliseconds)
    assert abs(milliseconds[0] / 1000 - now().timestamp()) < 60


def test_moments_are_aware_and_utc(db: Database) -> None:
    tashkent = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5)))
    with begin(as_system("test")) as session:
        organization = Organization(kind="ngo", name_en="NGO", territory="17", created_at=tashkent)
        session.add(organization)
    with begin(as_system("test")) as session:
        found = session.execute(sa.select(Organization)).scalar_one()
    assert found.created_at == tashkent
    assert found.created_at.utcoffset() == timedelta(0)
    with reading(as_system("test")) as rows:
        shown = rows.rows(sa.select(Organization.created_at, Organization.updated_at))[0]
    assert all(moment.utcoffset() == timedelta(0) for moment in shown)


def test_a_moment_without_a_zone_is_a_mistake(db: Database) -> None:
    kind = UtcDateTime()
    with pytest.raises(ValueError, match="zone"):
        kind.process_bind_param(datetime(2026, 3, 1), db.engine.dialect)  # noqa: DTZ001 – that is the point.
    assert kind.process_bind_param(None, db.engine.dialect) is None
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(sa.type_coerce(sa.null(), kind))).scalar_one() is None


def test_updated_at_moves_and_created_at_stays(db: Database) -> None:
    with begin(as_system("test")) as session:
        session.add(Organization(kind="ngo", name_en="NGO", territory="17"))
    with begin(as_system("test")) as session:
        found = session.execute(sa.select(Organization)).scalar_one()
        before = found.updated_at
        found.name_en = "Other"
    with begin(as_system("test")) as session:
        after = session.execute(sa.select(Organization)).scalar_one()
        assert after.updated_at > before >= after.created_at
        assert after.version == 2


def test_texts_and_numbers_come_back_as_they_went(db: Database) -> None:
    contacts = [{"kind": "phone", "as_written": "8 (362) 224-00-00", "note": "Ўзбекча, русский, 😀, \\ \" '"}]
    with begin(as_system("test")) as session:
        session.add(Organization(kind="ngo", name_en="O'zbekiston \\ % _", name_uz_cyrl="Ўзбекистон", territory="17", contacts=contacts))
    with reading(as_system("test")) as rows:
        name, cyrillic, found = rows.rows(sa.select(Organization.name_en, Organization.name_uz_cyrl, Organization.contacts))[0]
    assert (name, cyrillic, found) == ("O'zbekiston \\ % _", "Ўзбекистон", contacts)


# --- transactions -------------------------------------------------------------------------------------------------------------
def test_a_read_opens_no_transaction(db: Database) -> None:
    with db.reads.connect() as connection:
        connection.execute(sa.select(sa.literal(1)))
        raw: Any = connection.connection.driver_connection
        if db.is_sqlite:
            assert not raw.in_transaction
        else:
            assert raw.autocommit
    assert db.reads.pool is db.engine.pool


@pytest.mark.sqlite
def test_a_read_does_not_wait_for_the_writer(db: Database) -> None:
    with db.engine.begin() as writer:
        writer.execute(sa.text("DELETE FROM login_attempt"))
        with reading(as_system("test")) as rows:
            assert rows.rows(sa.select(AuditEntry.id)) == []


@pytest.mark.sqlite
def test_a_write_takes_the_lock_up_front(db: Database) -> None:
    """Two that read first and then write would deadlock; the second waits at its BEGIN instead."""
    with db.engine.connect() as connection:
        names = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
    assert found == ["wal", 1, database.LOCK_WAIT_MS, 2]
    order: list[str] = []
    inside, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with db.engine.begin():
            inside.set()
            assert may_end.wait(20)
            order.append("first")

    def second() -> None:
        assert inside.wait(20)
        with db.engine.begin():
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert order == ["first", "second"]


@pytest.mark.sqlite
def test_threads_of_one_process_write_in_turn(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that gets no turn in time is refused as one that waits for another process is, and holds nothing."""
    monkeypatch.setattr(database, "LOCK_WAIT_MS", 20)

    def refused() -> None:
        with pytest.raises(Busy), begin(as_system("test")):
            pytest.fail("two write at once")

    with begin(as_system("test")):
        thread = threading.Thread(target=refused)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    with begin(as_system("test")) as session:
        session.connection()
    assert db.engine.pool.checkedout() == 0


@pytest.mark.sqlite
def test_another_process_that_writes_is_waited_for(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_MS", 20)
    impatient = Database(db.url)
    monkeypatch.setattr("app.access.transaction.current", lambda: impatient)
    other = sqlite3.connect(impatient.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def write() -> None:
        with begin(as_system("test")) as session:
            session.connection()

    with pytest.raises(Busy):
        write()
    other.close()
    write()
    impatient.engine.dispose()


@pytest.mark.postgresql
def test_sessions_are_set_up(db: Database) -> None:
    with db.engine.connect() as connection:
        names = ("timezone", "lock_timeout", "statement_timeout")
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    assert found == ["UTC", "5s", "30s"]


@pytest.mark.postgresql
def test_a_deadlock_and_a_timeout_are_busy(db: Database) -> None:
    def slow() -> None:
        with begin(as_system("test")) as session:
            session.connection().exec_driver_sql("SET LOCAL statement_timeout = '20ms'")
            session.connection().exec_driver_sql("SELECT pg_sleep(5)")

    with pytest.raises(Busy):
        slow()
    assert db.engine.pool.checkedout() == 0


@pytest.mark.postgresql
def test_a_connection_that_broke_is_unavailable_once(db: Database) -> None:
    def broken() -> None:
        with begin(as_system("test")) as session:
            session.connection().exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        broken()
    with reading(as_system("test")) as rows:
        assert rows.rows(sa.select(sa.func.count()).select_from(Organization))[0][0] == 0


def test_a_name_is_held_until_the_end(db: Database) -> None:
    """Two transactions that hold one name go one after the other; other names do not wait."""
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with begin(as_system("test")) as session:
            session.hold("a", "b")
            inside.set()
            if not db.is_sqlite:
                with begin(as_system("test")) as other:
                    other.hold("c")
            order.append("first")

    def second() -> None:
        assert inside.wait(20)
        with begin(as_system("test")) as session:
            session.hold("b")
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert order == ["first", "second"]


# --- the process's database -----------------------------------------------------------------------------------------------------
def test_the_pool_is_the_number_of_threads(tmp_path: Path) -> None:
    assert Database(f"sqlite:///{tmp_path}/a.db").pool == 4
    assert Database(f"sqlite:///{tmp_path}/a.db", 9).pool == 9
    assert Database("postgresql+psycopg://nobody@localhost:1/none").pool == 8
    for made in (Database(f"sqlite:///{tmp_path}/a.db", 3), Database("postgresql+psycopg://nobody@localhost:1/none", 3)):
        assert made.engine.pool.size() == 3
        assert made.engine.pool._max_overflow == 0


def test_a_folder_is_made_for_the_file(tmp_path: Path) -> None:
    found = Database(f"sqlite:///{tmp_path}/deep/er/himoya.db")
    with found.engine.begin() as connection:
        connection.execute(sa.select(sa.literal(1)))
    found.engine.dispose()
    assert (tmp_path / "deep" / "er" / "himoya.db").exists()


def test_parameters_stay_out_of_errors(db: Database) -> None:
    with db.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as found:
        connection.execute(sa.text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Karimova"})
    assert "Karimova" not in str(found.value)


def test_without_a_database_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_databases", [])
    assert not database.in_use()
    with pytest.raises(RuntimeError, match="no database"):
        database.current()


def test_the_former_database_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_databases", [])
    first, second = (Database(f"sqlite:///{tmp_path}/{name}.db") for name in "ab")
    database.use(first)
    with first.engine.connect():
        pass
    database.use(second)
    assert database.current() is second
    assert first.engine.pool.checkedin() == 0
    second.engine.dispose()


def test_now_is_utc() -> None:
    assert now().tzinfo is UTC
