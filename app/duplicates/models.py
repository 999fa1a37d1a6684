"""Merges: two rows that are one person made one, with all that is needed to part them again."""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Json, Owned, UtcDateTime, now
from app.problems import Conflict, WrongState

UNDOABLE_FOR = timedelta(days=30)


class SettleFirst(Conflict):
    """Both persons have something that one person cannot have twice; `errors` names each. Settle it on one of the two and merge again."""

    code, title = "settle_first", "Conflicts with the stored state"


class ChangedSince(Conflict):
    """Something that the merge moved was changed afterwards; `errors` names each. Send `changed: keep` to leave those as they are now."""

    code, title = "changed_since", "Conflicts with the stored state"


class MergeSide(StrEnum):
    """Whose value a field takes: that of the first or of the second person of the pair."""

    A = "a"
    B = "b"


class BeneficiaryMerge(Owned, table=True):
    """One merge: `loser` redirects to `winner` until it is undone.

    `choices` says whose value each field took, `left_behind` which the loser had as well, `replaced` what the winner's fields held before,
    as [before, after]; `moved` names every row that was moved: {table, id, was and version (before and after the move), before: {column:
    value}}, and once that is undone `returned`, its version then. What was `filled` hung on the winner already; a grant stands `instead_of`
    another one.
    """

    __tablename__ = "beneficiary_merge"
    __table_args__ = (
        sa.CheckConstraint("winner_id <> loser_id", name="two_persons"),
        sa.Index("ix_beneficiary_merge_candidate_id", "candidate_id"),
        sa.Index("ix_beneficiary_merge_winner_id", "winner_id"),
        sa.Index("ix_beneficiary_merge_loser_id", "loser_id"),
    )

    candidate_id: uuid.UUID = Field(foreign_key="duplicate_candidate.id")
    winner_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    loser_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    merged_by: uuid.UUID
    choices: dict[str, str] = Field(sa_type=Json)
    replaced: dict[str, Any] = Field(sa_type=Json)
    moved: list[dict[str, Any]] = Field(sa_type=Json)
    left_behind: list[str] | None = Field(default=None, sa_type=Json)
    undone_by: uuid.UUID | None = None
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def undo(self, *, by: uuid.UUID) -> None:
        """The two are two again. Raises WrongState when it was undone already, or is too old."""
        if self.undone_at is not None:
            raise WrongState("It was undone already.")
        if now() - self.created_at > UNDOABLE_FOR:
            raise WrongState(f"It is older than {UNDOABLE_FOR.days} days.")
        self.undone_by, self.undone_at = by, now()
