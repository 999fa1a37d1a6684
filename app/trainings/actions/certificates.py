"""What a training's certificates say, and who gets one."""

import uuid
from types import SimpleNamespace
from typing import Any

from app.access.fetch import fetch
from app.access.guard import GuardedSession, require_writable
from app.certificates import actions, grounds
from app.certificates.actions import Activity, Warnings
from app.certificates.snapshot import names_of
from app.participation.actions import rosters
from app.participation.queries import evaluations
from app.trainings.models import Training, TrainingStatus


def foresee_certificates(db: GuardedSession, training_id: uuid.UUID, *, warnings: Warnings) -> dict[str, Any]:
    """A CertificatesIssued for every enrollment of the training, of which nothing is done. It waits for nobody.

    Raises NotFound, OutOfScope for another organization's training.
    """
    training = _own(db, training_id)
    found = evaluations(db, training.roster_id)
    return actions.foresee(db, activity=activity_of(training), evaluations=found, warnings=warnings)


def issue_certificates(db: GuardedSession, training_id: uuid.UUID, *, warnings: Warnings) -> dict[str, Any]:
    """Issue to whoever completed the training and has none; a CertificatesIssued for every enrollment.

    The roster is held meanwhile, so that runs come one after the other and attendance stays as it was judged.
    Raises NotFound, OutOfScope for another organization's training, Busy.
    """
    training = _own(db, training_id)
    rosters.lock(db, training.roster_id)
    grounds.keep_participants(db, training.roster_id)
    found = evaluations(db, training.roster_id)
    return actions.issue(db, activity=activity_of(training), evaluations=found, warnings=warnings)


def _own(db: GuardedSession, training_id: uuid.UUID) -> Training:
    training = fetch(db, Training, training_id)
    require_writable(db, training)
    return training


def activity_of(training: Training | SimpleNamespace) -> Activity:
    """A training as its certificates see it; columns of one serve as well."""
    completed = training.status == TrainingStatus.COMPLETED
    return Activity(
        organization_id=training.organization_id,
        territory=training.territory,
        roster_id=training.roster_id,
        title=names_of(training, "title"),
        hours=training.hours,
        starts_on=training.starts_on,
        starts_precision=training.starts_precision,
        ends_on=training.ends_on,
        ends_precision=training.ends_precision,
        place=training.place,
        venue_id=training.venue_id,
        signers=training.signers,
        blocked=[] if completed else [{"code": "training_not_completed", "details": {"status": str(training.status)}}],
    )
