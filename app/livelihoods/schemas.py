"""Requests and answers about what families live on."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from app.beneficiaries.schemas.beneficiaries import OWN_ONLY
from app.listing import Listing
from app.livelihoods.models import IncomeSource
from app.schemas import NamesRead, Note, Read, Strict, word

SourceWord: TypeAlias = word(IncomeSource)  # type: ignore[valid-type]
MONTH = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
MostUzs = 1_000_000_000_000
Month = Annotated[str, Field(max_length=7, pattern=MONTH, examples=["2026-01"])]


class IncomePut(Strict):
    """What the family had from one source."""

    source: SourceWord
    amount: int = Field(ge=0, le=MostUzs, description="In whole UZS.", examples=[1_200_000])
    note: Note | None = None


class IncomeMonthPut(Strict):
    """All incomes of a month, each source once. An empty list says that there was none."""

    sources: list[IncomePut] = Field(max_length=len(IncomeSource))


class IncomeRead(Read):
    """What the family had from one source."""

    source: IncomeSource
    amount: int = Field(ge=0, description="In whole UZS.")
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)


class IncomeMonthRead(Read):
    """A family's incomes of a month; one of which nothing is recorded has version 0."""

    family_id: uuid.UUID
    month: Month
    version: int = Field(ge=0, description="The month's version; also its `ETag`. 0 before anything was recorded.")
    updated_at: datetime | None
    total: int | None = Field(ge=0, description="Of all sources, in whole UZS; null where nothing is recorded.")
    sources: list[IncomeRead] = Field(max_length=len(IncomeSource))


class IncomeMonthListing(Listing):
    """Order of the list of months."""

    sort: Literal["month", "-month"] = "-month"


class RuleRead(Read):
    """The rule that was in force on the day."""

    code: str = Field(max_length=60)
    title: NamesRead
    in_force_from: date
    source: str = Field(max_length=500, description="Where the rule stands, or that this is to be confirmed.")


class MonthTotalRead(Read):
    """One of the months that count."""

    month: Month
    total: int | None = Field(ge=0, description="In whole UZS; null where nothing is recorded.")


_OWNER_ONLY = "Absent for every organization but the one that registered the family: others may not see every member."


class PerCapitaIncomeRead(Read):
    """A family's income per head and month."""

    family_id: uuid.UUID
    on: date
    rule: RuleRead
    months: list[MonthTotalRead] = Field(max_length=12, description="The months before that of the day, the oldest first.")
    total: int = Field(ge=0, description="Of what is recorded of these months, in whole UZS.")
    missing_months: list[Month] = Field(max_length=12, description="Months of which nothing is recorded.")
    complete: bool = Field(description="Whether no month is missing.")
    members: int | None = Field(default=None, ge=0, description=f"Living members on the day. {_OWNER_ONLY}")
    per_capita: int | None = Field(
        default=None,
        ge=0,
        description="`total` ÷ `members` ÷ months, rounded down to a whole UZS. Null while a month is missing, since what is not recorded "
        f"is not nothing, and for a family without members. {_OWNER_ONLY}",
    )
    size: int | None = Field(
        default=None, ge=1, description=f"Persons in the household as the family's row says it today, registered here or not. {_OWNER_ONLY}"
    )
    size_differs: bool | None = Field(
        default=None,
        description="Whether `size` is known and is another number than `members`: somebody is not registered, or belongs to the family no "
        f"more, so find out before anything is decided by `per_capita`. {_OWNER_ONLY}",
    )
    per_capita_by_size: int | None = Field(
        default=None,
        ge=0,
        description=f"`total` ÷ `size` ÷ months, rounded down. Null while a month is missing or no size is recorded. {_OWNER_ONLY}",
    )
