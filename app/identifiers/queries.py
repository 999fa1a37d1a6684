"""Reads of identifiers. What is stored opens here and nowhere else, to be shown in full or masked as the rule of the field has decided."""

import uuid
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fields import withhold
from app.access.grants import AccessGrant
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.identifiers import sealing
from app.identifiers.models import Identifier, Masked
from app.identifiers.schemas import IdentifierListing
from app.identifiers.values import Doubt, masked
from app.listing import Found, Keyset, Sort, by_age, filters_of, since_filters, since_of
from app.problems import NotFound

_SHOWN = ("id", "created_at", "updated_at", "version", "organization_id", "beneficiary_id", "kind", "issued_on", "expires_on", "issuer")
_COLUMNS = (*_SHOWN, "ended_on", "end_reason", "key_version", "ciphertext")
_values_of = attrgetter(*_COLUMNS)


def _opened(row: Sequence[Any]) -> dict[str, Any]:
    """A row as it is answered. Raises IdentifierUnreadable, IdentifierKeyMissing."""
    shown = dict(zip(_COLUMNS, row, strict=False))
    version, ciphertext = shown.pop("key_version"), shown.pop("ciphertext")
    kept = sealing.unseal(ciphertext, version, row=shown["id"], person=shown["beneficiary_id"], kind=shown["kind"])
    shown["value"] = masked(shown["kind"], kept) if isinstance(ciphertext, Masked) else kept
    return shown


# --- a person's numbers -------------------------------------------------------------------------------------------------------
_identifiers = sa.select(*(getattr(Identifier, name) for name in _COLUMNS))
_of_person: sa.ColumnElement[bool] = col(Identifier.beneficiary_id) == bindparam("beneficiary_id")
# The person's own id, so that it is recorded who was looked at.
_PERSON = prebuilt(sa.select(col(Beneficiary.id)).where(col(Beneficiary.id) == bindparam("id")), "identifier.person")
_ONE = prebuilt(
    _identifiers.add_columns(col(Beneficiary.id).label("looked_at"))
    .join(Beneficiary, col(Beneficiary.id) == col(Identifier.beneficiary_id))
    .where(col(Identifier.id) == bindparam("id")),
    "identifier.one",
)
_IDENTIFIERS = Keyset(
    "identifier.list",
    _identifiers,
    key=Identifier.id,
    sorts={**by_age(Identifier), "updated_at": Sort(Identifier.updated_at)},
    filters={
        "beneficiary_id": _of_person,
        "kind": col(Identifier.kind) == bindparam("kind"),
        "is_open": col(Identifier.ended_on).is_(None) == bindparam("is_open", type_=sa.Boolean()),
        **since_filters(Identifier, (AccessGrant.beneficiary_id, Identifier.beneficiary_id)),
    },
    shape=_opened,
)


def identifier(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One identifier of a person whom the actor may see; NotFound."""
    found = db.rows(_ONE, {"id": key})
    if not found:
        raise NotFound
    return _opened(found[0])


def identifiers(db: Rows, beneficiary_id: uuid.UUID, listing: IdentifierListing) -> Found:
    """A page of a person's identifiers, present and former; NotFound for the person."""
    if not db.rows(_PERSON, {"id": beneficiary_id}):
        raise NotFound
    return _IDENTIFIERS.page(
        db, listing, {"beneficiary_id": beneficiary_id} | filters_of(listing, "kind", "is_open") | since_of(Identifier, listing)
    )


def identifier_of(found: Identifier) -> dict[str, Any]:
    """The same answer about an identifier that was just written: masked for everybody, since answers to writes are kept for retries."""
    *shown, ciphertext = _values_of(found)
    return _opened((*shown, Masked(ciphertext)))


def added(found: Identifier, doubts: Sequence[Doubt], others: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    """The answer about an identifier that was just added; without who else carries it for whoever may not look that up."""
    warnings = [{"code": doubt.code, "message": doubt.message} for doubt in doubts]
    shown = identifier_of(found) | {"warnings": warnings, "possible_duplicates": others}
    if others is None:
        withhold(shown, "possible_duplicates")
    return shown
