"""Rules of retention, what holds them up, what they did, and who asked to be forgotten."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Entity, Json, Owned, UtcDateTime, now
from app.problems import Conflict, WrongState


class OnHold(Conflict):
    """A legal hold keeps this person's data; they can be erased when it is released."""

    code, title = "on_hold", "Conflicts with the stored state"


class RetentionBasis(StrEnum):
    """From when the months are counted.

    `last_activity`: since anything was last written about the person, or, as long as it lives, about the family that it belongs to: the
    family's own row, residences, incomes, categories and consents. `closure`: since the person died, left the last family or the family
    was dissolved; where something was written about the person afterwards, since then. Whoever belongs to a family that stands, or never
    belonged to one, has no closure but death.
    """

    CLOSURE = "closure"
    LAST_ACTIVITY = "last_activity"


class RetentionAction(StrEnum):
    """What is done when the months are over.

    `anonymize`: what tells who somebody was is taken out of the rows; kinship, identifiers and pairs of possible duplicates are deleted.
    `delete`: circumstances, vulnerability, grants, consents, merges, holds and decided requests are deleted too, and, with the last member
    of a family who is known, what it lived on. The person's own row is deleted unless it is needed: by a membership of a family, an
    enrollment, a certificate, an emergency access, a consent that the person gave for somebody else, or a request to be forgotten that is
    not decided. Then it is anonymized, and so are these.
    """

    ANONYMIZE = "anonymize"
    DELETE = "delete"


class Requester(StrEnum):
    """Who asks that a person be forgotten."""

    SELF = "self"
    CAREGIVER = "caregiver"
    GUARDIAN = "guardian"
    COURT = "court"


class ErasureStatus(StrEnum):
    """requested → approved → done | requested → refused."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"


class RetentionRule(Entity, table=True):
    """How long people's data are kept: so many months after `basis`, then `action`. Several rules may hold; the first that is due acts."""

    __tablename__ = "retention_rule"
    __table_args__ = (sa.CheckConstraint("months BETWEEN 1 AND 1200", name="months_in_a_century"),)

    code: str = Field(max_length=60, unique=True)
    basis: RetentionBasis = Field(sa_type=sa.String(20))
    months: int
    action: RetentionAction = Field(sa_type=sa.String(20))
    reason: str = Field(max_length=500)
    is_active: bool = Field(default=True)


class LegalHold(Owned, table=True):
    """Nothing of this person is erased while it is not released, nor what is written of it beside somebody else who is forgotten."""

    __tablename__ = "legal_hold"
    __table_args__ = (sa.Index("ix_legal_hold_beneficiary_id", "beneficiary_id"),)

    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    reason: str = Field(max_length=500)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    release_reason: str | None = Field(default=None, max_length=500)

    def release(self, reason: str) -> None:
        """Let it go; WrongState if it is released already."""
        if self.released_at is not None:
            raise WrongState("It is released already.")
        self.released_at, self.release_reason = now(), reason


class ErasureRequest(Owned, table=True):
    """Somebody asked that a person be forgotten."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        sa.Index(
            "ix_erasure_request_open",
            "beneficiary_id",
            unique=True,
            sqlite_where=sa.text("status IN ('requested', 'approved')"),
            postgresql_where=sa.text("status IN ('requested', 'approved')"),
        ),
        sa.Index("ix_erasure_request_beneficiary_id", "beneficiary_id"),
    )

    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    asked_by: Requester = Field(sa_type=sa.String(20))
    asked_on: date
    note: str | None = Field(default=None, max_length=1000)
    status: ErasureStatus = Field(default=ErasureStatus.REQUESTED, sa_type=sa.String(20))
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: uuid.UUID | None = None
    refusal_reason: str | None = Field(default=None, max_length=500)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def decide(self, to: ErasureStatus, *, by: uuid.UUID, reason: str | None = None) -> None:
        """Approve or refuse it; WrongState if that was done."""
        if self.status != ErasureStatus.REQUESTED:
            raise WrongState(f"It is {self.status} already.")
        self.status, self.decided_at, self.decided_by, self.refusal_reason = to, now(), by, reason

    def carried_out(self) -> None:
        """The person is forgotten, and with the person what was said about it here."""
        self.status, self.done_at, self.note = ErasureStatus.DONE, now(), None


class RetentionRun(Entity, table=True):
    """What one run of the rules found and did; `counts` holds, by the rule's code, what RuleCountsRead says."""

    __tablename__ = "retention_run"

    is_dry_run: bool
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
