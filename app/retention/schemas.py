"""Requests and answers about retention, holds and erasure."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.listing import Listing
from app.retention.models import ErasureStatus, Requester, RetentionAction, RetentionBasis
from app.schemas import EntityRead, Id, NewId, PastDate, Read, Strict, kept, line, word

_REASON = line(500)
Reason = Annotated[_REASON, Field(examples=["The court asked for the file."])]  # type: ignore[valid-type]
Months = Annotated[int, Field(ge=1, le=1200, description="Counted from `basis`.")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,59}$", max_length=60)]
BasisWord = word(RetentionBasis)
ActionWord = word(RetentionAction)
RequesterWord = word(Requester)


class RetentionRuleCreate(Strict):
    """A rule."""

    id: NewId = None
    code: Code = Field(examples=["after_closure"])
    basis: BasisWord  # type: ignore[valid-type]
    months: Months
    action: ActionWord  # type: ignore[valid-type]
    reason: Reason


class RetentionRuleUpdate(Strict):
    """What is to change; fields left out stay."""

    months: Months = kept()
    action: ActionWord = kept()  # type: ignore[valid-type]
    reason: Reason = kept()
    is_active: bool = kept()


class RetentionRuleRead(EntityRead):
    """A rule."""

    code: str = Field(max_length=60)
    basis: RetentionBasis
    months: int
    action: RetentionAction
    reason: str = Field(max_length=500, description="Why so long.")
    is_active: bool


class RetentionRuleListing(Listing):
    """Order of the rules."""

    sort: Literal["created_at", "-created_at"] = "created_at"


class LegalHoldCreate(Strict):
    """A hold on one person's data."""

    id: NewId = None
    beneficiary_id: Id
    reason: Reason


class LegalHoldRelease(Strict):
    """Why the hold is no longer needed."""

    reason: Reason


class LegalHoldRead(EntityRead):
    """A hold."""

    beneficiary_id: uuid.UUID
    territory: str = Field(max_length=16)
    reason: str = Field(max_length=500)
    released_at: datetime | None
    release_reason: str | None = Field(max_length=500)


class LegalHoldListing(Listing):
    """Filters of the holds."""

    beneficiary_id: Annotated[Id | None, Field(description="Holds on this person.")] = None
    is_open: Annotated[bool | None, Field(description="Those that are not released, or all others.")] = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class ErasureRequestCreate(Strict):
    """Somebody asked that a person be forgotten."""

    id: NewId = None
    beneficiary_id: Id
    asked_by: RequesterWord  # type: ignore[valid-type]
    asked_on: PastDate
    note: line(1000) | None = None  # type: ignore[valid-type]


class ErasureRefusal(Strict):
    """Why the person cannot be forgotten, to be told to who asked."""

    reason: Reason


class ErasureRequestRead(EntityRead):
    """A request, and what came of it."""

    beneficiary_id: uuid.UUID
    territory: str = Field(max_length=16)
    asked_by: Requester
    asked_on: date
    note: str | None = Field(max_length=1000)
    status: ErasureStatus = Field(description="`approved` becomes `done` at once, or at the next run of the rules after a failure.")
    decided_at: datetime | None
    decided_by: uuid.UUID | None = Field(description="The account that decided.")
    refusal_reason: str | None = Field(max_length=500)
    done_at: datetime | None


class ErasureRequestListing(Listing):
    """Filters of the requests."""

    beneficiary_id: Annotated[Id | None, Field(description="Requests about this person.")] = None
    status: Annotated[ErasureStatus | None, Field(description="In this state.")] = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class DeletedRowsRead(Read):
    """How many rows of one table were deleted."""

    table: str = Field(max_length=60)
    rows: int = Field(ge=1)


class KeptRowsRead(Read):
    """How many rows of one table were left as they were."""

    table: str = Field(max_length=60)
    rows: int = Field(ge=1)


class RuleCountsRead(Read):
    """What one rule came to."""

    due: int = Field(ge=0, description="People whose time is over.")
    held: int = Field(ge=0, description="Of them, kept by a legal hold.")
    anonymized: int = Field(
        ge=0, description="Their own row is kept without what tells who they were; with `delete` too, where something that stands needs it."
    )
    deleted: int = Field(ge=0, description="Nothing of them is left; only with `delete`.")
    failed: int = Field(default=0, ge=0, description="Somebody changed something of them at that moment: the next run goes on.")
    families: int = Field(default=0, ge=0, description="Families to which nobody ever belonged; the others go with their last members.")
    rows_deleted: list[DeletedRowsRead] = Field(
        default=[], max_length=100, description="What was deleted, by table; the rows of those who were anonymized are among them."
    )
    rows_kept: list[KeptRowsRead] = Field(
        default=[],
        max_length=100,
        description="What speaks of somebody else as well, whom a legal hold keeps, by table: left as it was, until the first run after "
        "that hold is released.",
    )


class RetentionRunRead(EntityRead):
    """One run of the rules."""

    is_dry_run: bool = Field(description="It only counted.")
    finished_at: datetime | None = Field(description="Null where it is still going on or was interrupted; the next run goes on.")
    counts: dict[str, RuleCountsRead] = Field(
        description="By the rule's code; `erasure_requests` are those that were still to be carried out, `released_holds` those who were "
        "forgotten before and of whom a hold on somebody else had kept something."
    )


class RetentionRunListing(Listing):
    """Order of the runs."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
