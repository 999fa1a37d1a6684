"""What issuing rests on: which certificates stand, who is to get one, who issues and where it was held."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import kept
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.certificates.models import Certificate, CertificateKind, CertificateStatus, RevocationCategory
from app.certificates.snapshot import names_of
from app.participation.models import Enrollment
from app.partners.models import Organization, Specialist, Venue
from app.places.models import Place
from app.problems import Busy
from app.schemas import NamesRead

_TRIES = 3
_KEPT = prebuilt(
    kept(
        sa.select(col(Beneficiary.id), col(Beneficiary.merged_into_id))
        .join(Enrollment, col(Enrollment.beneficiary_id) == col(Beneficiary.id))
        .where(col(Enrollment.roster_id) == bindparam("roster_id"))
        .order_by(col(Beneficiary.id)),
        Beneficiary,
    ),
    "certificate.kept",
)
_ISSUED = prebuilt(
    sa.select(col(Certificate.enrollment_id), col(Certificate.id), col(Certificate.status), col(Certificate.revocation_category))
    .where(col(Certificate.roster_id) == bindparam("roster_id"), col(Certificate.kind) == CertificateKind.COMPLETION)
    .order_by(col(Certificate.created_at), col(Certificate.id)),
    "certificate.issued",
)
_HOLDERS = prebuilt(
    sa.select(
        col(Enrollment.id),
        col(Enrollment.participant_organization_id),
        sa.func.coalesce(col(Beneficiary.surname), col(Specialist.surname)),
        sa.func.coalesce(col(Beneficiary.given_name), col(Specialist.given_name)),
        sa.func.coalesce(col(Beneficiary.patronymic), col(Specialist.patronymic)),
        sa.func.coalesce(col(Beneficiary.is_synthetic), col(Specialist.is_synthetic)),
        col(Beneficiary.anonymized_at).is_not(None),
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
class Issued:
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
    is_forgotten: bool


def keep_participants(db: Rows, roster_id: uuid.UUID) -> None:
    """Until the commit nobody on a roster whom the actor may see is merged: a certificate names the person whom its enrollment names. Who
    was merged while this waited is another one now, so it is asked again. Nobody is looked at by it. Raises Busy where that goes on.
    """
    for _ in range(_TRIES):
        if all(merged is None for _, merged in db.rows(_KEPT, {"roster_id": roster_id}, shown=0)):
            return
    raise Busy


def issued(db: Rows, roster_id: uuid.UUID) -> dict[uuid.UUID, list[Issued]]:
    """The certificates of a roster by enrollment, oldest first."""
    found: dict[uuid.UUID, list[Issued]] = {}
    for enrollment_id, *values in db.rows(_ISSUED, {"roster_id": roster_id}):
        found.setdefault(enrollment_id, []).append(Issued(*values))
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
