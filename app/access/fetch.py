"""One row by its id: the entity, to change it, or its columns, to show it. 404 if it is not the actor's to see, 412 if it changed. And
whether what a body refers to is there.
"""

import threading
import uuid
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.fields import shown_names
from app.access.guard import GuardedSession, Statement, is_writable, mapper_of, may_write, prebuilt
from app.access.transaction import Rows
from app.database import Entity
from app.problems import IdTaken, NotFound, Stale, invalid

T = TypeVar("T", bound=Entity)
_by_id: dict[tuple[type[Entity], str], Statement] = {}
_by_name: dict[tuple[str, str, str], Statement] = {}
_building = threading.Lock()


def fetch(db: GuardedSession, model: type[T], key: uuid.UUID, *, version: int | None = None, lock: bool = False, keep: bool = False) -> T:
    """The row. `lock` holds it until the commit, for changes that depend on other rows of its family; `keep` keeps it what it is until
    then, for rows that are about to refer to it: others may do so too, and may change it, but nobody merges or deletes it.

    Raises NotFound, or Stale when `version` is given and is not the row's.
    """
    found = find(db, model, key, lock=lock, keep=keep)
    if found is None:
        raise NotFound
    if version is not None and found.version != version:
        raise Stale
    return found


def find(db: GuardedSession, model: type[T], key: uuid.UUID, *, lock: bool = False, keep: bool = False) -> T | None:
    """The row, or None if there is none that the actor may see; a Problem of the table's own for one that is not written about any more."""
    options = read_anew(db, model) if lock or keep else {}
    hold = "lock" if lock else "keep" if keep else ""
    found: T | None = db.execute(_of(model, hold), {"id": key}, execution_options=options).scalar_one_or_none()
    if found is not None:
        try:
            require_current(db, found)
        except NotFound:
            return None
    return found


def require_current(db: GuardedSession, row: Entity) -> None:
    """Raises the Problem of the table's own for a row that nothing is written about any more. Where another one stands for it now, which
    one that is it tells to those alone who may write that one, and so may go on with it: whoever sees this row through a grant, or from a
    territory in which the other does not lie, is not to know of it.
    """
    other = row.successor()
    row.require_current(is_told=other is None or may_write(db, type(row), other))


def read_anew(db: GuardedSession, *models: type[Entity]) -> dict[str, Any]:
    """Execution options by which rows of these tables are read as they are now, whatever of them is known. What was changed of them here
    and is not written yet would be forgotten by it, so it is written first.
    """
    if any(isinstance(row, models) for row in db.dirty):
        db.flush()
    return {"populate_existing": True}


def kept(statement: Statement, model: type[Entity]) -> Statement:
    """The statement, keeping the rows of this table that it finds what they are until the commit, see `fetch`. It waits for whoever holds
    one of them, and then sees what that one made of it, of this table alone.
    """
    return statement.with_for_update(read=True, key_share=True, of=model)


def _of(model: type[Entity], hold: str) -> Statement:
    """The statement of one table, built on first use; two first users at once must not both name it."""
    with _building:
        if (model, hold) not in _by_id:
            table = str(model.__tablename__)
            statement: Statement = sa.select(model).where(model.id == bindparam("id"))  # type: ignore[arg-type]
            held = {"": statement, "lock": statement.with_for_update(), "keep": kept(statement, model)}[hold]
            _by_id[model, hold] = prebuilt(held, f"{table}.fetch{'.' + hold if hold else ''}")
        return _by_id[model, hold]


def made_before(db: GuardedSession, model: type[T], key: uuid.UUID | None, origin: bytes) -> T | None:
    """The row that this very create made earlier, when the client chose its id and sends the same body again.

    Raises IdTaken when the id belongs to a row made otherwise, or by others: where one reads their rows too, an equal body alone does not
    make the row the caller's.
    """
    if key is None or (found := find(db, model, key)) is None:
        return None
    if found.origin != origin or not is_writable(db, found):
        raise IdTaken
    return found


def look_up(db: Rows, table: str, column: str, *, by: str, value: object) -> Any:
    """A column of the row whose column `by`, a unique one, has this value; None if there is none that the actor may see. The table may
    belong to a layer above the asker's, so it is asked for by name.
    """
    with _building:
        if (table, column, by) not in _by_name:
            model = mapper_of(table).class_
            statement = sa.select(getattr(model, column)).where(getattr(model, by) == bindparam("value"))
            _by_name[table, column, by] = prebuilt(statement, f"{table}.{column}.by_{by}")
    found = db.rows(_by_name[table, column, by], {"value": value})
    return found[0][0] if found else None


def check_territory(db: Rows, soato: str, pointer: str = "/territory") -> None:
    """Raises Invalid at the pointer unless there is such a place; a code can be well-formed and belong to none."""
    if look_up(db, "place", "soato", by="soato", value=soato) is None:
        raise invalid(pointer, "unknown", "There is no such place.")


class Single:
    """One row's columns, by id, as they are shown."""

    def __init__(self, name: str, statement: Statement, key: Any) -> None:
        self.names = shown_names(statement)
        self._statement = prebuilt(statement.where(key == bindparam("id")), name)

    def one(self, db: Rows, key: uuid.UUID) -> dict[str, Any]:
        """The row; NotFound."""
        found = db.rows(self._statement, {"id": key})
        if not found:
            raise NotFound
        return dict(zip(self.names, found[0], strict=False))
