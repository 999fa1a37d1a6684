"""Requests and answers about trainings."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from app.listing import Listing
from app.participation.schemas import PartialDate, PartialDateRead, RosterChange, RosterPlan, RosterRead
from app.problems import in_words
from app.schemas import (
    Id,
    IsoDate,
    Names,
    NamesChange,
    NamesRead,
    NewId,
    Note,
    Read,
    Strict,
    Territory,
    UpdatedSince,
    Within,
    Words,
    kept,
    line,
)
from app.trainings.models import TrainingStatus

_LANGUAGE = in_words(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$", "must be a language of BCP 47, such as uz, ru or kaa")
_Line200: TypeAlias = line(200)  # type: ignore[valid-type]
Competencies = Annotated[list[_Line200], Field(max_length=30, description="What a participant can do afterwards.")]
SpokenLanguage = Annotated[str, StringConstraints(pattern=_LANGUAGE, max_length=8)]
SpokenLanguages = Annotated[
    list[SpokenLanguage], Field(max_length=5, description="Languages it is held in (BCP 47).", examples=[["uz", "kaa"]])
]
Hours = Annotated[int, Field(ge=1, le=2000, description="Academic hours; they stand on the certificate.")]
TARGET = "Whom it is for; where it is held is another fact (`venue_id`, `place`)."
PLACE = "Where it is held, when that is known only as a place (SOATO code)."


class Signer(Strict):
    """Who signs the certificates."""

    name: _Line200
    post: _Line200


Signers = Annotated[list[Signer], Field(max_length=3, description="Who signs the certificates, in this order.")]


class TrainingCreate(RosterPlan):
    """A training that is planned; it is a draft until it is published."""

    id: NewId = None
    territory: Territory = Field(description=TARGET)
    title: Names = kept()
    description: Note | None = None
    competencies: Competencies = Field(default_factory=list)
    languages: SpokenLanguages = Field(default_factory=list)
    starts_on: PartialDate
    ends_on: PartialDate | None = None
    hours: Hours | None = None
    venue_id: Id | None = None
    place: Territory | None = Field(default=None, description=PLACE)
    signers: Signers = Field(default_factory=list)


class TrainingUpdate(RosterChange):
    """What is to change; fields left out stay, null empties. `title` changes language by language, `completion_rule` part by part."""

    territory: Territory = kept()
    title: NamesChange = kept()
    description: Note | None = None
    competencies: Competencies = kept()
    languages: SpokenLanguages = kept()
    starts_on: PartialDate = kept()
    ends_on: PartialDate | None = None
    hours: Hours | None = None
    venue_id: Id | None = None
    place: Territory | None = Field(default=None, description=PLACE)
    signers: Signers = kept()


class TrainingCancel(Strict):
    """Why it will not be held."""

    reason: line(300)  # type: ignore[valid-type]


class SignerRead(Read):
    """Who signs the certificates."""

    name: str = Field(max_length=200)
    post: str = Field(max_length=200)


class TrainingRead(RosterRead):
    """A training. `counts` are of the roster and change without the training's version."""

    organization_id: uuid.UUID
    territory: str = Field(description=TARGET, max_length=16)
    status: TrainingStatus
    status_at: datetime = Field(description="Since when the status holds.")
    cancel_reason: str | None = Field(max_length=300)
    title: NamesRead
    description: str | None = Field(max_length=4000)
    competencies: list[str] = Field(max_length=30)
    languages: list[str] = Field(max_length=5)
    starts_on: PartialDateRead
    ends_on: PartialDateRead | None
    hours: int | None = Field(ge=1)
    venue_id: uuid.UUID | None
    place: str | None = Field(description=PLACE, max_length=16)
    signers: list[SignerRead] = Field(max_length=3)

    @staticmethod
    def shape(row: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
        """A row as it is answered; `part` is what its roster adds."""
        ends_on = row["ends_on"] and {"date": row["ends_on"], "precision": row["ends_precision"]}
        own = {
            "title": {language: row[f"title_{language}"] for language in NamesRead.model_fields},
            "starts_on": {"date": row["starts_on"], "precision": row["starts_precision"]},
            "ends_on": ends_on,
            **part,
        }
        return {name: own[name] if name in own else row[name] for name in TrainingRead.model_fields}


class TrainingListing(Listing):
    """Filters of the list of trainings."""

    q: Words = None
    status: Annotated[TrainingStatus | None, Field(description="Trainings in this state.")] = None
    territory: Within = None
    organization_id: Annotated[Id | None, Field(description="Trainings of this organization.")] = None
    starts_from: Annotated[
        IsoDate | None, Field(description="Trainings that start on this day or later; a month counts as its first day.")
    ] = None
    starts_until: Annotated[IsoDate | None, Field(description="Trainings that start on this day or earlier.")] = None
    updated_since: UpdatedSince = None
    sort: Literal["relevance", "starts_on", "-starts_on", "created_at", "-created_at"] = "-starts_on"
