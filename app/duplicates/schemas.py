"""Requests and answers about possible duplicates and merges."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from app.beneficiaries.candidates import DuplicateStatus
from app.beneficiaries.models import Sex
from app.beneficiaries.resemblance import ResemblanceReason
from app.beneficiaries.schemas.beneficiaries import PersonNamesRead
from app.duplicates.models import MergeSide
from app.listing import Listing
from app.schemas import EntityRead, Id, NewId, Precision, Read, Strict, line, word

DecisionNote: TypeAlias = line(1000)  # type: ignore[valid-type]
SideWord: TypeAlias = word(MergeSide)  # type: ignore[valid-type]
Side = Annotated[SideWord | None, Field(description="`a` or `b`: whose value it takes; the winner's if it is left out.")]


class CandidateCreate(Strict):
    """Two persons of whom somebody thinks that they are one."""

    id: NewId = None
    a_id: Id = Field(description="One of them.")
    b_id: Id = Field(description="The other one.")
    note: DecisionNote | None = None


class CandidateDecision(Strict):
    """What was found out."""

    note: DecisionNote | None = Field(default=None, examples=["Egizaklar"])


class MergeFields(Strict):
    """Whose value a field takes. `birth_date` brings its precision along, `phone` its international form. From `functioning` on they are
    parts of the circumstances: the six answers with the day on which they were given; the schooling as a whole; the others as they are
    called. Of these the winner takes over what it has nothing of.
    """

    surname: Side = None
    given_name: Side = None
    patronymic: Side = None
    sex: Side = None
    birth_date: Side = None
    phone: Side = None
    deceased_on: Side = None
    territory: Side = None
    note: Side = None
    functioning: Side = None
    disability_status: Side = None
    chronic_conditions: Side = None
    polyclinic: Side = None
    immunization_up_to_date: Side = None
    schooling: Side = None
    citizenship: Side = None
    missing_documents: Side = None
    papers_note: Side = None


class MergeCreate(Strict):
    """Which of the two rows stays, and what it takes over from the other one."""

    winner_id: Id = Field(description="The row that stays; the other one redirects to it.")
    fields: MergeFields = Field(default_factory=MergeFields)
    absent: Literal["keep", "fill"] = Field(
        default="keep",
        description="`fill`: fields of the person's own row that are empty in the winner take the other's, where nothing is said of them.",
    )
    note: DecisionNote | None = None


class MergeUndo(Strict):
    """What becomes of that which was changed after the merge."""

    changed: Literal["refuse", "keep"] = Field(
        default="refuse", description="`keep`: fields and rows that were changed since stay with the winner as they are now."
    )


class CandidatePersonRead(Read):
    """One of the two."""

    id: uuid.UUID
    created_at: datetime
    territory: str = Field(max_length=16)
    surname: str = Field(max_length=80)
    given_name: str = Field(max_length=80)
    patronymic: str | None = Field(max_length=80)
    names: PersonNamesRead
    sex: Sex
    birth_date: date
    birth_precision: Precision
    phone_e164: str | None = Field(max_length=16)
    deceased_on: date | None
    merged_into_id: uuid.UUID | None = Field(description="The row that stands for this one; null too where you do not see that row.")


class CandidateRead(EntityRead):
    """Two persons who may be one."""

    organization_id: uuid.UUID
    territory: str = Field(max_length=16, description="The smallest place that holds both.")
    status: DuplicateStatus
    score: float = Field(ge=0, le=1, description="How likely the two are one.")
    reasons: list[ResemblanceReason] = Field(max_length=20, description="What speaks for it and against it.")
    decided_by: uuid.UUID | None
    decided_at: datetime | None
    note: str | None = Field(max_length=1000)
    a: CandidatePersonRead
    b: CandidatePersonRead
    differences: list[str] = Field(max_length=20, description="The fields in which the two are not equal.")


class MovedRead(Read):
    """Rows of one kind."""

    table: str = Field(max_length=60)
    rows: int = Field(ge=1)


class MergeWarning(StrEnum):
    """What is odd about a merge, without standing in its way."""

    DECEASED_AND_LIVING = "deceased_and_living"
    OTHER_SEX = "other_sex"
    OTHER_BIRTH_DATE = "other_birth_date"


class MergeRead(EntityRead):
    """Two rows that were made one."""

    candidate_id: uuid.UUID
    winner_id: uuid.UUID
    loser_id: uuid.UUID = Field(description="Redirects to the winner.")
    choices: dict[str, MergeSide] = Field(description="Whose value the fields took that were chosen or filled.", max_length=30)
    left_behind: list[str] = Field(
        max_length=30,
        description="Fields, as `fields` of the merge calls them, in which the loser has something that the winner has not, and of which "
        "nothing was said: undo and merge again with a choice, or correct the winner.",
    )
    moved: list[MovedRead] = Field(max_length=60, description="What hung on the loser and hangs on the winner now.")
    stayed: list[MovedRead] = Field(
        max_length=60, description="What the winner has itself, such as the same number: kept with the loser, and back with it by an undo."
    )
    merged_by: uuid.UUID
    undoable_until: datetime
    undone_by: uuid.UUID | None
    undone_at: datetime | None


class MergeDoneRead(MergeRead):
    """A merge that was just made."""

    warnings: list[MergeWarning] = Field(max_length=3)


class CandidateListing(Listing):
    """Filters of the list of possible duplicates."""

    status: Annotated[DuplicateStatus | None, Field(description="In this state.")] = None
    min_score: Annotated[float | None, Field(ge=0, le=1, description="At least so likely.")] = None
    beneficiary_id: Annotated[Id | None, Field(description="Pairs with this person.")] = None
    sort: Literal["-score", "-created_at", "created_at"] = "-score"


class MergeListing(Listing):
    """Filters of the list of merges."""

    beneficiary_id: Annotated[Id | None, Field(description="Merges of this person, as winner or as loser.")] = None
    sort: Literal["-created_at", "created_at"] = "-created_at"
