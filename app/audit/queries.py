"""Reads of the trail."""

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.audit.models import AuditEntry
from app.audit.schemas import AuditEntryRead, AuditListing
from app.database import UtcDateTime, now
from app.listing import Found, Keyset, Sort, filters_of
from app.problems import TooManyRequests

_ENTRIES = Keyset(
    "audit_entry.list",
    sa.select(*(getattr(AuditEntry, name) for name in AuditEntryRead.model_fields)),
    key=AuditEntry.id,
    sorts={"at": Sort(AuditEntry.at), "-at": Sort(AuditEntry.at, descending=True)},
    filters={
        "subject": AuditEntry.subject_id == bindparam("subject", type_=sa.Uuid()),  # type: ignore[dict-item]
        "actor": AuditEntry.actor_id == bindparam("actor", type_=sa.Uuid()),  # type: ignore[dict-item]
        "action": AuditEntry.action == bindparam("action"),  # type: ignore[dict-item]
    },
)


def entries(db: Rows, listing: AuditListing) -> Found:
    """A page of the trail."""
    return _ENTRIES.page(db, listing, filters_of(listing, "subject", "actor", "action"))


# --- how often one does something --------------------------------------------------------------------------------------------------
_TIMES = prebuilt(
    sa.select(func.count(), func.min(AuditEntry.at)).where(
        col(AuditEntry.actor_id) == bindparam("actor_id"),
        col(AuditEntry.action) == bindparam("action"),
        col(AuditEntry.at) > bindparam("since", type_=UtcDateTime()),
    ),
    "audit_entry.times",
)


def require_seldom(db: Rows, actor_id: uuid.UUID, action: str, *, most: int, within: timedelta) -> None:
    """TooManyRequests, with the seconds to wait, if the trail tells of the actor that it did this `most` times within so long, in whatever
    process. What is sent at the same moment may pass together, which is as many as there are worker threads, unless it is counted and
    told in one transaction that holds a name.
    """
    since = now() - within
    count, first = db.rows(_TIMES, {"actor_id": actor_id, "action": action, "since": since})[0]
    if count >= most:
        raise TooManyRequests.after((first - since).total_seconds())
