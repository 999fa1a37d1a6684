"""One number by which the state, or the project, knows a person. What is stored of the number itself is a ciphertext and a blind index."""

import uuid
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field

from app.database import Owned
from app.problems import Conflict, Fault, Internal, Unavailable, WrongState, invalid

LOOKED_UP = "identifier.looked_up"
"""What the trail calls a look-up of a number."""


class IdentifierExists(Conflict):
    """This person carries this number already; a document that was renewed has another one."""

    code, title = "identifier_exists", "Already exists"


class IdentifierUnreadable(Internal):
    """The stored number does not open: it was changed outside this service, or stands in another row than it was sealed for. Name the
    `request_id` to us.
    """

    code = "identifier_unreadable"


class IdentifierKeyMissing(Unavailable):
    """This process has not got the key of the stored number. Try again; if it stays so, name the `request_id` to us."""

    code = "identifier_key_missing"


class IdentifierKind(StrEnum):
    """What number it is."""

    PINFL = "pinfl"
    PASSPORT = "passport"
    ID_CARD = "id_card"
    BIRTH_CERTIFICATE = "birth_certificate"
    PROJECT_NUMBER = "project_number"


class IdentifierEndReason(StrEnum):
    """Why a number is no longer the person's. What was entered in error never was, so no look-up finds it."""

    REPLACED = "replaced"
    LOST = "lost"
    ENTERED_IN_ERROR = "entered_in_error"
    EXPIRED = "expired"
    OTHER = "other"


class Identifier(Owned, table=True):
    """A number of a person. `ciphertext` opens only in this row, for this person, kind and key version; `blind_index` finds it."""

    __tablename__ = "identifier"
    __table_args__ = (
        sa.Index("ix_identifier_beneficiary", "beneficiary_id", "created_at", "id"),
        # Not unique: one family's typing error must not keep another one from being registered.
        sa.Index("ix_identifier_blind_index", "kind", "blind_index"),
        sa.Index("ix_identifier_key_version", "key_version", "id"),
        sa.CheckConstraint("expires_on IS NULL OR issued_on IS NULL OR expires_on >= issued_on", name="expires_after_issue"),
        sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="ends_for_a_reason"),
    )

    beneficiary_id: uuid.UUID = Field(foreign_key="beneficiary.id")
    kind: IdentifierKind = Field(sa_type=sa.String(20))
    ciphertext: bytes = Field(max_length=400)
    key_version: int
    blind_index: bytes = Field(max_length=32)
    issued_on: date | None = None
    expires_on: date | None = None
    issuer: str | None = Field(default=None, max_length=200)
    ended_on: date | None = None
    end_reason: IdentifierEndReason | None = Field(default=None, sa_type=sa.String(20))

    def faults(self, *, born: date) -> list[Fault]:
        """What contradicts itself in this row, or the day its person was born."""
        found = []
        if self.issued_on and self.issued_on < born:
            found.append(Fault("/issued_on", "before_birth", "Lies before the person's birth_date."))
        if self.issued_on and self.expires_on and self.expires_on < self.issued_on:
            found.append(Fault("/expires_on", "before_issue", "Lies before issued_on."))
        return found

    def end(self, *, on: date, reason: IdentifierEndReason) -> None:
        """The number is no longer the person's. Raises WrongState when that was said already, Invalid for a day before it was issued."""
        if self.ended_on is not None:
            raise WrongState("This identifier has ended already.")
        if self.issued_on and on < self.issued_on and reason != IdentifierEndReason.ENTERED_IN_ERROR:
            raise invalid("/ended_on", "before_issue", "Lies before issued_on.")
        self.ended_on, self.end_reason = on, reason


class Masked(bytes):
    """A ciphertext of which the actor may see no more than the mask of what is in it."""

    __slots__ = ()
