"""Reads of identifiers. What is stored opens here and nowhere else, to be shown in full or masked as the rule of the field has decided."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.audit.models import AuditEntry
from app.beneficiaries.models import Beneficiary
from app.database import UtcDateTime, now
from app.identifiers import sealing
from app.identifiers.bearers import CARRIERS
from app.identifiers.models import LOOKED_UP, Identifier, Masked
from app.identifiers.schemas import MOST_HOLDERS, IdentifierListing
from app.identifiers.values import Doubt, Value, masked
from app.listing import Found, Keyset, Sort, by_age, filters_of, since_filters, since_of
from app.problems import NotFound

_WINDOW = timedelta(minutes=1)
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


def added(found: Identifier, doubts: list[Doubt], others: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer about an identifier that was just added."""
    warnings = [{"code": doubt.code, "message": doubt.message} for doubt in doubts]
    return identifier_of(found) | {"warnings": warnings, "possible_duplicates": others}


# --- who carries a number -----------------------------------------------------------------------------------------------------
_PERSON_SHOWN = (
    *(Beneficiary.id, Beneficiary.name_latin, Beneficiary.name_cyrillic),
    *(Beneficiary.birth_date, Beneficiary.territory, Beneficiary.organization_id),
)
_HOLDERS = prebuilt(
    sa.select(*_PERSON_SHOWN)  # type: ignore[call-overload]
    .where(
        col(Beneficiary.id).in_(CARRIERS),
        col(Beneficiary.id) != bindparam("but", type_=sa.Uuid()),
        # A number that stayed with a row that was merged into another is that one's as well.
        col(Beneficiary.merged_into_id).is_(None),
    )
    .order_by(col(Beneficiary.id))
    .limit(MOST_HOLDERS),
    "identifier.holders",
)
_NO_ONE = uuid.UUID(int=0)


def holders(db: Rows, value: Value, *, but: uuid.UUID = _NO_ONE) -> list[dict[str, Any]]:
    """The persons who carry or once carried a number, as far as the actor may see both; they count as looked at."""
    found = db.rows(_HOLDERS, {"kind": value.kind, "blinds": sealing.blinds(value), "but": but})
    return [
        {
            "beneficiary_id": key,
            "names": {"latin": latin, "cyrillic": cyrillic},
            "birth_year": born.year,
            "territory": territory,
            "organization_id": organization,
        }
        for key, latin, cyrillic, born, territory, organization in found
    ]


# --- how often one looks up -----------------------------------------------------------------------------------------------------
_LOOK_UPS = prebuilt(
    sa.select(func.count(), func.min(AuditEntry.at)).where(
        col(AuditEntry.actor_id) == bindparam("actor_id"),
        col(AuditEntry.action) == LOOKED_UP,
        col(AuditEntry.at) > bindparam("since", type_=UtcDateTime()),
    ),
    "identifier.look_ups",
)


def seconds_to_wait(db: Rows, actor_id: uuid.UUID, most: int) -> int:
    """0 if the actor looked up fewer than `most` numbers in the last minute, in whatever process: the trail has them all. What is sent at
    the same moment may pass together, which is as many as there are worker threads.
    """
    since = now() - _WINDOW
    count, first = db.rows(_LOOK_UPS, {"actor_id": actor_id, "since": since})[0]
    return max(1, int((first - since).total_seconds()) + 1) if count >= most else 0
