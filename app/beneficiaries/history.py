"""What of families was otherwise before, each with the days: what members were to the head, who cared, where they lived."""

import uuid
from datetime import date

import sqlalchemy as sa
from sqlmodel import Field

from app.beneficiaries.models import Relationship
from app.database import Owned
from app.problems import invalid


class FormerRelationship(Owned, table=True):
    """What a member was to the head of that time. `started_on` is empty where it was so from the membership's beginning; on `ended_on` the
    head changed.
    """

    __tablename__ = "former_relationship"
    __table_args__ = (
        sa.Index("ix_former_relationship_membership", "membership_id", "ended_on"),
        sa.CheckConstraint("started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
    )

    membership_id: uuid.UUID = Field(foreign_key="family_membership.id")
    relationship_to_head: Relationship = Field(sa_type=sa.String(20))
    started_on: date | None = None
    ended_on: date


class FormerCare(Owned, table=True):
    """Whether a member was a primary caregiver before that changed. `started_on` is empty where it was so from the membership's beginning;
    on `ended_on` it was the other way round.
    """

    __tablename__ = "former_care"
    __table_args__ = (
        sa.Index("ix_former_care_membership", "membership_id", "ended_on"),
        sa.CheckConstraint("started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
    )

    membership_id: uuid.UUID = Field(foreign_key="family_membership.id")
    is_primary_caregiver: bool
    started_on: date | None = None
    ended_on: date


class FamilyResidence(Owned, table=True):
    """Where a family lives, or lived until the day `ended_on`, on which it lived elsewhere. `started_on` is empty where it is not known."""

    __tablename__ = "family_residence"
    __table_args__ = (
        sa.Index(
            "ix_family_residence_open",
            "family_id",
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
        # Two that begin on one day would overlap.
        sa.UniqueConstraint("family_id", "started_on"),
        sa.CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
    )

    family_id: uuid.UUID = Field(foreign_key="family.id")
    address: str | None = Field(default=None, max_length=300)
    started_on: date | None = None
    ended_on: date | None = None
    note: str | None = Field(default=None, max_length=4000)

    def leave(self, *, on: date, at: str) -> None:
        """The family lives elsewhere from this day on. Raises Invalid at the pointer for a day not after it came."""
        if self.started_on and on <= self.started_on:
            raise invalid(at, "before_start", "Lies not after the day on which the family came to where it lives.")
        self.ended_on = on
