"""Somebody can always run the installation: the last one who can is not shut out, whoever asks for it and in whatever way."""

import uuid

from app.access.guard import GuardedSession
from app.days import today
from app.identity.standing import administering, days_without
from app.problems import Conflict


class LastAdministrator(Conflict):
    """After this nobody could run the installation: no administrator would be left whose account is not disabled and whose organization
    exists. Make another administrator first.
    """

    code, title = "last_administrator", "Conflicts with the stored state"


def runs_installation(db: GuardedSession, organization_id: uuid.UUID) -> bool:
    """Whether accounts of this organization run the installation today."""
    return organization_id in administering(db, on=today())


def require_administrator(db: GuardedSession) -> None:
    """After what could have taken the last one away was flushed. LastAdministrator if there is none today, or on a day on which one of
    their organizations exists no more: whoever ends it finds somebody for that day first.
    """
    # One after the other: of two administrators who shut each other out, the second one sees what the first one did.
    db.hold("administrators")
    if not all(administering(db, on=day) for day in {today(), *days_without(db, after=today())}):
        raise LastAdministrator
