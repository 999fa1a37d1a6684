"""Writes the trail: one entry a change, in the change's own transaction; one a refused door or a look-up, in a transaction of its own, or
in that of the change through which something was looked up.
"""

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_jsonable_python

from app import changes
from app.access.actor import Visit, visiting
from app.access.guard import GuardedSession
from app.access.transaction import as_system, begin, every_row
from app.audit.models import AuditEntry
from app.changes import Change
from app.database import now, uuid7
from app.identity import door
from app.identity.actions.sessions import HEARERS
from app.identity.models import LoginSession

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


def note(action: str, *, subject_type: str, details: dict[str, Any], visit: Visit | None = None) -> None:
    """Something that changed no row and must be told all the same, in a transaction of its own. Without a visit the service did it."""
    # In the service's name: nobody may write the trail by hand.
    service = as_system(action)
    with begin(service) as db:
        db.add(AuditEntry(**_entry(visit or service, action, subject_type, None, details)))


def note_within(db: GuardedSession, action: str, *, subject_type: str, details: dict[str, Any]) -> None:
    """The same in the present transaction: it is told if what it tells of happens."""
    _add(db, _entry(visiting.get(), action, subject_type, None, details))


def _add(db: GuardedSession, entry: dict[str, Any]) -> None:
    # In the service's name, as above.
    with every_row():
        db.add(AuditEntry(**entry))
        db.flush()


def note_anyway(action: str, *, subject_type: str, details: dict[str, Any]) -> None:
    """The same when the present transaction or reading has ended, be it by a refusal, which takes back all that was written until then
    and may itself have told the visitor something.
    """
    visit = visiting.get()
    visit.afterwards.append(partial(note, action, subject_type=subject_type, details=details, visit=visit))


def refused(visit: Visit, permission: str) -> None:
    """A door that did not open."""
    note("door.refused", subject_type="operation", details={"operation": visit.operation, "permission": permission}, visit=visit)


def tell(db: GuardedSession, organization_id: uuid.UUID, *, action: str, subject_type: str, subject_id: uuid.UUID, details: Any) -> None:
    """An entry in another organization's trail as well: what the visitor did to what is theirs. For a session that acts in the service's
    name (`as_system_for`), since nobody may write the trail by hand.
    """
    entry = _entry(visiting.get(), action, subject_type, subject_id, details)
    db.add(AuditEntry(**{**entry, "organization_id": organization_id}))


def told_of_session(db: GuardedSession, what: str, session: LoginSession, organization_id: uuid.UUID | None) -> None:
    """A log-in that began or ended, beside the account. Nobody is signed in yet when one begins, so it is the account's own deed."""
    details = {"session_id": session.id, "end_reason": session.end_reason}
    entry = _entry(visiting.get(), f"account.{what}", "account", session.account_id, details) | {"organization_id": organization_id}
    if session.end_reason is None:
        entry |= {"actor_id": session.account_id, "actor_kind": "account"}
    _add(db, entry)


changes.WRITERS.append(write)
HEARERS.append(told_of_session)
door.REFUSED.append(refused)
