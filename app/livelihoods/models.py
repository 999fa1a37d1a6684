"""A family's incomes by month and source. A month that was recorded without any source is one without income, which is not the same as a
month of which nothing is known.
"""

import uuid
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Owned, now


class IncomeSource(StrEnum):
    """Where money comes from."""

    WAGES = "wages"
    PENSION = "pension"
    BENEFIT = "benefit"
    REMITTANCE = "remittance"
    SELF_EMPLOYMENT = "self_employment"
    AGRICULTURE = "agriculture"
    ALIMONY = "alimony"
    OTHER = "other"


class IncomeMonth(Owned, table=True):
    """That a family's incomes of a month are known; `month` is its first day. Its version is that of all that is recorded of the month."""

    __tablename__ = "income_month"
    __table_args__ = (sa.UniqueConstraint("family_id", "month"),)

    family_id: uuid.UUID = Field(foreign_key="family.id")
    month: date

    def touch(self) -> None:
        """The sources are a part of the month: a change there is a new version here."""
        self.updated_at = now()


class IncomeRecord(Owned, table=True):
    """What a family had from one source in a month, in whole UZS."""

    __tablename__ = "income_record"
    __table_args__ = (
        sa.UniqueConstraint("family_id", "month", "source"),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    family_id: uuid.UUID = Field(foreign_key="family.id")
    month: date
    source: IncomeSource = Field(sa_type=sa.String(20))
    amount: int = Field(sa_type=sa.BigInteger)
    note: str | None = Field(default=None, max_length=4000)
