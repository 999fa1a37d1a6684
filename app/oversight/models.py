"""A broken glass: an emergency access to a person's data without a consent, for hours, which the person's organization reviews."""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.access.actor import Duty
from app.database import Entity, UtcDateTime, now
from app.problems import Conflict, WrongState

LONGEST = timedelta(hours=3)
"""How long one access opens data at most. As are the numbers below, it is the project's own rule."""
A_DAY = timedelta(days=1)
"""The 24 hours within which is counted."""
MOST_A_DAY = 5
"""How often one account may break the glass within them."""
MOST_MISSES = 10
"""How often within them one account may name a number by which nobody is found: enough for slips of the pen, too few to try."""
NOT_FOUND = "break_glass.not_found"
"""What the trail calls that."""
REVIEW_WITHIN = timedelta(days=7)
"""Afterwards an access that nobody reviewed keeps its account from breaking the glass again."""


class NotNeeded(Conflict):
    """Your own organization registered this person; you see everything as it is."""

    code, title = "not_needed", "Conflicts with the stored state"


class ReviewOverdue(Conflict):
    """An emergency access of yours was not reviewed for more than seven days. Ask the managers of the organization whose people you looked
    at to review it; until then you cannot open another one.
    """

    code, title = "review_overdue", "Conflicts with the stored state"


class BreakGlassCategory(StrEnum):
    """Why it could not wait for a consent."""

    DANGER_TO_LIFE = "danger_to_life"
    VIOLENCE = "violence"
    CHILD_ALONE = "child_alone"
    MEDICAL_EMERGENCY = "medical_emergency"
    COURT_ORDER = "court_order"
    OTHER = "other"


class ReviewVerdict(StrEnum):
    """What the person's organization found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


class BreakGlass(Entity, table=True):
    """One emergency access of one account to one person. `organization_id` is the organization that registered the person, and has to
    review it, whatever the territory of its managers.

    Name and duty of the account are kept as they were, since the reviewers cannot read the accounts of others.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        sa.CheckConstraint("closes_at >= opened_at", name="closes_after_opening"),
        sa.CheckConstraint("(reviewed_at IS NULL) = (verdict IS NULL)", name="reviewed_with_verdict"),
        sa.CheckConstraint("accessor_organization_id <> organization_id", name="others_only"),
        sa.Index("ix_break_glass_organization_id", "organization_id", "created_at", "id"),
        sa.Index("ix_break_glass_accessor_organization_id", "accessor_organization_id", "created_at", "id"),
        sa.Index("ix_break_glass_account_id", "account_id", "opened_at"),
        sa.Index("ix_break_glass_beneficiary_id", "beneficiary_id"),
    )

    organization_id: uuid.UUID = Field(foreign_key="organization.id")
    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    account_id: uuid.UUID = Field(foreign_key="account.id")
    account_name: str = Field(max_length=200)
    account_duty: Duty = Field(sa_type=sa.String(20))
    accessor_organization_id: uuid.UUID = Field(foreign_key="organization.id")
    category: BreakGlassCategory = Field(sa_type=sa.String(20))
    reason: str = Field(max_length=500)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime = Field(sa_type=UtcDateTime)
    closed_by: uuid.UUID | None = None
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reviewed_by: uuid.UUID | None = None
    verdict: ReviewVerdict | None = Field(default=None, sa_type=sa.String(20))
    review_note: str | None = Field(default=None, max_length=1000)

    def close(self, *, by: uuid.UUID) -> None:
        """End it before its time; WrongState when that has come already."""
        moment = now()
        if self.closes_at <= moment:
            raise WrongState("It is closed already.")
        # A clock that was set back must not make it end before it began.
        self.closes_at, self.closed_by = max(moment, self.opened_at), by

    def review(self, *, by: uuid.UUID, verdict: ReviewVerdict, note: str | None) -> None:
        """Say whether it was justified; WrongState when somebody did."""
        if self.reviewed_at is not None:
            raise WrongState("It is reviewed already.")
        self.reviewed_at, self.reviewed_by, self.verdict, self.review_note = now(), by, verdict, note
