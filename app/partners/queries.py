"""Reads of the partner directory."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import Single
from app.access.transaction import Rows
from app.database import Entity
from app.listing import Found, Keyset, Sort, by_age, filters_of, territory_filters, territory_of
from app.partners.models import Organization, Specialist, Venue
from app.partners.schemas import (
    OrganizationListing,
    OrganizationRead,
    SpecialistListing,
    SpecialistRead,
    VenueListing,
    VenueRead,
    with_names,
)
from app.schemas import EntityRead, NamesRead
from app.search import by_relevance, found_by, strictly, words_of

_DAY = bindparam("on", type_=sa.Date())


def _columns(model: type[Entity], read: type[EntityRead]) -> sa.Select[Any]:
    """The columns of an answer; those of the names in place of `names`."""
    fields = [f"name_{language}" for name in read.model_fields if name == "names" for language in NamesRead.model_fields]
    fields += [name for name in read.model_fields if name not in ("names", "phone")]
    phone = [model.phone_as_written.label("phone")] if "phone" in read.model_fields else []  # type: ignore[attr-defined]
    return sa.select(*(getattr(model, name) for name in fields), *phone)


def _of_organization(column: Any) -> sa.ColumnElement[bool]:
    return col(column) == bindparam("organization_id")


def _named(one: Single) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """An item of a list as the single row is answered."""
    return lambda row: with_names(dict(zip(one.names, row, strict=False)))


_organization = _columns(Organization, OrganizationRead)
_specialist = _columns(Specialist, SpecialistRead)
_venue = _columns(Venue, VenueRead)
_ONE_ORGANIZATION = Single("organization.one", _organization, Organization.id)
_ONE_SPECIALIST = Single("specialist.one", _specialist, Specialist.id)
_ONE_VENUE = Single("venue.one", _venue, Venue.id)
_ORGANIZATIONS = Keyset(
    "organization.list",
    _organization,
    key=Organization.id,
    sorts={**by_age(Organization), **by_relevance(strictly(Organization.search))},
    filters={
        "kind": col(Organization.kind) == bindparam("kind"),
        **territory_filters(Organization.territory),
        "on": (sa.func.coalesce(Organization.valid_from, _DAY) <= _DAY) & (sa.func.coalesce(Organization.valid_to, _DAY) >= _DAY),
        "words": found_by(Organization),
    },
    shape=_named(_ONE_ORGANIZATION),
)
_SPECIALISTS = Keyset(
    "specialist.list",
    _specialist,
    key=Specialist.id,
    sorts={
        "surname": Sort(Specialist.surname),
        "-surname": Sort(Specialist.surname, descending=True),
        **by_age(Specialist),
        **by_relevance(strictly(Specialist.search)),
    },
    filters={
        "organization_id": _of_organization(Specialist.organization_id),
        **territory_filters(Specialist.territory),
        "on": sa.func.coalesce(Specialist.active_until, _DAY) >= _DAY,
        "words": found_by(Specialist),
    },
)
_VENUES = Keyset(
    "venue.list",
    _venue,
    key=Venue.id,
    sorts={**by_age(Venue), **by_relevance(strictly(Venue.search))},
    filters={
        "organization_id": _of_organization(Venue.organization_id),
        **territory_filters(Venue.territory),
        "words": found_by(Venue),
    },
    shape=_named(_ONE_VENUE),
)


def organization(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One organization; NotFound."""
    return with_names(_ONE_ORGANIZATION.one(db, key))


def organizations(db: Rows, listing: OrganizationListing) -> Found:
    """A page of organizations."""
    return _ORGANIZATIONS.page(db, listing, filters_of(listing, "kind", "on") | territory_of(listing.territory) | words_of(listing.q))


def specialist(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One specialist; NotFound."""
    return _ONE_SPECIALIST.one(db, key)


def specialists(db: Rows, listing: SpecialistListing) -> Found:
    """A page of specialists."""
    return _SPECIALISTS.page(
        db, listing, filters_of(listing, "organization_id", "on") | territory_of(listing.territory) | words_of(listing.q)
    )


def venue(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One venue; NotFound."""
    return with_names(_ONE_VENUE.one(db, key))


def venues(db: Rows, listing: VenueListing) -> Found:
    """A page of venues."""
    return _VENUES.page(db, listing, filters_of(listing, "organization_id") | territory_of(listing.territory) | words_of(listing.q))
