"""A roster's own life: made with its activity, opened, changed, settled, canceled; its co-hosts; its waitlist."""

import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch
from app.access.guard import GuardedSession, prebuilt
from app.participation.models import (
    SEATED,
    CapacityBelowSeated,
    Enrollment,
    EnrollmentStatus,
    Roster,
    RosterCoHost,
    RosterSession,
    RosterStatus,
)
from app.participation.schemas import RosterPlan
from app.participation.standing import standing_of
from app.partners.models import Organization
from app.problems import Fault, Invalid, WrongState, invalid

ROSTER_FIELDS = frozenset({"completion_rule", "capacity", "has_waitlist", "enrollment_opens_on", "enrollment_closes_on"})
"""Fields of an activity's body that belong to its roster."""

_WAITING = prebuilt(
    sa.select(Enrollment)
    .where(col(Enrollment.roster_id) == bindparam("roster_id"), col(Enrollment.status) == EnrollmentStatus.WAITLISTED)
    .order_by(col(Enrollment.created_at), col(Enrollment.id))
    .limit(bindparam("free")),
    "enrollment.waiting",
)
_SEATED = prebuilt(
    sa.select(Enrollment).where(col(Enrollment.roster_id) == bindparam("roster_id"), col(Enrollment.status).in_(SEATED)),
    "enrollment.seated",
)
_SESSIONS = prebuilt(sa.select(RosterSession).where(col(RosterSession.roster_id) == bindparam("roster_id")), "roster_session.of_roster")
_CO_HOSTS = prebuilt(sa.select(RosterCoHost).where(col(RosterCoHost.roster_id) == bindparam("roster_id")), "roster_co_host.of_roster")
_ORGANIZATIONS = prebuilt(
    sa.select(col(Organization.id)).where(col(Organization.id).in_(bindparam("ids", expanding=True))), "roster.known_organizations"
)


def lock(db: GuardedSession, roster_id: uuid.UUID) -> Roster:
    """The roster, held until the commit; NotFound."""
    return fetch(db, Roster, roster_id, lock=True)


def not_canceled(roster: Roster) -> None:
    """WrongState when the activity was canceled."""
    if roster.status == RosterStatus.CANCELED:
        raise WrongState("The activity is canceled.")


def make_roster(db: GuardedSession, *, plan: RosterPlan, by: Visit, territory: str) -> Roster:
    """A draft's roster, in the transaction that makes the activity; Invalid."""
    owner: dict[str, Any] = {"organization_id": by.actor.organization_id, "territory": territory}
    roster = Roster(**owner, **plan.completion_rule.model_dump())
    for name in ROSTER_FIELDS - {"completion_rule"}:
        setattr(roster, name, getattr(plan, name))
    _dates_hold(roster)
    db.add(roster)
    db.flush()
    return roster


def change_roster(db: GuardedSession, roster_id: uuid.UUID, *, values: dict[str, Any]) -> None:
    """Change the ROSTER_FIELDS that are set. More places move the waitlist up; another rule settles a settled roster again.

    Raises Invalid, CapacityBelowSeated.
    """
    roster = lock(db, roster_id)
    rule = values.get("completion_rule", {})
    for name, value in {**values, **rule}.items():
        if name != "completion_rule":
            setattr(roster, name, value)
    _dates_hold(roster)
    if roster.free < 0:
        raise CapacityBelowSeated(f"{roster.seated} have a place already.")
    move_up(db, roster)
    if rule:
        settle_again(db, roster)
    db.flush()


def _dates_hold(roster: Roster) -> None:
    opens, closes = roster.enrollment_opens_on, roster.enrollment_closes_on
    if opens and closes and closes < opens:
        raise invalid("/enrollment_closes_on", "before_start", "Lies before enrollment_opens_on.")


def relocate(db: GuardedSession, roster_id: uuid.UUID, *, territory: str) -> None:
    """Another target territory of a draft's roster; its sessions go along. Nobody is enrolled in a draft."""
    roster = lock(db, roster_id)
    for row in (roster, *db.execute(_SESSIONS, {"roster_id": roster_id}).scalars()):
        row.territory = territory
    db.flush()


def open_roster(db: GuardedSession, roster_id: uuid.UUID) -> None:
    """The activity is announced or under way."""
    lock(db, roster_id).status = RosterStatus.OPEN
    db.flush()


def cancel_roster(db: GuardedSession, roster_id: uuid.UUID) -> None:
    """The activity will not be held; enrollments stay as they are, as a record of who had hoped."""
    lock(db, roster_id).status = RosterStatus.CANCELED
    db.flush()


def settle_roster(db: GuardedSession, roster_id: uuid.UUID) -> None:
    """The activity is over: each seated participant has completed or has not."""
    roster = lock(db, roster_id)
    roster.status = RosterStatus.SETTLED
    settle_again(db, roster)
    db.flush()


def settle_again(db: GuardedSession, roster: Roster) -> None:
    """After a correction: judge the seated participants of a settled roster anew. `roster` is locked."""
    if roster.status != RosterStatus.SETTLED:
        return
    # The evaluation reads what the correction wrote.
    db.flush()
    complete = {one.enrollment_id for one in standing_of(db, roster.id).evaluations if one.is_complete}
    roster.completed = len(complete)
    for enrollment in db.execute(_SEATED, {"roster_id": roster.id}).scalars():
        enrollment.move(EnrollmentStatus.COMPLETED if enrollment.id in complete else EnrollmentStatus.NOT_COMPLETED)


def move_up(db: GuardedSession, roster: Roster) -> None:
    """Give free places to those who wait, the longest waiting first. `roster` is locked."""
    free = min(roster.free, roster.waitlisted)
    if free <= 0 or roster.status != RosterStatus.OPEN:
        return
    for enrollment in db.execute(_WAITING, {"roster_id": roster.id, "free": free}).scalars():
        enrollment.move(EnrollmentStatus.CONFIRMED)
        roster.seated += 1
        roster.waitlisted -= 1


def set_co_hosts(db: GuardedSession, roster_id: uuid.UUID, *, organization_ids: Collection[uuid.UUID]) -> None:
    """These organizations, and no others, run the activity too. Raises Invalid for an unknown one and for one's own."""
    roster = lock(db, roster_id)
    known = {row[0] for row in db.rows(_ORGANIZATIONS, {"ids": list(organization_ids)})}
    faults = []
    for place, organization_id in enumerate(organization_ids):
        pointer = f"/organization_ids/{place}"
        if organization_id not in known:
            faults.append(Fault(pointer, "unknown", "There is no such organization."))
        elif organization_id == roster.organization_id:
            faults.append(Fault(pointer, "own", "Runs the activity itself."))
        elif organization_id in list(organization_ids)[:place]:
            faults.append(Fault(pointer, "repeated", "Stands here twice."))
    if faults:
        raise Invalid(faults=faults)
    present = {row.organization_id: row for row in db.execute(_CO_HOSTS, {"roster_id": roster_id}).scalars()}
    for organization_id in organization_ids:
        if organization_id not in present:
            db.add(RosterCoHost(roster_id=roster_id, organization_id=organization_id))
    for organization_id in present.keys() - set(organization_ids):
        db.delete(present[organization_id])
    db.flush()
