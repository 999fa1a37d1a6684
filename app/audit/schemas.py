"""Answers about the trail."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.listing import Listing
from app.schemas import Id, Read


class AuditEntryRead(Read):
    """One write or one refused door."""

    id: uuid.UUID
    at: datetime
    actor_id: uuid.UUID
    actor_kind: str = Field(max_length=20, description="`account`, `client` or `system`.")
    organization_id: uuid.UUID | None = Field(
        description="In whose trail it stands: the actor's own organization, or the one whose data the actor opened."
    )
    action: str = Field(
        max_length=80,
        description="`<table>.created`, `.updated`, `.deleted`, or what is told by itself: `door.refused`, `identifier.looked_up`, …",
    )
    subject_type: str = Field(max_length=60)
    subject_id: uuid.UUID | None
    changes: dict[str, Any] = Field(description="The changed fields; `before` and `after` for an update. Concealed values are `***`.")
    request_id: str = Field(max_length=64)


class AuditListing(Listing):
    """Filters of the trail."""

    subject: Annotated[Id | None, Field(description="Entries about this row.")] = None
    actor: Annotated[Id | None, Field(description="Entries by this account or client.")] = None
    action: Annotated[
        str | None, Field(max_length=80, pattern=r"^[a-z_.]+$", description="Entries of this action, such as `training.updated`.")
    ] = None
    sort: Literal["at", "-at"] = "-at"
