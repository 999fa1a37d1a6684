"""Pairs of rows that may be one person, each with its score, the reasons and what was decided about it."""

import uuid
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.beneficiaries.resemblance import IDENTIFIED, RECORDED, Likeness, ResemblanceReason, Why
from app.database import Json, Owned, UtcDateTime, now
from app.problems import WrongState


class DuplicateStatus(StrEnum):
    """open → merged | distinct | deferred; deferred → merged | distinct; a merge that is undone is open again."""

    OPEN = "open"
    MERGED = "merged"
    DISTINCT = "distinct"
    DEFERRED = "deferred"


UNDECIDED = frozenset({DuplicateStatus.OPEN, DuplicateStatus.DEFERRED})
_LEVELS = (12, 7, 4)


def common_territory(one: str, other: str) -> str:
    """The smallest place that holds both."""
    return next((one[:level] for level in _LEVELS if len(one) >= level and one[:level] == other[:level]), "17")


class DuplicateCandidate(Owned, table=True):
    """Two persons of one organization who may be the same; `a_id` is the smaller id. A pair stands here once, so that one that was told
    to be distinct never comes back. The territory is the smallest that holds both.
    """

    __tablename__ = "duplicate_candidate"
    __table_args__ = (
        sa.UniqueConstraint("a_id", "b_id"),
        sa.CheckConstraint("a_id < b_id", name="in_order"),
        sa.CheckConstraint("score BETWEEN 0 AND 1", name="score_is_share"),
        sa.Index("ix_duplicate_candidate_b_id", "b_id"),
        sa.Index("ix_duplicate_candidate_ranked", "organization_id", "status", "score", "id"),
    )

    a_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    b_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    score: float
    reasons: list[ResemblanceReason] = Field(sa_type=Json)
    status: DuplicateStatus = Field(default=DuplicateStatus.OPEN, sa_type=sa.String(20))
    decided_by: uuid.UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str | None = Field(default=None, max_length=1000)
    # When the merge of the two was last undone. That merge refers to the pair, which therefore stays, however little they are alike.
    reopened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def compare(self, found: Likeness, *, one: str, other: str, same_identifier: bool | None = None) -> None:
        """How alike the two are found today, and the territories of both. That somebody reported them stays, whatever is found; whether
        they bear one number stays as well, unless it is told.
        """
        identified = Why.SAME_IDENTIFIER in self.reasons if same_identifier is None else same_identifier
        reported = Why.REPORTED_BY_HAND in self.reasons
        plain = [reason for reason in found.reasons if reason != Why.SAME_IDENTIFIER]
        identified = identified or len(plain) < len(found.reasons)
        self.score = max(found.score, IDENTIFIED if identified else 0.0, RECORDED if reported else 0.0)
        self.reasons = [*[Why.SAME_IDENTIFIER][:identified], *plain, *[Why.REPORTED_BY_HAND][:reported]]
        self.territory = common_territory(one, other)

    def report(self) -> None:
        """Somebody who knows both says that they may be one, which stays whatever is found of them later."""
        if Why.REPORTED_BY_HAND not in self.reasons:
            self.reasons = [*self.reasons, Why.REPORTED_BY_HAND]

    @property
    def is_kept(self) -> bool:
        """Whether an undecided pair that is not found any more stays nevertheless: somebody reported it, or a merge refers to it."""
        return self.reopened_at is not None or Why.REPORTED_BY_HAND in self.reasons

    @property
    def is_alike(self) -> bool:
        """Whether the two are still alike enough to be decided about."""
        return self.score >= RECORDED

    def decide(self, status: DuplicateStatus, *, by: uuid.UUID, note: str | None) -> None:
        """What was found out about the pair; WrongState when that is decided for good already."""
        if self.status not in UNDECIDED:
            raise WrongState(f"It is {self.status} already.")
        self.status, self.decided_by, self.decided_at, self.note = status, by, now(), note

    def reopen(self) -> None:
        """Undecided again, after a merge was undone."""
        self.status, self.decided_by, self.decided_at, self.reopened_at = DuplicateStatus.OPEN, None, None, now()
