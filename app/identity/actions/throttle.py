"""How often one may try to log in.

An attempt is reserved before the password is looked at and given back when it was right, so that attempts sent together cannot
slip past the count. A blocked attempt is not counted: whoever waits gets in, whatever an attacker does meanwhile in another network.
"""

import hashlib
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam, func

from app.access.guard import GuardedSession, prebuilt
from app.database import now
from app.identity.models import LoginAttempt
from app.limits import counted_as
from app.problems import TooManyRequests

WINDOW = timedelta(minutes=15)
PER_ACCOUNT_AND_ADDRESS = 5
PER_ADDRESS = 50
PER_ACCOUNT = 100
"""Over all addresses, against guessing from many places: whoever has twenty networks can fill it and keep a person out for as long as they
go on. A stranger in one network cannot."""

_COUNT = prebuilt(
    sa.select(LoginAttempt.key, func.count(), func.min(LoginAttempt.at))  # type: ignore[call-overload]
    .where(LoginAttempt.key.in_(bindparam("keys", expanding=True)), LoginAttempt.at > bindparam("since", type_=LoginAttempt.at.type))  # type: ignore[attr-defined]
    .group_by(LoginAttempt.key),
    "login_attempt.count",
)


def _keys(subject: str, address: str) -> dict[str, int]:
    address = counted_as(address)
    texts = {f"both:{subject}|{address}": PER_ACCOUNT_AND_ADDRESS, f"address:{address}": PER_ADDRESS, f"account:{subject}": PER_ACCOUNT}
    return {hashlib.sha256(text.encode()).hexdigest(): limit for text, limit in texts.items()}


def reserve(db: GuardedSession, *, subject: str, address: str) -> list[LoginAttempt]:
    """Count this attempt; TooManyRequests, with the seconds to wait, when the window is full."""
    keys, since = _keys(subject, address), now() - WINDOW
    # Attempts sent together are counted one after the other.
    db.hold(*keys)
    counts = db.execute(_COUNT, {"keys": list(keys), "since": since}).all()
    if full := [oldest for key, count, oldest in counts if count >= keys[key]]:
        raise TooManyRequests.after((max(full) + WINDOW - now()).total_seconds())
    attempts = [LoginAttempt(key=key) for key in keys]
    db.add_all(attempts)
    return attempts


def give_back(db: GuardedSession, attempts: list[LoginAttempt]) -> None:
    """The attempt was right: it does not count."""
    for attempt in attempts:
        db.delete(db.merge(attempt, load=False))
