"""Writes the trail: one entry a change, in the change's own transaction; one a refused door, in a transaction of its own."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python

from app import changes
from app.access.actor import Visit, visiting
from app.access.transaction import as_system, begin
from app.audit.models import AuditEntry
from app.changes import Change
from app.database import now, uuid7
from app.identity import door

_INSERT = sa.insert(AuditEntry.__table__)  # type: ignore[attr-defined]


def _entry(visit: Visit, action: str, subject_type: str, subject_id: Any, details: dict[str, Any]) -> dict[str, Any]:
    actor = visit.actor
    return {
        "id": uuid7(),
        "at": now(),
        "actor_id": actor.id,
        "actor_kind": actor.kind,
        "organization_id": actor.organization_id,
        "action": action,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "changes": to_jsonable_python(details),
        "request_id": visit.request_id,
    }


def _details(change: Change) -> dict[str, Any]:
    after, before = changes.shown(change, change.after), changes.shown(change, change.before)
    if change.operation == "created":
        return {name: value for name, value in after.items() if value is not None}
    if change.operation == "deleted":
        return before
    return {name: {"before": before[name], "after": after[name]} for name in after}


def write(connection: sa.Connection, found: Sequence[Change]) -> None:
    """The entries of one flush, in one statement."""
    visit = visiting.get()
    rows = []
    for change in found:
        table = str(change.entity.__tablename__)
        rows.append(_entry(visit, f"{table}.{change.operation}", table, change.id, _details(change)))
    connection.execute(_INSERT, rows)


def refused(visit: Visit, permission: str) -> None:
    """A door that did not open."""
    details = {"operation": visit.operation, "permission": permission}
    # In the service's name: nobody may write the trail by hand.
    with begin(as_system("door_refused")) as db:
        db.add(AuditEntry(**_entry(visit, "door.refused", "operation", None, details)))


changes.WRITERS.append(write)
door.REFUSED.append(refused)
