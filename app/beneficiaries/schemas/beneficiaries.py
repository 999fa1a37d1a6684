"""Requests and answers about people."""

import uuid
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from app.beneficiaries.models import Sex
from app.beneficiaries.resemblance import ResemblanceReason
from app.listing import Listing
from app.schemas import (
    HOME,
    EntityRead,
    Id,
    IsoDate,
    Name,
    NewId,
    Note,
    OpenedSince,
    PastDate,
    Precision,
    Read,
    Strict,
    Within,
    Words,
    kept,
    line,
    word,
)

_FIRST_BIRTH = date(1900, 1, 1)


def _since_1900(value: date) -> date:
    if value < _FIRST_BIRTH:
        raise ValueError("lies before 1900")
    return value


Phone: TypeAlias = line(40)  # type: ignore[valid-type]
SexWord: TypeAlias = word(Sex)  # type: ignore[valid-type]
PrecisionWord: TypeAlias = word(Precision)  # type: ignore[valid-type]
BirthDate = Annotated[PastDate, AfterValidator(_since_1900)]
Home = Annotated[
    str,
    StringConstraints(pattern=HOME, max_length=12),
    Field(description="SOATO code of a district, city or mahalla.", examples=["1733230"]),
]
AsOf = Annotated[PastDate | None, Field(description="`age` on this day; all else is today's.", examples=["2026-01-31"])]
CONTACT_ONLY = "Absent for an organization to which no consent opens `contact`."
OWN_ONLY = "Absent for every organization but the one that registered the row."


class Person(Strict):
    """A child, a parent or another person. The name is kept in the script it is written in."""

    id: NewId = None
    surname: Name = Field(examples=["Намунавий"])
    given_name: Name = Field(examples=["Дилноза"])
    patronymic: Name | None = Field(default=None, examples=["Карим қизи"])
    sex: SexWord
    birth_date: BirthDate = Field(description="What `birth_precision` calls unknown is 01.", examples=["2012-05-17"])
    birth_precision: PrecisionWord = Precision.DAY
    phone: Phone | None = Field(default=None, description="As it is written.", examples=["90 123-45-67"])
    deceased_on: PastDate | None = None
    note: Note | None = None


class BeneficiaryCreate(Person):
    """A person, who belongs to no family yet."""

    territory: Home


class BeneficiaryUpdate(Strict):
    """What is to change; fields left out stay, null empties."""

    surname: Name = kept()
    given_name: Name = kept()
    patronymic: Name | None = None
    sex: SexWord = kept()
    birth_date: BirthDate = kept()
    birth_precision: PrecisionWord = kept()
    phone: Phone | None = None
    deceased_on: PastDate | None = None
    note: Note | None = None
    territory: Home = kept()


class PersonNamesRead(Read):
    """Surname, given name and patronymic in both scripts. The one that was entered stands as it was entered, in both places where the
    other alphabet lacks one of its letters.
    """

    latin: str = Field(max_length=500)
    cyrillic: str = Field(max_length=500)


class BeneficiaryRead(EntityRead):
    """A child, a parent or another member of a family."""

    organization_id: uuid.UUID = Field(description="The organization that registered the person.")
    territory: str = Field(max_length=16)
    surname: str = Field(max_length=80)
    given_name: str = Field(max_length=80)
    patronymic: str | None = Field(max_length=80)
    names: PersonNamesRead
    sex: Sex
    birth_date: date
    birth_precision: Precision
    age: int | None = Field(
        ge=0,
        le=200,
        description="Full years today, or on the day of `as_of`, or at a death before it. Where only the month or year of birth is known, "
        "the least that they can be. Null on a day before the birth.",
    )
    phone: str | None = Field(default=None, max_length=40, description=f"As it was written. {CONTACT_ONLY}")
    phone_e164: str | None = Field(
        default=None, max_length=16, description=f"The same number in its international form; null where none can be read. {CONTACT_ONLY}"
    )
    deceased_on: date | None
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)
    is_synthetic: bool = Field(description="Made up for demonstration.")
    anonymized_at: AwareDatetime | None = Field(
        description="When the person was forgotten: of names, days and contact nothing is left, and nothing is written about the person "
        "any more (409 `forgotten`). Overwrite your copy."
    )


class PossibleDuplicateRead(Read):
    """Somebody who may be the same person as one who was just registered or corrected; to be decided at `candidate_id`."""

    candidate_id: uuid.UUID = Field(description="Of `/v1/duplicate-candidates`.")
    registered_id: uuid.UUID = Field(description="The person of this request.")
    beneficiary_id: uuid.UUID = Field(description="The other one.")
    names: PersonNamesRead
    birth_date: date
    score: float = Field(ge=0, le=1, description="How likely the two are one.", examples=[0.98])
    reasons: list[ResemblanceReason] = Field(max_length=20, description="What speaks for it and against it.")


PossibleDuplicates = Annotated[
    list[PossibleDuplicateRead], Field(max_length=200, description="Undecided ones among the people whom you may see, the likeliest first.")
]


class BeneficiaryWrittenRead(BeneficiaryRead):
    """A person who was just registered or corrected."""

    possible_duplicates: PossibleDuplicates


class BeneficiaryListing(Listing):
    """Filters of the list of beneficiaries, and the day for which ages are told, which leaves nobody out."""

    q: Words = None
    territory: Within = None
    sex: Annotated[Sex | None, Field(description="Of this sex.")] = None
    born_from: Annotated[IsoDate | None, Field(description="Born on this day or after it.")] = None
    born_until: Annotated[IsoDate | None, Field(description="Born on this day or before it.")] = None
    family_id: Annotated[Id | None, Field(description="Present members of this family.")] = None
    as_of: AsOf = None
    updated_since: OpenedSince = None
    sort: Literal["created_at", "-created_at", "updated_at", "name", "relevance"] = "-created_at"
