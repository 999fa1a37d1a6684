"""Requests and answers about families."""

import uuid
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from app.beneficiaries.models import FamilyStatus, Housing, Relationship, Sex
from app.beneficiaries.numbers import PATTERN
from app.beneficiaries.schemas.beneficiaries import CONTACT_ONLY, OWN_ONLY, Home, Person, PersonNamesRead, PossibleDuplicates
from app.beneficiaries.schemas.memberships import MOST_MEMBERS, IsHead, RelationshipWord
from app.listing import Listing
from app.schemas import EntityRead, Id, NewId, Note, OpenedSince, PastDate, Precision, Read, Strict, Within, kept, line, word

Address: TypeAlias = line(300)  # type: ignore[valid-type]
HousingWord: TypeAlias = word(Housing)  # type: ignore[valid-type]
StatusWord: TypeAlias = word(FamilyStatus)  # type: ignore[valid-type]
Income = Annotated[int, Field(ge=0, le=1_000_000_000_000, description="In UZS a month, as the family tells it.")]
Size = Annotated[int, Field(ge=1, le=100, description="Persons in the household, registered here or not.")]


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
    """What is to be corrected; fields left out stay, null empties. A family that lives elsewhere now is moved by `move`."""

    territory: Home = kept()
    status: StatusWord = kept()
    address: Address | None = None
    housing: HousingWord | None = None
    monthly_income: Income | None = None
    size: Size | None = None
    note: Note | None = None


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
    is_primary_caregiver: bool = Field(description="Of one who has died it is false.")
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
    anonymized_at: AwareDatetime | None = Field(
        description="When the last member who was known was forgotten; nothing is written about the family any more (409 `forgotten`)."
    )
    merged_into_id: uuid.UUID | None = Field(
        default=None, description=f"The family that the members of this one went over to. {OWN_ONLY} Absent where you do not see that one."
    )


class FamilyWithMembersRead(FamilyRead):
    """A family with its members, the head first and then by age: the present ones, or those of the day that was asked for."""

    members: list[MemberRead] = Field(max_length=MOST_MEMBERS)


class FamilyRegisteredRead(FamilyWithMembersRead):
    """A family that was just registered."""

    possible_duplicates: PossibleDuplicates


class FamilyListing(Listing):
    """Filters of the list of families."""

    q: Annotated[
        str | None, Field(min_length=1, max_length=100, description="Parts of a present member's name, in any script and order.")
    ] = None
    territory: Within = None
    status: Annotated[FamilyStatus | None, Field(description="In this state.")] = None
    number: Annotated[str | None, Field(pattern=PATTERN, description="The family of this number.")] = None
    beneficiary_id: Annotated[Id | None, Field(description="The family that this person belongs to.")] = None
    updated_since: OpenedSince = None
    sort: Literal["created_at", "-created_at", "updated_at", "relevance"] = "-created_at"
