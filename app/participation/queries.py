"""Reads of rosters and of what hangs on them."""

import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.guard import Statement, prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.listing import Found, Keyset, Sort, by_age, filters_of
from app.participation.completion import Evaluation
from app.participation.models import (
    Attendance,
    Enrollment,
    ReportedHeadcount,
    ReportedHeadcountRoster,
    RosterCoHost,
    RosterSession,
    RosterStatus,
    TestResult,
)
from app.participation.schemas import (
    EnrollmentListing,
    EnrollmentRead,
    HeadcountListing,
    HeadcountRead,
    Participant,
    SessionListing,
    SessionRead,
    TestResultListing,
    TestResultRead,
)
from app.participation.standing import PRESENT_NAME, SEEN, standing_of, with_persons
from app.partners.models import Specialist
from app.problems import NotFound
from app.search import by_relevance, found_by, strictly, words_of

_ROSTER = bindparam("roster_id", type_=sa.Uuid())
_ROSTERS = bindparam("roster_ids", type_=sa.Uuid(), expanding=True)
_ID = bindparam("id", type_=sa.Uuid())


class RosterOwner:
    """A kind of activity that has a roster; `noun` names it in addresses and operations, such as `study_tour`."""

    def __init__(self, model: Any, noun: str) -> None:
        self.noun = noun
        self._statement = prebuilt(sa.select(model.roster_id).where(model.id == _ID), f"{noun}.roster_id")

    def roster(self, db: Rows, key: uuid.UUID) -> uuid.UUID:
        """The roster of one activity; NotFound when the caller may not see the activity."""
        found = db.rows(self._statement, {"id": key})
        if not found:
            raise NotFound
        roster_id: uuid.UUID = found[0][0]
        return roster_id


class _Nested:
    """One row under a roster: another roster's row is not found."""

    def __init__(self, name: str, statement: Statement, model: type[RosterSession | Enrollment]) -> None:
        self.names = [str(column["name"]) for column in statement.column_descriptions]
        self._statement = prebuilt(statement.where(col(model.id) == _ID, col(model.roster_id) == _ROSTER), name)

    def one(self, db: Rows, roster_id: uuid.UUID, key: uuid.UUID) -> dict[str, Any]:
        """The row; NotFound."""
        found = db.rows(self._statement, {"id": key, "roster_id": roster_id})
        if not found:
            raise NotFound
        return dict(zip(self.names, found[0], strict=True))


# --- what every activity's answer holds of its roster -----------------------------------------------------------------------
ROSTER_COLUMNS = (
    "capacity",
    "has_waitlist",
    "enrollment_opens_on",
    "enrollment_closes_on",
    "min_attendance_percent",
    "min_post_test",
    "seated",
    "waitlisted",
    "completed",
)
"""Columns of Roster that an activity selects beside its own, to be shaped by `roster_parts`."""
_CO_HOSTS = prebuilt(
    sa.select(col(RosterCoHost.roster_id), col(RosterCoHost.organization_id))
    .where(col(RosterCoHost.roster_id).in_(_ROSTERS))
    .order_by(col(RosterCoHost.created_at), col(RosterCoHost.id)),
    "roster_co_host.of_rosters",
)
_REPORTED_COLUMNS = ("headcount_id", "participants", "certificates", "audience", "source", "activities")
_other = aliased(ReportedHeadcountRoster)
_REPORTED = prebuilt(
    sa.select(
        col(ReportedHeadcountRoster.roster_id),
        col(ReportedHeadcount.id).label("headcount_id"),
        col(ReportedHeadcount.participants),
        col(ReportedHeadcount.certificates),
        col(ReportedHeadcount.audience),
        col(ReportedHeadcount.source),
        sa.select(func.count())
        .select_from(_other)
        .where(col(_other.headcount_id) == col(ReportedHeadcount.id))
        .scalar_subquery()
        .label("activities"),
    )
    .join(ReportedHeadcount, col(ReportedHeadcount.id) == col(ReportedHeadcountRoster.headcount_id))
    .where(col(ReportedHeadcountRoster.roster_id).in_(_ROSTERS))
    .order_by(col(ReportedHeadcount.created_at).desc(), col(ReportedHeadcount.id).desc()),
    "reported_headcount.of_rosters",
)


def roster_parts(db: Rows, rows: Collection[dict[str, Any]]) -> dict[uuid.UUID, dict[str, Any]]:
    """By `roster_id`, the fields of RosterRead for rows that hold `roster_id` and ROSTER_COLUMNS. Two statements, however many rows."""
    ids = [row["roster_id"] for row in rows]
    if not ids:
        return {}
    co_hosts: dict[uuid.UUID, list[uuid.UUID]] = {key: [] for key in ids}
    for roster_id, organization_id in db.rows(_CO_HOSTS, {"roster_ids": ids}):
        co_hosts[roster_id].append(organization_id)
    reported: dict[uuid.UUID, list[dict[str, Any]]] = {key: [] for key in ids}
    for roster_id, *values in db.rows(_REPORTED, {"roster_ids": ids}):
        reported[roster_id].append(dict(zip(_REPORTED_COLUMNS, values, strict=True)))
    return {row["roster_id"]: _part(row, co_hosts[row["roster_id"]], reported[row["roster_id"]]) for row in rows}


def _part(row: dict[str, Any], co_hosts: list[uuid.UUID], reported: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "roster_id": row["roster_id"],
        "completion_rule": {"min_attendance_percent": row["min_attendance_percent"], "min_post_test": row["min_post_test"]},
        "has_waitlist": row["has_waitlist"],
        "enrollment_opens_on": row["enrollment_opens_on"],
        "enrollment_closes_on": row["enrollment_closes_on"],
        "counts": {name: row[name] for name in ("capacity", "seated", "waitlisted", "completed")},
        "participants": _participants(row["seated"], reported),
        "reported": reported,
        "co_host_ids": co_hosts,
    }


def _participants(seated: int, reported: list[dict[str, Any]]) -> dict[str, Any]:
    """Named records win; a total over several activities is never split."""
    if seated:
        return {"count": seated, "basis": "named"}
    alone = [one["participants"] for one in reported if one["activities"] == 1]
    if alone:
        return {"count": alone[0], "basis": "reported"}
    return {"count": None, "basis": "reported" if reported else "not_recorded"}


# --- sessions ---------------------------------------------------------------------------------------------------------------
_session = sa.select(*(getattr(RosterSession, name) for name in SessionRead.model_fields))
_ONE_SESSION = _Nested("roster_session.one", _session, RosterSession)
_SESSIONS = Keyset(
    "roster_session.list",
    _session,
    key=RosterSession.id,
    sorts={"number": Sort(RosterSession.number), "-number": Sort(RosterSession.number, descending=True), **by_age(RosterSession)},
    filters={"roster_id": col(RosterSession.roster_id) == _ROSTER},
)


def session(db: Rows, roster_id: uuid.UUID, key: uuid.UUID) -> dict[str, Any]:
    """One session of a roster; NotFound."""
    return _ONE_SESSION.one(db, roster_id, key)


def sessions(db: Rows, roster_id: uuid.UUID, listing: SessionListing) -> Found:
    """A page of a roster's sessions."""
    return _SESSIONS.page(db, listing, {"roster_id": roster_id})


# --- enrollments ------------------------------------------------------------------------------------------------------------
_ENROLLMENT_COLUMNS = ("id", "created_at", "updated_at", "version", "beneficiary_id", "specialist_id", "status", "status_at", "reason")
_enrollment = with_persons(sa.select(*(getattr(Enrollment, name) for name in _ENROLLMENT_COLUMNS), PRESENT_NAME.label("name"), SEEN))
_ONE_ENROLLMENT = _Nested("enrollment.one", _enrollment, Enrollment)
_ENROLLMENTS = Keyset(
    "enrollment.list",
    _enrollment,
    key=Enrollment.id,
    sorts={**by_age(Enrollment), **by_relevance(strictly(func.coalesce(col(Beneficiary.search), col(Specialist.search))))},
    filters={
        "roster_id": col(Enrollment.roster_id) == _ROSTER,
        "status": col(Enrollment.status) == bindparam("status"),
        "beneficiary_id": col(Enrollment.beneficiary_id) == bindparam("beneficiary_id", type_=sa.Uuid()),
        "specialist_id": col(Enrollment.specialist_id) == bindparam("specialist_id", type_=sa.Uuid()),
        "updated_since": col(Enrollment.updated_at) >= bindparam("updated_since"),
        "words": found_by(Beneficiary) | found_by(Specialist),
    },
)


def enrollment(db: Rows, roster_id: uuid.UUID, key: uuid.UUID) -> dict[str, Any]:
    """One enrollment of a roster; NotFound."""
    return EnrollmentRead.shape(_ONE_ENROLLMENT.one(db, roster_id, key))


def enrollments(db: Rows, roster_id: uuid.UUID, listing: EnrollmentListing) -> Found:
    """A page of a roster's enrollments. `q` finds those whose own record the caller may see."""
    values = filters_of(listing, "status", "beneficiary_id", "specialist_id", "updated_since") | words_of(listing.q)
    found = _ENROLLMENTS.page(db, listing, values | {"roster_id": roster_id})
    found.items = [EnrollmentRead.shape(row) for row in found.items]
    return found


# --- attendance -------------------------------------------------------------------------------------------------------------
_SHEET_VERSION = prebuilt(
    sa.select(col(RosterSession.version)).where(col(RosterSession.id) == _ID, col(RosterSession.roster_id) == _ROSTER),
    "roster_session.version",
)
_SHEET = prebuilt(
    sa.select(col(Attendance.enrollment_id), col(Attendance.presence))
    .where(col(Attendance.session_id) == _ID)
    .order_by(col(Attendance.enrollment_id)),
    "attendance.sheet",
)


def sheet(db: Rows, roster_id: uuid.UUID, session_id: uuid.UUID) -> dict[str, Any]:
    """The sheet of one session; NotFound."""
    version = db.rows(_SHEET_VERSION, {"id": session_id, "roster_id": roster_id})
    if not version:
        raise NotFound
    items = [{"enrollment_id": enrollment_id, "presence": presence} for enrollment_id, presence in db.rows(_SHEET, {"id": session_id})]
    return {"session_id": session_id, "version": version[0][0], "items": items}


# --- test results -----------------------------------------------------------------------------------------------------------
_result = sa.select(*(getattr(TestResult, name) for name in TestResultRead.model_fields)).join(
    Enrollment, col(Enrollment.id) == col(TestResult.enrollment_id)
)
_RESULTS = Keyset(
    "test_result.list",
    _result,
    key=TestResult.id,
    sorts=by_age(TestResult),
    filters={
        "roster_id": col(Enrollment.roster_id) == _ROSTER,
        "kind": col(TestResult.kind) == bindparam("kind"),
        "enrollment_id": col(TestResult.enrollment_id) == bindparam("enrollment_id", type_=sa.Uuid()),
    },
)


def results(db: Rows, roster_id: uuid.UUID, listing: TestResultListing) -> Found:
    """A page of a roster's test results."""
    return _RESULTS.page(db, listing, filters_of(listing, "kind", "enrollment_id") | {"roster_id": roster_id})


# --- completions ------------------------------------------------------------------------------------------------------------
def evaluations(db: Rows, roster_id: uuid.UUID) -> list[Evaluation]:
    """Every enrollment of a roster that the caller may see, whatever its state, by age: complete or not, and what each lacks.

    Four statements, however many participants. NotFound when the caller may not see the roster.
    """
    return standing_of(db, roster_id).evaluations


def completions(db: Rows, roster_id: uuid.UUID) -> dict[str, Any]:
    """The evaluations as they are answered; NotFound."""
    found = standing_of(db, roster_id)
    return {
        "is_settled": found.status == RosterStatus.SETTLED,
        "completion_rule": {"min_attendance_percent": found.rule.min_attendance_percent, "min_post_test": found.rule.min_post_test},
        "sessions": len(found.sessions),
        "items": [_completion(one) for one in found.evaluations],
    }


def _completion(one: Evaluation) -> dict[str, Any]:
    person = {"beneficiary_id": one.beneficiary_id, "specialist_id": one.specialist_id, "name": one.participant_name}
    return {
        "enrollment_id": one.enrollment_id,
        "participant": Participant.shape(person),
        "status": one.status,
        "is_complete": one.is_complete,
        "unmet": [{"code": unmet.code, "details": unmet.details} for unmet in one.unmet],
    }


# --- headcounts -------------------------------------------------------------------------------------------------------------
_HEADCOUNT_COLUMNS = tuple(name for name in HeadcountRead.model_fields if name != "roster_ids")
_headcount = sa.select(*(getattr(ReportedHeadcount, name) for name in _HEADCOUNT_COLUMNS))
_ONE_HEADCOUNT = prebuilt(_headcount.where(col(ReportedHeadcount.id) == _ID), "reported_headcount.one")
_HEADCOUNTS = Keyset(
    "reported_headcount.list",
    _headcount,
    key=ReportedHeadcount.id,
    sorts=by_age(ReportedHeadcount),
    filters={
        "roster_id": col(ReportedHeadcount.id).in_(
            sa.select(col(ReportedHeadcountRoster.headcount_id)).where(col(ReportedHeadcountRoster.roster_id) == _ROSTER)
        ),
        "organization_id": col(ReportedHeadcount.organization_id) == bindparam("organization_id", type_=sa.Uuid()),
        "updated_since": col(ReportedHeadcount.updated_at) >= bindparam("updated_since"),
    },
)
_COVERED = prebuilt(
    sa.select(col(ReportedHeadcountRoster.headcount_id), col(ReportedHeadcountRoster.roster_id))
    .where(col(ReportedHeadcountRoster.headcount_id).in_(bindparam("ids", type_=sa.Uuid(), expanding=True)))
    .order_by(col(ReportedHeadcountRoster.created_at), col(ReportedHeadcountRoster.id)),
    "reported_headcount_roster.covered",
)


def _with_rosters(db: Rows, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    covered: dict[uuid.UUID, list[uuid.UUID]] = {row["id"]: [] for row in rows}
    if covered:
        for headcount_id, roster_id in db.rows(_COVERED, {"ids": list(covered)}):
            covered[headcount_id].append(roster_id)
    return [{**row, "roster_ids": covered[row["id"]]} for row in rows]


def headcount(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One reported headcount; NotFound."""
    found = db.rows(_ONE_HEADCOUNT, {"id": key})
    if not found:
        raise NotFound
    return _with_rosters(db, [dict(zip(_HEADCOUNT_COLUMNS, found[0], strict=True))])[0]


def headcounts(db: Rows, listing: HeadcountListing) -> Found:
    """A page of reported headcounts."""
    found = _HEADCOUNTS.page(db, listing, filters_of(listing, "roster_id", "organization_id", "updated_since"))
    found.items = _with_rosters(db, found.items)
    return found
