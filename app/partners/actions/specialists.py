"""Registering specialists and changing them."""

import uuid

from app import phones
from app.access.actor import Visit
from app.access.fetch import check_territory, fetch, made_before
from app.access.guard import GuardedSession
from app.database import uuid7
from app.partners.models import Specialist
from app.partners.schemas import SpecialistCreate, SpecialistUpdate


def create_specialist(db: GuardedSession, *, body: SpecialistCreate, by: Visit) -> tuple[Specialist, bool]:
    """(specialist of the caller's organization, made before). Raises Invalid for an unknown place, IdTaken."""
    if before := made_before(db, Specialist, body.id, body.origin()):
        return before, True
    check_territory(db, body.territory)
    values = body.model_dump(exclude={"id", "phone"}) | _phone(body.phone) | {"organization_id": by.actor.organization_id}
    specialist = Specialist(id=body.id or uuid7(), origin=body.origin(), **values)
    specialist.index()
    db.add(specialist)
    db.flush()
    return specialist, False


def update_specialist(db: GuardedSession, specialist_id: uuid.UUID, *, version: int, body: SpecialistUpdate) -> Specialist:
    """Change it. Raises NotFound, Stale, Invalid for an unknown place; OutOfScope for another organization's."""
    specialist = fetch(db, Specialist, specialist_id, version=version)
    values = body.model_dump(exclude_unset=True)
    if "territory" in values:
        check_territory(db, body.territory)
    if "phone" in values:
        values |= _phone(values.pop("phone"))
    for name, value in values.items():
        setattr(specialist, name, value)
    specialist.index()
    db.flush()
    return specialist


def _phone(written: str | None) -> dict[str, str | None]:
    """Both forms of a number, by column."""
    return {"phone_as_written": written, "phone_e164": phones.parse(written) if written else None}
