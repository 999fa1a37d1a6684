"""A certificate: a number and a snapshot of what was printed on it, so that it stays what it was whatever changes later."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Json, Owned, UtcDateTime, now
from app.problems import WrongState


class CertificateStatus(StrEnum):
    """valid → revoked | superseded."""

    VALID = "valid"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


class CertificateKind(StrEnum):
    """What it certifies."""

    COMPLETION = "completion"


class RevocationCategory(StrEnum):
    """Why it was revoked, in words that may be shown to anybody."""

    ISSUED_IN_ERROR = "issued_in_error"
    WRONG_PERSON = "wrong_person"
    WRONG_DETAILS = "wrong_details"
    FRAUD = "fraud"
    HOLDER_REQUEST = "holder_request"


class Certificate(Owned, table=True):
    """One certificate. At most one valid one an enrollment and kind, which the database holds against any race."""

    __tablename__ = "certificate"
    __table_args__ = (
        sa.Index(
            "ix_certificate_one_valid",
            "enrollment_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("status = 'valid'"),
            postgresql_where=sa.text("status = 'valid'"),
        ),
        sa.Index("ix_certificate_roster_id", "roster_id", "created_at", "id"),
        sa.Index("ix_certificate_organization_id", "organization_id", "created_at", "id"),
        sa.Index("ix_certificate_participant_organization_id", "participant_organization_id", "created_at", "id"),
    )

    number: str = Field(max_length=12, unique=True)
    kind: CertificateKind = Field(default=CertificateKind.COMPLETION, sa_type=sa.String(20))
    enrollment_id: uuid.UUID = Field(foreign_key="enrollment.id")
    roster_id: uuid.UUID = Field(foreign_key="roster.id")
    beneficiary_id: uuid.UUID | None = Field(default=None, foreign_key="beneficiary.id", index=True)
    specialist_id: uuid.UUID | None = Field(default=None, foreign_key="specialist.id", index=True)
    participant_organization_id: uuid.UUID | None = Field(default=None, foreign_key="organization.id")
    holder_latin: str = Field(max_length=500)
    holder_cyrillic: str = Field(max_length=500)
    surname: str = Field(max_length=80)
    snapshot: dict[str, Any] = Field(sa_type=Json)
    template_version: int = Field(default=1)
    issued_on: date
    status: CertificateStatus = Field(default=CertificateStatus.VALID, sa_type=sa.String(20))
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revocation_category: RevocationCategory | None = Field(default=None, sa_type=sa.String(20))
    revocation_reason: str | None = Field(default=None, max_length=500)
    superseded_by_id: uuid.UUID | None = Field(default=None, foreign_key="certificate.id")
    is_synthetic: bool = Field(default=False)

    def revoke(self, category: RevocationCategory, reason: str | None) -> None:
        """Declare it void; WrongState unless it is valid."""
        if self.status != CertificateStatus.VALID:
            raise WrongState(f"It is {self.status} already.")
        self.status, self.revoked_at = CertificateStatus.REVOKED, now()
        self.revocation_category, self.revocation_reason = category, reason
