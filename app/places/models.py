"""One place. Codes and names change by decree, so a place has dates and a successor; it is never removed."""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Entity, Json
from app.schemas import Precision

LONGEST_SEARCH = 2000


class Level(StrEnum):
    """How large a place is."""

    COUNTRY = "country"
    REGION = "region"
    DISTRICT = "district"
    CITY = "city"
    MAHALLA = "mahalla"


class Place(Entity, table=True):
    """A place. A child's code begins with its parent's; a mahalla's is the district's with four digits behind a hyphen."""

    __tablename__ = "place"

    soato: str = Field(max_length=16, unique=True)
    level: Level = Field(sa_type=sa.String(20))
    parent_soato: str | None = Field(default=None, foreign_key="place.soato", max_length=16, index=True)
    iso_3166_2: str | None = Field(default=None, max_length=6)
    name_uz_latn: str | None = Field(default=None, max_length=300)
    name_uz_cyrl: str | None = Field(default=None, max_length=300)
    name_ru: str | None = Field(default=None, max_length=300)
    name_en: str | None = Field(default=None, max_length=300)
    aliases: list[str] = Field(default_factory=list, sa_type=Json)
    is_pilot: bool = Field(default=False)
    valid_from: date | None = None
    valid_from_precision: Precision = Field(default=Precision.DAY, sa_type=sa.String(10))
    valid_to: date | None = None
    successor_soato: str | None = Field(default=None, foreign_key="place.soato", max_length=16)
    search: str = Field(default="", max_length=LONGEST_SEARCH)
