"""Issuing and revoking. Nothing here deletes or changes what was printed: a wrong certificate is revoked and a new one is issued."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy.exc import IntegrityError

from app.access.fetch import fetch
from app.access.guard import GuardedSession
from app.access.transaction import Rows
from app.beneficiaries.actions.members import words_about
from app.certificates import grounds
from app.certificates.grounds import Holder, Issued
from app.certificates.models import Certificate, CertificateStatus, RevocationCategory
from app.certificates.number import new_number
from app.certificates.schemas import CertificateRevoke
from app.certificates.snapshot import HolderName, Snapshot
from app.constraints import constraint_of
from app.days import today
from app.participation.completion import Evaluation
from app.problems import Busy
from app.schemas import NamesRead, Precision
from app.uzbek.scripts import in_both_scripts

TEMPLATE_VERSION = 1
LONGEST_HOLDER = 500
FOR_GOOD = frozenset({RevocationCategory.FRAUD, RevocationCategory.HOLDER_REQUEST})
"""Revoked so, the participant gets no new one by a run of the script that issues: whoever revoked it meant it."""
Warnings = Mapping[uuid.UUID, dict[str, Any]]
"""By enrollment: why its certificate could not be printed."""
_LOST_RACES = frozenset({"ix_certificate_one_valid", "uq_certificate_number"})
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What is certified, as it stands at this moment. `blocked`: why nobody gets one yet."""

    organization_id: uuid.UUID
    territory: str
    roster_id: uuid.UUID
    title: NamesRead
    hours: int | None
    starts_on: date
    starts_precision: Precision
    ends_on: date | None
    ends_precision: Precision | None
    place: str | None
    venue_id: uuid.UUID | None
    signers: Sequence[dict[str, Any]]
    blocked: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What issuing means for one enrollment. `certificate_id`: of the valid certificate, where there is one."""

    of: Evaluation
    outcome: Literal["issued", "already_issued", "not_eligible"]
    reasons: Sequence[dict[str, Any]]
    certificate_id: uuid.UUID | None = None


def foresee(db: Rows, *, activity: Activity, evaluations: Sequence[Evaluation], warnings: Warnings) -> dict[str, Any]:
    """A CertificatesIssued: what issuing would mean for every enrollment."""
    found = _outcomes(db, activity, evaluations, grounds.holders(db, activity.roster_id))
    return {"dry_run": True, **_answer(found, warnings)}


def issue(db: GuardedSession, *, activity: Activity, evaluations: Sequence[Evaluation], warnings: Warnings) -> dict[str, Any]:
    """A CertificatesIssued: what issuing meant for every enrollment. `warnings` are those of the activity's prospects: they keep nobody's
    certificate back, since it is in force without a PDF too.

    The database's index of one valid certificate an enrollment is the judge: where a racer was first, its certificate is answered.
    Raises Busy when racers win every try.
    """
    people = grounds.holders(db, activity.roster_id)
    template = template_of(db, activity)
    for _ in range(_TRIES):
        found = _outcomes(db, activity, evaluations, people)
        due = [one.of for one in found if one.outcome == "issued"]
        made = {one.enrollment_id: _certificate(one, people[one.enrollment_id], activity, template) for one in due}
        if _stored(db, list(made.values())):
            done = [replace(one, certificate_id=made[one.of.enrollment_id].id) if one.outcome == "issued" else one for one in found]
            return {"dry_run": False, **_answer(done, warnings)}
    raise Busy


def revoke(db: GuardedSession, key: uuid.UUID, *, version: int, body: CertificateRevoke) -> Certificate:
    """Declare a certificate void. Raises NotFound, Stale, WrongState."""
    certificate = fetch(db, Certificate, key, version=version)
    certificate.revoke(body.category, words_about(db, [certificate.beneficiary_id], body.reason))
    db.flush()
    return certificate


def _outcomes(db: Rows, activity: Activity, evaluations: Sequence[Evaluation], people: Mapping[uuid.UUID, Holder]) -> list[Outcome]:
    known = grounds.issued(db, activity.roster_id)
    return [_outcome(one, people.get(one.enrollment_id), known.get(one.enrollment_id, []), activity) for one in evaluations]


def _outcome(one: Evaluation, holder: Holder | None, known: Sequence[Issued], activity: Activity) -> Outcome:
    unmet = [{"code": str(reason.code), "details": reason.details} for reason in one.unmet]
    valid = next((certificate.id for certificate in known if certificate.status == CertificateStatus.VALID), None)
    if valid:
        return Outcome(one, "already_issued", unmet, valid)
    reasons = [*activity.blocked, *unmet, *_obstacles(holder, known)]
    return Outcome(one, "issued" if one.is_complete and not reasons else "not_eligible", reasons)


def _obstacles(holder: Holder | None, known: Sequence[Issued]) -> list[dict[str, Any]]:
    """What stands in the way beside the criteria of completion."""
    found: list[dict[str, Any]] = []
    if known and known[-1].category in FOR_GOOD:
        found.append({"code": "revoked_for_good", "details": {"certificate_id": str(known[-1].id), "category": known[-1].category}})
    if holder is None:
        found.append({"code": "participant_not_visible", "details": {}})
    elif holder.is_forgotten:
        found.append({"code": "participant_forgotten", "details": {}})
    elif any(len(name) > LONGEST_HOLDER for name in in_both(holder)):
        found.append({"code": "name_too_long", "details": {}})
    return found


def in_both(holder: Holder) -> tuple[str, str]:
    """The holder in Latin and in Cyrillic, as both are printed."""
    return in_both_scripts(" ".join(part for part in (holder.surname, holder.given_name, holder.patronymic) if part))


def template_of(db: Rows, activity: Activity) -> dict[str, Any]:
    """The part of the snapshot that all certificates of the activity share."""
    kept = ("title", "hours", "starts_on", "starts_precision", "ends_on", "ends_precision", "signers")
    shared = {name: getattr(activity, name) for name in kept}
    place = grounds.place(db, soato=activity.place, venue_id=activity.venue_id)
    return {**shared, "issuer": grounds.issuer(db, activity.organization_id), "place": place}


def _certificate(one: Evaluation, holder: Holder, activity: Activity, template: dict[str, Any]) -> Certificate:
    name = HolderName(surname=holder.surname, given_name=holder.given_name, patronymic=holder.patronymic)
    latin, cyrillic = in_both(holder)
    return Certificate(
        organization_id=activity.organization_id,
        territory=activity.territory,
        number=new_number(),
        enrollment_id=one.enrollment_id,
        roster_id=activity.roster_id,
        beneficiary_id=one.beneficiary_id,
        specialist_id=one.specialist_id,
        participant_organization_id=holder.organization_id,
        holder_latin=latin,
        holder_cyrillic=cyrillic,
        surname=holder.surname,
        snapshot=Snapshot.model_validate({**template, "holder": name}).model_dump(mode="json"),
        template_version=TEMPLATE_VERSION,
        issued_on=today(),
        is_synthetic=holder.is_synthetic,
    )


def _stored(db: GuardedSession, rows: list[Certificate]) -> bool:
    """Whether the rows are in. False when a racer was first with one of them: then none is, and the next try sees the racer's."""
    if not rows:
        return True
    try:
        with db.begin_nested():
            db.add_all(rows)
            db.flush()
    except IntegrityError as error:
        if constraint_of(error) not in _LOST_RACES:
            raise
        return False
    return True


def _answer(found: Sequence[Outcome], warnings: Warnings) -> dict[str, Any]:
    counts = dict.fromkeys(("issued", "already_issued", "not_eligible"), 0) | Counter(one.outcome for one in found)
    return {"counts": counts, "outcomes": [_said(one, warnings) for one in found]}


def _said(one: Outcome, warnings: Warnings) -> dict[str, Any]:
    who, warning = one.of, warnings.get(one.of.enrollment_id) if one.outcome == "issued" else None
    return {
        "enrollment_id": who.enrollment_id,
        "participant": {"kind": who.participant_kind, "id": who.beneficiary_id or who.specialist_id, "name": who.participant_name},
        "outcome": one.outcome,
        "reasons": one.reasons,
        "warnings": [warning] if warning else [],
        "certificate_id": one.certificate_id,
    }
