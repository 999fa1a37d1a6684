"""The engine, the portable types and the base of every row, the same for SQLite and PostgreSQL."""

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Json = sa.JSON().with_variant(JSONB(), "postgresql")
LOCK_WAIT_MS = 5000
"""How long a statement waits for another transaction's lock before it gives up, in milliseconds."""


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7)."""
    number = int.from_bytes(os.urandom(10), "big") | (time.time_ns() // 1_000_000) << 80
    return uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment in UTC on both databases; SQLite itself forgets the zone."""

    impl, cache_ok = sa.DateTime(timezone=True), True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To UTC; a naive moment is a mistake of ours and raises ValueError."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return value and value.astimezone(UTC)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """PostgreSQL answers aware moments already, so no Python runs for its rows; SQLite the text of one in UTC."""
        return None if dialect.name == "postgresql" else _moment


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(f"{text}+00:00") if text else None


class Entity(SQLModel):
    """What every row has. `version` is the ETag; an update is `WHERE id = … AND version = …`, so of two racers one loses."""

    id: uuid.UUID = Field(default_factory=uuid7, primary_key=True)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, sa_column_kwargs={"onupdate": now})
    version: int = Field(default=1)
    # SHA-256 of the body that made the row when the client chose its id: the same create sent again is recognized by it.
    origin: bytes | None = Field(default=None, max_length=32)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 – SQLAlchemy hands the class over.
        """The version column; a plain mixin has no table yet and so no mapper."""
        return {"version_id_col": cls.version} if hasattr(cls, "__table__") else {}

    def successor(self) -> uuid.UUID | None:
        """The row of this table that stands for this one now; a table whose rows can be superseded says so here."""
        return None

    def require_current(self, *, is_told: bool = True) -> None:
        """Raises a Problem when nothing is written about this row any more. Who is not to know of the row that is, `is_told` says, is told
        of none: NotFound, where then there is nothing at all. Use `access.fetch.require_current`, which knows who asks.
        """


class Owned(Entity):
    """A row that belongs to an organization and lies in a territory (a SOATO code, nested by prefix)."""

    organization_id: uuid.UUID = Field(foreign_key="organization.id")
    territory: str = Field(foreign_key="place.soato", max_length=16)


class Database:
    """One database of this process: `engine` writes, `reads` is the same pool without transactions."""

    def __init__(self, url: str, pool: int | None = None) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.pool = pool or (4 if self.is_sqlite else 8)
        self._writing = threading.Lock()
        self.engine = self._sqlite() if self.is_sqlite else self._postgresql()
        # A read that ends in ROLLBACK makes psycopg forget its prepared statements, so reads have no transaction at all.
        self.reads = (
            self.engine.execution_options(begin="") if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    def _postgresql(self) -> sa.Engine:
        # Rows' homes and grants are asked row by row, which the planner takes for dear: it then compiles for 300 ms what runs for 3.
        options = f"-c timezone=UTC -c lock_timeout={LOCK_WAIT_MS} -c statement_timeout=30000 -c jit=off"
        return sa.create_engine(
            self.url,
            pool_size=self.pool,
            max_overflow=0,
            pool_timeout=3,
            pool_pre_ping=False,
            hide_parameters=True,
            connect_args={"options": options},
        )

    def _sqlite(self) -> sa.Engine:
        if path := self.url.removeprefix("sqlite:///"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            self.url,
            pool_size=self.pool,
            max_overflow=0,
            pool_timeout=3,
            poolclass=sa.QueuePool,
            hide_parameters=True,
            connect_args={"check_same_thread": False, "timeout": LOCK_WAIT_MS / 1000},
        )

        @event.listens_for(engine, "connect")
        def configure(connection: Any, record: object) -> None:
            # The driver's implicit transactions break savepoints; BEGIN is ours.
            connection.isolation_level = None
            pragmas = (
                "journal_mode=WAL",
                # What was answered is on the disk: with NORMAL a power cut, no rarity in a mahalla, takes the last commits along.
                "synchronous=FULL",
                "foreign_keys=ON",
                f"busy_timeout={LOCK_WAIT_MS}",
                "mmap_size=268435456",
                "cache_size=-65536",
            )
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            # A transaction that writes takes the lock up front: two that read first and then write would deadlock.
            mode = connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")
            if not mode:
                return
            try:
                # By the driver itself: all that SQLAlchemy does around a statement costs ten times what this one does.
                connection.connection.driver_connection.execute(mode)  # type: ignore[union-attr]
            except sqlite3.OperationalError as error:
                raise sa.exc.OperationalError(mode, {}, error) from error

        return engine

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A thread's turn to write. SQLite has one writer, and whoever finds it busy sleeps and asks again, longer each time; threads that
        wait for each other here go on at once. Raises SQLAlchemy's TimeoutError after LOCK_WAIT_MS. PostgreSQL takes everybody.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._writing.acquire(timeout=LOCK_WAIT_MS / 1000):
            raise sa.exc.TimeoutError("another thread writes")
        try:
            yield
        finally:
            self._writing.release()


_databases: list[Database] = []


def use(database: Database) -> None:
    """Make this the process's database; the former one's connections are closed."""
    while _databases:
        _databases.pop().engine.dispose()
    _databases.append(database)


def current() -> Database:
    """The database of this process; RuntimeError before `use`."""
    if not _databases:
        raise RuntimeError("no database is in use yet")
    return _databases[-1]


def in_use() -> bool:
    """Whether `use` was called."""
    return bool(_databases)
