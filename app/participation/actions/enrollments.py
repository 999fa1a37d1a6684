"""Getting onto a roster and leaving it. Places are counted on the locked roster; a CHECK in the database holds the count."""

import uuid

from app.access.fetch import find, made_before
from app.access.guard import GuardedSession
from app.beneficiaries.actions.members import words_about
from app.beneficiaries.models import Beneficiary
from app.constraints import refuse
from app.database import uuid7
from app.days import today
from app.participation.actions.rosters import lock, move_up
from app.participation.models import (
    SEATED,
    AlreadyEnrolled,
    Enrollment,
    EnrollmentClosed,
    EnrollmentStatus,
    Roster,
    RosterFull,
    RosterStatus,
)
from app.participation.schemas import EnrollmentCreate, EnrollmentEnd
from app.partners.models import Specialist
from app.problems import Fault, Invalid, NotFound, Stale, WrongState, invalid

refuse("ck_roster_capacity_held", RosterFull)
refuse("ix_enrollment_live_beneficiary", AlreadyEnrolled)
refuse("ix_enrollment_live_specialist", AlreadyEnrolled)


def _is_open(roster: Roster) -> None:
    if roster.status != RosterStatus.OPEN:
        raise EnrollmentClosed("The activity is not published yet, is over, or is canceled.")
    day = today()
    if roster.enrollment_opens_on and day < roster.enrollment_opens_on:
        raise EnrollmentClosed(f"It opens on {roster.enrollment_opens_on}.")
    if roster.enrollment_closes_on and day > roster.enrollment_closes_on:
        raise EnrollmentClosed(f"It closed on {roster.enrollment_closes_on}.")


def _participant(db: GuardedSession, body: EnrollmentCreate) -> Beneficiary | Specialist:
    """The person, if the caller may see it; Invalid."""
    if (body.beneficiary_id is None) == (body.specialist_id is None):
        message = "Give a beneficiary or a specialist, exactly one."
        raise Invalid(faults=[Fault("/beneficiary_id", "exactly_one", message), Fault("/specialist_id", "exactly_one", message)])
    if body.beneficiary_id is not None:
        beneficiary = find(db, Beneficiary, body.beneficiary_id, keep=True)
        if beneficiary is None:
            raise invalid("/beneficiary_id", "unknown", "There is no such beneficiary.")
        return beneficiary
    assert body.specialist_id is not None  # noqa: S101 – exactly one is there.
    specialist = find(db, Specialist, body.specialist_id)
    if specialist is None:
        raise invalid("/specialist_id", "unknown", "There is no such specialist.")
    return specialist


def enroll(db: GuardedSession, roster_id: uuid.UUID, *, body: EnrollmentCreate) -> tuple[uuid.UUID, bool]:
    """(id, made before). A place where one is free, else the waitlist.

    Raises Invalid, EnrollmentClosed, RosterFull without a waitlist, AlreadyEnrolled, IdTaken.
    """
    roster = lock(db, roster_id)
    origin = body.origin(under=roster_id)
    if before := made_before(db, Enrollment, body.id, origin):
        return before.id, True
    person = _participant(db, body)
    _is_open(roster)
    seated = roster.free > 0
    if not seated and not roster.has_waitlist:
        raise RosterFull
    enrollment = Enrollment(
        id=body.id or uuid7(),
        origin=origin,
        roster_id=roster_id,
        organization_id=roster.organization_id,
        territory=roster.territory,
        beneficiary_id=body.beneficiary_id,
        specialist_id=body.specialist_id,
        participant_organization_id=person.organization_id if isinstance(person, Specialist) else None,
        participant_name=" ".join(part for part in (person.surname, person.given_name, person.patronymic) if part),
        status=EnrollmentStatus.CONFIRMED if seated else EnrollmentStatus.WAITLISTED,
    )
    db.add(enrollment)
    if seated:
        roster.seated += 1
    else:
        roster.waitlisted += 1
    db.flush()
    return enrollment.id, False


def withdraw(db: GuardedSession, roster_id: uuid.UUID, enrollment_id: uuid.UUID, *, version: int, body: EnrollmentEnd) -> None:
    """The participant leaves. Raises NotFound, Stale, WrongState."""
    _end(db, roster_id, enrollment_id, version=version, status=EnrollmentStatus.WITHDRAWN, reason=body.reason)


def reject(db: GuardedSession, roster_id: uuid.UUID, enrollment_id: uuid.UUID, *, version: int, body: EnrollmentEnd) -> None:
    """The organizer takes the participant off the roster. Raises NotFound, Stale, WrongState."""
    _end(db, roster_id, enrollment_id, version=version, status=EnrollmentStatus.REJECTED, reason=body.reason)


def _end(
    db: GuardedSession, roster_id: uuid.UUID, enrollment_id: uuid.UUID, *, version: int, status: EnrollmentStatus, reason: str
) -> None:
    roster = lock(db, roster_id)
    enrollment = find(db, Enrollment, enrollment_id)
    if enrollment is None or enrollment.roster_id != roster_id:
        raise NotFound
    if enrollment.version != version:
        raise Stale
    if roster.status != RosterStatus.OPEN:
        raise WrongState("The activity is over or canceled; its roster stays as it is.")
    before = enrollment.status
    enrollment.move(status, reason=words_about(db, [enrollment.beneficiary_id], reason))
    if before in SEATED:
        roster.seated -= 1
        move_up(db, roster)
    elif before == EnrollmentStatus.WAITLISTED:
        roster.waitlisted -= 1
    db.flush()
