"""Requests and answers about places."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.listing import Listing
from app.places.models import Level
from app.problems import Misfit
from app.schemas import (
    DISTRICT,
    MAHALLA,
    REGION,
    SOATO,
    EntityRead,
    IsoDate,
    Names,
    NamesChange,
    NamesRead,
    NewId,
    Precision,
    Strict,
    Territory,
    Words,
    kept,
    line,
)

Soato = Annotated[str, StringConstraints(pattern=SOATO, max_length=12)]
District = Annotated[str, StringConstraints(pattern=DISTRICT), Field(description="SOATO code of a district or city.", examples=["1733230"])]
Alias = line(300)
_ALIASES = Field(max_length=20, description="Former and colloquial names; the search finds them.")


class PlaceCreate(Strict):
    """A mahalla. Its code is the district's, a hyphen and four digits; left out, the next free one is taken."""

    id: NewId = None
    district: District
    soato: Annotated[str, StringConstraints(pattern=MAHALLA), Field(examples=["1733230-0004"])] | None = None
    names: Names
    aliases: Annotated[list[Alias], _ALIASES] = Field(default_factory=list)  # type: ignore[valid-type]
    is_pilot: bool = False
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.soato and not self.soato.startswith(self.district):
            raise Misfit("/soato", "foreign", "Must begin with the district's code.")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise Misfit("/valid_to", "before_start", "Lies before valid_from.")
        return self


class PlaceUpdate(Strict):
    """What is to change of a mahalla; fields left out stay, null empties."""

    names: NamesChange = kept()
    aliases: Annotated[list[Alias], _ALIASES] = kept()  # type: ignore[valid-type]
    is_pilot: bool = kept()
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    successor_soato: Territory | None = None


class PlaceRead(EntityRead):
    """A place."""

    soato: str = Field(max_length=16)
    level: Level
    parent_soato: str | None = Field(max_length=16)
    iso_3166_2: str | None = Field(max_length=6)
    names: NamesRead
    aliases: list[str] = Field(max_length=20)
    is_pilot: bool
    valid_from: date | None
    valid_from_precision: Precision
    valid_to: date | None
    successor_soato: str | None = Field(max_length=16)

    @staticmethod
    def shape(row: dict[str, Any]) -> dict[str, Any]:
        """A row as it is answered."""
        names = {name: row[f"name_{name}"] for name in NamesRead.model_fields}
        return {name: names if name == "names" else row[name] for name in PlaceRead.model_fields}


class PlaceListing(Listing):
    """Filters of the list of places."""

    level: Annotated[Level | None, Field(description="Places of this size.")] = None
    parent: Annotated[str | None, Field(pattern=REGION, max_length=12, description="Places directly under this one.")] = None
    q: Words = None
    is_pilot: Annotated[bool | None, Field(description="Pilot mahallas, or all others.")] = None
    on: Annotated[IsoDate | None, Field(description="Places that existed on this day.")] = None
    sort: Literal["relevance", "soato", "-soato", "created_at", "-created_at"] = "soato"
