"""One row by its id: the entity, to change it, or its columns, to show it. 404 if it is not the actor's to see, 412 if it changed."""

import threading
import uuid
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.fields import shown_names
from app.access.guard import GuardedSession, Statement, prebuilt
from app.access.transaction import Rows
from app.database import Entity
from app.problems import IdTaken, NotFound, Stale

T = TypeVar("T", bound=Entity)
_by_id: dict[tuple[type[Entity], bool], Statement] = {}
_building = threading.Lock()


def fetch(db: GuardedSession, model: type[T], key: uuid.UUID, *, version: int | None = None, lock: bool = False) -> T:
    """The row. `lock` holds it until the commit, for changes that depend on other rows of its family.

    Raises NotFound, or Stale when `version` is given and is not the row's.
    """
    found = find(db, model, key, lock=lock)
    if found is None:
        raise NotFound
    if version is not None and found.version != version:
        raise Stale
    return found


def find(db: GuardedSession, model: type[T], key: uuid.UUID, *, lock: bool = False) -> T | None:
    """The row, or None if there is none that the actor may see."""
    options: dict[str, Any] = {"populate_existing": True} if lock else {}
    found: T | None = db.execute(_of(model, lock=lock), {"id": key}, execution_options=options).scalar_one_or_none()
    return found


def _of(model: type[Entity], *, lock: bool) -> Statement:
    """The statement of one table, built on first use; two first users at once must not both name it."""
    with _building:
        if (model, lock) not in _by_id:
            table = str(model.__tablename__)
            statement = sa.select(model).where(model.id == bindparam("id"))  # type: ignore[arg-type]
            _by_id[model, lock] = prebuilt(statement.with_for_update() if lock else statement, f"{table}.fetch{'.lock' if lock else ''}")
        return _by_id[model, lock]


def made_before(db: GuardedSession, model: type[T], key: uuid.UUID | None, origin: bytes) -> T | None:
    """The row that this very create made earlier, when the client chose its id and sends the same body again.

    Raises IdTaken when the id belongs to a row made otherwise.
    """
    if key is None or (found := find(db, model, key)) is None:
        return None
    if found.origin != origin:
        raise IdTaken
    return found


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
