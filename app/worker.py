"""What has to be done without anybody asking: sealing the trail and forgetting what was kept long enough, hourly or by
`python -m app audit seal` and `python -m app purge`; and, once a day, the rules of retention and a look through the register for who is
registered twice.
"""

import logging
import threading
from datetime import timedelta

import sqlalchemy as sa

from app import idempotency
from app.access.transaction import as_system, begin
from app.audit import chain
from app.consents.actions.consents import expire_due
from app.database import current, now
from app.duplicates.actions import expiring
from app.duplicates.scanning import scan_if_due
from app.identity.models import LoginAttempt, LoginSession
from app.retention import due
from app.retention.actions.running import run_retention

log = logging.getLogger("himoya.worker")
FIRST_SECONDS = 60.0
"""A process that is restarted every few minutes does its share as well."""
EVERY_SECONDS = 3600.0
RETENTION_EVERY = SCAN_EVERY = timedelta(days=1)
ATTEMPTS_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=90)
"""An ended session stays this long, so that a manager can still see when somebody was logged in."""

_attempts = sa.delete(LoginAttempt).where(LoginAttempt.at < sa.bindparam("before"))
_sessions = sa.delete(LoginSession).where(LoginSession.expires_at < sa.bindparam("before"))


def purge() -> dict[str, int]:
    """Forget; answers how many rows of each kind went."""
    with current().engine.begin() as connection:
        return {
            "idempotency": idempotency.purge(connection),
            "login_attempt": connection.execute(_attempts, {"before": now() - ATTEMPTS_KEPT}).rowcount,
            "login_session": connection.execute(_sessions, {"before": now() - SESSIONS_KEPT}).rowcount,
        }


def expire_consents() -> int:
    """Write down which consents have expired; answers how many. What they opened closes by its own date, this one or not."""
    with begin(as_system("expire_consents")) as db:
        return expire_due(db)


def forget_former_values() -> int:
    """Forget what merges kept to be undone; answers of how many, a batch at a time."""
    with begin(as_system("forget_former_values")) as db:
        return expiring.forget_former_values(db)


def keep_rules() -> bool:
    """Run the rules of retention unless they were run within a day; answers whether they ran."""
    with begin(as_system("retention_due")) as db:
        last = due.last_run(db)
    if last is not None and last > now() - RETENTION_EVERY:
        return False
    run_retention()
    return True


def scan_register() -> bool:
    """Look for who is registered twice unless that was done within a day; answers whether it was done."""
    return scan_if_due(SCAN_EVERY)


class Housekeeping:
    """The thread of the embedded process that does it; several processes may do it at once without harm."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Do it in a minute, and then every hour."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the present round."""
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        wait = FIRST_SECONDS
        while not self._stopping.wait(wait):
            wait = EVERY_SECONDS
            for work in (chain.seal, purge, expire_consents, forget_former_values, keep_rules, scan_register):
                try:
                    work()
                except Exception:
                    log.exception("housekeeping failed; tried again in an hour")
