"""What a training's certificates say, and who gets one."""

import uuid
from typing import Any

from app.access.fetch import fetch
from app.access.guard import GuardedSession, require_writable
from app.certificates import actions
from app.certificates.actions import Activity
from app.certificates.snapshot import names_of
from app.participation.actions import rosters
from app.participation.queries import evaluations
from app.trainings.models import Training, TrainingStatus


def issue_certificates(db: GuardedSession, training_id: uuid.UUID, *, dry_run: bool) -> dict[str, Any]:
    """A CertificatesIssued for every enrollment of the training. Issues, unless it is a dry run, to whoever completed it and has none.

    The roster is held meanwhile, so that runs come one after the other and attendance stays as it was judged; a dry run waits for nobody.
    Raises NotFound, OutOfScope for another organization's training, Busy.
    """
    training = fetch(db, Training, training_id)
    require_writable(db, training)
    if not dry_run:
        rosters.lock(db, training.roster_id)
    return actions.issue(db, activity=_activity(training), evaluations=evaluations(db, training.roster_id), dry_run=dry_run)


def _activity(training: Training) -> Activity:
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
