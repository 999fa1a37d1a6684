"""What was recorded of the participants: attendance, a whole sheet at once, and test results. Late corrections settle again."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.guard import GuardedSession, prebuilt
from app.database import now
from app.participation.actions.rosters import lock, settle_again
from app.participation.actions.sessions import session_of
from app.participation.models import SEATED, Attendance, Enrollment, EnrollmentStatus, Roster, RosterStatus, TestResult
from app.participation.schemas import AttendanceItem, AttendanceSheet, TestResultItem, TestResultRead, TestResults
from app.problems import Fault, Invalid, WrongState

_IDS = bindparam("ids", type_=sa.Uuid(), expanding=True)
_STATUS = prebuilt(
    sa.select(col(Enrollment.id), col(Enrollment.status)).where(
        col(Enrollment.roster_id) == bindparam("roster_id"), col(Enrollment.id).in_(_IDS)
    ),
    "enrollment.status_of",
)
_PRESENT = prebuilt(sa.select(Attendance).where(col(Attendance.session_id) == bindparam("session_id")), "attendance.of_session")
_RESULTS = prebuilt(sa.select(TestResult).where(col(TestResult.enrollment_id).in_(_IDS)), "test_result.of_enrollments")
# Who withdrew half-way was there before; who waits or was turned away never was.
_TOOK_PART = SEATED | {EnrollmentStatus.WITHDRAWN}


def _can_be_kept(roster: Roster) -> None:
    if roster.status not in (RosterStatus.OPEN, RosterStatus.SETTLED):
        raise WrongState("The activity is not published yet or is canceled.")


def _took_part(db: GuardedSession, roster: Roster, items: Sequence[AttendanceItem | TestResultItem], keys: Iterable[Any]) -> None:
    """Invalid, with a pointer for each item whose enrollment is not on this roster, never had a place, or stands twice."""
    states = {row[0]: row[1] for row in db.rows(_STATUS, {"roster_id": roster.id, "ids": [item.enrollment_id for item in items]})}
    faults, seen = [], set()
    for place, (item, key) in enumerate(zip(items, keys, strict=True)):
        pointer = f"/items/{place}/enrollment_id"
        if item.enrollment_id not in states:
            faults.append(Fault(pointer, "unknown", "There is no such enrollment here."))
        elif states[item.enrollment_id] not in _TOOK_PART:
            faults.append(Fault(pointer, "not_seated", f"The enrollment is {states[item.enrollment_id]}."))
        elif key in seen:
            faults.append(Fault(pointer, "repeated", "Stands here twice."))
        seen.add(key)
    if faults:
        raise Invalid(faults=faults[:200])


def put_sheet(db: GuardedSession, roster_id: uuid.UUID, session_id: uuid.UUID, *, version: int, body: AttendanceSheet) -> None:
    """The sheet of a session, instead of what it was; the session's version counts it.

    Raises NotFound, Stale, WrongState, Invalid.
    """
    roster = lock(db, roster_id)
    session = session_of(db, roster_id, session_id, version=version)
    _can_be_kept(roster)
    if session.starts_at > now():
        raise WrongState(f"The session begins at {session.starts_at.isoformat()}; who was there is known from then on.")
    _took_part(db, roster, body.items, (item.enrollment_id for item in body.items))
    present = {row.enrollment_id: row for row in db.execute(_PRESENT, {"session_id": session_id}).scalars()}
    for item in body.items:
        if row := present.pop(item.enrollment_id, None):
            row.presence = item.presence
        else:
            entry = {"session_id": session_id, "enrollment_id": item.enrollment_id, "presence": item.presence}
            db.add(Attendance(organization_id=roster.organization_id, territory=roster.territory, **entry))
    for row in present.values():
        db.delete(row)
    session.touch()
    settle_again(db, roster)
    db.flush()


def put_results(db: GuardedSession, roster_id: uuid.UUID, *, body: TestResults) -> list[dict[str, Any]]:
    """Record results, all or none; one that is there already is replaced. Answers the rows. Raises NotFound, WrongState, Invalid."""
    roster = lock(db, roster_id)
    _can_be_kept(roster)
    _took_part(db, roster, body.items, ((item.enrollment_id, item.kind) for item in body.items))
    present = {
        (row.enrollment_id, row.kind): row for row in db.execute(_RESULTS, {"ids": [item.enrollment_id for item in body.items]}).scalars()
    }
    rows = []
    for item in body.items:
        row = present.get((item.enrollment_id, item.kind))
        if row is None:
            row = TestResult(organization_id=roster.organization_id, territory=roster.territory, **item.model_dump())
            db.add(row)
        else:
            row.score, row.taken_on = item.score, item.taken_on
        rows.append(row)
    settle_again(db, roster)
    db.flush()
    return [TestResultRead.model_validate(row).model_dump() for row in rows]
