"""How every participant of a roster stands: what is on record, brought together in four statements and judged."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.guard import Statement, prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.participation.completion import Evaluation, Held, Rule, evaluate
from app.participation.models import Attendance, Enrollment, EnrollmentStatus, Presence, Roster, RosterSession, TestKind, TestResult
from app.partners.models import Specialist
from app.problems import NotFound


def _full_name(model: type[Beneficiary | Specialist]) -> sa.ColumnElement[str]:
    """As people are listed, surname first; null where the row is not there for the caller."""
    return col(model.surname) + " " + col(model.given_name) + func.coalesce(sa.literal(" ") + col(model.patronymic), "")


def with_persons(statement: Statement) -> Statement:
    """Beside each enrollment the person's own row, where the caller may see it: the guard's rule stands in the join."""
    return (
        statement.select_from(Enrollment)
        .outerjoin(Beneficiary, col(Beneficiary.id) == col(Enrollment.beneficiary_id))
        .outerjoin(Specialist, col(Specialist.id) == col(Enrollment.specialist_id))
    )


PRESENT_NAME = func.coalesce(_full_name(Beneficiary), _full_name(Specialist), col(Enrollment.participant_name))
"""The participant's name, in a statement made by `with_persons`."""
SEEN: sa.Label[uuid.UUID] = col(Beneficiary.id).label("seen_id")
"""Selected beside the name, it puts on record that the caller looked at this beneficiary."""

_ROSTER = bindparam("roster_id", type_=sa.Uuid())
_RULE = prebuilt(
    sa.select(col(Roster.status), col(Roster.min_attendance_percent), col(Roster.min_post_test)).where(col(Roster.id) == _ROSTER),
    "roster.rule",
)
_SESSIONS = prebuilt(
    sa.select(col(RosterSession.id), col(RosterSession.number), col(RosterSession.mandatory))
    .where(col(RosterSession.roster_id) == _ROSTER)
    .order_by(col(RosterSession.number)),
    "roster_session.held",
)
_ENROLLED = prebuilt(
    with_persons(
        sa.select(
            col(Enrollment.id),
            col(Enrollment.status),
            col(Enrollment.beneficiary_id),
            col(Enrollment.specialist_id),
            PRESENT_NAME.label("name"),
            col(TestResult.score),
            SEEN,
        )
    )
    .outerjoin(TestResult, sa.and_(col(TestResult.enrollment_id) == col(Enrollment.id), col(TestResult.kind) == TestKind.POST))
    .where(col(Enrollment.roster_id) == _ROSTER)
    .order_by(col(Enrollment.created_at), col(Enrollment.id)),
    "enrollment.standing",
)
_ATTENDED = prebuilt(
    sa.select(col(Attendance.enrollment_id), col(Attendance.session_id))
    .join(RosterSession, col(RosterSession.id) == col(Attendance.session_id))
    .where(col(RosterSession.roster_id) == _ROSTER, col(Attendance.presence).in_([Presence.PRESENT, Presence.LATE])),
    "attendance.attended",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A roster's rule and sessions, and how each enrollment that the caller may see stands by them."""

    status: str
    rule: Rule
    sessions: list[Held]
    evaluations: list[Evaluation]


def standing_of(db: Rows, roster_id: uuid.UUID) -> Standing:
    """How a roster stands, its enrollments by age; NotFound when the caller may not see the roster."""
    values = {"roster_id": roster_id}
    roster = db.rows(_RULE, values)
    if not roster:
        raise NotFound
    status, *criteria = roster[0]
    rule = Rule(*criteria)
    sessions = [Held(*row) for row in db.rows(_SESSIONS, values)]
    attended: dict[uuid.UUID, set[uuid.UUID]] = {}
    for enrollment_id, session_id in db.rows(_ATTENDED, values):
        attended.setdefault(enrollment_id, set()).add(session_id)
    found = []
    for key, state, beneficiary_id, specialist_id, name, score, _ in db.rows(_ENROLLED, values):
        unmet = evaluate(rule, sessions, status=state, attended=attended.get(key, ()), post_test=score)
        kind = "specialist" if beneficiary_id is None else "beneficiary"
        found.append(
            Evaluation(key, EnrollmentStatus(state), kind, beneficiary_id, specialist_id, name, is_complete=not unmet, unmet=unmet)
        )
    return Standing(status, rule, sessions, found)
