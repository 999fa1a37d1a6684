"""Reads of certificates, and of what stands on them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import Single
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.certificates.models import Certificate, CertificateKind, CertificateStatus, RevocationCategory
from app.certificates.number import parse_number
from app.certificates.schemas import CertificateListing, CertificateRead
from app.certificates.snapshot import Snapshot, names_of
from app.listing import Found, Keyset, by_age, filters_of
from app.participation.models import Enrollment
from app.partners.models import Organization, Specialist, Venue
from app.places.models import Place
from app.problems import Fault, Invalid, NotFound
from app.schemas import NamesRead
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


# --- what issuing needs -----------------------------------------------------------------------------------------------------
_STANDING = prebuilt(
    sa.select(col(Certificate.enrollment_id), col(Certificate.id), col(Certificate.status), col(Certificate.revocation_category))
    .where(col(Certificate.roster_id) == bindparam("roster_id"), col(Certificate.kind) == CertificateKind.COMPLETION)
    .order_by(col(Certificate.created_at), col(Certificate.id)),
    "certificate.standing",
)
_HOLDERS = prebuilt(
    sa.select(
        col(Enrollment.id),
        col(Enrollment.participant_organization_id),
        sa.func.coalesce(col(Beneficiary.surname), col(Specialist.surname)),
        sa.func.coalesce(col(Beneficiary.given_name), col(Specialist.given_name)),
        sa.func.coalesce(col(Beneficiary.patronymic), col(Specialist.patronymic)),
        sa.func.coalesce(col(Beneficiary.is_synthetic), col(Specialist.is_synthetic)),
    )
    .select_from(Enrollment)
    .outerjoin(Beneficiary, col(Beneficiary.id) == col(Enrollment.beneficiary_id))
    .outerjoin(Specialist, col(Specialist.id) == col(Enrollment.specialist_id))
    .where(col(Enrollment.roster_id) == bindparam("roster_id")),
    "certificate.holders",
)
_names = tuple(f"name_{language}" for language in NamesRead.model_fields)
_issuer = sa.select(*(getattr(Organization, name) for name in _names))
_ISSUER = prebuilt(_issuer.where(col(Organization.id) == bindparam("id")), "certificate.issuer")
_VENUE = prebuilt(sa.select(col(Venue.territory)).where(col(Venue.id) == bindparam("id")), "certificate.venue")
_PLACE = prebuilt(sa.select(*(getattr(Place, name) for name in _names)).where(col(Place.soato) == bindparam("soato")), "certificate.place")


@dataclass(frozen=True, slots=True)
class Standing:
    """One certificate of an enrollment, whatever its state."""

    id: uuid.UUID
    status: CertificateStatus
    category: RevocationCategory | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is to get one, as the person's own record has the name."""

    organization_id: uuid.UUID | None
    surname: str
    given_name: str
    patronymic: str | None
    is_synthetic: bool


def standing(db: Rows, roster_id: uuid.UUID) -> dict[uuid.UUID, list[Standing]]:
    """The certificates of a roster by enrollment, oldest first."""
    found: dict[uuid.UUID, list[Standing]] = {}
    for enrollment_id, *values in db.rows(_STANDING, {"roster_id": roster_id}):
        found.setdefault(enrollment_id, []).append(Standing(*values))
    return found


def holders(db: Rows, roster_id: uuid.UUID) -> dict[uuid.UUID, Holder]:
    """The participants of a roster by enrollment; one whose own record the actor may not see is missing."""
    return {row[0]: Holder(*row[1:]) for row in db.rows(_HOLDERS, {"roster_id": roster_id}) if row[2] is not None}


def issuer(db: Rows, organization_id: uuid.UUID) -> NamesRead:
    """The names of the organization that issues."""
    return names_of(db.rows(_ISSUER, {"id": organization_id})[0])


def place(db: Rows, *, soato: str | None, venue_id: uuid.UUID | None) -> NamesRead | None:
    """The names of where it was held: the place itself, or else the one that the venue stands in."""
    if soato is None and venue_id is not None:
        soato = db.rows(_VENUE, {"id": venue_id})[0][0]
    rows = db.rows(_PLACE, {"soato": soato}) if soato else []
    return names_of(rows[0]) if rows else None
