"""Somebody can always run the installation: the last one who can is not shut out, whoever asks for it and in whatever way."""

import uuid
from collections.abc import Collection
from datetime import date

from app.access.guard import GuardedSession
from app.days import today
from app.identity.standing import administering
from app.problems import Conflict


class LastAdministrator(Conflict):
    """After this nobody could run the installation: no administrator would be left whose account is not disabled and whose organization
    exists. Make another administrator first.
    """

    code, title = "last_administrator", "Conflicts with the stored state"


def runs_installation(db: GuardedSession, organization_id: uuid.UUID) -> bool:
    """Whether accounts of this organization run the installation today."""
    return organization_id in administering(db, on=today())


def require_administrator(db: GuardedSession, *, days: Collection[date] = ()) -> None:
    """After what could have taken the last one away was flushed. LastAdministrator if today, or on one of the days, there is none."""
    # One after the other: of two administrators who shut each other out, the second one sees what the first one did.
    db.hold("administrators")
    if not all(administering(db, on=day) for day in {today(), *days}):
        raise LastAdministrator
