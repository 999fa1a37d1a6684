"""What was printed on a certificate, kept as it was: the organization may be renamed later and the training corrected."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from app.languages import NEAREST, Key, Language, date_text, period_text
from app.schemas import NamesRead, Precision

LANGUAGES: dict[Key, Language] = {"uz_latn": Language.UZ_LATN, "uz_cyrl": Language.UZ_CYRL, "ru": Language.RU, "en": Language.EN}
"""The keys under which names are kept, and the languages they are in."""


class Signature(BaseModel):
    """Who signs, as it is printed under the line."""

    name: str = Field(max_length=300)
    post: str | None = Field(default=None, max_length=300)


class HolderName(BaseModel):
    """The holder's name as it was entered, in its parts."""

    surname: str
    given_name: str
    patronymic: str | None

    def parts(self) -> list[str]:
        """The parts that there are, in the order in which they are written."""
        return [part for part in (self.surname, self.given_name, self.patronymic) if part]


class Snapshot(BaseModel):
    """The words and figures of one certificate. Dates known to the month have the day 01 and say so."""

    holder: HolderName
    issuer: NamesRead
    title: NamesRead
    hours: int | None
    starts_on: date
    starts_precision: Precision
    ends_on: date | None
    ends_precision: Precision | None
    place: NamesRead | None
    signers: list[Signature]

    def dates(self, language: Language) -> str:
        """When it was held, as people write it: `7–9-oktabr, 2019`."""
        end_precision = self.ends_precision or self.starts_precision
        if self.ends_on is None or end_precision == self.starts_precision:
            return period_text(self.starts_on, self.ends_on, self.starts_precision, language)
        # Ends that are known with different exactness share nothing that could be left out.
        return f"{date_text(self.starts_on, self.starts_precision, language)} – {date_text(self.ends_on, end_precision, language)}"

    def dates_in_all(self) -> dict[Key, str]:
        """The same in every language, by the keys of names."""
        return {key: self.dates(language) for key, language in LANGUAGES.items()}


def names_of(row: Any, prefix: str = "name") -> NamesRead:
    """The names of a row that has a column for each language."""
    return NamesRead(**{key: getattr(row, f"{prefix}_{key}") for key in LANGUAGES})


def texts(names: NamesRead) -> dict[Key, str | None]:
    """The names by their keys."""
    return {key: getattr(names, key) for key in LANGUAGES}


def nearest(names: NamesRead, language: Language) -> tuple[str, Language]:
    """(text, the language it is in): the name in a language, or in the one that serves its readers best."""
    given = texts(names)
    for key in NEAREST[language]:
        if text := given[key]:
            return text, LANGUAGES[key]
    return "", language
