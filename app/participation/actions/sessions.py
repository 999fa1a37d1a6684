"""The sessions of a roster."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.fetch import find, made_before
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.database import now, uuid7
from app.participation.actions.rosters import lock, not_canceled, settle_again
from app.participation.models import Attendance, RosterSession, SessionHasAttendance
from app.participation.schemas import MOST_SESSIONS, SessionCreate, SessionUpdate
from app.problems import NotFound, Stale, invalid

_LAST_NUMBER = prebuilt(
    sa.select(func.max(col(RosterSession.number))).where(col(RosterSession.roster_id) == bindparam("roster_id")),
    "roster_session.last_number",
)
_ATTENDED = prebuilt(sa.select(col(Attendance.session_id)).where(col(Attendance.session_id) == bindparam("id")).limit(1), "attendance.any")


def session_of(db: GuardedSession, roster_id: uuid.UUID, session_id: uuid.UUID, *, version: int) -> RosterSession:
    """A session of this roster; NotFound, also for another roster's; Stale."""
    session = find(db, RosterSession, session_id)
    if session is None or session.roster_id != roster_id:
        raise NotFound
    if session.version != version:
        raise Stale
    return session


def _ends_after_start(session: RosterSession) -> None:
    if session.ends_at <= session.starts_at:
        raise invalid("/ends_at", "before_start", "Must lie after starts_at.")


def add_session(db: GuardedSession, roster_id: uuid.UUID, *, body: SessionCreate) -> tuple[uuid.UUID, bool]:
    """(id, made before). Raises Invalid, AlreadyExists for a taken number, IdTaken, WrongState."""
    roster = lock(db, roster_id)
    origin = body.origin(under=roster_id)
    if before := made_before(db, RosterSession, body.id, origin):
        return before.id, True
    not_canceled(roster)
    number = body.number or (db.rows(_LAST_NUMBER, {"roster_id": roster_id})[0][0] or 0) + 1
    if number > MOST_SESSIONS:
        raise invalid("/number", "exhausted", f"No number is left behind the last one; at most {MOST_SESSIONS}.")
    session = RosterSession(
        id=body.id or uuid7(),
        origin=origin,
        roster_id=roster_id,
        organization_id=roster.organization_id,
        territory=roster.territory,
        number=number,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        topic=body.topic,
        facilitators=list(body.facilitators),
        mandatory=body.mandatory,
    )
    _ends_after_start(session)
    db.add(session)
    settle_again(db, roster)
    db.flush()
    return session.id, False


def update_session(db: GuardedSession, roster_id: uuid.UUID, session_id: uuid.UUID, *, version: int, body: SessionUpdate) -> None:
    """Change it. Raises NotFound, Stale, Invalid, AlreadyExists for a taken number, WrongState."""
    roster = lock(db, roster_id)
    session = session_of(db, roster_id, session_id, version=version)
    require_writable(db, session)
    not_canceled(roster)
    values: dict[str, Any] = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        setattr(session, name, value)
    _ends_after_start(session)
    if session.starts_at > now() and "starts_at" in values and db.rows(_ATTENDED, {"id": session_id}):
        raise invalid("/starts_at", "ahead", "Attendance was noted, so it has begun.")
    if "mandatory" in values:
        settle_again(db, roster)
    db.flush()


def remove_session(db: GuardedSession, roster_id: uuid.UUID, session_id: uuid.UUID, *, version: int) -> None:
    """Take back a session at which nobody's attendance was noted. Raises NotFound, Stale, SessionHasAttendance, WrongState."""
    roster = lock(db, roster_id)
    session = session_of(db, roster_id, session_id, version=version)
    not_canceled(roster)
    if db.rows(_ATTENDED, {"id": session_id}):
        raise SessionHasAttendance
    db.delete(session)
    settle_again(db, roster)
    db.flush()
