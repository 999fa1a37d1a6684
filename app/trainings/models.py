"""A parents' training and the moves of its life."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Json, Owned, UtcDateTime, now
from app.days import today
from app.problems import Fault, WrongState
from app.schemas import Precision


class NotReady(WrongState):
    """What is announced needs more than a draft; `errors` names each thing that is missing."""

    code = "not_ready"


class TooEarly(WrongState):
    """A training starts on its first day, or later, and is completed on its last day, or later; `detail` names the day. Where a date is
    known to the month or the year alone, its first day counts. If the date is wrong, correct it first.
    """

    code = "too_early"


class TrainingStatus(StrEnum):
    """draft → published → ongoing → completed | canceled."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ONGOING = "ongoing"
    COMPLETED = "completed"
    CANCELED = "canceled"


class Training(Owned, table=True):
    """A training. `territory` is whom it is for; `venue_id` and `place` say where it is held, which is another fact.

    Dates may be known to the month alone: then the day is 01 and the precision says so.
    """

    __tablename__ = "training"
    __table_args__ = (
        sa.CheckConstraint("hours IS NULL OR hours > 0", name="hours_positive"),
        sa.Index("ix_training_territory", "territory", "starts_on"),
        sa.Index("ix_training_organization_id", "organization_id", "starts_on"),
    )

    roster_id: uuid.UUID = Field(foreign_key="roster.id", unique=True)
    status: TrainingStatus = Field(default=TrainingStatus.DRAFT, sa_type=sa.String(20))
    status_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    cancel_reason: str | None = Field(default=None, max_length=300)
    title_uz_latn: str | None = Field(default=None, max_length=300)
    title_uz_cyrl: str | None = Field(default=None, max_length=300)
    title_ru: str | None = Field(default=None, max_length=300)
    title_en: str | None = Field(default=None, max_length=300)
    description: str | None = Field(default=None, max_length=4000)
    competencies: list[str] = Field(default_factory=list, sa_type=Json)
    languages: list[str] = Field(default_factory=list, sa_type=Json)
    starts_on: date
    starts_precision: Precision = Field(default=Precision.DAY, sa_type=sa.String(10))
    ends_on: date | None = None
    ends_precision: Precision | None = Field(default=None, sa_type=sa.String(10))
    hours: int | None = None
    venue_id: uuid.UUID | None = Field(default=None, foreign_key="venue.id")
    place: str | None = Field(default=None, foreign_key="place.soato", max_length=16)
    signers: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    search: str = Field(default="", max_length=2000)

    def touch(self) -> None:
        """Its roster's plan is a part of it: a change there is a new version here."""
        self.updated_at = now()

    def _move(self, to: TrainingStatus, *states: TrainingStatus) -> None:
        if self.status not in states:
            raise WrongState(f"It is {self.status}; this needs {' or '.join(states)}.")
        self.status, self.status_at = to, now()

    def publish(self) -> None:
        """Open it for enrollment; WrongState unless it is a draft."""
        self._move(TrainingStatus.PUBLISHED, TrainingStatus.DRAFT)

    def start(self) -> None:
        """It has begun; WrongState unless it is published, TooEarly before its first day."""
        self._move(TrainingStatus.ONGOING, TrainingStatus.PUBLISHED)
        self.check_days()

    def complete(self) -> None:
        """It is over; WrongState unless it is ongoing, TooEarly before its last day."""
        self._move(TrainingStatus.COMPLETED, TrainingStatus.ONGOING)
        self.check_days()

    def check_days(self) -> None:
        """TooEarly if it is under way before its first day, or over before its last one, by the calendar of Uzbekistan."""
        last = self.ends_on or self.starts_on
        if self.status == TrainingStatus.ONGOING and today() < self.starts_on:
            raise TooEarly(f"Its first day is {self.starts_on}.", faults=[Fault("/starts_on", "ahead", "Lies in the future.")])
        if self.status == TrainingStatus.COMPLETED and today() < max(self.starts_on, last):
            at = "/ends_on" if today() < last and self.ends_on else "/starts_on"
            raise TooEarly(f"Its last day is {max(self.starts_on, last)}.", faults=[Fault(at, "ahead", "Lies in the future.")])

    def cancel(self, reason: str) -> None:
        """It will not be held; WrongState when it is over."""
        self._move(TrainingStatus.CANCELED, TrainingStatus.DRAFT, TrainingStatus.PUBLISHED, TrainingStatus.ONGOING)
        self.cancel_reason = reason
