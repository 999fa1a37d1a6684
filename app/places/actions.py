"""Adding mahallas and changing them. What the state's own list holds, the regions and districts, is not changed by hand."""

import sqlalchemy as sa
from sqlmodel import col

from app.access.fetch import made_before
from app.access.guard import GuardedSession
from app.database import uuid7
from app.places.models import Level, Place
from app.places.naming import search_of
from app.places.schemas import PlaceCreate, PlaceUpdate
from app.problems import Conflict, NotFound, Stale, invalid

_LAST_CODE = 9999


class NotAMahalla(Conflict):
    """Regions and districts come from the official list; only mahallas are added and changed here."""

    code, title = "not_a_mahalla", "Conflicts with the stored state"


def _by_code(db: GuardedSession, soato: str) -> Place | None:
    found: Place | None = db.execute(sa.select(Place).where(col(Place.soato) == soato)).scalar_one_or_none()
    return found


def _next_code(db: GuardedSession, district: str) -> str:
    # Two that ask at once would both be given the same code.
    db.hold(f"mahallas of {district}")
    codes = sa.select(sa.func.max(col(Place.soato))).where(col(Place.parent_soato) == district, col(Place.level) == Level.MAHALLA)
    last = db.execute(codes).scalar_one_or_none()
    number = int(last.rpartition("-")[2]) + 1 if last else 1
    if number > _LAST_CODE:
        raise invalid("/soato", "exhausted", "The district has no free code left; name one.")
    return f"{district}-{number:04d}"


def add_mahalla(db: GuardedSession, *, body: PlaceCreate) -> tuple[Place, bool]:
    """(mahalla, made before). Raises Invalid for an unknown district, AlreadyExists for a taken code, IdTaken."""
    if before := made_before(db, Place, body.id, body.origin()):
        return before, True
    district = _by_code(db, body.district)
    if district is None:
        raise invalid("/district", "unknown", "There is no such district.")
    names = {f"name_{name}": value for name, value in body.names.model_dump().items()}
    place = Place(
        id=body.id or uuid7(),
        soato=body.soato or _next_code(db, body.district),
        level=Level.MAHALLA,
        parent_soato=body.district,
        search=search_of(names.values(), body.aliases),
        origin=body.origin(),
        **names,
        **body.model_dump(include={"aliases", "is_pilot", "valid_from", "valid_to"}),
    )
    db.add(place)
    db.flush()
    return place, False


def update_mahalla(db: GuardedSession, soato: str, *, version: int, body: PlaceUpdate) -> Place:
    """Change a mahalla. Raises NotFound, Stale, NotAMahalla, Invalid."""
    place = _by_code(db, soato)
    if place is None:
        raise NotFound
    if place.version != version:
        raise Stale
    if place.level != Level.MAHALLA:
        raise NotAMahalla
    values = body.model_dump(exclude_unset=True)
    for name, value in values.pop("names", {}).items():
        setattr(place, f"name_{name}", value)
    for name, value in values.items():
        setattr(place, name, value)
    known = [place.name_uz_latn, place.name_uz_cyrl, place.name_ru, place.name_en]
    if not any(known):
        raise invalid("/names", "missing", "At least one name must stay.")
    if place.valid_from and place.valid_to and place.valid_to < place.valid_from:
        raise invalid("/valid_to", "before_start", "Lies before valid_from.")
    place.search = search_of(known, place.aliases)
    db.flush()
    return place
