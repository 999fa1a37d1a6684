"""Reads of certificates, and of what stands on them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import Single, look_up
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.certificates.models import Certificate, CertificateStatus, RevocationCategory
from app.certificates.number import parse_number
from app.certificates.schemas import CertificateListing, CertificateRead
from app.certificates.snapshot import Snapshot
from app.listing import Found, Keyset, by_age, filters_of
from app.problems import Fault, Invalid, NotFound
from app.uzbek.keys import loose_key

HINT = "The number is mistyped: compare it with the certificate, character by character. It has twelve; I, L, O and U are not among them."

_COLUMNS = tuple(name for name in Certificate.model_fields if name not in ("surname", "participant_organization_id", "origin"))
_certificate = sa.select(*(getattr(Certificate, name) for name in _COLUMNS))
_ONE = Single("certificate.one", _certificate, Certificate.id)
_CERTIFICATES = Keyset(
    "certificate.list",
    _certificate,
    key=Certificate.id,
    sorts=by_age(Certificate),
    filters={
        "roster_id": col(Certificate.roster_id) == bindparam("roster_id"),
        "training_id": col(Certificate.roster_id) == bindparam("training_roster_id", type_=sa.Uuid()),
        "beneficiary_id": col(Certificate.beneficiary_id) == bindparam("beneficiary_id"),
        "specialist_id": col(Certificate.specialist_id) == bindparam("specialist_id"),
        "status": col(Certificate.status) == bindparam("status"),
        "number": col(Certificate.number) == bindparam("number"),
        "issued_from": col(Certificate.issued_on) >= bindparam("issued_from"),
        "issued_until": col(Certificate.issued_on) <= bindparam("issued_until"),
        "updated_since": col(Certificate.updated_at) >= bindparam("updated_since"),
    },
)
_FILTERS = ("roster_id", "beneficiary_id", "specialist_id", "status", "issued_from", "issued_until", "updated_since")


def certificate(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One certificate; NotFound."""
    return CertificateRead.shape(_ONE.one(db, key))


def certificates(db: Rows, listing: CertificateListing) -> Found:
    """A page of certificates. Raises Invalid for a number that no certificate can have."""
    values = filters_of(listing, *_FILTERS)
    if listing.training_id is not None:
        # Trainings lie above this layer, so theirs is asked for by name. Of one that the caller may not see there is no roster, and no
        # certificate is on none.
        values["training_id"] = {"training_roster_id": look_up(db, "training", "roster_id", by="id", value=listing.training_id)}
    if listing.number is not None:
        number = parse_number(listing.number)
        if number is None:
            raise Invalid(faults=[Fault("/number", "mistyped", HINT, "query")])
        values["number"] = number
    found = _CERTIFICATES.page(db, listing, values)
    found.items = [CertificateRead.shape(row) for row in found.items]
    return found


# --- what is printed --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Print:
    """All that a sheet shows of one certificate; nothing of it needs the database any more."""

    id: uuid.UUID
    version: int
    created_at: datetime
    number: str
    status: CertificateStatus
    revoked_at: datetime | None
    issued_on: date
    holder_latin: str
    holder_cyrillic: str
    is_synthetic: bool
    snapshot: Snapshot


_PRINTED = tuple(name for name in Print.__dataclass_fields__ if name != "snapshot")
_print = sa.select(*(getattr(Certificate, name) for name in _PRINTED), col(Certificate.snapshot))
_PRINT = prebuilt(_print.where(col(Certificate.id) == bindparam("id")), "certificate.print")
_PRINTS = prebuilt(
    _print.where(col(Certificate.roster_id) == bindparam("roster_id"), col(Certificate.status) == CertificateStatus.VALID).order_by(
        col(Certificate.number)
    ),
    "certificate.prints",
)


def _printed(row: sa.Row[Any]) -> Print:
    facts: list[Any] = list(row)
    facts[-1] = Snapshot.model_validate(facts[-1])
    return Print(*facts)


def print_of(db: Rows, key: uuid.UUID) -> Print:
    """What is printed of one certificate; NotFound."""
    rows = db.rows(_PRINT, {"id": key})
    if not rows:
        raise NotFound
    return _printed(rows[0])


def prints_of(db: Rows, roster_id: uuid.UUID) -> list[Print]:
    """What is printed of a roster's valid certificates, by number."""
    return [_printed(row) for row in db.rows(_PRINTS, {"roster_id": roster_id})]


# --- what anybody may ask ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate for those who verify it. The name in it is for masking and comparing, never for showing."""

    number: str
    status: CertificateStatus
    revoked_at: datetime | None
    revocation_category: RevocationCategory | None
    issued_on: date
    surname: str
    is_synthetic: bool
    snapshot: Snapshot

    def is_of(self, surname: str) -> bool:
        """Whether a typed surname is the holder's, in any script and spelling that the loose key knows."""
        key = loose_key(surname)
        return bool(key) and key == loose_key(self.surname)


_VERIFIED = tuple(name for name in Verified.__dataclass_fields__ if name != "snapshot")
_VERIFY = prebuilt(
    sa.select(*(getattr(Certificate, name) for name in _VERIFIED), col(Certificate.snapshot)).where(
        col(Certificate.number) == bindparam("number")
    ),
    "certificate.verify",
)


def verified(db: Rows, number: str) -> Verified | None:
    """The certificate with this canonical number, or None."""
    rows = db.rows(_VERIFY, {"number": number})
    if not rows:
        return None
    facts: list[Any] = list(rows[0])
    facts[-1] = Snapshot.model_validate(facts[-1])
    return Verified(*facts)
