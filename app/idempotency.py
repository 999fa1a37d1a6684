"""Idempotency-Key: claimed and answered inside the request's own transaction; a retry replays the stored answer.

Replayed is what the same actor was given with the same rights; with others the key stands for another request. A replay is no new look:
the trail has the first one. A refusal rolls the claim back, so its retry runs again. A racer waits for the first one's commit, at most
LOCK_WAIT_MS.
Draft: IETF httpapi-idempotency-key-header.
"""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import Request, Response
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlmodel import Field, SQLModel

from app.database import Json, UtcDateTime, now
from app.problems import KeyForgotten, KeyInProgress, KeyReused, Problem

KEPT = timedelta(hours=48)
"""How long an answer can be replayed."""


class Idempotency(SQLModel, table=True):
    """One key of one caller with the answer it got."""

    __tablename__ = "idempotency"

    actor: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=64)
    fingerprint: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    status: int | None = None
    headers: dict[str, str] | None = Field(default=None, sa_type=Json)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """A request that names itself: `fingerprint` is a keyed digest of its method, target, If-Match and body and of the actor's rights."""

    actor: str
    key: str
    fingerprint: str


class Replay(Problem):
    """Not a refusal: carries the first answer out of `begin`, past the endpoint's body."""

    code = "replay"
    is_refusal = False

    def __init__(self, stored: sa.Row[Any]) -> None:
        super().__init__()
        self.stored = stored

    def response(self, request: Request) -> Response:
        """The first answer, marked as a replay."""
        return Response(self.stored.body, self.stored.status, headers={**self.stored.headers, "Idempotent-Replayed": "true"})


answered: ContextVar[Response | None] = ContextVar("answered", default=None)
"""`answers.py` leaves the answer here for `begin` to record."""

_table: sa.Table = Idempotency.__table__  # type: ignore[attr-defined]
_mine = (_table.c.actor == sa.bindparam("a"), _table.c.key == sa.bindparam("k"))
# An INSERT's rowcount is -1 on psycopg, so RETURNING tells whether the row is ours.
_CLAIM = {
    "sqlite": sqlite.insert(_table).on_conflict_do_nothing().returning(_table.c.key),
    "postgresql": postgresql.insert(_table).on_conflict_do_nothing().returning(_table.c.key),
}
_FIND = sa.select(_table).where(*_mine)
_RECORD = _table.update().where(*_mine)
_named = sa.bindparam("text", type_=sa.LargeBinary())
_FORGET = {
    "sqlite": _table.update().where(sa.func.instr(_table.c.body, _named) > 0),
    "postgresql": _table.update().where(sa.func.pg_catalog.position(_table.c.body, _named) > 0),
}
_PURGE = _table.delete().where(_table.c.at < sa.bindparam("before"))


def claim(connection: sa.Connection, retry: Retry) -> None:
    """Insert the key's row.

    Raises Replay when it has its answer already, KeyForgotten when that is kept no longer, KeyReused when it stands for another request,
    KeyInProgress when the first request has not finished within the lock's time.
    """
    row = {"actor": retry.actor, "key": retry.key, "fingerprint": retry.fingerprint, "at": now()}
    try:
        mine = connection.execute(_CLAIM[connection.dialect.name], row).first()
    except OperationalError as error:
        if not is_lock(error):
            raise
        raise KeyInProgress from error
    if mine is not None:
        return
    stored = connection.execute(_FIND, {"a": retry.actor, "k": retry.key}).first()
    if stored is None or stored.status is None:
        raise KeyInProgress
    if stored.fingerprint != retry.fingerprint:
        raise KeyReused
    if stored.body is None:
        raise KeyForgotten
    raise Replay(stored)


def is_lock(error: OperationalError) -> bool:
    """Whether another transaction's lock was not released in time."""
    return "database is locked" in str(error.orig) or getattr(error.orig, "sqlstate", None) in ("55P03", "40P01", "57014")


def record(connection: sa.Connection, retry: Retry, response: Response) -> None:
    """Keep the answer beside the effect."""
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    connection.execute(
        _RECORD, {"a": retry.actor, "k": retry.key, "status": response.status_code, "headers": headers, "body": response.body}
    )


def forget(connection: sa.Connection, id: uuid.UUID) -> int:
    """Keep no answer that names this id; answers how many there were. Their keys stay, so that a late retry does not do again what was
    forgotten.
    """
    return connection.execute(_FORGET[connection.dialect.name].values(body=None), {"text": str(id).encode()}).rowcount


def purge(connection: sa.Connection) -> int:
    """Forget the keys older than KEPT; answers how many."""
    return connection.execute(_PURGE, {"before": now() - KEPT}).rowcount
