"""The types that requests and answers are made of: strict, bounded, in the words of the contract."""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from app.days import today
from app.problems import in_words

E = TypeVar("E", bound=Enum)
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The + of an offset that stood in an address as it is: there it means a blank.
_LOST_PLUS = re.compile(r".*\d \d{2}:?\d{2}")
_SAMPLE_ID = "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"
SOATO = in_words(
    r"^17(\d{2}(\d{3}(-\d{4})?)?)?$",
    "must be a SOATO code: of the country (17), a region (1733), a district or city (1733230) or a mahalla (1733230-0004)",
)
DISTRICT = in_words(r"^17\d{5}$", "must be the SOATO code of a district or city, such as 1733230")
MAHALLA = in_words(r"^17\d{5}-\d{4}$", "must be the SOATO code of a mahalla, such as 1733230-0004")
HOME = in_words(r"^17\d{5}(-\d{4})?$", "must be the SOATO code of a district, city or mahalla, such as 1733230 or 1733230-0004")
REGION = in_words(r"^17(\d{2}(\d{3})?)?$", "must be the SOATO code of the country, a region, a district or a city, such as 1733")
_EMAIL = in_words(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "must be an e-mail address")


class Strict(BaseModel):
    """A request: exact types, no unknown fields. FastAPI validates what JSON became, so texts that stand for dates, ids and
    words of a list are read by the types below, and only texts are.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    def origin(self, *, under: uuid.UUID | None = None) -> bytes:
        """SHA-256 of what was asked for, and `under` which row; equal for equal requests."""
        own = hashlib.sha256(self.model_dump_json().encode()).digest()
        return own if under is None else hashlib.sha256(under.bytes + own).digest()


class Read(BaseModel):
    """An answer. A field without a default is always there; one with the default None is absent where it may not be seen."""

    model_config = ConfigDict(from_attributes=True)


def _from_text(parse: Callable[[str], Any]) -> BeforeValidator:
    """Read texts, and only texts: strict mode itself refuses numbers and booleans afterwards."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _uuid(value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if not isinstance(value, str) or len(value) != 36:  # noqa: PLR2004 – the one canonical form has 36 characters.
        raise ValueError("must be a UUID in its canonical form")
    try:
        return uuid.UUID(value)
    except ValueError:
        raise ValueError("must be a UUID") from None


def _not_nil(value: uuid.UUID | None) -> uuid.UUID | None:
    # Programs take it for "nobody".
    if value is not None and not value.int:
        raise ValueError("must be another UUID than the nil one")
    return value


def _date(value: str) -> date:
    # Python also reads ISO weeks, such as 2020-W01-1, which nobody here means.
    if not _DATE.fullmatch(value):
        raise ValueError("must be a date as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a date as YYYY-MM-DD that exists") from None


def _moment(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        hint = "; in an address, + is written %2B" if _LOST_PLUS.fullmatch(value) else ""
        raise ValueError(f"must be a time as in 2026-03-01T09:00:00+05:00{hint}") from None


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar") from None


def _single_line(value: str) -> str:
    if any(mark in value for mark in "\r\n\t"):
        raise ValueError("must be a single line")
    return value


def _of_letters(value: str) -> str:
    if not any(mark.isalpha() for mark in value):
        raise ValueError("must have a letter")
    # Two names that look the same are the same: neither soft hyphens nor joiners, which other texts may hold.
    if any(unicodedata.category(mark) == "Cf" for mark in value):
        raise ValueError("must hold no invisible characters")
    return value


def _not_ahead(value: date) -> date:
    if value > today():
        raise ValueError("lies in the future")
    return value


def word(kind: type[E]) -> Any:
    """A word of a closed list. Whatever is none of them, null too, is told what they are."""

    def parse(value: Any) -> E:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"must be one of: {', '.join(str(one.value) for one in kind)}") from None

    return Annotated[kind, BeforeValidator(parse)]


def line(longest: int, *, pattern: str | None = None, description: str | None = None) -> Any:
    """A text of one line, without blanks at its ends."""
    return Annotated[str, _bounded(longest, pattern), AfterValidator(_single_line), Field(description=description)]


def kept() -> Any:
    """The default of a field of an update that may be left out but not emptied: null is refused, and the contract says so."""
    return Field(default_factory=lambda: None)


def _bounded(longest: int, pattern: str | None = None) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest, pattern=pattern)


Id = Annotated[uuid.UUID, BeforeValidator(_uuid)]
NewId = Annotated[
    Id | None,
    AfterValidator(_not_nil),
    Field(
        description="A UUID of your own, for work offline and natural retries: the same id and body again answers 200 with the row. "
        "Any version is taken; version 7 keeps lists in the order in which rows were made. Left out, one is made.",
        examples=[_SAMPLE_ID],
    ),
]
IsoDate = Annotated[date, _from_text(_date)]
PastDate = Annotated[IsoDate, AfterValidator(_not_ahead)]
Moment = Annotated[AwareDatetime, _from_text(_moment), AfterValidator(_in_utc)]
Line = Annotated[str, _bounded(200), AfterValidator(_single_line)]
Name = Annotated[str, _bounded(80), AfterValidator(_single_line), AfterValidator(_of_letters)]
"""A part of a person's name."""
Note = Annotated[str, _bounded(4000)]
Territory = Annotated[
    str,
    StringConstraints(pattern=SOATO, max_length=12),
    Field(
        description="SOATO code, nested by prefix: `17` country, `1733` region, `1733230` district, `1733230-0004` mahalla.",
        examples=["1733230"],
    ),
]
Words = Annotated[str | None, Field(min_length=1, max_length=100, description="Beginnings of words of the name, in any script and order.")]
Within = Annotated[Territory | None, Field(description="Rows in this place or in any place within it.", examples=["1733"])]
UpdatedSince = Annotated[Moment | None, Field(description="Rows that changed at this moment or after it.")]
OpenedSince = Annotated[
    Moment | None,
    Field(
        description="Rows that changed at this moment or after it. To whoever sees them through consents also those of which something was "
        "opened or closed since, though they did not change; what was closed altogether is not there any more."
    ),
]
Email = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=_EMAIL)]


class NamesChange(Strict):
    """A name in the four languages of the service, language by language: what is left out stays, null empties, and one must remain."""

    uz_latn: line(300) | None = None  # type: ignore[valid-type]
    uz_cyrl: line(300) | None = None  # type: ignore[valid-type]
    ru: line(300) | None = None  # type: ignore[valid-type]
    en: line(300) | None = None  # type: ignore[valid-type]


class Names(NamesChange):
    """A name in the four languages of the service; at least one is given."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(self.model_dump().values()):
            raise ValueError("give at least one language")
        return self


class NamesRead(Read):
    """A name in the four languages of the service; null where none is known."""

    uz_latn: str | None = Field(max_length=300)
    uz_cyrl: str | None = Field(max_length=300)
    ru: str | None = Field(max_length=300)
    en: str | None = Field(max_length=300)


class Precision(StrEnum):
    """How exactly a date is known; the rest of it is filled with 01."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class EntityRead(Read):
    """What every row's answer holds."""

    id: uuid.UUID
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="The row's version; also its `ETag`.", ge=1)
