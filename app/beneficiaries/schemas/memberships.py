"""Requests and answers about who belongs to a family."""

import uuid
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from app.beneficiaries.models import LeavingReason, Relationship
from app.beneficiaries.schemas.beneficiaries import OWN_ONLY, Person, PersonNamesRead, PossibleDuplicates
from app.listing import Listing
from app.schemas import EntityRead, Id, NewId, Note, PastDate, Strict, kept, word

MOST_MEMBERS = 60
"""Members that a family can have at a time."""
RelationshipWord: TypeAlias = word(Relationship)  # type: ignore[valid-type]
LeavingWord: TypeAlias = word(LeavingReason)  # type: ignore[valid-type]
IsHead = Annotated[bool | None, Field(description="Follows from `relationship_to_head`; where it is sent, it must agree.")]


class MemberAdd(Strict):
    """A new member: someone registered already (`beneficiary_id`), or someone new (`person`)."""

    id: NewId = None
    beneficiary_id: Id | None = None
    person: Person | None = None
    relationship_to_head: RelationshipWord
    is_head: IsHead = None
    is_primary_caregiver: bool = False
    started_on: PastDate | None = Field(
        default=None,
        description="Since when the person belongs to the family. Left out for someone who belonged to one before, it is the day on "
        "which that ended.",
    )


class MembershipUpdate(Strict):
    """What is to be corrected; fields left out stay. What was so until a day is changed by `change-head` and `change-caregivers`."""

    relationship_to_head: RelationshipWord = kept()
    is_primary_caregiver: Annotated[
        bool,
        Field(
            description="Where it was recorded wrongly: it has been so since the member came or, if it changed since, that last change "
            "never was."
        ),
    ] = kept()
    started_on: PastDate | None = None


class MembershipEnd(Strict):
    """Why and when a member left the family."""

    reason: LeavingWord = Field(description="`split` and `merged` are given by the commands of those names alone.", examples=["marriage"])
    note: Note | None = Field(default=None, examples=["Turmushga chiqdi"])
    ended_on: PastDate | None = Field(default=None, description="The first day without the member. Today if it is left out.")


class RelationshipToNewHead(Strict):
    """What a member is to the head."""

    beneficiary_id: Id
    relationship_to_head: RelationshipWord


class HeadChange(Strict):
    """The new head, and what every other member is to it."""

    beneficiary_id: Id = Field(description="The new head; a present member.")
    relationships: list[RelationshipToNewHead] = Field(
        max_length=MOST_MEMBERS, description="Every other present member once, the former head among them."
    )
    on: PastDate | None = Field(default=None, description="Since when. Today if it is left out.")


class CaregiversChange(Strict):
    """The primary caregivers of a family from a day on."""

    caregivers: list[Id] = Field(
        max_length=MOST_MEMBERS,
        description="All of them, by `beneficiary_id`: present members, each once. Nobody else is one any more.",
    )
    on: PastDate | None = Field(
        default=None, description="Since when; not before the last change, nor before one of them came. Today if it is left out."
    )


class MembershipRead(EntityRead):
    """That a person belongs, or belonged, to a family."""

    family_id: uuid.UUID
    beneficiary_id: uuid.UUID
    names: PersonNamesRead
    relationship_to_head: Relationship
    is_head: bool
    is_primary_caregiver: bool = Field(description="As it was recorded last. Of one who has died it tells how it was until then.")
    started_on: date | None
    ended_on: date | None
    end_reason: LeavingReason | None = Field(default=None, description=OWN_ONLY)
    end_note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)


class MemberAddedRead(MembershipRead):
    """A membership that was just made."""

    possible_duplicates: PossibleDuplicates


class MembershipListing(Listing):
    """Order of the list of memberships."""

    sort: Literal["created_at", "-created_at"] = "created_at"
