"""Families, their members, and the memberships between them.

A name is kept in the script it was entered in; the other script's form and the search keys are derived from it.
"""

import uuid
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Owned
from app.schemas import Precision


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


class Sex(StrEnum):
    """As in the person's documents."""

    FEMALE = "female"
    MALE = "male"


class FamilyStatus(StrEnum):
    """Whether the family lives here as one."""

    ACTIVE = "active"
    MOVED = "moved"
    DISSOLVED = "dissolved"


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


class Family(Owned, table=True):
    """A family in a mahalla or district. `monthly_income` is in UZS, as told when it was registered."""

    __tablename__ = "family"
    __table_args__ = (
        *_by_age_and_level("family"),
        sa.CheckConstraint("monthly_income IS NULL OR monthly_income >= 0", name="income_not_negative"),
        sa.CheckConstraint("size IS NULL OR size > 0", name="size_positive"),
    )

    number: str = Field(max_length=20, unique=True)
    status: FamilyStatus = Field(default=FamilyStatus.ACTIVE, sa_type=sa.String(20))  # type: ignore[call-overload]
    address: str | None = Field(default=None, max_length=300)
    housing: Housing | None = Field(default=None, sa_type=sa.String(20))  # type: ignore[call-overload]
    monthly_income: int | None = Field(default=None, sa_type=sa.BigInteger)
    size: int | None = None
    note: str | None = Field(default=None, max_length=4000)
    is_synthetic: bool = Field(default=False)


class Beneficiary(Owned, table=True):
    """A child, a parent or another member of a family."""

    __tablename__ = "beneficiary"
    __table_args__ = (*_by_age_and_level("beneficiary"),)

    surname: str = Field(max_length=80)
    given_name: str = Field(max_length=80)
    patronymic: str | None = Field(default=None, max_length=80)
    name_latin: str = Field(default="", max_length=500)
    name_cyrillic: str = Field(default="", max_length=500)
    strict_key: str = Field(default="", max_length=500)
    loose_key: str = Field(default="", max_length=500)
    skeleton_key: str = Field(default="", max_length=500)
    search: str = Field(default="", max_length=1500)
    sex: Sex = Field(sa_type=sa.String(10))  # type: ignore[call-overload]
    birth_date: date
    birth_precision: Precision = Field(default=Precision.DAY, sa_type=sa.String(10))  # type: ignore[call-overload]
    phone_as_written: str | None = Field(default=None, max_length=40)
    phone_e164: str | None = Field(default=None, max_length=16)
    deceased_on: date | None = None
    note: str | None = Field(default=None, max_length=4000)
    is_synthetic: bool = Field(default=False)


class FamilyMembership(Owned, table=True):
    """Who belongs to which family, from when and until when: one open head a family, one open membership a person."""

    __tablename__ = "family_membership"
    __table_args__ = (
        sa.Index("ix_family_membership_open_head", "family_id", unique=True, sqlite_where=sa.text("is_head AND ended_on IS NULL"), postgresql_where=sa.text("is_head AND ended_on IS NULL")),
        sa.Index("ix_family_membership_open", "beneficiary_id", unique=True, sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")),
        sa.Index("ix_family_membership_family", "family_id"),
        sa.CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
    )

    family_id: uuid.UUID = Field(foreign_key="family.id")
    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    relationship_to_head: Relationship = Field(sa_type=sa.String(20))  # type: ignore[call-overload]
    is_head: bool = Field(default=False)
    is_primary_caregiver: bool = Field(default=False)
    started_on: date | None = None
    ended_on: date | None = None
    end_reason: str | None = Field(default=None, max_length=200)
