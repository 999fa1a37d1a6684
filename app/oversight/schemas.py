"""Requests and answers about looks and emergency accesses."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.access.actor import Duty
from app.consents.models import ConsentPurpose
from app.consents.schemas import Day
from app.languages import Language
from app.listing import Listing
from app.oversight.models import LONGEST, BreakGlassCategory, ReviewVerdict
from app.oversight.rows import SubjectKind
from app.schemas import EntityRead, Id, Moment, NamesRead, NewId, Read, Strict, word

MOST_GROUNDS = 50
_LONGEST_MINUTES = int(LONGEST.total_seconds()) // 60
_CategoryWord: TypeAlias = word(BreakGlassCategory)  # type: ignore[valid-type]
_VerdictWord: TypeAlias = word(ReviewVerdict)  # type: ignore[valid-type]


class GroundKind(StrEnum):
    """Why somebody could see a person or a family."""

    OWN_ORGANIZATION = "own_organization"
    CONSENT = "consent"
    BREAK_GLASS = "break_glass"
    ACTIVITY = "activity"


class ViewerRead(Read):
    """Who looked."""

    id: uuid.UUID = Field(description="The account, or the service client.")
    kind: str = Field(max_length=20, description="`account` or `client`.")
    name: str | None = Field(max_length=200, description="As it is today; null where it is not known any more.")
    duty: Duty | None = Field(description="In its organization, as it is today; null for a service client.")
    organization_id: uuid.UUID | None
    organization_names: NamesRead | None


class SubjectRead(Read):
    """The row that was looked at."""

    kind: SubjectKind = Field(description="A certificate and an enrollment bear the person's name.")
    id: uuid.UUID = Field(
        description="The person or family itself, another row of the person that was merged into it, or that of the kind named."
    )


class GroundRead(Read):
    """What opened the row to the viewer at that moment. `activity`: the viewer's organization holds the activity in which the person took
    part, or holds it too.
    """

    kind: GroundKind
    grant_id: uuid.UUID | None = Field(description="The access grant; null for `own_organization` and `activity`.")
    consent_id: uuid.UUID | None
    consent_purpose: ConsentPurpose | None
    break_glass_id: uuid.UUID | None
    break_glass_category: BreakGlassCategory | None
    break_glass_reason: str | None = Field(max_length=500)


class AccessRead(Read):
    """One viewer looked, through one operation, within about a second."""

    id: int = Field(ge=1)
    at: datetime = Field(description="When it was written down, about a second after the look.")
    viewer: ViewerRead
    subject: SubjectRead
    operation: str = Field(max_length=120, description="The operation through which the row was shown, as the contract names it.")
    times: int = Field(ge=1, description="How often within that second.")
    grounds: list[GroundRead] = Field(
        max_length=MOST_GROUNDS,
        description="All that opened the row to the viewer then; which of several was meant cannot be told. Empty where none is known.",
    )


class AccessListing(Listing):
    """Filters of the list of looks."""

    since: Annotated[Moment | None, Field(description="Looks at this moment or after it.")] = None
    until: Annotated[Moment | None, Field(description="Looks before this moment.")] = None
    organization_id: Annotated[Id | None, Field(description="Looks by members of this organization.")] = None
    sort: Literal["at", "-at"] = "-at"


class ReportQuery(BaseModel):
    """What the printed report tells of, and how."""

    model_config = ConfigDict(extra="forbid")

    language: Annotated[Language | None, Field(description="Language of the report; else that of `Accept-Language`, else Uzbek.")] = None
    since: Annotated[Day | None, Field(description="First day; a year before the last one if it is left out.")] = None
    until: Annotated[Day | None, Field(description="Last day; today if it is left out.")] = None


class _Emergency(Strict):
    """Why it cannot wait for a consent. It is shown to the managers of the organization that registered the person."""

    category: _CategoryWord
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)] = Field(
        description="What happened, in words that let others judge it.", examples=["Neighbors hear a child crying since last night."]
    )
    minutes: Annotated[int, Field(ge=1, le=_LONGEST_MINUTES, description="For how long data are opened.")] = _LONGEST_MINUTES


class BreakGlassCreate(_Emergency):
    """Why it cannot wait for a consent. It is shown to the managers of the organization that registered the person."""

    id: NewId = None


class BreakGlassByNumber(_Emergency):
    """The same, of a person who is known by the number in its papers. It has no id of your own: whether one fits would tell whose number
    it is. Send an `Idempotency-Key` to be able to repeat it.
    """

    pinfl: Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$", max_length=14)] = Field(
        repr=False, description="The person's PINFL, as it is now: 14 digits.", examples=["61705140000006"]
    )


class BreakGlassReview(Strict):
    """What the person's organization found."""

    verdict: _VerdictWord
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = None


class BreakGlassRead(EntityRead):
    """One emergency access of one account to one person."""

    organization_id: uuid.UUID = Field(description="The organization that registered the person, and reviews the access.")
    beneficiary_id: uuid.UUID
    account_id: uuid.UUID = Field(description="Who opened it.")
    account_name: str = Field(max_length=200, description="As it was then.")
    account_duty: Duty
    accessor_organization_id: uuid.UUID = Field(description="The organization of who opened it.")
    category: BreakGlassCategory
    reason: str = Field(max_length=500)
    opened_at: datetime
    closes_at: datetime = Field(description="From then on it opens nothing.")
    closed_by: uuid.UUID | None = Field(description="Who ended it before its time; null while it is open and where it ran out.")
    reviewed_at: datetime | None
    reviewed_by: uuid.UUID | None
    verdict: ReviewVerdict | None
    review_note: str | None = Field(max_length=1000)


class BreakGlassListing(Listing):
    """Filters of the list of emergency accesses."""

    reviewed: Annotated[bool | None, Field(description="`false`: those that wait for a review.")] = None
    beneficiary_id: Annotated[Id | None, Field(description="To this person.")] = None
    account_id: Annotated[Id | None, Field(description="Of this account.")] = None
    accessor_organization_id: Annotated[Id | None, Field(description="Of members of this organization.")] = None
    category: Annotated[BreakGlassCategory | None, Field(description="For this reason.")] = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class AlertsRead(Read):
    """What waits for a manager of this organization."""

    break_glass_unreviewed: int = Field(ge=0, description="Emergency accesses to your people; `GET /v1/break-glass?reviewed=false`.")
    break_glass_oldest: datetime | None = Field(
        description="When the oldest of them was opened. After seven days its account cannot open another one."
    )
    consents_expiring: int = Field(ge=0, description="Consents whose last day is within 30 days.")
    consents_earliest: date | None = Field(description="The first of those days.")
