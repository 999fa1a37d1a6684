"""Requests and answers about consents and notices."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from app.access.grants import DataCategory, GrantSource
from app.beneficiaries.schemas.beneficiaries import OWN_ONLY, PersonNamesRead
from app.consents.models import (
    ChildAssent,
    ConsentCapacity,
    ConsentMethod,
    ConsentPurpose,
    ConsentStatus,
    NotCoveredReason,
    RecipientKind,
    WithdrawalReason,
)
from app.days import today
from app.listing import Listing
from app.schemas import EntityRead, Id, IsoDate, NamesRead, NewId, Note, OpenedSince, Read, Strict, kept, line, word

MOST_RECIPIENTS = 20
MOST_COVERED = 60
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)

_PurposeWord: TypeAlias = word(ConsentPurpose)  # type: ignore[valid-type]
_KindWord: TypeAlias = word(RecipientKind)  # type: ignore[valid-type]
_CategoryWord: TypeAlias = word(DataCategory)  # type: ignore[valid-type]
_CapacityWord: TypeAlias = word(ConsentCapacity)  # type: ignore[valid-type]
_AssentWord: TypeAlias = word(ChildAssent)  # type: ignore[valid-type]
_MethodWord: TypeAlias = word(ConsentMethod)  # type: ignore[valid-type]
_ReasonWord: TypeAlias = word(WithdrawalReason)  # type: ignore[valid-type]
_Witness: TypeAlias = line(200)  # type: ignore[valid-type]


def _in_our_time(value: date) -> date:
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise ValueError("must lie between 2000 and 2199")
    return value


def _not_ahead(value: date) -> date:
    if value > today():
        raise ValueError("lies in the future")
    return value


def _once(values: list[DataCategory]) -> list[DataCategory]:
    if len(set(values)) != len(values):
        raise ValueError("names something twice")
    return values


Day = Annotated[IsoDate, AfterValidator(_in_our_time)]
GivenOn = Annotated[IsoDate, AfterValidator(_in_our_time), AfterValidator(_not_ahead)]
Categories = Annotated[
    list[_CategoryWord],
    AfterValidator(_once),
    Field(
        max_length=len(DataCategory),
        description="What may be seen. `identity` opens a person's row, `household` a family's, where its head or a primary caregiver says "
        "so; the others open parts of them.",
        examples=[["identity", "contact"]],
    ),
]
NoticeVersion: TypeAlias = line(20, description="Of the notice that was read out or handed over; see `GET /v1/consent-notices`.")  # type: ignore[valid-type]


class Recipient(Strict):
    """One organization (`organization_id`), or every one of a kind, each in its own territory (`kind`)."""

    organization_id: Id | None = None
    kind: _KindWord | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.organization_id is None) == (self.kind is None):
            raise ValueError("give either organization_id or kind")
        return self


Recipients = Annotated[
    list[Recipient], Field(max_length=MOST_RECIPIENTS, description="To whom data are opened; `information_sharing` needs one at least.")
]


class Assent(Strict):
    """What a child itself said."""

    beneficiary_id: Id
    assent: _AssentWord


class Giving(Strict):
    """How and when the consent was given. Every covered child of ten or older must have been asked; one that refused is not covered."""

    method: _MethodWord
    witness: _Witness | None = Field(default=None, description="Who was there, where the giver could not sign.")
    given_on: GivenOn | None = Field(default=None, description="The day on the form; today if it is left out.")
    assents: Annotated[list[Assent], Field(max_length=MOST_COVERED)] = Field(default_factory=list)


class ConsentCreate(Strict):
    """What is asked of whom, about a person or a family. With `giving` it is recorded as given at once, else it is only requested."""

    id: NewId = None
    beneficiary_id: Id | None = Field(default=None, description="The person it is about; this or `family_id`.")
    family_id: Id | None = Field(default=None, description="The family it is about; this or `beneficiary_id`.")
    purpose: _PurposeWord
    recipients: Recipients = Field(default_factory=list)
    categories: Categories = Field(default_factory=list)
    given_by_id: Id = Field(description="Who is asked: a registered adult.")
    capacity: _CapacityWord
    notice_version: NoticeVersion | None = None
    valid_from: Day | None = Field(default=None, description="First day; the day on which it is given if it is left out.")
    valid_until: Day | None = Field(default=None, description="Last day; null: until it is withdrawn.")
    note: Note | None = None
    giving: Giving | None = None


class ConsentUpdate(Strict):
    """What is to change of a consent that is only requested; fields left out stay, null empties. Whom it is about stays."""

    purpose: _PurposeWord = kept()
    recipients: Recipients = kept()
    categories: Categories = kept()
    given_by_id: Id = kept()
    capacity: _CapacityWord = kept()
    notice_version: NoticeVersion = kept()
    valid_from: Day | None = None
    valid_until: Day | None = None
    note: Note | None = None


class ConsentRefuse(Strict):
    """That the family said no."""

    note: Note | None = None


class ConsentWithdraw(Strict):
    """Who withdraws it and why. Data that it opened are closed at once."""

    reason: _ReasonWord
    withdrawn_by_id: Id | None = Field(
        default=None,
        description="Who gave it, who may speak for the subject now, or a covered person who is 18 or older; left out for "
        "`recorded_in_error` alone.",
    )
    note: Note | None = None


class ConsentRenew(Strict):
    """The consent that follows: about the same, for the same purpose, from the day on which it is given. Terms left out stay."""

    id: NewId = None
    recipients: Recipients = kept()
    categories: Categories = kept()
    given_by_id: Id = kept()
    capacity: _CapacityWord = kept()
    notice_version: NoticeVersion | None = Field(default=None, description="The newest if it is left out.")
    valid_until: Day | None = Field(default=None, description="Last day; null: until it is withdrawn.")
    note: Note | None = None
    giving: Giving


class RecipientRead(Read):
    """To whom data are opened. An organization that is let in sees itself alone."""

    organization_id: uuid.UUID | None
    kind: RecipientKind | None
    names: NamesRead | None = Field(description="Of the organization; null for a kind.")


class CoveredRead(Read):
    """A person whom the consent covers."""

    beneficiary_id: uuid.UUID
    membership_id: uuid.UUID | None = Field(description="Through which a family's consent covers the person; it ends with it.")
    names: PersonNamesRead
    child_assent: ChildAssent | None


class NotCoveredRead(Read):
    """A member of the family whom the consent does not cover, and why."""

    beneficiary_id: uuid.UUID
    names: PersonNamesRead
    reason: NotCoveredReason


class ConsentRead(EntityRead):
    """A consent. Whom and what it covers is frozen when it is given; before that it is told for those who are asked."""

    organization_id: uuid.UUID = Field(description="The organization that asked for it.")
    beneficiary_id: uuid.UUID | None
    family_id: uuid.UUID | None
    purpose: ConsentPurpose
    categories: list[DataCategory] = Field(max_length=len(DataCategory))
    notice_version: str = Field(max_length=20)
    capacity: ConsentCapacity
    given_by_id: uuid.UUID | None = Field(default=None, description=OWN_ONLY)
    valid_from: date | None
    valid_until: date | None
    last_day: date | None = Field(
        description="Last day in force: `valid_until`, the day before a child comes of age for whom somebody else gave it, or the day on "
        "which whoever gave it ceased to speak for whom it is about. It only ever comes nearer."
    )
    status: ConsentStatus
    status_at: datetime = Field(description="When it was moved to its state; one that expires by itself keeps the moment of giving.")
    method: ConsentMethod | None
    witness: str | None = Field(default=None, max_length=200, description=OWN_ONLY)
    given_on: date | None
    given_at: datetime | None = Field(description="When it was recorded as given.")
    refusal_note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)
    withdrawn_at: datetime | None
    withdrawn_by_id: uuid.UUID | None = Field(default=None, description=OWN_ONLY)
    withdrawal_reason: WithdrawalReason | None = Field(default=None, description=OWN_ONLY)
    withdrawal_note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)
    renews_id: uuid.UUID | None = Field(description="The consent that this one follows.")
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)
    covers_household: bool = Field(
        description="Whether it covers the family's own row beside people: what the head or a primary caregiver says of the family does, "
        "what a parent or guardian says of it who is neither covers the giver and the children in the giver's care alone."
    )
    recipients: list[RecipientRead] = Field(max_length=MOST_RECIPIENTS)
    covers: list[CoveredRead] = Field(max_length=MOST_COVERED)
    not_covered: list[NotCoveredRead] = Field(max_length=MOST_COVERED)


class ConsentListing(Listing):
    """Filters of the list of consents."""

    beneficiary_id: Annotated[Id | None, Field(description="Consents that cover this person.")] = None
    family_id: Annotated[Id | None, Field(description="Consents about this family as a whole.")] = None
    status: Annotated[ConsentStatus | None, Field(description="In this state today.")] = None
    purpose: Annotated[ConsentPurpose | None, Field(description="For this purpose.")] = None
    recipient: Annotated[Id | None, Field(description="Consents that name this organization.")] = None
    recipient_kind: Annotated[RecipientKind | None, Field(description="Consents that name this kind of organizations.")] = None
    expires_before: Annotated[Day | None, Field(description="Given ones whose last day lies before this one: what is to be renewed.")] = (
        None
    )
    updated_since: OpenedSince = None
    sort: Literal["created_at", "-created_at", "updated_at", "last_day"] = "-created_at"


class OpenedRead(Read):
    """What is open to somebody right now."""

    family_id: uuid.UUID | None = Field(description="The family, where it is its own row that is open.")
    beneficiary_id: uuid.UUID | None = Field(description="The person, where it is a person's.")
    names: PersonNamesRead | None
    categories: list[DataCategory] = Field(max_length=len(DataCategory))
    organization_id: uuid.UUID | None = Field(description="To whom, where it is one organization.")
    organization_names: NamesRead | None
    kind: str | None = Field(max_length=40, description="To whom, where it is every organization of a kind within its territory.")
    account_id: uuid.UUID | None = Field(description="To whom, where it is one person.")
    source: GrantSource
    source_id: uuid.UUID = Field(description="The consent through which it is open, or the emergency access.")
    opens_at: datetime
    closes_at: datetime | None = Field(description="Null: until the consent is withdrawn.")


class CoverageRead(Read):
    """Who may see what of a family or a person right now, beside the organization that registered it, and through which consent."""

    organization_id: uuid.UUID = Field(description="The organization that registered it and sees all of it.")
    opened: list[OpenedRead] = Field(max_length=2000)


class NoticeSectionRead(Read):
    """One part of a notice."""

    heading: str = Field(max_length=200)
    text: str = Field(max_length=2000)


class WordingRead(Read):
    """How a word of a list is explained to families."""

    word: str = Field(max_length=40)
    text: str = Field(max_length=400)


class NoticeTextRead(Read):
    """A notice in one language."""

    language: str = Field(max_length=7)
    title: str = Field(max_length=200)
    sections: list[NoticeSectionRead] = Field(max_length=30)
    purposes: list[WordingRead] = Field(max_length=20)
    categories: list[WordingRead] = Field(max_length=20)


class NoticeRead(Read):
    """What families are told before they are asked, as it was worded from a day on."""

    version: str = Field(max_length=20)
    valid_from: date
    texts: list[NoticeTextRead] = Field(max_length=4)


class NoticesRead(Read):
    """Every version of the notice, the newest first."""

    items: list[NoticeRead] = Field(max_length=100)
