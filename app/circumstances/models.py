"""The circumstances of a person, one row each: functioning, schooling, health, papers.

Functioning is asked with the Washington Group Short Set (Washington Group on Disability Statistics, WG-SS): six questions with four
answers each. By its recommended cutoff a person has a disability where at least one answer is "a lot of difficulty" or "cannot do at all".
The set is not made for children under 5. Only what a social worker acts on is kept: no diagnosis codes, no pregnancy, no certificate
numbers.
"""

import uuid
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.beneficiaries.models import Beneficiary, full_years
from app.database import Json, Owned
from app.problems import Fault
from app.schemas import Precision

YOUNGEST = 5
"""Full years from which on the short set is asked."""


class Difficulty(StrEnum):
    """How hard it is, with whatever aid the person uses."""

    NO_DIFFICULTY = "no_difficulty"
    SOME_DIFFICULTY = "some_difficulty"
    A_LOT_OF_DIFFICULTY = "a_lot_of_difficulty"
    CANNOT_DO_AT_ALL = "cannot_do_at_all"


class DisabilityStatus(StrEnum):
    """As established in the person's documents, whatever the short set says."""

    GROUP_1 = "group_1"
    GROUP_2 = "group_2"
    GROUP_3 = "group_3"
    CHILD_WITH_DISABILITY = "child_with_disability"
    NONE = "none"


class SchoolStatus(StrEnum):
    """Whether, and where, the person learns."""

    BELOW_SCHOOL_AGE = "below_school_age"
    PRESCHOOL = "preschool"
    IN_SCHOOL = "in_school"
    DROPPED_OUT = "dropped_out"
    NEVER_ENROLLED = "never_enrolled"
    COMPLETED = "completed"
    VOCATIONAL = "vocational"
    HIGHER = "higher"
    NOT_KNOWN = "not_known"


class PersonalDocument(StrEnum):
    """A paper that a person may have to have."""

    BIRTH_CERTIFICATE = "birth_certificate"
    ID_CARD = "id_card"
    PASSPORT = "passport"
    RESIDENCE_REGISTRATION = "residence_registration"
    GUARDIANSHIP_ACT = "guardianship_act"
    DISABILITY_CERTIFICATE = "disability_certificate"
    MARRIAGE_CERTIFICATE = "marriage_certificate"
    OTHER = "other"


DOMAINS = ("seeing", "hearing", "walking", "remembering", "self_care", "communicating")
"""The six questions of the short set, in its order."""
HEALTH = (
    *(*DOMAINS, "functioning_assessed_on", "has_disability", "disability_status"),
    *("chronic_conditions", "polyclinic", "immunization_up_to_date"),
)
SCHOOLING = ("school_status", "school", "grade", "school_since")
PAPERS = ("citizenship", "missing_documents", "papers_note")
_CUTOFF = frozenset({Difficulty.A_LOT_OF_DIFFICULTY, Difficulty.CANNOT_DO_AT_ALL})
_WITHOUT_GRADE = frozenset({SchoolStatus.BELOW_SCHOOL_AGE, SchoolStatus.PRESCHOOL, SchoolStatus.NEVER_ENROLLED})


class Circumstances(Owned, table=True):
    """One person's circumstances, as they are known; null is what was not asked. `has_disability` follows from the six answers."""

    __tablename__ = "circumstances"
    __table_args__ = (
        sa.Index("ix_circumstances_organization_newest", "organization_id", "created_at", "id"),
        sa.CheckConstraint("grade IS NULL OR grade BETWEEN 1 AND 11", name="grade_of_a_school"),
    )

    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id", unique=True)
    seeing: Difficulty | None = Field(default=None, sa_type=sa.String(20))
    hearing: Difficulty | None = Field(default=None, sa_type=sa.String(20))
    walking: Difficulty | None = Field(default=None, sa_type=sa.String(20))
    remembering: Difficulty | None = Field(default=None, sa_type=sa.String(20))
    self_care: Difficulty | None = Field(default=None, sa_type=sa.String(20))
    communicating: Difficulty | None = Field(default=None, sa_type=sa.String(20))
    functioning_assessed_on: date | None = None
    has_disability: bool | None = None
    disability_status: DisabilityStatus | None = Field(default=None, sa_type=sa.String(30))
    school_status: SchoolStatus | None = Field(default=None, sa_type=sa.String(20))
    school: str | None = Field(default=None, max_length=200)
    grade: int | None = None
    school_since: date | None = None
    chronic_conditions: str | None = Field(default=None, max_length=4000)
    polyclinic: str | None = Field(default=None, max_length=200)
    immunization_up_to_date: bool | None = None
    citizenship: str | None = Field(default=None, max_length=2)
    missing_documents: list[PersonalDocument] = Field(default_factory=list, sa_type=Json)
    papers_note: str | None = Field(default=None, max_length=4000)

    def settle(self) -> None:
        """Apply the recommended cutoff: an answer at or beyond it decides, whatever was not asked; null where nothing was."""
        answers = {getattr(self, domain) for domain in DOMAINS} - {None}
        self.has_disability = bool(answers & _CUTOFF) if answers else None

    def faults(self, person: Beneficiary) -> list[Fault]:
        """What contradicts itself in this row, or its person."""
        return [*self._faults_of_functioning(person), *self._faults_of_schooling(person)]

    def _faults_of_functioning(self, person: Beneficiary) -> list[Fault]:
        asked = [domain for domain in DOMAINS if getattr(self, domain) is not None]
        on, at = self.functioning_assessed_on, "/functioning_assessed_on"
        if on is None:
            return [Fault(at, "missing", "Say when the questions were asked.")] if asked else []
        if not asked:
            return [Fault(at, "nothing_asked", "Goes with at least one of the six answers.")]
        if on < person.birth_date:
            return [Fault(at, "before_birth", "Lies before birth_date.")]
        # Where only the month or year of birth is known, the most that the years can be: who may be old enough is not refused.
        if full_years(person.birth_date, Precision.DAY, on) < YOUNGEST:
            text = f"The short set is not made for children under {YOUNGEST}; leave its answers out."
            return [Fault(f"/{domain}", "too_young", text) for domain in asked]
        return []

    def _faults_of_schooling(self, person: Beneficiary) -> list[Fault]:
        found = []
        if self.grade is not None and self.school_status in _WITHOUT_GRADE:
            found.append(Fault("/grade", "not_at_school", "Has no meaning with this school_status."))
        if self.school_since is not None and self.school_since < person.birth_date:
            found.append(Fault("/school_since", "before_birth", "Lies before birth_date."))
        return found
