"""Requests and answers about families that move, split and merge."""

import uuid
from datetime import date
from typing import Literal

from pydantic import Field

from app.beneficiaries.schemas.beneficiaries import CONTACT_ONLY, OWN_ONLY, Home
from app.beneficiaries.schemas.families import Address
from app.beneficiaries.schemas.memberships import MOST_MEMBERS, RelationshipToNewHead
from app.listing import Listing
from app.schemas import EntityRead, Id, NewId, Note, PastDate, Strict


class FamilyMove(Strict):
    """Where a family lives from a day on."""

    territory: Home
    address: Address | None = Field(default=None, description="Left out, it is not known.")
    moved_on: PastDate = Field(description="The first day there.")
    note: Note | None = None


class RemainingHead(Strict):
    """Who is the head of those who stay, and what the others of them are to that head."""

    beneficiary_id: Id
    relationships: list[RelationshipToNewHead] = Field(max_length=MOST_MEMBERS, description="Every other member who stays, once.")


class FamilySplit(Strict):
    """The members who live as a family of their own from a day on, with their head among them."""

    id: NewId = None
    members: list[RelationshipToNewHead] = Field(
        min_length=1,
        max_length=MOST_MEMBERS,
        description="Each with the relationship to the head of the new family; exactly one is the `head`.",
    )
    remaining: RemainingHead | None = Field(default=None, description="Required if the head leaves, refused if the head stays.")
    territory: Home | None = Field(default=None, description="Where the new family lives; left out, where the other one lives.")
    address: Address | None = Field(default=None, description="Left out with the territory, it is the other family's.")
    on: PastDate = Field(description="The first day apart.")
    note: Note | None = Field(default=None, description="Kept with the memberships that end.")


class FamilyMerge(Strict):
    """The family that this one's members go over to."""

    into: Id
    relationships: list[RelationshipToNewHead] = Field(
        max_length=MOST_MEMBERS, description="What every present member of this family is to the head of the other one."
    )
    on: PastDate = Field(description="The first day together.")
    note: Note | None = Field(default=None, description="Kept with the memberships that end.")


class ResidenceRead(EntityRead):
    """Where a family lives, or lived."""

    family_id: uuid.UUID
    territory: str = Field(max_length=16)
    address: str | None = Field(default=None, max_length=300, description=CONTACT_ONLY)
    started_on: date | None = Field(description="The first day there; null where it is not known.")
    ended_on: date | None = Field(description="The first day elsewhere; null where the family lives there.")
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)


class ResidenceListing(Listing):
    """Order of the list of residences."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
