"""Which tokens are refused before they end: those of ended sessions, disabled accounts and changed rights, and those of organizations that
do not exist today.

A process asks the database at most every few seconds, not at every request; what it ends itself it knows at once.
"""

import asyncio
import logging
import math
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import anyio.to_thread
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Actor
from app.access.guard import prebuilt
from app.access.transaction import as_system, reading
from app.database import UtcDateTime, now
from app.identity.models import Account, LoginSession, ServiceClient
from app.identity.standing import shut_out
from app.problems import Unauthenticated

log = logging.getLogger("himoya.revocations")
_FRESH_SECONDS = 2.0
_OLDEST_SECONDS = 4.5
_WINDOW = timedelta(minutes=20)
"""Longer than any access token lives, so whoever is not found here has no token from before."""

_SINCE = bindparam("since", type_=UtcDateTime())
_sessions = prebuilt(sa.select(col(LoginSession.id)).where(col(LoginSession.ended_at) >= _SINCE), "revocations.sessions")
_accounts = prebuilt(
    sa.select(col(Account.id), col(Account.generation)).where(col(Account.generation_at) >= _SINCE), "revocations.accounts"
)
_clients = prebuilt(
    sa.select(col(ServiceClient.id), col(ServiceClient.generation)).where(col(ServiceClient.generation_at) >= _SINCE), "revocations.clients"
)


class Revocations:
    """What this process knows of refused tokens; `clock` tells seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._loaded_at = self._not_before = 0.0
        self._background: asyncio.Task[None] | None = None
        self.sessions: frozenset[str] = frozenset()
        self.generations: dict[object, int] = {}
        self.organizations: frozenset[uuid.UUID] = frozenset()

    def load(self, older_than: float) -> None:
        """Ask the database, unless another thread has within this many seconds; runs in a worker thread."""
        with self._lock:
            if self._age() <= older_than:
                return
            started = self._clock()
            with reading(as_system("revocations")) as db:
                since = {"since": now() - _WINDOW}
                self.sessions = frozenset(str(row[0]) for row in db.rows(_sessions, since))
                self.generations = {row[0]: row[1] for statement in (_accounts, _clients) for row in db.rows(statement, since)}
                # All of them: what ends by the calendar ends for those too who were given tokens long before.
                self.organizations = shut_out(db)
            self._loaded_at = started

    async def _refresh(self) -> None:
        """Ask the database while requests go on; if it does not answer, the request that cannot do without will say so."""
        try:
            await anyio.to_thread.run_sync(self.load, _FRESH_SECONDS)
        except Exception:
            log.exception("revocations could not be read")

    def _age(self) -> float:
        """Seconds since the database was asked; without end when something ended after that."""
        return self._clock() - self._loaded_at if self._loaded_at > self._not_before else math.inf

    async def check(self, actor: Actor) -> None:
        """Unauthenticated when the actor's token is refused by now."""
        age = self._age()
        if age > _OLDEST_SECONDS:
            await anyio.to_thread.run_sync(self.load, _FRESH_SECONDS)
        elif age > _FRESH_SECONDS and (self._background is None or self._background.done()):
            self._background = asyncio.create_task(self._refresh())
        if (
            actor.session in self.sessions
            or self.generations.get(actor.id, 0) > actor.generation
            or actor.organization_id in self.organizations
        ):
            raise Unauthenticated

    def forget(self) -> None:
        """Something ended in this process: ask again before the next request passes."""
        self._not_before = self._clock()


revocations = Revocations()
