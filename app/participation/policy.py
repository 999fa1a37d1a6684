"""Rosters: counts to all who see the activity, names to its organization, to a co-hosting committee, and of one's own specialists."""

import sqlalchemy as sa
from sqlmodel import col

from app.access.actor import Actor, Role
from app.access.declare import Criterion, Rows, both, declare, either, nothing, organization_is, through, within
from app.access.permissions import ANYONE, STAFF, permission
from app.participation.models import (
    Attendance,
    Enrollment,
    ReportedHeadcount,
    ReportedHeadcountRoster,
    Roster,
    RosterCoHost,
    RosterSession,
    RosterStatus,
    TestResult,
)

READ = permission(
    "participation:read", "Read sessions and counts, and the names one may see.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE
)
WRITE = permission("participation:write", "Enroll participants, keep attendance and test results.", ngo=STAFF)


def _own(model: type[Roster | RosterSession | Enrollment | Attendance | TestResult | ReportedHeadcount]) -> Criterion:
    return both(organization_is(model.organization_id), within(model.territory))


def _announced(_actor: Actor) -> sa.ColumnElement[bool]:
    return col(Roster.status) != RosterStatus.DRAFT


def _co_hosted(column: object) -> Criterion:
    """Rosters that the actor's organization co-hosts."""
    mine = organization_is(RosterCoHost.organization_id)
    return lambda actor: column.in_(sa.select(RosterCoHost.roster_id).where(mine(actor)))  # type: ignore[attr-defined, call-overload]


_seen = both(within(Roster.territory), _announced)
declare(
    Roster,
    rows={
        Role.NGO: Rows(either(_own(Roster), _seen), write=_own(Roster)),
        Role.WOMENS_COMMITTEE: Rows(either(_seen, _co_hosted(Roster.id)), write=nothing),
        Role.STATE_PARTNER: Rows(_seen, write=nothing),
    },
)
_as_roster = through(RosterCoHost.roster_id, Roster)
declare(RosterCoHost, rows={role.value: Rows(_as_roster, write=through(RosterCoHost.roster_id, Roster, write=True)) for role in Role})
declare(
    RosterSession,
    rows={
        Role.NGO: Rows(through(RosterSession.roster_id, Roster), write=_own(RosterSession)),
        Role.WOMENS_COMMITTEE: Rows(through(RosterSession.roster_id, Roster), write=nothing),
        Role.STATE_PARTNER: Rows(through(RosterSession.roster_id, Roster), write=nothing),
    },
    conceal=frozenset({"facilitators"}),
)
_own_specialist = organization_is(Enrollment.participant_organization_id)
declare(
    Enrollment,
    rows={
        Role.NGO: Rows(_own(Enrollment)),
        Role.WOMENS_COMMITTEE: Rows(either(_co_hosted(Enrollment.roster_id), _own_specialist), write=nothing),
        Role.STATE_PARTNER: Rows(_own_specialist, write=nothing),
    },
    conceal=frozenset({"participant_name", "reason"}),
    watch_reads=True,
)
for _model, _record in ((Attendance, {"presence"}), (TestResult, {"score", "taken_on"})):
    _named = through(_model.enrollment_id, Enrollment)
    declare(
        _model,
        rows={
            Role.NGO: Rows(_own(_model)),
            Role.WOMENS_COMMITTEE: Rows(_named, write=nothing),
            Role.STATE_PARTNER: Rows(_named, write=nothing),
        },
        conceal=frozenset(_record),
    )
_reported = Rows(within(ReportedHeadcount.territory), write=nothing)
declare(
    ReportedHeadcount,
    rows={
        Role.NGO: Rows(either(_own(ReportedHeadcount), within(ReportedHeadcount.territory)), write=_own(ReportedHeadcount)),
        Role.WOMENS_COMMITTEE: _reported,
        Role.STATE_PARTNER: _reported,
    },
)
# Who sees a total sees how many activities it covers: a part of them would make it look like the number of fewer.
_covers = through(ReportedHeadcountRoster.headcount_id, ReportedHeadcount)
_reports = both(
    through(ReportedHeadcountRoster.headcount_id, ReportedHeadcount, write=True),
    through(ReportedHeadcountRoster.roster_id, Roster, write=True),
)
declare(ReportedHeadcountRoster, rows={role.value: Rows(_covers, write=_reports) for role in Role})
