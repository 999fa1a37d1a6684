"""A roster and what hangs on it. Sessions, enrollment and attendance exist once, whatever kind of activity has the roster."""

import uuid
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Entity, Json, Owned, UtcDateTime, now
from app.problems import Conflict, WrongState


class RosterFull(Conflict):
    """The roster is full and has no waitlist."""

    code, title = "roster_full", "The roster is full"


class EnrollmentClosed(Conflict):
    """The activity is not open for enrollment: not published yet, over, canceled, or outside its enrollment dates."""

    code, title = "enrollment_closed", "Enrollment is closed"


class AlreadyEnrolled(Conflict):
    """This participant has an enrollment here that is not withdrawn or rejected."""

    code, title = "already_enrolled", "Already enrolled"


class CapacityBelowSeated(Conflict):
    """More participants have a place than the new capacity holds; withdraw or reject some first."""

    code, title = "capacity_below_seated", "Conflicts with the stored state"


class SessionHasAttendance(Conflict):
    """Attendance was noted at this session; put an empty sheet first if it really was not held."""

    code, title = "session_has_attendance", "Conflicts with the stored state"


class RosterStatus(StrEnum):
    """What the activity's own state means for its roster."""

    DRAFT = "draft"
    OPEN = "open"
    SETTLED = "settled"
    CANCELED = "canceled"


class EnrollmentStatus(StrEnum):
    """applied → waitlisted | confirmed → completed | not_completed | withdrawn | rejected."""

    APPLIED = "applied"
    WAITLISTED = "waitlisted"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


MOST_PLACES = 499
"""Seated participants that a roster can have at most: as many as one sheet of attendance holds."""
SEATED = frozenset({EnrollmentStatus.CONFIRMED, EnrollmentStatus.COMPLETED, EnrollmentStatus.NOT_COMPLETED})
"""Enrollments that take one of the roster's places."""
GONE = frozenset({EnrollmentStatus.WITHDRAWN, EnrollmentStatus.REJECTED})


class Presence(StrEnum):
    """How a participant was at a session; `late` counts as attended, `excused` and `absent` do not."""

    PRESENT = "present"
    LATE = "late"
    EXCUSED = "excused"
    ABSENT = "absent"


class TestKind(StrEnum):
    """When a test was taken."""

    PRE = "pre"
    POST = "post"


class Roster(Owned, table=True):
    """Who takes part in one activity: its places, its rule of completion, and the counts that may be shown without names.

    The counts are changed in the transaction that changes an enrollment, under the row's lock; capacity is judged by them.
    """

    __tablename__ = "roster"
    __table_args__ = (
        sa.CheckConstraint("capacity IS NULL OR seated <= capacity", name="capacity_held"),
        sa.CheckConstraint("seated >= 0 AND waitlisted >= 0 AND completed >= 0", name="counts_not_negative"),
        sa.CheckConstraint("min_attendance_percent BETWEEN 0 AND 100", name="attendance_is_percent"),
        sa.CheckConstraint("min_post_test IS NULL OR min_post_test BETWEEN 0 AND 100", name="post_test_is_percent"),
    )

    status: RosterStatus = Field(default=RosterStatus.DRAFT, sa_type=sa.String(20))
    capacity: int | None = Field(default=None)
    has_waitlist: bool = Field(default=True)
    enrollment_opens_on: date | None = None
    enrollment_closes_on: date | None = None
    min_attendance_percent: int = Field(default=0)
    min_post_test: int | None = None
    seated: int = Field(default=0)
    waitlisted: int = Field(default=0)
    completed: int = Field(default=0)

    @property
    def free(self) -> int:
        """Places that nobody has yet; less than none where more have one than there are now."""
        return (MOST_PLACES if self.capacity is None else self.capacity) - self.seated


class RosterCoHost(Entity, table=True):
    """Another organization that runs the activity too, and may therefore see the names on its roster."""

    __tablename__ = "roster_co_host"
    __table_args__ = (sa.UniqueConstraint("roster_id", "organization_id"),)

    roster_id: uuid.UUID = Field(foreign_key="roster.id", index=True)
    organization_id: uuid.UUID = Field(foreign_key="organization.id")


class RosterSession(Owned, table=True):
    """One meeting of the participants."""

    __tablename__ = "roster_session"
    __table_args__ = (sa.UniqueConstraint("roster_id", "number"), sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"))

    roster_id: uuid.UUID = Field(foreign_key="roster.id")
    number: int
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    topic: str | None = Field(default=None, max_length=300)
    facilitators: list[str] = Field(default_factory=list, sa_type=Json)
    mandatory: bool = Field(default=False)

    def touch(self) -> None:
        """Its sheet of attendance is a part of it: a change there is a new version here."""
        self.updated_at = now()


_LIVE = "status NOT IN ('withdrawn', 'rejected')"


class Enrollment(Owned, table=True):
    """A beneficiary or a specialist, exactly one, on a roster. `participant_name` is the name as it stood when enrolled."""

    __tablename__ = "enrollment"
    __table_args__ = (
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (specialist_id IS NULL)", name="exactly_one_participant"),
        sa.Index(
            "ix_enrollment_live_beneficiary",
            "roster_id",
            "beneficiary_id",
            unique=True,
            sqlite_where=sa.text(_LIVE),
            postgresql_where=sa.text(_LIVE),
        ),
        sa.Index(
            "ix_enrollment_live_specialist",
            "roster_id",
            "specialist_id",
            unique=True,
            sqlite_where=sa.text(_LIVE),
            postgresql_where=sa.text(_LIVE),
        ),
        sa.Index("ix_enrollment_roster", "roster_id", "created_at", "id"),
        sa.Index("ix_enrollment_beneficiary_id", "beneficiary_id"),
    )

    roster_id: uuid.UUID = Field(foreign_key="roster.id")
    beneficiary_id: uuid.UUID | None = Field(default=None, foreign_key="beneficiary.id")
    specialist_id: uuid.UUID | None = Field(default=None, foreign_key="specialist.id")
    participant_organization_id: uuid.UUID | None = Field(default=None, foreign_key="organization.id")
    participant_name: str = Field(max_length=300)
    status: EnrollmentStatus = Field(default=EnrollmentStatus.APPLIED, sa_type=sa.String(20))
    status_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, max_length=300)

    def move(self, to: EnrollmentStatus, *, reason: str | None = None) -> None:
        """Into another state; WrongState from one that is over."""
        if self.status in GONE:
            raise WrongState("The enrollment is withdrawn or rejected; enroll the participant anew.")
        if to != self.status:
            self.status, self.status_at, self.reason = to, now(), reason


class Attendance(Owned, table=True):
    """How one participant was at one session."""

    __tablename__ = "attendance"
    __table_args__ = (sa.UniqueConstraint("session_id", "enrollment_id"), sa.Index("ix_attendance_enrollment_id", "enrollment_id"))

    session_id: uuid.UUID = Field(foreign_key="roster_session.id")
    enrollment_id: uuid.UUID = Field(foreign_key="enrollment.id")
    presence: Presence = Field(sa_type=sa.String(10))


class TestResult(Owned, table=True):
    """One participant's result in the test before or after, in percent."""

    __tablename__ = "test_result"
    __table_args__ = (sa.UniqueConstraint("enrollment_id", "kind"), sa.CheckConstraint("score BETWEEN 0 AND 100", name="score_is_percent"))

    enrollment_id: uuid.UUID = Field(foreign_key="enrollment.id")
    kind: TestKind = Field(sa_type=sa.String(10))
    score: int
    taken_on: date | None = None


class ReportedHeadcount(Owned, table=True):
    """What was reported without names, over one or several activities. Named records win over it; both are shown."""

    __tablename__ = "reported_headcount"
    __table_args__ = (sa.CheckConstraint("participants >= 0 AND (certificates IS NULL OR certificates >= 0)", name="counts_not_negative"),)

    participants: int
    certificates: int | None = None
    audience: str | None = Field(default=None, max_length=200)
    source: str = Field(max_length=500)


class ReportedHeadcountRoster(Entity, table=True):
    """Which rosters a reported headcount covers."""

    __tablename__ = "reported_headcount_roster"
    __table_args__ = (sa.UniqueConstraint("headcount_id", "roster_id"),)

    headcount_id: uuid.UUID = Field(foreign_key="reported_headcount.id")
    roster_id: uuid.UUID = Field(foreign_key="roster.id", index=True)
