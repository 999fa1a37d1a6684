"""What a flush changed, for those who must know in the same transaction.

A table declares what it conceals; a writer (the audit trail; later the outbox) is registered once and called after each flush
with all its changes and the transaction's own connection, so its rows and the change appear and vanish together.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, UOWTransaction
from sqlmodel import SQLModel

Operation = Literal["created", "updated", "deleted"]
HOUSEKEEPING = frozenset({"id", "created_at", "updated_at", "version", "origin"})
"""Columns that say nothing about what was meant by a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row's change: `before` and `after` hold the changed columns alone."""

    operation: Operation
    entity: type[SQLModel]
    id: uuid.UUID
    before: dict[str, Any]
    after: dict[str, Any]


Writer = Callable[[sa.Connection, Sequence[Change]], None]
WRITERS: list[Writer] = []
CONCEALED: dict[type[SQLModel], frozenset[str]] = {}
"""Every table that is followed, with the columns whose values no trail may hold."""


def shown(change: Change, values: dict[str, Any]) -> dict[str, Any]:
    """Values for a trail: concealed ones as `***`, housekeeping left out."""
    concealed = CONCEALED[change.entity]
    return {key: "***" if key in concealed and value is not None else value for key, value in values.items() if key not in HOUSEKEEPING}


def changes_of(session: Session) -> list[Change]:
    """The changes that the coming flush will write."""
    found = []
    states: tuple[tuple[Operation, Any], ...] = (("created", session.new), ("updated", session.dirty), ("deleted", session.deleted))
    for operation, rows in states:
        for row in rows:
            if type(row) not in CONCEALED or (operation == "updated" and not session.is_modified(row, include_collections=False)):
                continue
            before, after = _columns(row, operation)
            found.append(Change(operation, type(row), row.id, before, after))
    return found


def _columns(row: Any, operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    state = inspect(row)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in state.mapper.column_attrs:
        key = column.key
        if operation == "created":
            after[key] = state.dict.get(key)
        elif operation == "deleted":
            before[key] = state.dict.get(key)
        elif (history := state.attrs[key].history).has_changes():
            before[key], after[key] = (history.deleted or [None])[0], history.added[0]
    return before, after


def follow(session_class: type[Session]) -> None:
    """Hand every flush of this kind of session to the writers."""

    @event.listens_for(session_class, "before_flush")
    def collect(session: Session, context: UOWTransaction, instances: object) -> None:
        # Put anew, not added to: a flush that failed and was rolled back to a savepoint must leave nothing to the next one.
        session.info["changes"] = changes_of(session)

    @event.listens_for(session_class, "after_flush")
    def write(session: Session, context: UOWTransaction) -> None:
        if changes := session.info.pop("changes", None):
            for writer in WRITERS:
                writer(session.connection(), changes)
