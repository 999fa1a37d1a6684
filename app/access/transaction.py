"""`begin` to write, `reading` to read: the only ways to the database, and the only place that commits.

The endpoint opens, works and closes in its own thread: a session that crosses a thread hop while it holds a connection deadlocks
under load.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from app import idempotency
from app.access.actor import PUBLIC_ACTOR, SYSTEM_ACTOR, Visit, visiting
from app.access.guard import GuardedSession, core_form, watch
from app.constraints import problem_of
from app.database import current
from app.idempotency import answered
from app.problems import Busy, Problem, Stale


class Rows(Protocol):
    """What `queries.py` needs: run a prebuilt select of columns as the acting visit."""

    def rows(self, statement: sa.Select[Any], values: dict[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """All rows of the statement that the actor may see."""


class Reader:
    """Reads outside a transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def rows(self, statement: sa.Select[Any], values: dict[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """All rows of the statement that the actor may see."""
        form = core_form(statement, visiting.get().actor, self._connection.engine)
        if form is None:
            with GuardedSession(self._connection) as session:
                return session.rows(statement, values)
        found = self._connection.execute(form, values or {}).all()
        watch(statement, found)
        return found


@contextmanager
def reading(visit: Visit) -> Iterator[Reader]:
    """Reads only: autocommit on PostgreSQL, no transaction and no write lock on SQLite."""
    token = visiting.set(visit)
    try:
        with _refusals(), current().reads.connect() as connection:
            yield Reader(connection)
    finally:
        visiting.reset(token)


@contextmanager
def begin(visit: Visit) -> Iterator[GuardedSession]:
    """One transaction: claim the Idempotency-Key, work, flush, record the answer, commit. The response leaves after the commit."""
    token, retry = visiting.set(visit), visit.retry
    try:
        with _refusals(), GuardedSession(current().engine, expire_on_commit=False, autoflush=False) as db:
            answered.set(None)
            if retry:
                idempotency.claim(db.connection(), retry)
            yield db
            db.flush()
            if retry and (answer := answered.get()):
                idempotency.record(db.connection(), retry, answer)
            db.commit()
    finally:
        visiting.reset(token)


@contextmanager
def _refusals() -> Iterator[None]:
    """The database's own refusals as problems."""
    try:
        yield
    except Problem:
        raise
    except StaleDataError as error:
        raise Stale from error
    except IntegrityError as error:
        raise problem_of(error) from error
    except PoolTimeout as error:
        raise Busy from error
    except OperationalError as error:
        if _is_lock(error):
            raise Busy from error
        raise


def _is_lock(error: OperationalError) -> bool:
    return "database is locked" in str(error.orig) or getattr(error.orig, "sqlstate", None) in ("55P03", "40P01", "57014")


def as_system(operation: str) -> Visit:
    """The service itself: every row. Its few homes are listed by a house test."""
    return Visit(SYSTEM_ACTOR, operation=operation)


def as_public(operation: str) -> Visit:
    """Anybody: the rows that a table declares for the public."""
    return Visit(PUBLIC_ACTOR, operation=operation)
