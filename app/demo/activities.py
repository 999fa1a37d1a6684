"""The five trainings of the record, and invented participants: 97 who complete, and 6 who do not, each for another reason."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from app.access.actor import Actor, Visit
from app.access.guard import GuardedSession
from app.beneficiaries.actions.families import register_family
from app.beneficiaries.schemas.families import FamilyCreate
from app.demo import record
from app.demo.synthetic import Household, Person, households
from app.participation.actions import enrollments, headcounts, records, sessions
from app.participation.models import Enrollment, RosterSession
from app.participation.schemas import AttendanceSheet, EnrollmentCreate, EnrollmentEnd, HeadcountCreate, SessionCreate, TestResults
from app.partners.actions.venues import create_venue
from app.partners.schemas import VenueCreate
from app.trainings.actions import trainings
from app.trainings.models import Training
from app.trainings.schemas import TrainingCreate

COMPLETING = (20, 20, 19, 19, 19)
"""How many complete each training; together the 97 that were reported."""
SESSIONS = 5
MANDATORY = frozenset({1, SESSIONS})
RULE = {"min_attendance_percent": 80, "min_post_test": 60}
TITLE = {"uz_cyrl": "Ота-оналар кўникмалари", "uz_latn": "Ota-onalar koʻnikmalari", "ru": "Родительские навыки", "en": "Parenting skills"}
SIGNERS = [{"name": "Namuna A. A.", "post": "Loyiha menejeri (namuna)"}, {"name": "Namuna B. B.", "post": "Trener (namuna)"}]
DISTRICTS = {"1718": "1718401"}
"""Where the record names a region alone, the invented families live in its main city."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an invented participant does: the sessions missed, the result of the last test, and whether a place is taken and kept."""

    missed: frozenset[int] = frozenset()
    score: int | None = 75
    withdraws: bool = False
    comes_too_late: bool = False


NOT_COMPLETING = (
    (Plan(missed=frozenset({2, 3})), Plan(comes_too_late=True)),
    (Plan(missed=frozenset({SESSIONS})),),
    (Plan(score=45),),
    (Plan(score=None),),
    (Plan(withdraws=True),),
)
"""Of each training: too little attendance, a full roster; a mandatory session missed; a test failed; a test not taken; withdrawn."""


@dataclass(slots=True)
class _Course:
    """One training while it is being loaded."""

    training_id: uuid.UUID
    roster_id: uuid.UUID
    plans: dict[uuid.UUID, Plan] = field(default_factory=dict)


def load(db: GuardedSession, manager: Actor) -> None:
    """Everything below the accounts, as the NGO's manager would enter it."""
    found = record.read()
    families = households()
    venue_id = _venue(db, manager, found)
    rosters = []
    for entry, count, others in zip(record.trainings(found), COMPLETING, NOT_COMPLETING, strict=True):
        plans = [Plan(missed=frozenset({3}) if number % 4 == 0 else frozenset(), score=60 + number * 2) for number in range(count)]
        rosters.append(_course(db, manager, entry, plans=[*plans, *others], families=families, venue_id=venue_id))
    total = record.total(found)
    body = HeadcountCreate(
        roster_ids=rosters,
        participants=total["participants"],
        certificates=total["certificates"],
        audience=total["audience"],
        source=record.PUBLISHED,
    )
    headcounts.report_headcount(db, body=body, by=Visit(manager))


def _venue(db: GuardedSession, manager: Actor, found: dict[str, Any]) -> uuid.UUID:
    """The one venue that the record names; it stands outside the territory of the training held in it."""
    entry = found["venues"][0]
    body = VenueCreate.model_validate({"names": {"uz_cyrl": entry["name_uz_cyrl"]}, "territory": entry["district_soato"]})
    return create_venue(db, body=body, by=Visit(manager))[0].id


def _course(
    db: GuardedSession,
    manager: Actor,
    entry: dict[str, Any],
    *,
    plans: list[Plan],
    families: Iterator[Household],
    venue_id: uuid.UUID,
) -> uuid.UUID:
    """One training from its plan to its end; answers its roster."""
    starts_on, precision = record.month(entry["starts_on"])
    late = sum(plan.comes_too_late for plan in plans)
    body = {
        "territory": entry["place_soato"],
        "place": entry["place_soato"],
        "venue_id": str(venue_id) if entry["key"] == "training_urgench" else None,
        "title": TITLE,
        "starts_on": {"date": starts_on.isoformat(), "precision": precision.value},
        "languages": ["uz"],
        "signers": SIGNERS,
        "completion_rule": RULE,
        "capacity": len(plans) - late,
    }
    training_id, _ = trainings.create_training(db, body=TrainingCreate.model_validate(body), by=Visit(manager))
    training = db.get_one(Training, training_id)
    course = _Course(training_id, training.roster_id)
    trainings.publish_training(db, training_id, version=training.version)
    home = DISTRICTS.get(entry["place_soato"], entry["place_soato"])
    _enroll(db, manager, course, plans=plans, families=islice(families, len(plans)), home=home)
    trainings.start_training(db, training_id, version=training.version)
    _hold(db, course, datetime(starts_on.year, starts_on.month, 7, 4, tzinfo=UTC))
    trainings.complete_training(db, training_id, version=training.version)
    return course.roster_id


def _person(person: Person) -> dict[str, Any]:
    names = {"surname": person.surname, "given_name": person.given_name, "patronymic": person.patronymic}
    return {**names, "sex": person.sex, "birth_date": person.birth_date.isoformat()}


def _enroll(db: GuardedSession, manager: Actor, course: _Course, *, plans: list[Plan], families: Iterator[Household], home: str) -> None:
    for plan, household in zip(plans, families, strict=True):
        members = [{**_person(household.parent), "relationship_to_head": "head", "is_primary_caregiver": True}]
        members += [{**_person(child), "relationship_to_head": "child"} for child in household.children]
        body = FamilyCreate.model_validate({"territory": home, "members": members})
        family, rows, *_ = register_family(db, body=body, by=Visit(manager))
        family.is_synthetic = True
        for _, person in rows:
            person.is_synthetic = True
        enrollment_id, _ = enrollments.enroll(db, course.roster_id, body=EnrollmentCreate(beneficiary_id=rows[0][1].id))
        course.plans[enrollment_id] = plan


def _hold(db: GuardedSession, course: _Course, first: datetime) -> None:
    """Invented sessions with their sheets, the tests, and the one who leaves."""
    for enrollment_id, plan in course.plans.items():
        if plan.withdraws:
            enrollment = db.get_one(Enrollment, enrollment_id)
            reason = EnrollmentEnd(reason="Namuna (synthetic)")
            enrollments.withdraw(db, course.roster_id, enrollment_id, version=enrollment.version, body=reason)
    seated = {key: plan for key, plan in course.plans.items() if not plan.withdraws and not plan.comes_too_late}
    for number in range(1, SESSIONS + 1):
        starts_at = first + timedelta(days=number - 1)
        meeting = SessionCreate(
            number=number,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=3),
            topic=f"Namuna mashgʻulot {number} (synthetic)",
            mandatory=number in MANDATORY,
        )
        session_id, _ = sessions.add_session(db, course.roster_id, body=meeting)
        items = [{"enrollment_id": str(key), "presence": "absent" if number in plan.missed else "present"} for key, plan in seated.items()]
        session = db.get_one(RosterSession, session_id)
        sheet = AttendanceSheet.model_validate({"items": items})
        records.put_sheet(db, course.roster_id, session_id, version=session.version, body=sheet)
    results = [{"enrollment_id": str(key), "kind": "post", "score": plan.score} for key, plan in seated.items() if plan.score is not None]
    records.put_results(db, course.roster_id, body=TestResults.model_validate({"items": results}))
