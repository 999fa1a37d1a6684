"""Requests and answers about families, their members and memberships."""

import uuid
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from app.beneficiaries.models import FamilyStatus, Housing, Relationship, Sex
from app.beneficiaries.numbers import PATTERN
from app.listing import Listing
from app.schemas import EntityRead, Id, IsoDate, Moment, NewId, Note, PastDate, Precision, Read, Strict, Territory, line, word

MOST_MEMBERS = 60
"""Members that a family can have at a time."""
_FIRST_BIRTH = date(1900, 1, 1)


def _has_letter(value: str) -> str:
    if not any(letter.isalpha() for letter in value):
        raise ValueError("must have a letter")
    return value


def _since_1900(value: date) -> date:
    if value < _FIRST_BIRTH:
        raise ValueError("lies before 1900")
    return value


NamePart: TypeAlias = Annotated[line(80), AfterValidator(_has_letter)]  # type: ignore[valid-type]
Phone: TypeAlias = line(40)  # type: ignore[valid-type]
Address: TypeAlias = line(300)  # type: ignore[valid-type]
Reason: TypeAlias = line(200)  # type: ignore[valid-type]
SexWord: TypeAlias = word(Sex)  # type: ignore[valid-type]
PrecisionWord: TypeAlias = word(Precision)  # type: ignore[valid-type]
HousingWord: TypeAlias = word(Housing)  # type: ignore[valid-type]
StatusWord: TypeAlias = word(FamilyStatus)  # type: ignore[valid-type]
RelationshipWord: TypeAlias = word(Relationship)  # type: ignore[valid-type]
BirthDate = Annotated[PastDate, AfterValidator(_since_1900)]
Home = Annotated[
    str,
    StringConstraints(pattern=r"^17\d{5}(-\d{4})?$", max_length=12),
    Field(description="SOATO code of a district, city or mahalla.", examples=["1733230"]),
]
Income = Annotated[int, Field(ge=0, le=1_000_000_000_000, description="In UZS a month, as the family tells it.")]
Size = Annotated[int, Field(ge=1, le=100, description="Persons in the household, registered here or not.")]
IsHead = Annotated[bool | None, Field(description="Follows from `relationship_to_head`; where it is sent, it must agree.")]


class Person(Strict):
    """A child, a parent or another person. The name is kept in the script it is written in."""

    id: NewId = None
    surname: NamePart = Field(examples=["Йўлдошева"])
    given_name: NamePart = Field(examples=["Дилноза"])
    patronymic: NamePart | None = Field(default=None, examples=["Карим қизи"])
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

    surname: NamePart | None = None
    given_name: NamePart | None = None
    patronymic: NamePart | None = None
    sex: SexWord | None = None
    birth_date: BirthDate | None = None
    birth_precision: PrecisionWord | None = None
    phone: Phone | None = None
    deceased_on: PastDate | None = None
    note: Note | None = None
    territory: Home | None = None


class MemberCreate(Person):
    """A person who is registered together with the family."""

    relationship_to_head: RelationshipWord
    is_head: IsHead = None
    is_primary_caregiver: bool = False
    started_on: PastDate | None = Field(default=None, description="Since when the person belongs to the family, where that is known.")


class FamilyCreate(Strict):
    """A family with its members, if they are known; then exactly one of them is the head."""

    id: NewId = None
    territory: Home
    address: Address | None = None
    housing: HousingWord | None = None
    monthly_income: Income | None = None
    size: Size | None = None
    note: Note | None = None
    members: list[MemberCreate] = Field(default_factory=list, max_length=MOST_MEMBERS)


class FamilyUpdate(Strict):
    """What is to change; fields left out stay, null empties."""

    territory: Home | None = None
    status: StatusWord | None = None
    address: Address | None = None
    housing: HousingWord | None = None
    monthly_income: Income | None = None
    size: Size | None = None
    note: Note | None = None


class MemberAdd(Strict):
    """A new member: someone registered already (`beneficiary_id`), or someone new (`person`)."""

    id: NewId = None
    beneficiary_id: Id | None = None
    person: Person | None = None
    relationship_to_head: RelationshipWord
    is_head: IsHead = None
    is_primary_caregiver: bool = False
    started_on: PastDate | None = None


class MembershipUpdate(Strict):
    """What is to change; fields left out stay. The head is changed by `change-head`."""

    relationship_to_head: RelationshipWord | None = None
    is_primary_caregiver: bool | None = None
    started_on: PastDate | None = None


class MembershipEnd(Strict):
    """Why and when a member left the family."""

    reason: Reason = Field(examples=["Turmushga chiqdi"])
    ended_on: PastDate | None = Field(default=None, description="Today if it is left out.")


class RelationshipToNewHead(Strict):
    """What a member is to the new head."""

    beneficiary_id: Id
    relationship_to_head: RelationshipWord


class HeadChange(Strict):
    """The new head, and what every other member is to it."""

    beneficiary_id: Id = Field(description="The new head; a present member.")
    relationships: list[RelationshipToNewHead] = Field(
        max_length=MOST_MEMBERS, description="Every other present member once, the former head among them."
    )


CONTACT_ONLY = "Absent for an organization to which no consent opens `contact`."
OWN_ONLY = "Absent for every organization but the one that registered the row."


class PersonNamesRead(Read):
    """Surname, given name and patronymic in both scripts; the one that was entered stands as it was entered."""

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
    age: int = Field(
        ge=0,
        le=200,
        description="Full years today, or at death. Where only the month or year of birth is known, the least that they can be.",
    )
    phone: str | None = Field(default=None, max_length=40, description=f"As it was written. {CONTACT_ONLY}")
    phone_e164: str | None = Field(
        default=None, max_length=16, description=f"The same number in its international form; null where none can be read. {CONTACT_ONLY}"
    )
    deceased_on: date | None
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)
    is_synthetic: bool = Field(description="Made up for demonstration.")


class MemberRead(Read):
    """A present member of a family; `id` is the beneficiary's."""

    id: uuid.UUID
    membership_id: uuid.UUID
    names: PersonNamesRead
    sex: Sex
    birth_date: date
    birth_precision: Precision
    age: int = Field(ge=0, le=200)
    deceased_on: date | None
    relationship_to_head: Relationship
    is_head: bool
    is_primary_caregiver: bool
    started_on: date | None


class FamilyRead(EntityRead):
    """A family."""

    organization_id: uuid.UUID = Field(description="The organization that registered the family.")
    territory: str = Field(max_length=16)
    number: str = Field(max_length=20, description="The family's number, to be written on paper.", examples=["7K3M-9QXR"])
    status: FamilyStatus
    address: str | None = Field(default=None, max_length=300, description=CONTACT_ONLY)
    housing: Housing | None
    monthly_income: int | None = Field(ge=0)
    size: int | None = Field(ge=1)
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)
    is_synthetic: bool = Field(description="Made up for demonstration.")


class FamilyWithMembersRead(FamilyRead):
    """A family with its present members, the head first and then by age."""

    members: list[MemberRead] = Field(max_length=MOST_MEMBERS)


class MembershipRead(EntityRead):
    """That a person belongs, or belonged, to a family."""

    family_id: uuid.UUID
    beneficiary_id: uuid.UUID
    names: PersonNamesRead
    relationship_to_head: Relationship
    is_head: bool
    is_primary_caregiver: bool
    started_on: date | None
    ended_on: date | None
    end_reason: str | None = Field(default=None, max_length=200, description=OWN_ONLY)


Words = Annotated[str | None, Field(min_length=1, max_length=100, description="Parts of a name, in any script and order.")]
Within = Annotated[Territory | None, Field(description="Rows in this place or in any place within it.")]
Since = Annotated[Moment | None, Field(description="Rows that changed at this moment or after it.")]


class BeneficiaryListing(Listing):
    """Filters of the list of beneficiaries."""

    q: Words = None
    territory: Within = None
    sex: Annotated[Sex | None, Field(description="Of this sex.")] = None
    born_from: Annotated[IsoDate | None, Field(description="Born on this day or after it.")] = None
    born_until: Annotated[IsoDate | None, Field(description="Born on this day or before it.")] = None
    family_id: Annotated[Id | None, Field(description="Present members of this family.")] = None
    updated_since: Since = None
    sort: Literal["created_at", "-created_at", "updated_at", "name"] = "-created_at"


class FamilyListing(Listing):
    """Filters of the list of families."""

    q: Annotated[
        str | None, Field(min_length=1, max_length=100, description="Parts of a present member's name, in any script and order.")
    ] = None
    territory: Within = None
    status: Annotated[FamilyStatus | None, Field(description="In this state.")] = None
    number: Annotated[str | None, Field(pattern=PATTERN, description="The family of this number.")] = None
    beneficiary_id: Annotated[Id | None, Field(description="The family that this person belongs to.")] = None
    updated_since: Since = None
    sort: Literal["created_at", "-created_at", "updated_at"] = "-created_at"


class MembershipListing(Listing):
    """Order of the list of memberships."""

    sort: Literal["created_at", "-created_at"] = "created_at"
