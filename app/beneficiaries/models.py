"""Families, their members, and the memberships between them.

A name is kept in the script it was entered in; the other script's form and the search keys are derived from it.
"""

import uuid
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Owned, UtcDateTime, now
from app.problems import Conflict, Fault, NotFound, WrongState, invalid
from app.schemas import Precision


class HeadExists(Conflict):
    """The family has a head; use `POST /v1/families/{id}/change-head`."""

    code, title = "head_exists", "The family already has a head"


class HeadNeeded(Conflict):
    """A family with members has exactly one head: the head is registered first and leaves last, unless the head is changed."""

    code, title = "head_needed", "The family needs a head"


class MembersPresent(Conflict):
    """Somebody belongs to the family. It is dissolved when nobody does any more: end the memberships, or merge it into another family."""

    code, title = "members_present", "Conflicts with the stored state"


class Merged(Conflict):
    """This person was registered twice, or this family joined another one; go on with the row that `merged_into_id` names. It is
    absent where that one is not yours to write.
    """

    code, title = "merged", "Merged into another row"


class WasForgotten(Conflict):
    """This person, or everybody of this family, was forgotten, on request or because the time for which data are kept is over. What is left
    of the row is for statistics and stays as it is: nothing is written about somebody who was promised to be forgotten. Whoever comes back
    is registered anew.
    """

    code, title = "forgotten", "The person or family was forgotten"


class AlreadyMember(Conflict):
    """This person belongs to a family, which `GET /v1/families?beneficiary_id=…` shows; end that membership first."""

    code, title = "already_member", "Already belongs to a family"

    def __init__(self) -> None:
        super().__init__("GET /v1/families?beneficiary_id=… shows the family that this person belongs to; end that membership first.")


def _by_age_and_level(table: str) -> tuple[sa.Index, ...]:
    """One index for each level a caller's territory can have, so that a page is read off it whatever the table's size."""

    def level(length: int) -> sa.ColumnElement[str]:
        return sa.func.substr(sa.literal_column("territory"), sa.literal_column("1"), sa.literal_column(str(length)))

    newest = ("created_at", "id")
    return (
        sa.Index(f"ix_{table}_organization_country", "organization_id", level(2), *newest),
        sa.Index(f"ix_{table}_organization_region", "organization_id", level(4), *newest),
        sa.Index(f"ix_{table}_organization_district", "organization_id", level(7), *newest),
        sa.Index(f"ix_{table}_organization_mahalla", "organization_id", level(12), *newest),
    )


def _compared(*columns: str) -> Iterator[sa.Index]:
    """Indexes by which a person who is registered is compared with those who may be the same. Whether another row stands for it is the
    third column: by three, SQLite tells without statistics that these are narrower than the indexes on territories.
    """
    for column in columns:
        yield sa.Index(f"ix_beneficiary_{column}", "organization_id", column, "merged_into_id")


class Sex(StrEnum):
    """As in the person's documents."""

    FEMALE = "female"
    MALE = "male"


class FamilyStatus(StrEnum):
    """Whether the family lives here as one."""

    ACTIVE = "active"
    MOVED = "moved"
    DISSOLVED = "dissolved"


class LeavingReason(StrEnum):
    """Why a membership ended. `entered_in_error` says that it never was, so that no history counts it."""

    DEATH = "death"
    MARRIAGE = "marriage"
    DIVORCE = "divorce"
    MOVED_AWAY = "moved_away"
    PLACED_IN_CARE = "placed_in_care"
    ADOPTED = "adopted"
    JOINED_OTHER_FAMILY = "joined_other_family"
    SPLIT = "split"
    MERGED = "merged"
    ENTERED_IN_ERROR = "entered_in_error"
    OTHER = "other"


class Housing(StrEnum):
    """How the family lives."""

    OWNED = "owned"
    RENTED = "rented"
    WITH_RELATIVES = "with_relatives"
    STATE = "state"
    NONE = "none"
    OTHER = "other"


class Relationship(StrEnum):
    """What a member is to the head of the family."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    STEPCHILD = "stepchild"
    WARD = "ward"
    GRANDCHILD = "grandchild"
    PARENT = "parent"
    SIBLING = "sibling"
    CHILD_IN_LAW = "child_in_law"
    OTHER_RELATIVE = "other_relative"
    NOT_RELATED = "not_related"


ADULT_AGE = 18
"""From this age on, in full years, a person speaks for itself and nobody else for it (Convention on the Rights of the Child, article 1)."""
YOUNGER = frozenset({Relationship.CHILD, Relationship.GRANDCHILD})
"""Who is younger than the head."""
OLDER = frozenset({Relationship.PARENT})
"""Who is older than the head."""
# Taken out of the enumeration once: this is asked for every row of every list.
_MONTH, _YEAR = Precision.MONTH.value, Precision.YEAR.value


def full_years(born: date, precision: str, until: date) -> int:
    """Years completed on a day; where only the month or year of birth is known, the least that they can be. Never below 0."""
    month, day = born.month, born.day
    if precision == _YEAR:
        month, day = 12, 31
    elif precision == _MONTH:
        day = monthrange(born.year, month)[1]
    years = until.year - born.year
    if (until.month, until.day) < (month, day):
        years -= 1
    return max(0, years)


def born_by(born: date, precision: str) -> date:
    """The last day on which a person can have been born, whose birth is known to the day, month or year."""
    if precision == _YEAR:
        return born.replace(month=12, day=31)
    return born.replace(day=monthrange(born.year, born.month)[1]) if precision == _MONTH else born


class Family(Owned, table=True):
    """A family in a mahalla or district. `monthly_income` is in UZS, as told when it was registered."""

    __tablename__ = "family"
    __table_args__ = (
        *_by_age_and_level("family"),
        sa.CheckConstraint("monthly_income IS NULL OR monthly_income >= 0", name="income_not_negative"),
        sa.CheckConstraint("size IS NULL OR size > 0", name="size_positive"),
    )

    number: str = Field(max_length=20, unique=True)
    status: FamilyStatus = Field(default=FamilyStatus.ACTIVE, sa_type=sa.String(20))
    address: str | None = Field(default=None, max_length=300)
    housing: Housing | None = Field(default=None, sa_type=sa.String(20))
    monthly_income: int | None = Field(default=None, sa_type=sa.BigInteger)
    size: int | None = None
    note: str | None = Field(default=None, max_length=4000)
    is_synthetic: bool = Field(default=False)
    # When the last of its members who was known was forgotten.
    anonymized_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The family that this one's members went over to; set by a merge alone.
    merged_into_id: uuid.UUID | None = None

    def successor(self) -> uuid.UUID | None:
        """The family that the members went over to."""
        return self.merged_into_id

    def require_current(self, *, is_told: bool = True) -> None:
        """Raises Merged when the members went over to another family: nothing happens to this one any more; WasForgotten when of its
        members nobody is known any more.
        """
        if self.merged_into_id is not None:
            raise Merged(merged_into_id=self.merged_into_id) if is_told else Merged
        if self.anonymized_at is not None:
            raise WasForgotten

    def touch(self) -> None:
        """Who belongs to a family is a part of it: a change there is a new version here."""
        self.updated_at = now()


class Beneficiary(Owned, table=True):
    """A child, a parent or another member of a family."""

    __tablename__ = "beneficiary"
    __table_args__ = (
        *_by_age_and_level("beneficiary"),
        *_compared("birth_date", "match_key", "phone_e164"),
        # Those who were merged into somebody, who are few.
        sa.Index(
            "ix_beneficiary_merged_into_id",
            "merged_into_id",
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        ),
        sa.CheckConstraint("deceased_on IS NULL OR deceased_on >= birth_date", name="dies_after_birth"),
    )

    surname: str = Field(max_length=80)
    given_name: str = Field(max_length=80)
    patronymic: str | None = Field(default=None, max_length=80)
    name_latin: str = Field(default="", max_length=500)
    name_cyrillic: str = Field(default="", max_length=500)
    strict_key: str = Field(default="", max_length=500)
    loose_key: str = Field(default="", max_length=500)
    skeleton_key: str = Field(default="", max_length=500)
    search: str = Field(default="", max_length=1500)
    # The consonants of surname and given name, in the order of the alphabet; for duplicates alone.
    match_key: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    sex: Sex = Field(sa_type=sa.String(10))
    birth_date: date
    birth_precision: Precision = Field(default=Precision.DAY, sa_type=sa.String(10))
    phone_as_written: str | None = Field(default=None, max_length=40)
    phone_e164: str | None = Field(default=None, max_length=16)
    deceased_on: date | None = None
    note: str | None = Field(default=None, max_length=4000)
    is_synthetic: bool = Field(default=False)
    # When the person was forgotten: what is left says nothing of who it was.
    anonymized_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The row that this one was found to be the same person as, and was merged into; set and unset by merges alone.
    merged_into_id: uuid.UUID | None = None

    def successor(self) -> uuid.UUID | None:
        """The row that stands for this person now."""
        return self.merged_into_id

    def require_current(self, *, is_told: bool = True) -> None:
        """Raises Merged when another row stands for this person now, or NotFound; WasForgotten."""
        if self.merged_into_id is not None:
            raise Merged(merged_into_id=self.merged_into_id) if is_told else NotFound
        if self.anonymized_at is not None:
            raise WasForgotten

    def faults(self, at: str = "") -> list[Fault]:
        """What contradicts itself in this row; `at` is the pointer of the person in the request."""
        found = []
        rest = {Precision.MONTH: self.birth_date.day == 1, Precision.YEAR: (self.birth_date.month, self.birth_date.day) == (1, 1)}
        if not rest.get(self.birth_precision, True):
            found.append(Fault(f"{at}/birth_date", "too_precise", "What birth_precision calls unknown must be 01."))
        if self.deceased_on and self.deceased_on < self.birth_date:
            found.append(Fault(f"{at}/deceased_on", "before_birth", "Lies before birth_date."))
        return found


def is_adult(person: Beneficiary, day: date) -> bool:
    """Whether it is 18 by the age that is shown of it."""
    return full_years(person.birth_date, person.birth_precision, day) >= ADULT_AGE


def may_be_elder(one: Beneficiary, other: Beneficiary) -> bool:
    """Whether the one can have been born before the other, as far as is known of the days of their births."""
    return one.birth_date < born_by(other.birth_date, other.birth_precision)


def not_alive(person: Beneficiary, on: date, at: str) -> list[Fault]:
    """The fault of one who was not born yet on a day, or had died by then: such a one becomes neither head nor caregiver, nor comes."""
    if on < person.birth_date:
        return [Fault(at, "before_birth", "Was not born yet on that day.")]
    if person.deceased_on is not None and person.deceased_on <= on:
        return [Fault(at, "deceased", "Had died by that day.")]
    return []


class FamilyMembership(Owned, table=True):
    """Who belongs to which family, from when and until when: one open head a family, one open membership a person."""

    __tablename__ = "family_membership"
    __table_args__ = (
        sa.Index(
            "ix_family_membership_open_head",
            "family_id",
            unique=True,
            sqlite_where=sa.text("is_head AND ended_on IS NULL"),
            postgresql_where=sa.text("is_head AND ended_on IS NULL"),
        ),
        sa.Index(
            "ix_family_membership_open",
            "beneficiary_id",
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
        sa.Index("ix_family_membership_family", "family_id"),
        sa.CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
        sa.CheckConstraint("is_head = (relationship_to_head = 'head')", name="head_is_called_head"),
    )

    family_id: uuid.UUID = Field(foreign_key="family.id")
    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    relationship_to_head: Relationship = Field(sa_type=sa.String(20))
    is_head: bool = Field(default=False)
    is_primary_caregiver: bool = Field(default=False)
    started_on: date | None = None
    ended_on: date | None = None
    # The column has room for the free text that it held first.
    end_reason: LeavingReason | None = Field(default=None, sa_type=sa.String(200))
    end_note: str | None = Field(default=None, max_length=4000)

    def faults(self, person: Beneficiary, at: str = "") -> list[Fault]:
        """What contradicts itself in this row, or its person; `at` is the pointer of the member in the request."""
        found = []
        if self.is_head != (self.relationship_to_head == Relationship.HEAD):
            found.append(Fault(f"{at}/is_head", "head_is_called_head", "Must be true for relationship_to_head `head`, and for it alone."))
        if self.started_on and self.started_on < person.birth_date:
            found.append(Fault(f"{at}/started_on", "before_birth", "Lies before birth_date."))
        return found

    def faults_of_start(self, person: Beneficiary, at: str = "") -> list[Fault]:
        """That nobody comes to a family after its death. It is asked when the day is told, never when a death is: that is always taken."""
        if self.started_on and person.deceased_on and self.started_on > person.deceased_on:
            return [Fault(f"{at}/started_on", "after_death", "Lies after deceased_on.")]
        return []

    def faults_of_coming(self, person: Beneficiary, *, day: date, at: str = "") -> list[Fault]:
        """What speaks against a new member: that it had died by the day on which it came. For the head and a primary caregiver that is
        `day` where it is not told.
        """
        since, found = self.started_on or day, self.faults_of_start(person, at)
        for is_it, name in ((self.is_head, "relationship_to_head"), (self.is_primary_caregiver, "is_primary_caregiver")):
            if is_it and person.deceased_on is not None and person.deceased_on <= since:
                found.append(Fault(f"{at}/{name}", "deceased", "Had died by the day on which it came."))
        return found

    def end(self, *, on: date, reason: LeavingReason, note: str | None = None, at: str = "/ended_on") -> None:
        """The person leaves the family; it belongs to it no more on that day. `at` is the pointer of the day in the request.

        Raises WrongState when it has left already, Invalid for a day before it came.
        """
        if self.ended_on is not None:
            raise WrongState("This membership has ended already.")
        if self.started_on and on < self.started_on:
            raise invalid(at, "before_start", "Lies before started_on of a membership.")
        self.ended_on, self.end_reason, self.end_note = on, reason, note
