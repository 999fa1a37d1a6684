"""Requests and answers about rosters, and the parts that every activity with a roster shares."""

import calendar
import datetime as dt
import uuid
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field

from app.listing import Listing
from app.participation.completion import UnmetCode
from app.participation.models import MOST_PLACES, EnrollmentStatus, Presence, TestKind
from app.schemas import EntityRead, Id, IsoDate, Moment, NewId, PastDate, Precision, Read, Strict, UpdatedSince, Words, kept, line, word

# A body may hold 1,000 keys: MOST_PLACES rows of two, 249 of four.
MOST_RESULTS = 249
_PERCENT = Field(ge=0, le=100)
Capacity = Annotated[int, Field(ge=1, le=MOST_PLACES)]


# --- dates that are not known to the day ------------------------------------------------------------------------------------
class _PartialDate(Strict):
    """A date as exactly as it is known; what is not known of it is written as 01."""

    date: IsoDate
    precision: word(Precision) = Precision.DAY  # type: ignore[valid-type]


def last_day(day: dt.date, precision: str) -> dt.date:
    """The last day that a date can mean: of October 2019 the 31st."""
    if precision == Precision.YEAR:
        return day.replace(month=12, day=31)
    if precision == Precision.MONTH:
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day


def _filled_with_01(value: _PartialDate) -> _PartialDate:
    first = {Precision.YEAR: value.date.replace(month=1, day=1), Precision.MONTH: value.date.replace(day=1)}
    if value.date != first.get(value.precision, value.date):
        raise ValueError(f"known to the {value.precision} alone, so the rest of the date must be 01")
    return value


PartialDate = Annotated[_PartialDate, AfterValidator(_filled_with_01)]


class PartialDateRead(Read):
    """A date as exactly as it is known; what is not known of it is written as 01."""

    date: dt.date
    precision: Precision


# --- what every activity with a roster shares -------------------------------------------------------------------------------
class CompletionRule(Strict):
    """What a participant must reach to have completed; sessions marked as mandatory must be attended in any case."""

    min_attendance_percent: Annotated[int, _PERCENT] = 0
    min_post_test: Annotated[int, _PERCENT] | None = None


class CompletionRuleRead(Read):
    """What a participant must reach to have completed; `min_post_test` null: no test is asked for."""

    min_attendance_percent: int = _PERCENT
    min_post_test: int | None = _PERCENT


class RosterPlan(Strict):
    """The roster's part in a new activity."""

    completion_rule: CompletionRule = CompletionRule()
    capacity: Capacity | None = Field(default=None, description=f"Places; null: as many as a sheet of attendance holds, {MOST_PLACES}.")
    has_waitlist: bool = Field(default=True, description="Whether those who find it full are noted and move up.")
    enrollment_opens_on: IsoDate | None = None
    enrollment_closes_on: IsoDate | None = Field(default=None, description="The last day of enrollment.")


class RosterChange(Strict):
    """The roster's part in a change of an activity."""

    completion_rule: CompletionRule = kept()
    capacity: Capacity | None = Field(default=None, description="Raised, it moves the waitlist up.")
    has_waitlist: bool = kept()
    enrollment_opens_on: IsoDate | None = None
    enrollment_closes_on: IsoDate | None = None


class Counts(Read):
    """How many stand on the roster; shown to everybody who sees the activity, without names."""

    capacity: int | None = Field(description=f"Places; null: as many as a sheet of attendance holds, {MOST_PLACES}.", ge=0)
    seated: int = Field(description="Confirmed, and after the end completed or not completed.", ge=0)
    waitlisted: int = Field(ge=0)
    completed: int = Field(description="Known once the activity is completed.", ge=0)


class Reported(Read):
    """A headcount that was reported without names."""

    headcount_id: uuid.UUID
    participants: int = Field(ge=0)
    certificates: int | None = Field(ge=0)
    audience: str | None = Field(max_length=200)
    source: str = Field(max_length=500)
    activities: int = Field(description="How many activities it covers together; above 1 no one knows this activity's part.", ge=1)


class Participants(Read):
    """How many took part: named records win; else what was reported of this activity alone."""

    count: int | None = Field(description="Null when it is not recorded, or reported only together with other activities.", ge=0)
    basis: Literal["named", "reported", "not_recorded"]


class RosterRead(EntityRead):
    """The roster's part in an activity's answer."""

    roster_id: uuid.UUID
    completion_rule: CompletionRuleRead
    has_waitlist: bool
    enrollment_opens_on: dt.date | None
    enrollment_closes_on: dt.date | None
    counts: Counts
    participants: Participants
    reported: list[Reported] = Field(description="What was reported without names, each with its source.", max_length=200)
    co_host_ids: list[uuid.UUID] = Field(description="Organizations that run the activity too and therefore see the names.", max_length=20)


class CoHosts(Strict):
    """The organizations that run the activity too; those left out lose it."""

    organization_ids: list[Id] = Field(max_length=20)


# --- sessions ---------------------------------------------------------------------------------------------------------------
MOST_SESSIONS = 999
Number = Annotated[int, Field(ge=1, le=MOST_SESSIONS)]
_PersonName: TypeAlias = line(200)  # type: ignore[valid-type]
Facilitators = Annotated[list[_PersonName], Field(max_length=20, description="Names of those who lead the session.")]


class SessionCreate(Strict):
    """One meeting of the participants; its number is the next one if left out."""

    id: NewId = None
    number: Number | None = None
    starts_at: Moment
    ends_at: Moment
    topic: line(300) | None = None  # type: ignore[valid-type]
    facilitators: Facilitators = Field(default_factory=list)
    mandatory: bool = Field(default=False, description="Who misses it does not complete.")


class SessionUpdate(Strict):
    """What is to change of a session; fields left out stay, null empties."""

    number: Number = kept()
    starts_at: Moment = kept()
    ends_at: Moment = kept()
    topic: line(300) | None = None  # type: ignore[valid-type]
    facilitators: Facilitators = kept()
    mandatory: bool = kept()


class SessionRead(EntityRead):
    """One meeting of the participants."""

    number: int = Field(ge=1)
    starts_at: dt.datetime
    ends_at: dt.datetime
    topic: str | None = Field(max_length=300)
    facilitators: list[str] = Field(max_length=20)
    mandatory: bool


class SessionListing(Listing):
    """The list of sessions."""

    sort: Literal["number", "-number", "created_at", "-created_at"] = "number"


# --- enrollments ------------------------------------------------------------------------------------------------------------
class EnrollmentCreate(Strict):
    """A beneficiary or a specialist, exactly one of the two."""

    id: NewId = None
    beneficiary_id: Id | None = None
    specialist_id: Id | None = None


class EnrollmentEnd(Strict):
    """Why an enrollment ends."""

    reason: line(300)  # type: ignore[valid-type]


class Participant(Read):
    """Who takes part: the present name where you may see that person's own record, else the name as it stood when enrolled."""

    kind: Literal["beneficiary", "specialist"]
    id: uuid.UUID
    name: str = Field(max_length=300)

    @staticmethod
    def shape(row: dict[str, Any]) -> dict[str, Any]:
        """Of a row with `beneficiary_id`, `specialist_id` and `name`."""
        kind = "specialist" if row["beneficiary_id"] is None else "beneficiary"
        return {"kind": kind, "id": row[f"{kind}_id"], "name": row["name"]}


class EnrollmentRead(EntityRead):
    """A participant on a roster."""

    participant: Participant
    status: EnrollmentStatus
    status_at: dt.datetime = Field(description="Since when the status holds.")
    reason: str | None = Field(description="Why it was withdrawn or rejected.", max_length=300)

    @staticmethod
    def shape(row: dict[str, Any]) -> dict[str, Any]:
        """A row as it is answered."""
        return {name: Participant.shape(row) if name == "participant" else row[name] for name in EnrollmentRead.model_fields}


class EnrollmentListing(Listing):
    """Filters of the list of enrollments."""

    status: Annotated[EnrollmentStatus | None, Field(description="Enrollments in this state.")] = None
    beneficiary_id: Annotated[Id | None, Field(description="Enrollments of this beneficiary.")] = None
    specialist_id: Annotated[Id | None, Field(description="Enrollments of this specialist.")] = None
    updated_since: UpdatedSince = None
    q: Words = None
    sort: Literal["relevance", "created_at", "-created_at"] = "created_at"


# --- attendance -------------------------------------------------------------------------------------------------------------
class AttendanceItem(Strict):
    """How one participant was at the session."""

    enrollment_id: Id
    presence: word(Presence)  # type: ignore[valid-type]


class AttendanceSheet(Strict):
    """The whole sheet of a session; a participant left out has no entry any more."""

    items: list[AttendanceItem] = Field(max_length=MOST_PLACES)


class AttendanceItemRead(Read):
    """How one participant was at the session."""

    enrollment_id: uuid.UUID
    presence: Presence


class AttendanceSheetRead(Read):
    """The sheet of one session. Its version is the session's: send it as `If-Match` with the next sheet."""

    session_id: uuid.UUID
    version: int = Field(ge=1)
    items: list[AttendanceItemRead] = Field(max_length=10_000)


# --- test results -----------------------------------------------------------------------------------------------------------
class TestResultItem(Strict):
    """One participant's result in the test before or after."""

    __test__ = False

    enrollment_id: Id
    kind: word(TestKind)  # type: ignore[valid-type]
    score: Annotated[int, Field(ge=0, le=100, description="Percent.")]
    taken_on: PastDate | None = None


class TestResults(Strict):
    """Results to record; one that is there already for the same participant and kind is replaced."""

    __test__ = False

    items: list[TestResultItem] = Field(min_length=1, max_length=MOST_RESULTS)


class TestResultRead(EntityRead):
    """One participant's result in the test before or after."""

    __test__ = False

    enrollment_id: uuid.UUID
    kind: TestKind
    score: int = Field(ge=0, le=100, description="Percent.")
    taken_on: dt.date | None


class TestResultsRead(Read):
    """The results as they now stand, in the order sent."""

    __test__ = False

    items: list[TestResultRead] = Field(max_length=MOST_RESULTS)


class TestResultListing(Listing):
    """Filters of the list of test results."""

    __test__ = False

    kind: Annotated[TestKind | None, Field(description="Results of this test.")] = None
    enrollment_id: Annotated[Id | None, Field(description="Results of this participant.")] = None
    sort: Literal["created_at", "-created_at"] = "created_at"


# --- completions ------------------------------------------------------------------------------------------------------------
class UnmetRead(Read):
    """A criterion that is not met."""

    code: UnmetCode
    details: dict[str, int | str | list[int]] = Field(
        description="`attendance_too_low` {required_percent, attended_percent}; `mandatory_session_missed` {session_numbers}; "
        "`post_test_missing` {required}; `post_test_too_low` {required, score}; `not_seated` {status}; `no_sessions` {}.",
        max_length=5,
    )


class CompletionRead(Read):
    """Whether one participant has completed, and each criterion that is not met."""

    enrollment_id: uuid.UUID
    participant: Participant
    status: EnrollmentStatus
    is_complete: bool
    unmet: list[UnmetRead] = Field(max_length=6)


class CompletionsRead(Read):
    """Every enrollment, whatever its state, as its records stand now."""

    is_settled: bool = Field(description="Whether the activity is completed; before that the answer can still change.")
    completion_rule: CompletionRuleRead
    sessions: int = Field(description="Sessions of the roster; the base of the share of attendance.", ge=0)
    items: list[CompletionRead] = Field(max_length=10_000)


# --- headcounts -------------------------------------------------------------------------------------------------------------
class HeadcountCreate(Strict):
    """What was reported without names, over one or several activities together."""

    id: NewId = None
    roster_ids: list[Id] = Field(min_length=1, max_length=50, description="`roster_id` of each activity that it covers.")
    participants: Annotated[int, Field(ge=0, le=1_000_000)]
    certificates: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    audience: line(200) | None = None  # type: ignore[valid-type]
    source: line(500) = Field(description="Where it was reported.")  # type: ignore[valid-type]


class HeadcountRead(EntityRead):
    """What was reported without names, over one or several activities together."""

    organization_id: uuid.UUID
    territory: str = Field(description="The smallest place that holds all the activities it covers.", max_length=16)
    roster_ids: list[uuid.UUID] = Field(max_length=50)
    participants: int = Field(ge=0)
    certificates: int | None = Field(ge=0)
    audience: str | None = Field(max_length=200)
    source: str = Field(max_length=500)


class HeadcountListing(Listing):
    """Filters of the list of reported headcounts."""

    roster_id: Annotated[Id | None, Field(description="Headcounts that cover this activity's roster.")] = None
    organization_id: Annotated[Id | None, Field(description="Headcounts that this organization reported.")] = None
    updated_since: UpdatedSince = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
