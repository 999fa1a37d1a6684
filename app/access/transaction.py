"""`begin` to write, `reading` to read: the only ways to the database, and the only place that commits.

The endpoint opens, works and closes in its own thread: a session that crosses a thread hop while it holds a connection deadlocks
under load.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import sqlalchemy as sa
from fastapi import Response
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from app import idempotency
from app.access.actor import PUBLIC_ACTOR, SYSTEM, SYSTEM_ACTOR, Visit, visiting
from app.access.fields import conceal
from app.access.guard import AnyRow, GuardedSession, Statement, core_form, name_of, tell, watch
from app.constraints import problem_of
from app.database import current
from app.idempotency import answered
from app.problems import Busy, Invalid, Problem, Stale, Unavailable


class Rows(Protocol):
    """What `queries.py` needs: run a prebuilt select of columns as the acting visit."""

    def rows(self, statement: Statement, values: dict[str, Any] | None = None, *, shown: int | None = None) -> Sequence[AnyRow]:
        """All rows of the statement that the actor may see. The first `shown` of them, or all, count as looked at."""


class Reader:
    """Reads outside a transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def rows(self, statement: Statement, values: dict[str, Any] | None = None, *, shown: int | None = None) -> Sequence[AnyRow]:
        """All rows of the statement that the actor may see."""
        form = core_form(statement, visiting.get().actor, self._connection.engine)
        if form is None:
            with GuardedSession(self._connection) as session:
                return session.rows(statement, values, shown=shown)
        found: Sequence[AnyRow] = self._connection.execute(form, values or {}).all()
        watch(statement, found[:shown])
        return conceal(statement, found, visiting.get().actor, name=name_of(statement))


@contextmanager
def reading(visit: Visit) -> Iterator[Reader]:
    """Reads only: autocommit on PostgreSQL, no transaction and no write lock on SQLite."""
    token = visiting.set(visit)
    try:
        with _refusals(), current().reads.connect() as connection:
            yield Reader(connection)
        tell(visit)
    finally:
        visiting.reset(token)
        _follow(visit)


@contextmanager
def begin(visit: Visit) -> Iterator[GuardedSession]:
    """One transaction: claim the Idempotency-Key, work, flush, record the answer, commit. The response leaves after the commit."""
    token, retry = visiting.set(visit), visit.retry
    try:
        with _refusals(), current().turn(), GuardedSession(current().engine, expire_on_commit=False, autoflush=False) as db:
            answered.set(None)
            if retry:
                idempotency.claim(db.connection(), retry)
            yield db
            db.flush()
            if retry:
                idempotency.record(db.connection(), retry, _answer())
            db.commit()
        tell(visit)
    finally:
        visiting.reset(token)
        _follow(visit)


def _follow(visit: Visit) -> None:
    """What was put off until no connection is held. An answer or a refusal leaves after it, and gives way to what befalls it."""
    put_off = visit.afterwards.copy()
    visit.afterwards.clear()
    for one in put_off:
        one()


def _answer() -> Response:
    """The answer to keep for a retry; without one the key would block every retry until it is purged."""
    found = answered.get()
    if found is None:
        raise RuntimeError("an operation that takes an Idempotency-Key makes its answer inside `begin`")
    return found


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
        if idempotency.is_lock(error):
            raise Busy from error
        if error.connection_invalidated or _is_unreachable(error):
            raise Unavailable("The database does not answer.") from error
        raise
    except DataError as error:
        # A value that no schema bounded: refused by the database, which stored nothing.
        raise Invalid("A value does not fit into its column.") from error


def _is_unreachable(error: OperationalError) -> bool:
    """PostgreSQL gives no state when there is no connection, 57P0x when it shuts down or starts."""
    state = getattr(error.orig, "sqlstate", "")
    return state is None or str(state).startswith("57P0")


def as_system(operation: str) -> Visit:
    """The service itself: every row. Its few homes are listed by a house test."""
    return Visit(SYSTEM_ACTOR, operation=operation)


def as_system_for(visit: Visit) -> Visit:
    """The service itself, doing for a visit what the visitor may not do: every row, and trail and views say who it was done for. Its few
    homes are listed by a house test.
    """
    return replace(visit, actor=replace(visit.actor, role=SYSTEM))


@contextmanager
def in_the_name_of(visit: Visit) -> Iterator[None]:
    """Somebody else's work within the present transaction, with that one's rights: for what several enter, and what is there as a whole
    or not at all. What is written in it is flushed in it.
    """
    token = visiting.set(visit)
    try:
        yield
    finally:
        visiting.reset(token)


@contextmanager
def every_row() -> Iterator[None]:
    """The same within the present transaction: for a change that must reach what its author need not see. What is written in it is flushed
    in it.
    """
    with in_the_name_of(as_system_for(visiting.get())):
        yield


def as_public(operation: str) -> Visit:
    """Anybody: the rows that a table declares for the public."""
    return Visit(PUBLIC_ACTOR, operation=operation)
