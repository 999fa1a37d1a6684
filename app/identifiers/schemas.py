"""Requests and answers about identifiers."""

import uuid
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from app.beneficiaries.schemas.beneficiaries import PersonNamesRead
from app.identifiers.models import IdentifierEndReason, IdentifierKind
from app.listing import Listing
from app.schemas import EntityRead, IsoDate, Line, NewId, OpenedSince, PastDate, Read, Strict, line, word

LONGEST = 40
MOST_HOLDERS = 50
"""Persons that a look-up answers. More carry no real number."""
KindWord: TypeAlias = word(IdentifierKind)  # type: ignore[valid-type]
EndReasonWord: TypeAlias = word(IdentifierEndReason)  # type: ignore[valid-type]
Number: TypeAlias = Annotated[  # type: ignore[valid-type]
    line(LONGEST),
    Field(
        repr=False,
        description="As it is written; spaces, dashes, lower case and Cyrillic look-alikes do not matter. A PINFL has 14 digits, a "
        "passport and an ID card two letters and seven digits, a birth certificate a series and a number.",
        examples=["61705140000006"],
    ),
]


class IdentifierCreate(Strict):
    """A number of a person."""

    id: NewId = None
    kind: KindWord
    value: Number
    issued_on: PastDate | None = None
    expires_on: IsoDate | None = None
    issuer: Line | None = Field(default=None, description="Who issued the document, as it says.")


class IdentifierUpdate(Strict):
    """What is to change; fields left out stay, null empties. A wrong number is ended as `entered_in_error` and added anew."""

    issued_on: PastDate | None = None
    expires_on: IsoDate | None = None
    issuer: Line | None = None


class IdentifierEnd(Strict):
    """Since when the number is no longer the person's, and why."""

    ended_on: PastDate
    end_reason: EndReasonWord


class LookUp(Strict):
    """A number to look for, exactly."""

    kind: KindWord
    value: Number


class IdentifierRead(EntityRead):
    """A number of a person."""

    organization_id: uuid.UUID
    beneficiary_id: uuid.UUID
    kind: IdentifierKind
    value: str = Field(
        max_length=LONGEST,
        description="Masked, such as `3121063•••••••`, unless the caller has the permission `identifiers:read_values`; always masked in "
        "the answer to a write.",
    )
    issued_on: date | None
    expires_on: date | None
    issuer: str | None = Field(max_length=200)
    ended_on: date | None
    end_reason: IdentifierEndReason | None


class DoubtRead(Read):
    """Something that speaks against the number; it was stored all the same."""

    code: str = Field(
        max_length=40,
        description="`check_digit`, `unknown_century`, `sex_differs`, `no_such_date` or `birth_date_differs`; branch on this.",
    )
    message: str = Field(max_length=200, description="What it is, in English.")


class HolderRead(Read):
    """A person who carries a number."""

    beneficiary_id: uuid.UUID
    names: PersonNamesRead
    birth_year: int = Field(ge=1900, le=9999)
    territory: str = Field(max_length=16)
    organization_id: uuid.UUID


class HoldersRead(Read):
    """The persons who carry a number, as far as the caller may see them; none is no statement about anybody else."""

    items: list[HolderRead] = Field(max_length=MOST_HOLDERS)


class IdentifierAddedRead(IdentifierRead):
    """The number as it was stored, what speaks against it, and who else carries it."""

    warnings: list[DoubtRead] = Field(max_length=10)
    possible_duplicates: list[HolderRead] = Field(
        default=[],
        max_length=MOST_HOLDERS,
        description="Other persons of whom the caller may see that they carry the same number; absent without the permission "
        "`identifiers:lookup`. Perhaps they are one; a birth certificate says little, since its series were given out more than once.",
    )


class IdentifierListing(Listing):
    """Filters of a person's identifiers."""

    kind: Annotated[IdentifierKind | None, Field(description="Of this kind.")] = None
    is_open: Annotated[bool | None, Field(description="Whether the number is still the person's.")] = None
    updated_since: OpenedSince = None
    sort: Literal["created_at", "-created_at", "updated_at"] = "-created_at"
