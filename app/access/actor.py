"""Who acts: a person or a script of an organization, within a territory."""

import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.idempotency import Retry


class Role(StrEnum):
    """What an actor's organization is to the mission; it comes from the organization's kind."""

    NGO = "ngo"
    WOMENS_COMMITTEE = "womens_committee"
    STATE_PARTNER = "state_partner"


class Duty(StrEnum):
    """A person's place in the organization."""

    MANAGER = "manager"
    SPECIALIST = "specialist"
    VIEWER = "viewer"


ADMINISTRATOR = "administrator"
"""The mark of those who run the installation: accounts, organizations, places. It adds rows, it opens no case."""
PUBLIC = "public"
"""Anybody, not logged in: the public verification of certificates."""
SYSTEM = "system"
"""The service itself: log-in, loading, housekeeping. Every row, from a few places that a test lists."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `role` is a Role, PUBLIC or SYSTEM; an empty territory means no rows, never all."""

    id: uuid.UUID
    role: str
    duty: str = ""
    organization_id: uuid.UUID | None = None
    territory: str = ""
    administrator: bool = False
    permissions: frozenset[str] = frozenset()
    kind: str = "account"
    session: str = ""
    generation: int = 0
    expires: float = 0

    @property
    def shape(self) -> tuple[str, int, bool]:
        """What a guarded statement depends on, beside the values bound at run time."""
        return self.role, len(self.territory), self.administrator


@dataclass(slots=True)
class Visit:
    """One request of one actor."""

    actor: Actor
    retry: Retry | None = None
    request_id: str = ""
    operation: str = ""
    # What is done when the present transaction or reading has ended, whatever became of it; the same list in the service's copy of a visit.
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    # (table, statement's name, ids) of the watched rows read so far, until the watchers are told.
    looks: list[tuple[str, str, list[Any]]] = field(default_factory=list, init=False)
    # Whether a value was withheld from what was read, so that the answer has to leave it out.
    withheld: bool = field(default=False, init=False)


NOBODY = uuid.UUID(int=0)
PUBLIC_ACTOR = Actor(NOBODY, PUBLIC, kind=PUBLIC)
SYSTEM_ACTOR = Actor(NOBODY, SYSTEM, kind=SYSTEM)

visiting: ContextVar[Visit] = ContextVar("visiting")
"""The visit that the running statement belongs to; set by `begin` and `reading` alone."""
