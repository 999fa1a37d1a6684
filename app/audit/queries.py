"""Reads of the trail."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.transaction import Rows
from app.audit.models import AuditEntry
from app.audit.schemas import AuditEntryRead, AuditListing
from app.listing import Found, Keyset, Sort, filters_of

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
