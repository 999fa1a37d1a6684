"""Registering venues and changing them."""

import uuid

from app.access.actor import Visit
from app.access.fetch import check_territory, fetch, made_before
from app.access.guard import GuardedSession
from app.database import uuid7
from app.partners.models import Venue, rename
from app.partners.schemas import VenueCreate, VenueUpdate


def create_venue(db: GuardedSession, *, body: VenueCreate, by: Visit) -> tuple[Venue, bool]:
    """(venue of the caller's organization, made before). Raises Invalid for an unknown place or no name, IdTaken."""
    if before := made_before(db, Venue, body.id, body.origin()):
        return before, True
    check_territory(db, body.territory)
    values = body.model_dump(include={"territory", "address"}) | {"organization_id": by.actor.organization_id}
    venue = Venue(id=body.id or uuid7(), origin=body.origin(), **values)
    rename(venue, body.names.model_dump())
    db.add(venue)
    db.flush()
    return venue, False


def update_venue(db: GuardedSession, venue_id: uuid.UUID, *, version: int, body: VenueUpdate) -> Venue:
    """Change it. Raises NotFound, Stale, Invalid for an unknown place or no name; OutOfScope for another organization's."""
    venue = fetch(db, Venue, venue_id, version=version)
    values = body.model_dump(exclude_unset=True)
    if "territory" in values:
        check_territory(db, body.territory)
    if names := values.pop("names", None):
        rename(venue, names)
    for name, value in values.items():
        setattr(venue, name, value)
    db.flush()
    return venue
