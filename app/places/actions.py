"""Adding mahallas and changing them. What the state's own list holds, the regions and districts, is not changed by hand."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import made_before
from app.access.guard import GuardedSession, prebuilt
from app.database import uuid7
from app.places.models import LONGEST_SEARCH, Level, Place
from app.places.naming import search_of
from app.places.schemas import PlaceCreate, PlaceUpdate
from app.problems import Conflict, NotFound, Stale, invalid

_LAST_CODE = 9999
_BY_CODE = prebuilt(sa.select(Place).where(col(Place.soato) == bindparam("soato")), "place.by_code")
_CODES = prebuilt(
    sa.select(col(Place.soato)).where(col(Place.parent_soato) == bindparam("district"), col(Place.level) == Level.MAHALLA),
    "place.codes_of_district",
)


class NotAMahalla(Conflict):
    """Regions and districts come from the official list; only mahallas are added and changed here."""

    code, title = "not_a_mahalla", "Conflicts with the stored state"


def _by_code(db: GuardedSession, soato: str) -> Place | None:
    found: Place | None = db.execute(_BY_CODE, {"soato": soato}).scalar_one_or_none()
    return found


def _next_code(db: GuardedSession, district: str) -> str:
    # Two that ask at once would both be given the same code.
    db.hold(f"mahallas of {district}")
    taken = set(db.execute(_CODES, {"district": district}).scalars())
    for number in range(1, _LAST_CODE + 1):
        if (code := f"{district}-{number:04d}") not in taken:
            return code
    raise invalid("/soato", "exhausted", "The district has no free code left.")


def _search(names: Iterable[str | None], aliases: Iterable[str]) -> str:
    """The search column; Invalid where it would have to leave a name out, which nobody would find then."""
    found = search_of(names, aliases)
    if len(found) > LONGEST_SEARCH:
        raise invalid("/aliases", "too_long", "All names and aliases together are too long to be found by.")
    return found


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
        search=_search(names.values(), body.aliases),
        origin=body.origin(),
        **names,
        **body.model_dump(include={"aliases", "is_pilot", "valid_from", "valid_to"}),
    )
    db.add(place)
    db.flush()
    return place, False


def _can_succeed(db: GuardedSession, soato: str, place: Place) -> None:
    """Raises Invalid unless it is another mahalla, and one that this one does not succeed, be it through others."""
    # Two that each look before the other has written would close a circle together.
    db.hold("successors of mahallas")
    found = _by_code(db, soato)
    if found is None:
        raise invalid("/successor_soato", "unknown", "There is no such place.")
    if found.level != Level.MAHALLA:
        raise invalid("/successor_soato", "not_a_mahalla", "Only a mahalla succeeds a mahalla.")
    while found is not None:
        if found.soato == place.soato:
            raise invalid("/successor_soato", "circle", "It would succeed itself.")
        found = _by_code(db, found.successor_soato) if found.successor_soato else None


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
    if successor := values.get("successor_soato"):
        _can_succeed(db, successor, place)
    for name, value in values.items():
        setattr(place, name, value)
    known = [place.name_uz_latn, place.name_uz_cyrl, place.name_ru, place.name_en]
    if not any(known):
        raise invalid("/names", "missing", "At least one name must stay.")
    if place.valid_from and place.valid_to and place.valid_to < place.valid_from:
        raise invalid("/valid_to", "before_start", "Lies before valid_from.")
    place.search = _search(known, place.aliases)
    db.flush()
    return place
