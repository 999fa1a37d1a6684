"""Reads of circumstances. Reading them is looking at the person, so each statement shows the person's own id."""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.declare import DECLARED
from app.access.fields import WITHHELD, coverage, shown_of
from app.access.grants import AccessGrant
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.circumstances.models import Circumstances
from app.circumstances.schemas import CircumstancesListing, CircumstancesRead
from app.listing import Found, Keyset, Sort, by_age, filters_of, since_filters, since_of, territory_filters, territory_of
from app.problems import NotFound

_SUBJECT = ("beneficiary_id", "territory", "name_latin", "name_cyrillic")
_KNOWN = tuple(name for name in CircumstancesRead.model_fields if name not in ("beneficiary_id", "names", "territory"))
_NAMES = (*_SUBJECT, *_KNOWN)
_subject = (col(Beneficiary.id).label("beneficiary_id"), *(getattr(Beneficiary, name) for name in _SUBJECT[1:]))
_covered = coverage(Circumstances, beneficiary=Circumstances.beneficiary_id)
_circumstances = sa.select(*_subject, *(getattr(Circumstances, name) for name in _KNOWN), _covered).join(
    Circumstances, col(Circumstances.beneficiary_id) == col(Beneficiary.id)
)
_of: sa.ColumnElement[bool] = col(Beneficiary.id) == bindparam("beneficiary_id")
_ONE = prebuilt(_circumstances.where(_of), "circumstances.one")
_PERSON = prebuilt(sa.select(*_subject, coverage(Beneficiary, beneficiary=Beneficiary.id)).where(_of), "circumstances.person")
_FILTERS = ("school_status", "has_disability", "disability_status", "immunization_up_to_date")
"""Filters by the column of their own name."""


def _shape(row: Sequence[Any]) -> dict[str, Any]:
    """A row whose first values are the person's."""
    shown = dict(zip(_NAMES, row, strict=False))
    shown["names"] = {"latin": shown.pop("name_latin"), "cyrillic": shown.pop("name_cyrillic")}
    return shown


_ALL = Keyset(
    "circumstances.list",
    # What stayed with a row that was merged into another is no second person's.
    _circumstances.where(col(Beneficiary.merged_into_id).is_(None)),
    key=Circumstances.id,
    sorts={**by_age(Circumstances), "updated_at": Sort(Circumstances.updated_at), "name": Sort(Beneficiary.strict_key)},
    filters={
        **{name: getattr(Circumstances, name) == bindparam(name) for name in _FILTERS},
        # The list is stored as JSON text, in which each word stands in quotation marks and holds none.
        "missing_document": sa.cast(col(Circumstances.missing_documents), sa.String(1000)).like(
            sa.literal('%"') + bindparam("missing_document", type_=sa.String()) + sa.literal('"%')
        ),
        **since_filters(Circumstances, (AccessGrant.beneficiary_id, Circumstances.beneficiary_id)),
        **territory_filters(Beneficiary.territory),
    },
    shape=_shape,
)


def circumstances(db: Rows, beneficiary_id: uuid.UUID) -> dict[str, Any]:
    """What is known of one person, be it nothing; NotFound for the person, and where no part of it is open to the actor."""
    if found := db.rows(_ONE, {"beneficiary_id": beneficiary_id}):
        return _shape(found[0])
    if people := db.rows(_PERSON, {"beneficiary_id": beneficiary_id}):
        return _nothing_recorded(people[0])
    raise NotFound


def _nothing_recorded(person: Sequence[Any]) -> dict[str, Any]:
    """The record before there is one, with the fields that are open in it; the person's row ends in what is."""
    *subject, covered = person
    known = shown_of(Circumstances, dict.fromkeys(_KNOWN) | {"version": 0, "missing_documents": []}, covered)
    # Nothing of it is open to whoever sees none of the fields under a rule.
    if all(known[name] is WITHHELD for name in DECLARED[Circumstances].fields):
        raise NotFound
    return _shape(subject) | known


def all_circumstances(db: Rows, listing: CircumstancesListing) -> Found:
    """A page of circumstances; FieldConcealed for a filter by what the actor does not see in every row."""
    values = filters_of(listing, *_FILTERS, "missing_document") | since_of(Circumstances, listing)
    return _ALL.page(db, listing, values | territory_of(listing.territory))
