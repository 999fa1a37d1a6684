"""A consent: who agreed to what about whom, and the moves of its life. Its terms are frozen once it is given."""

import uuid
from calendar import monthrange
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.beneficiaries.models import ADULT_AGE
from app.database import Entity, UtcDateTime, now
from app.problems import WrongState
from app.schemas import Precision

ASSENT_AGE = 10
"""From this age on, in full years, a child is asked too. The issue asks for the child's assent; the age is the project's own rule."""


class TermsFrozen(WrongState):
    """What was given, refused or has ended is not changed any more: renew it, or ask anew."""

    code = "terms_frozen"


class ConsentPurpose(StrEnum):
    """What the family agrees to. `information_sharing` alone opens data to others."""

    DATA_PROCESSING = "data_processing"
    SERVICES = "services"
    INFORMATION_SHARING = "information_sharing"
    PHOTO = "photo"
    PUBLIC_NAME = "public_name"


class RecipientKind(StrEnum):
    """Kinds of organizations that data can be opened to: each such organization, in its own territory."""

    WOMENS_COMMITTEE = "womens_committee"
    STATE_PARTNER = "state_partner"


class ConsentCapacity(StrEnum):
    """As what a person gives a consent."""

    SELF = "self"
    CAREGIVER = "caregiver"
    GUARDIAN = "guardian"


class ChildAssent(StrEnum):
    """What a child itself said."""

    GIVEN = "given"
    REFUSED = "refused"
    NOT_ASKED_YOUNG_AGE = "not_asked_young_age"


class ConsentMethod(StrEnum):
    """How a consent was given."""

    WRITTEN = "written"
    VERBAL = "verbal"
    THUMBPRINT = "thumbprint"
    ELECTRONIC = "electronic"


class ConsentStatus(StrEnum):
    """requested → given | refused; given → withdrawn | expired | renewed."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RENEWED = "renewed"


class WithdrawalReason(StrEnum):
    """Why a consent was withdrawn."""

    CHANGED_MIND = "changed_mind"
    MOVED_AWAY = "moved_away"
    SUPPORT_ENDED = "support_ended"
    WORRIED_ABOUT_DATA = "worried_about_data"
    RECORDED_IN_ERROR = "recorded_in_error"
    OTHER = "other"


class NotCoveredReason(StrEnum):
    """Why a consent about a family does not cover one of its members."""

    ADULT_SPEAKS_FOR_SELF = "adult_speaks_for_self"
    NOT_IN_GIVERS_CARE = "not_in_givers_care"
    CHILD_REFUSED = "child_refused"
    REGISTERED_ELSEWHERE = "registered_elsewhere"
    DECEASED = "deceased"


class Consent(Entity, table=True):
    """One consent about a person or a family, of the organization that asked for it. It lies wherever its subject lies, so it has no
    territory of its own that would be left behind when a family moves.

    `categories` is a sum of bits of `access.grants`. `last_day` is the last day in force, known once it is given: `valid_until`, the day
    before a child comes of age for whom somebody else gave it, or the day on which the giver's word ended. It only ever comes nearer.
    """

    __tablename__ = "consent"
    __table_args__ = (
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (family_id IS NULL)", name="exactly_one_subject"),
        sa.CheckConstraint("valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name="ends_after_start"),
        sa.CheckConstraint("categories >= 0", name="categories_not_negative"),
        sa.Index("ix_consent_organization_id", "organization_id", "created_at", "id"),
        sa.Index("ix_consent_beneficiary_id", "beneficiary_id"),
        sa.Index("ix_consent_family_id", "family_id"),
        sa.Index("ix_consent_given_by_id", "given_by_id"),
        sa.Index("ix_consent_withdrawn_by_id", "withdrawn_by_id"),
        sa.Index("ix_consent_last_day", "status", "last_day"),
    )

    organization_id: uuid.UUID = Field(foreign_key="organization.id")
    beneficiary_id: uuid.UUID | None = Field(default=None, foreign_key="beneficiary.id")
    family_id: uuid.UUID | None = Field(default=None, foreign_key="family.id")
    purpose: ConsentPurpose = Field(sa_type=sa.String(30))
    categories: int = Field(default=0)
    notice_version: str = Field(max_length=20)
    given_by_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    capacity: ConsentCapacity = Field(sa_type=sa.String(20))
    valid_from: date | None = None
    valid_until: date | None = None
    last_day: date | None = None
    note: str | None = Field(default=None, max_length=4000)
    status: ConsentStatus = Field(default=ConsentStatus.REQUESTED, sa_type=sa.String(20))
    status_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    method: ConsentMethod | None = Field(default=None, sa_type=sa.String(20))
    witness: str | None = Field(default=None, max_length=200)
    given_on: date | None = None
    given_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refusal_note: str | None = Field(default=None, max_length=4000)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by_id: uuid.UUID | None = Field(default=None, foreign_key="beneficiary.id")
    withdrawal_reason: WithdrawalReason | None = Field(default=None, sa_type=sa.String(30))
    withdrawal_note: str | None = Field(default=None, max_length=4000)
    # As it was when it was given: whether whoever gave it spoke for the family's own row too.
    covers_household: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    renews_id: uuid.UUID | None = Field(default=None, foreign_key="consent.id", unique=True)

    def touch(self) -> None:
        """Its recipients are a part of it: a change there is a new version here."""
        self.updated_at = now()

    def status_on(self, day: date) -> ConsentStatus:
        """What it is on a day: a given one has expired once its last day is over, whether or not that was written down."""
        return lapsed(self.status, self.last_day, day)

    def must_be_open(self) -> None:
        """TermsFrozen unless it is only requested."""
        if self.status != ConsentStatus.REQUESTED:
            raise TermsFrozen(f"It is {self.status}; its terms can change while it is requested.")

    def _move(self, to: ConsentStatus, day: date, *states: ConsentStatus) -> None:
        status = self.status_on(day)
        if status not in states:
            raise WrongState(f"It is {status}; this needs {' or '.join(states)}.")
        self.status, self.status_at = to, now()

    def give(self, *, day: date, given_on: date, method: ConsentMethod, witness: str | None, last_day: date | None) -> None:
        """It is given; WrongState unless it is requested. Without a first day it holds from the day on which it was given."""
        self._move(ConsentStatus.GIVEN, day, ConsentStatus.REQUESTED)
        self.given_on, self.given_at, self.method, self.witness = given_on, now(), method, witness
        self.valid_from, self.last_day = self.valid_from or given_on, last_day

    def refuse(self, *, day: date, note: str | None) -> None:
        """It is refused; WrongState unless it is requested."""
        self._move(ConsentStatus.REFUSED, day, ConsentStatus.REQUESTED)
        self.refusal_note = note

    def withdraw(self, *, day: date, by: uuid.UUID | None, reason: WithdrawalReason, note: str | None) -> None:
        """It is withdrawn; WrongState unless it is in force."""
        self._move(ConsentStatus.WITHDRAWN, day, ConsentStatus.GIVEN)
        self.withdrawn_at, self.withdrawn_by_id, self.withdrawal_reason, self.withdrawal_note = now(), by, reason, note

    def renewed(self, *, day: date) -> None:
        """Another one follows it; WrongState unless it was given. One that has expired stays so."""
        expired = self.status_on(day) == ConsentStatus.EXPIRED
        self._move(ConsentStatus.EXPIRED if expired else ConsentStatus.RENEWED, day, ConsentStatus.GIVEN, ConsentStatus.EXPIRED)

    def expire(self) -> None:
        """Write down that its last day is over."""
        self.status, self.status_at = ConsentStatus.EXPIRED, now()

    def shorten(self, to: date) -> None:
        """It is in force until this day at the latest. A day that lies later changes nothing: nobody agreed to that."""
        self.last_day = min(self.last_day or to, to)

    def fall_silent(self, on: date) -> None:
        """Whoever gave it may not speak any more for whom it is about: it has expired on this day."""
        self.shorten(on)
        self.expire()


class ConsentRecipient(Entity, table=True):
    """To whom a consent opens data: one organization, or every one of a kind."""

    __tablename__ = "consent_recipient"
    __table_args__ = (
        sa.CheckConstraint("(organization_id IS NULL) <> (kind IS NULL)", name="exactly_one_recipient"),
        sa.UniqueConstraint("consent_id", "organization_id"),
        sa.UniqueConstraint("consent_id", "kind"),
        sa.Index("ix_consent_recipient_organization_id", "organization_id"),
    )

    consent_id: uuid.UUID = Field(foreign_key="consent.id")
    organization_id: uuid.UUID | None = Field(default=None, foreign_key="organization.id")
    kind: RecipientKind | None = Field(default=None, sa_type=sa.String(20))


class ConsentSubject(Entity, table=True):
    """A person whom a consent covers, or, where there is a `reason`, does not cover; as it was when the consent was given."""

    __tablename__ = "consent_subject"
    __table_args__ = (
        sa.UniqueConstraint("consent_id", "beneficiary_id"),
        sa.Index("ix_consent_subject_beneficiary_id", "beneficiary_id"),
        sa.Index("ix_consent_subject_membership_id", "membership_id"),
    )

    consent_id: uuid.UUID = Field(foreign_key="consent.id")
    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    membership_id: uuid.UUID | None = Field(default=None, foreign_key="family_membership.id")
    child_assent: ChildAssent | None = Field(default=None, sa_type=sa.String(20))
    reason: NotCoveredReason | None = Field(default=None, sa_type=sa.String(30))


def lapsed(status: ConsentStatus, last_day: date | None, day: date) -> ConsentStatus:
    """The status as it is on a day."""
    over = status == ConsentStatus.GIVEN and last_day is not None and last_day < day
    return ConsentStatus.EXPIRED if over else ConsentStatus(status)


def comes_of_age(born: date, precision: str) -> date:
    """The first day on which a person is 18 by the age that is shown of it: where only the month or year is known, the latest it can be."""
    month, day = born.month, born.day
    if precision == Precision.YEAR:
        month, day = 12, 31
    elif precision == Precision.MONTH:
        day = monthrange(born.year, month)[1]
    year = born.year + ADULT_AGE
    # Whoever was born on 29 February is a year older on 1 March of most years.
    return date(year, month, day) if day <= monthrange(year, month)[1] else date(year, month + 1, 1)
