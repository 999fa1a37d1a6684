"""Entries without foreign keys: an entry outlives what it speaks of."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.database import Json, UtcDateTime, now, uuid7


class AuditEntry(SQLModel, table=True):
    """One write, or one refused door: who, what, on which row, before and after with concealed values as `***`."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_subject", "subject_id", "at", "id"),
        sa.Index("ix_audit_entry_organization", "organization_id", "at", "id"),
        sa.Index("ix_audit_entry_at", "at", "id"),
    )

    id: uuid.UUID = Field(default_factory=uuid7, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    actor_id: uuid.UUID
    actor_kind: str = Field(max_length=20)
    organization_id: uuid.UUID | None = None
    action: str = Field(max_length=80)
    subject_type: str = Field(max_length=60)
    subject_id: uuid.UUID | None = None
    changes: dict[str, Any] = Field(sa_type=Json)
    request_id: str = Field(max_length=64)


class AuditSeal(SQLModel, table=True):
    """A batch of entries with the digest that vouches for them and for the seal before; `app.audit.chain` makes it."""

    __tablename__ = "audit_seal"

    id: uuid.UUID = Field(default_factory=uuid7, primary_key=True)
    number: int = Field(unique=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    first_at: datetime = Field(sa_type=UtcDateTime)
    first_id: uuid.UUID
    last_at: datetime = Field(sa_type=UtcDateTime)
    last_id: uuid.UUID
    entries: int
    previous: bytes = Field(max_length=32)
    digest: bytes = Field(max_length=32)
    # 16 bytes each, in the order of the digest; stands last, so that the other columns are read without it.
    entry_ids: bytes


class AccessEntry(SQLModel, table=True):
    """Someone looked at someone: one row a viewer, a subject and a batch, with how often within it."""

    __tablename__ = "access_entry"
    __table_args__ = (sa.Index("ix_access_entry_subject", "subject_id", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    at: datetime = Field(sa_type=UtcDateTime)
    actor_id: uuid.UUID
    actor_kind: str = Field(max_length=20)
    organization_id: uuid.UUID | None = None
    subject_type: str = Field(max_length=60)
    subject_id: uuid.UUID
    through: str = Field(max_length=120)
    times: int
