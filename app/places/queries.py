"""Reads of places."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.listing import Found, Keyset, Sort, by_age, filters_of
from app.places.models import Place
from app.places.schemas import PlaceListing, PlaceRead
from app.problems import NotFound
from app.search import by_relevance, found_by, strictly, words_of

_COLUMNS = tuple(name for name in Place.model_fields if name not in ("search", "origin"))
_place = sa.select(*(getattr(Place, name) for name in _COLUMNS))
_ONE = prebuilt(_place.where(Place.soato == bindparam("soato")), "place.one")  # type: ignore[arg-type]
_DAY = bindparam("on", type_=sa.Date())
_PLACES = Keyset(
    "place.list",
    _place,
    key=Place.id,
    sorts={
        "soato": Sort(Place.soato),
        "-soato": Sort(Place.soato, descending=True),
        **by_age(Place),
        **by_relevance(strictly(Place.search)),
    },
    filters={
        "level": Place.level == bindparam("level"),  # type: ignore[dict-item]
        "parent": Place.parent_soato == bindparam("parent"),  # type: ignore[dict-item]
        "is_pilot": Place.is_pilot == bindparam("is_pilot"),  # type: ignore[dict-item]
        "on": sa.func.coalesce(Place.valid_from, _DAY).__le__(_DAY) & sa.func.coalesce(Place.valid_to, _DAY).__ge__(_DAY),
        "words": found_by(Place),
    },
)


def place(db: Rows, soato: str) -> dict[str, Any]:
    """One place by its code; NotFound."""
    found = db.rows(_ONE, {"soato": soato})
    if not found:
        raise NotFound
    return PlaceRead.shape(dict(zip(_COLUMNS, found[0], strict=True)))


def places(db: Rows, listing: PlaceListing) -> Found:
    """A page of places."""
    found = _PLACES.page(db, listing, filters_of(listing, "level", "parent", "is_pilot", "on") | words_of(listing.q))
    found.items = [PlaceRead.shape(row) for row in found.items]
    return found
