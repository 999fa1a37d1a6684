"""Kinship: one person is the parent, guardian, sibling or spouse of another, be they of one family or not."""

import uuid
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.beneficiaries.models import Beneficiary, full_years, is_adult, may_be_elder
from app.database import Owned
from app.days import today
from app.problems import Conflict, Fault, WrongState, invalid


class CycleOfParents(Conflict):
    """This child is an ancestor of this parent already; look at the kinships of both."""

    code, title = "cycle_of_parents", "A person would become its own ancestor"


class KinshipKind(StrEnum):
    """What the person is to the relative."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    SIBLING = "sibling"
    SPOUSE = "spouse"


SYMMETRIC = frozenset({KinshipKind.SIBLING, KinshipKind.SPOUSE})
"""What each of the two is to the other; stored once, the smaller id first."""

MARRIAGE_AGE = 17
EXCLUSIVE = frozenset({KinshipKind.PARENT, KinshipKind.SIBLING, KinshipKind.SPOUSE})
"""Two persons are one of these to each other at most."""


class Kinship(Owned, table=True):
    """`person_id` is the `kind` of `relative_id`. Whether a parent, guardian or spouse is one by law is told by `is_legal`."""

    __tablename__ = "kinship"
    __table_args__ = (
        sa.Index(
            "ix_kinship_open",
            "person_id",
            "relative_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
        sa.Index("ix_kinship_person", "person_id"),
        sa.Index("ix_kinship_relative", "relative_id"),
        sa.Index("ix_kinship_newest", "organization_id", "created_at", "id"),
        sa.CheckConstraint("person_id <> relative_id", name="two_persons"),
        sa.CheckConstraint("kind NOT IN ('sibling', 'spouse') OR person_id < relative_id", name="stored_once"),
        sa.CheckConstraint("ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on", name="ends_after_start"),
    )

    person_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    relative_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    kind: KinshipKind = Field(sa_type=sa.String(20))
    is_legal: bool
    started_on: date | None = None
    ended_on: date | None = None
    note: str | None = Field(default=None, max_length=4000)

    def faults(self, person: Beneficiary, relative: Beneficiary) -> list[Fault]:
        """What contradicts itself in this row, or its persons."""
        found = []
        if self.kind == KinshipKind.PARENT and not may_be_elder(person, relative):
            found.append(Fault("/person_id", "not_older", "A parent is older than the child."))
        # Law of Uzbekistan on guardianship and trusteeship (O'RQ-364 of 2 January 2014): guardians are of age. Whoever cares without being
        # one by law is often a grown sister, and stands as one who is not legal.
        if self.kind == KinshipKind.GUARDIAN and self.is_legal and not is_adult(person, self.ended_on or today()):
            found.append(Fault("/person_id", "not_of_age", "A guardian by law is 18 or older."))
        # Family Code of Uzbekistan, article 15: 18, lowered by a year at most. A marriage of children that is none by law can be recorded.
        if self.kind == KinshipKind.SPOUSE and self.is_legal:
            found += [
                Fault(f"/{name}", "not_of_age", f"Whoever is married by law is {MARRIAGE_AGE} or older.")
                for name, one in (("person_id", person), ("relative_id", relative))
                if full_years(one.birth_date, one.birth_precision, self.ended_on or today()) < MARRIAGE_AGE
            ]
        if self.started_on and self.started_on < max(person.birth_date, relative.birth_date):
            found.append(Fault("/started_on", "before_birth", "Lies before the birth of one of the two."))
        if self.started_on and self.ended_on and self.ended_on < self.started_on:
            found.append(Fault("/started_on", "after_end", "Lies after ended_on."))
        return found

    def end(self, *, on: date) -> None:
        """It is no more. Raises WrongState when it has ended already, Invalid for a day before it began."""
        if self.ended_on is not None:
            raise WrongState("This kinship has ended already.")
        if self.started_on and on < self.started_on:
            raise invalid("/ended_on", "before_start", "Lies before started_on.")
        self.ended_on = on
