"""Accounts, service clients, sessions and failed attempts to log in.

`role` repeats the organization's kind; a composite foreign key keeps the two equal, so a token's role can be trusted without a look-up.
"""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.access.actor import Duty, Role
from app.database import Entity, Json, UtcDateTime, now
from app.problems import WrongState

SESSION_LIFE = timedelta(days=30)
"""A session that is not refreshed for so long ends by itself."""


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", "role"],
        ["organization.id", "organization.kind"],
        onupdate="CASCADE",
        name=f"fk_{table}_organization_id_role_organization",
    )


class EndReason(StrEnum):
    """Why a session ended."""

    LOGOUT = "logout"
    REUSE = "reuse"
    DISABLED = "disabled"
    RIGHTS = "rights"
    PASSWORD = "password"  # noqa: S105 – a reason, not a secret.


class Subject(Entity):
    """What accounts and service clients share: an organization's rights within a territory. A mixin, never a table."""

    organization_id: uuid.UUID = Field(index=True)
    role: Role = Field(sa_type=sa.String(20))
    territory: str = Field(foreign_key="place.soato", max_length=16)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Raised whenever the rights change; a token with a lower one is refused, so a change takes effect before the token ends.
    generation: int = Field(default=1)
    generation_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)

    @property
    def active(self) -> bool:
        """Whether it may act at all."""
        return self.disabled_at is None

    def invalidate_tokens(self) -> None:
        """Refuse every access token given out so far."""
        self.generation += 1
        self.generation_at = now()

    def disable(self) -> None:
        """Shut it out; WrongState when it is already."""
        if not self.active:
            raise WrongState("It is disabled already.")
        self.disabled_at = now()
        self.invalidate_tokens()

    def enable(self) -> None:
        """Let it in again; WrongState when it is in."""
        if self.active:
            raise WrongState("It is not disabled.")
        self.disabled_at = None
        self.invalidate_tokens()


class Account(Subject, table=True):
    """A person who logs in."""

    __tablename__ = "account"
    __table_args__ = (
        _of_organization("account"),
        sa.CheckConstraint("NOT administrator OR (role = 'ngo' AND duty = 'manager')", name="administrator_is_ngo_manager"),
    )

    email: str = Field(max_length=254, unique=True)
    password_hash: str = Field(max_length=200)
    name: str = Field(max_length=200)
    duty: Duty = Field(sa_type=sa.String(20))
    administrator: bool = Field(default=False)


class ServiceClient(Subject, table=True):
    """A script of an organization, with scopes of its own."""

    __tablename__ = "service_client"
    __table_args__ = (_of_organization("service_client"),)

    client_id: str = Field(max_length=80, unique=True)
    secret_hash: str = Field(max_length=200)
    name: str = Field(max_length=200)
    scopes: list[str] = Field(sa_type=Json)


class LoginSession(Entity, table=True):
    """One log-in of a person, kept alive by refreshing. `step` counts the refreshes; the present refresh token carries it."""

    __tablename__ = "login_session"

    account_id: uuid.UUID = Field(foreign_key="account.id", index=True)
    step: int = Field(default=1)
    stepped_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires_at: datetime = Field(default_factory=lambda: now() + SESSION_LIFE, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    end_reason: EndReason | None = Field(default=None, sa_type=sa.String(20))

    @property
    def alive(self) -> bool:
        """Whether it can still be refreshed."""
        return self.ended_at is None and self.expires_at > now()

    def end(self, reason: EndReason) -> None:
        """End it; ending an ended one changes nothing."""
        if self.ended_at is None:
            self.ended_at, self.end_reason = now(), reason

    def refresh(self) -> None:
        """One step on: the token given out before is spent."""
        self.step += 1
        self.stepped_at = now()
        self.expires_at = self.stepped_at + SESSION_LIFE


class LoginAttempt(SQLModel, table=True):
    """A failed attempt, kept for the throttle's window alone; the key is a digest, so no address stands here."""

    __tablename__ = "login_attempt"
    __table_args__ = (sa.Index("ix_login_attempt_key_at", "key", "at"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    key: str = Field(max_length=64)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
