"""Trainings that were held, made as rows, and their certificates, made over HTTP."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary, Sex
from app.certificates.models import Certificate, CertificateStatus
from app.participation.models import Attendance, Enrollment, EnrollmentStatus, Presence, Roster, RosterCoHost, RosterSession, RosterStatus
from app.partners.models import Specialist
from app.trainings.models import Training, TrainingStatus
from app.uzbek.keys import search_text
from tests.callers import Caller

Name = tuple[str, str, str | None]
HULKAR: Name = ("Gʻayratova", "Hulkar", "Qoʻchqor qizi")
TITLE = {
    "title_uz_latn": "Ota-onalar koʻnikmalari",
    "title_uz_cyrl": "Ота-оналар кўникмалари",
    "title_ru": "Родительские навыки",
    "title_en": "Parenting skills",
}


@dataclass(frozen=True, slots=True)
class Course:
    """A training that was held, and the ids of its enrollments in the order of the names."""

    id: str
    roster_id: str
    enrollments: list[str]
    persons: list[str]

    @property
    def url(self) -> str:
        """Where its certificates are issued."""
        return f"/v1/trainings/{self.id}/certificates"


def names(count: int) -> list[Name]:
    """Different parents."""
    letters = "abcdefghijklmnopqrstuvxyz"
    return [(f"Karim{letters[n // 24]}{letters[n % 24]}va", "Nigora", "Alisher qizi") for n in range(count)]


def make_course(
    caller: Caller,
    *people: Name,
    absent: int = 0,
    specialists_of: uuid.UUID | None = None,
    territory: str = "1733230",
    is_synthetic: bool = False,
    **training: Any,
) -> Course:
    """A completed training of one session; the last `absent` of the people missed it. The people are beneficiaries unless
    `specialists_of` names the organization whose specialists they are."""
    mine = {"organization_id": uuid.UUID(caller.organization_id), "territory": territory}
    people = people or (HULKAR,)
    values = {"starts_on": date(2019, 10, 1), "starts_precision": "month", "hours": 16, "place": territory, **TITLE, **training}
    with begin(as_system("test")) as db:
        roster = Roster(**mine, status=RosterStatus.SETTLED, min_attendance_percent=80, seated=len(people), completed=len(people) - absent)
        db.add(roster)
        db.flush()
        held = Training(**mine, roster_id=roster.id, **{"status": TrainingStatus.COMPLETED, **values})
        session = RosterSession(
            **mine,
            roster_id=roster.id,
            number=1,
            starts_at=datetime(2019, 10, 7, 4, tzinfo=UTC),
            ends_at=datetime(2019, 10, 7, 8, tzinfo=UTC),
        )
        persons = [_person(mine, name, specialists_of, is_synthetic=is_synthetic) for name in people]
        db.add_all([held, session, *persons])
        db.flush()
        enrollments = [_enrollment(mine, roster.id, person, specialists_of) for person in persons]
        db.add_all(enrollments)
        db.flush()
        for place, enrollment in enumerate(enrollments):
            there = Presence.PRESENT if place < len(people) - absent else Presence.ABSENT
            enrollment.status = EnrollmentStatus.COMPLETED if there == Presence.PRESENT else EnrollmentStatus.NOT_COMPLETED
            db.add(Attendance(**mine, session_id=session.id, enrollment_id=enrollment.id, presence=there))
    return Course(str(held.id), str(roster.id), [str(one.id) for one in enrollments], [str(one.id) for one in persons])


def _person(mine: dict[str, Any], name: Name, specialists_of: uuid.UUID | None, *, is_synthetic: bool) -> Beneficiary | Specialist:
    surname, given_name, patronymic = name
    named = {"surname": surname, "given_name": given_name, "patronymic": patronymic, "search": search_text(*filter(None, name))}
    if specialists_of:
        return Specialist(**{**mine, "organization_id": specialists_of}, **named, is_synthetic=is_synthetic)
    return Beneficiary(**mine, **named, sex=Sex.FEMALE, birth_date=date(1985, 3, 8), is_synthetic=is_synthetic)


def _enrollment(mine: dict[str, Any], roster_id: uuid.UUID, person: Any, specialists_of: uuid.UUID | None) -> Enrollment:
    who = {"specialist_id": person.id, "participant_organization_id": specialists_of} if specialists_of else {"beneficiary_id": person.id}
    return Enrollment(**mine, roster_id=roster_id, participant_name=f"{person.surname} {person.given_name}", **who)


def issue(caller: Caller, course: Course) -> list[dict[str, Any]]:
    """The outcomes of issuing."""
    issued = caller.post(course.url, {"dry_run": False})
    assert issued.status_code == 200, issued.text
    return list(issued.json()["outcomes"])


def make_certificate(caller: Caller, name: Name = HULKAR, **course: Any) -> dict[str, Any]:
    """One valid certificate."""
    outcome = issue(caller, make_course(caller, name, **course))[0]
    found = caller.get(f"/v1/certificates/{outcome['certificate_id']}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def revoke(caller: Caller, certificate: dict[str, Any], category: str = "wrong_details") -> dict[str, Any]:
    """The certificate, void."""
    body = {"category": category, "reason": "The surname was misspelt."}
    revoked = caller.post(f"/v1/certificates/{certificate['id']}/revoke", body, version=certificate["version"])
    assert revoked.status_code == 200, revoked.text
    return dict(revoked.json())


def supersede(certificate: dict[str, Any], by: dict[str, Any]) -> None:
    """Another certificate stands in its place."""
    with begin(as_system("test")) as db:
        row = db.execute(sa.select(Certificate).where(Certificate.id == uuid.UUID(certificate["id"]))).scalar_one()
        row.status, row.superseded_by_id = CertificateStatus.SUPERSEDED, uuid.UUID(by["id"])


def co_host(course: Course, caller: Caller) -> None:
    """The caller's organization runs the training too."""
    with begin(as_system("test")) as db:
        db.add(RosterCoHost(roster_id=uuid.UUID(course.roster_id), organization_id=uuid.UUID(caller.organization_id)))


def mistyped(number: str) -> str:
    """The same number with two neighbors swapped, as people do."""
    place = next(place for place in range(len(number) - 1) if number[place] != number[place + 1] and "-" not in number[place : place + 2])
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
