"""Who looked: views are gathered in memory and written in batches, at most a second apart, by one thread.

A read stays a read: it does not wait for this write. When the gathering is full, readers wait rather than lose an entry; at stop the
rest is written. A crash can lose the views of the last second and nothing else.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from app.access import guard
from app.access.actor import Visit
from app.audit.models import AccessEntry
from app.database import current, now

BATCH_SECONDS = 1.0
MOST = 50_000
"""Views that may wait in memory; about 10 MB."""

log = logging.getLogger("himoya.views")
_COLUMNS = ("at", "actor_id", "actor_kind", "organization_id", "subject_type", "subject_id", "through", "times")
_INSERT = sa.insert(AccessEntry.__table__)  # type: ignore[attr-defined]
_Look = tuple[Any, str, Any, str, str]
"""Who looked at what and through what: all of a view but the row."""


class Views:
    """The views that wait to be written."""

    def __init__(self) -> None:
        self._room = threading.Condition()
        self._writing = threading.Lock()
        self._waiting: dict[_Look, Counter[Any]] = {}
        self._size = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def add(self, visit: Visit, table: str, statement: str, ids: list[Any]) -> None:
        """Count each row as looked at; blocks while the gathering is full. The service's own reads are no looks."""
        actor = visit.actor
        if actor.kind == "system" or not ids:
            return
        look = (actor.id, actor.kind, actor.organization_id, table, visit.operation or statement)
        with self._room:
            while self._size >= MOST and self._thread is not None:
                self._room.notify_all()
                self._room.wait(0.1)
            self._add(look, ids)
            if self._size >= MOST // 2:
                self._room.notify_all()

    def _add(self, look: _Look, seen: Iterable[Any]) -> None:
        """Count rows of one look; a page's rows share it, so it is looked up once a page."""
        counted = self._waiting.setdefault(look, Counter())
        before = len(counted)
        counted.update(seen)
        self._size += len(counted) - before

    def flush(self) -> int:
        """Write what waits; answers how many rows. What could not be written stays. Afterwards all that was added before is written,
        by this call or by the one it waited for.
        """
        with self._writing:
            with self._room:
                batch, self._waiting, self._size = self._waiting, {}, 0
                self._room.notify_all()
            if not batch:
                return 0
            moment = now()
            rows = [
                dict(zip(_COLUMNS, (moment, *viewer, table, key, through, times), strict=True))
                for (*viewer, table, through), counted in batch.items()
                for key, times in counted.items()
            ]
            try:
                _write(rows)
            except Exception:
                with self._room:
                    for look, counted in batch.items():
                        self._add(look, counted)
                raise
            return len(rows)

    def start(self) -> None:
        """Begin to write in the background."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="views", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write the rest and end."""
        with self._room:
            self._stopping = True
            self._room.notify_all()
        if self._thread:
            self._thread.join(timeout=30)
            self._thread = None
        self.flush()

    def _run(self) -> None:
        while not self._stopping:
            with self._room:
                self._room.wait(BATCH_SECONDS)
            try:
                self.flush()
            except Exception:
                log.exception("views could not be written; they are kept and tried again")
                time.sleep(BATCH_SECONDS)


def _write(rows: list[dict[str, Any]]) -> None:
    with current().engine.begin() as connection:
        if connection.dialect.name != "postgresql":
            connection.execute(_INSERT, rows)
            return
        # COPY takes a tenth of what an insert of the same rows costs.
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY access_entry ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in _COLUMNS])


views = Views()
guard.WATCHERS.append(views.add)
