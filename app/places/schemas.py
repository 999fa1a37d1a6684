"""Requests and answers about places."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.listing import Listing
from app.places.models import Level
from app.schemas import EntityRead, IsoDate, Names, NamesRead, NewId, Precision, Strict, Territory, line

Soato = Annotated[str, StringConstraints(pattern=r"^17(\d{2}(\d{3}(-\d{4})?)?)?$", max_length=12)]
District = Annotated[
    str, StringConstraints(pattern=r"^17\d{5}$"), Field(description="SOATO code of a district or city.", examples=["1733230"])
]
Alias = line(300)
_ALIASES = Field(max_length=20, description="Former and colloquial names; the search finds them.")


class PlaceCreate(Strict):
    """A mahalla. Its code is the district's, a hyphen and four digits; left out, the next free one is taken."""

    id: NewId = None
    district: District
    soato: Annotated[str, StringConstraints(pattern=r"^17\d{5}-\d{4}$"), Field(examples=["1733230-0004"])] | None = None
    names: Names
    aliases: Annotated[list[Alias], _ALIASES] = Field(default_factory=list)  # type: ignore[valid-type]
    is_pilot: bool = False
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if not any(self.names.model_dump().values()):
            raise ValueError("names: give at least one")
        if self.soato and not self.soato.startswith(self.district):
            raise ValueError("soato: must begin with the district's code")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to: lies before valid_from")
        return self


class PlaceUpdate(Strict):
    """What is to change of a mahalla; fields left out stay, null empties."""

    names: Names | None = None
    aliases: Annotated[list[Alias], _ALIASES] | None = None  # type: ignore[valid-type]
    is_pilot: bool | None = None
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
    parent: Annotated[str | None, Field(pattern=r"^17(\d{2}(\d{3})?)?$", max_length=12, description="Places directly under this one.")] = (
        None
    )
    q: Annotated[str | None, Field(min_length=1, max_length=100, description="Parts of a name, in any script and order.")] = None
    is_pilot: Annotated[bool | None, Field(description="Pilot mahallas, or all others.")] = None
    on: Annotated[date | None, Field(description="Places that existed on this day.")] = None
    sort: Literal["relevance", "soato", "-soato", "created_at", "-created_at"] = "soato"
