"""Reads of kinship. Each shows the ids of both persons, so that it is recorded who was looked at."""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.fields import coverage
from app.access.grants import AccessGrant
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.kinship.models import Kinship
from app.kinship.schemas import KinshipListing
from app.listing import Found, Keyset, Sort, by_age, filters_of, since_filters, since_of
from app.problems import NotFound

_COLUMNS = (
    *("id", "created_at", "updated_at", "version", "organization_id", "kind", "is_legal"),
    *("started_on", "ended_on", "note"),
)
_person, _relative = aliased(Beneficiary, name="person"), aliased(Beneficiary, name="relative")
_SIDES: tuple[Any, ...] = (_person, _relative)
_kinships = (
    sa.select(
        *(getattr(Kinship, name) for name in _COLUMNS),
        *(getattr(side, name) for side in _SIDES for name in ("id", "name_latin", "name_cyrillic")),
        coverage(Kinship, beneficiary=Kinship.person_id),
    )
    .join(_person, col(_person.id) == col(Kinship.person_id))
    .join(_relative, col(_relative.id) == col(Kinship.relative_id))
)
_ONE = prebuilt(_kinships.where(col(Kinship.id) == bindparam("id")), "kinship.one")
_either = sa.or_(col(Kinship.person_id) == bindparam("beneficiary_id"), col(Kinship.relative_id) == bindparam("beneficiary_id"))


def _shape(row: Sequence[Any]) -> dict[str, Any]:
    shown = dict(zip(_COLUMNS, row, strict=False))
    for side, at in (("person", len(_COLUMNS)), ("relative", len(_COLUMNS) + 3)):
        shown[side] = {"id": row[at], "names": {"latin": row[at + 1], "cyrillic": row[at + 2]}}
    return shown


_KINSHIPS = Keyset(
    "kinship.list",
    # What stayed with a row that was merged into another is no second person's.
    _kinships.where(*(col(side.merged_into_id).is_(None) for side in _SIDES)),
    key=Kinship.id,
    sorts={**by_age(Kinship), "updated_at": Sort(Kinship.updated_at)},
    filters={
        "beneficiary_id": _either,
        "kind": col(Kinship.kind) == bindparam("kind"),
        **since_filters(Kinship, *((AccessGrant.beneficiary_id, side) for side in (Kinship.person_id, Kinship.relative_id))),
    },
    shape=_shape,
)


def kinship(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One kinship; NotFound."""
    found = db.rows(_ONE, {"id": key})
    if not found:
        raise NotFound
    return _shape(found[0])


def kinships(db: Rows, listing: KinshipListing) -> Found:
    """A page of kinships."""
    return _KINSHIPS.page(db, listing, filters_of(listing, "beneficiary_id", "kind") | since_of(Kinship, listing))
