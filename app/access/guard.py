"""The guarded session: every ORM select is filtered by the declared rows, every write is judged by the database, all else is refused.

Known gap: a raw `Model.__table__` inside a sub-select is not filtered; a house test bans it outside its homes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, event, func, inspect
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlmodel import SQLModel

from app import changes
from app.access.actor import Actor, Visit, visiting
from app.access.declare import DECLARED, UndeclaredTable, criterion, splits
from app.problems import Forbidden

Shape = tuple[str, int, bool]


class NoActor(RuntimeError):
    """A statement runs outside `begin` and `reading`."""


class NotGuardable(RuntimeError):
    """A statement the guard cannot judge: raw SQL, a bulk write, an unmapped table."""


class OutOfScope(Forbidden):
    """The row, as it would be after this change, or as it is now, is not yours to write."""

    code = "out_of_scope"


Watcher = Callable[[Visit, str, str, list[Any]], None]
WATCHERS: list[Watcher] = []
"""Called with (visit, table, statement's name, ids) when rows of a watched table were read."""

_mappers: dict[str, Mapper[Any]] = {}
_criteria: dict[tuple[type, Shape], Any] = {}
_guarded: dict[tuple[str, Shape], sa.Select[Any]] = {}
_core: dict[tuple[str, Shape, str], sa.Select[Any] | None] = {}
_checks: dict[tuple[type, Shape], sa.Select[Any]] = {}
_watched: dict[str, tuple[int, str] | None] = {}
_named: dict[str, sa.Select[Any]] = {}


def prebuilt(statement: sa.Select[Any], name: str) -> sa.Select[Any]:
    """Name a statement that is built once; its guarded forms are kept under that name. Names are unique."""
    if name in _named:
        raise ValueError(f"two statements are named {name}")
    _named[name] = statement.execution_options(prebuilt=name)
    return _named[name]


def mapper_of(table: str) -> Mapper[Any]:
    """The mapper of a table; NotGuardable for one that has none."""
    if table not in _mappers:
        _mappers.update({str(mapper.local_table.name): mapper for mapper in SQLModel._sa_registry.mappers})  # noqa: SLF001 – the public way to the registry is missing in SQLModel.
    if table not in _mappers:
        raise NotGuardable(f"unmapped table {table}")
    return _mappers[table]


def guard(statement: sa.Select[Any], actor: Actor) -> sa.Select[Any]:
    """The statement with the declared rows of every table that it touches."""
    tables = set()
    for element in visitors.iterate(statement, {}):
        if element.__visit_name__ in ("textual_select", "text"):
            raise NotGuardable("raw SQL")
        if element.__visit_name__ == "table":
            tables.add(element.name)  # type: ignore[attr-defined]
    options = []
    for name in sorted(tables):
        model = mapper_of(name).class_
        key = (model, actor.shape)
        if key not in _criteria:
            _criteria[key] = with_loader_criteria(model, criterion(model, actor), include_aliases=True)
        options.append(_criteria[key])
    return statement.options(*options)


def guarded(statement: sa.Select[Any], actor: Actor) -> sa.Select[Any]:
    """The guarded form; kept only for statements that name themselves, since `session.get()` builds a new one every time."""
    name = statement.get_execution_options().get("prebuilt")
    if not name:
        return guard(statement, actor)
    key = (name, actor.shape)
    if key not in _guarded:
        _guarded[key] = guard(statement, actor)
    return _guarded[key]


def core_form(statement: sa.Select[Any], actor: Actor, engine: sa.Engine) -> sa.Select[Any] | None:
    """What the ORM compiles a guarded statement to, to be run on the connection alone; None where the two would differ.

    Criteria do not travel into nested selects of the extracted form, so it serves only if its SQL equals the ORM's.
    """
    name = statement.get_execution_options().get("prebuilt")
    if not name:
        return None
    key = (name, actor.shape, engine.dialect.name)
    if key not in _core:
        compiled = guarded(statement, actor).compile(engine)
        form = compiled.compile_state.statement  # type: ignore[union-attr]
        _core[key] = form if str(form.compile(engine)) == str(compiled) else None
    return _core[key]


def watch(statement: sa.Select[Any], rows: Sequence[sa.Row[Any]]) -> None:
    """Tell the watchers which rows of a watched table were just read."""
    name = statement.get_execution_options().get("prebuilt", "")
    if name not in _watched or not name:
        _watched[name] = _watched_column(statement)
    if rows and (found := _watched[name]):
        position, table = found
        for watcher in WATCHERS:
            watcher(visiting.get(), table, name, [row[position] for row in rows if row[position] is not None])


def _watched_column(statement: sa.Select[Any]) -> tuple[int, str] | None:
    for position, column in enumerate(statement.column_descriptions):
        entity = column.get("entity")
        if entity in DECLARED and DECLARED[entity].watch_reads and column["name"] == "id":
            return position, str(inspect(entity).local_table.name)
    return None


class GuardedSession(Session):
    """A session that acts for the visiting actor, and for nobody without one."""

    def rows(self, statement: sa.Select[Any], values: dict[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """Run a prebuilt select of columns, as `Reader.rows` does."""
        found = self.execute(statement, values or {}).all()
        watch(statement, found)
        return found


@event.listens_for(GuardedSession, "do_orm_execute")
def filter_reads(state: ORMExecuteState) -> None:
    """Filter a select; refuse what is none."""
    visit = visiting.get(None)
    if visit is None:
        raise NoActor
    if state.is_column_load or state.is_relationship_load:
        return
    if not state.is_orm_statement or not state.is_select:
        raise NotGuardable("only ORM selects; rows are written through the unit of work")
    state.statement = guarded(state.statement, visit.actor)  # type: ignore[arg-type]


def _judge(session: Session, model: type[SQLModel], rows: list[Any], actor: Actor) -> None:
    key = (model, actor.shape)
    if key not in _checks:
        table = inspect(model).local_table
        mine = table.c.id.in_(bindparam("ids", expanding=True)) & criterion(model, actor, write=True)
        _checks[key] = sa.select(func.count()).select_from(table).where(mine)
    ids = {row.id for row in rows}
    if session.connection().execute(_checks[key], {"ids": list(ids)}).scalar_one() != len(ids):
        raise OutOfScope


def _by_model(rows: Any) -> dict[type[SQLModel], list[Any]]:
    found: dict[type[SQLModel], list[Any]] = {}
    for row in rows:
        if type(row) not in DECLARED:
            raise UndeclaredTable(type(row).__name__)
        found.setdefault(type(row), []).append(row)
    return found


@event.listens_for(GuardedSession, "before_flush")
def check_rows_as_they_are(session: Session, context: UOWTransaction, instances: object) -> None:
    """A row that may be read but not written must not become writable by the change itself; a deleted one can only be judged now."""
    visit = visiting.get(None)
    if visit is None:
        raise NoActor
    for model, rows in _by_model(session.deleted).items():
        _judge(session, model, rows, visit.actor)
    for model, rows in _by_model(session.dirty).items():
        if splits(model, visit.actor) and (modified := [row for row in rows if session.is_modified(row, include_collections=False)]):
            _judge(session, model, modified, visit.actor)


@event.listens_for(GuardedSession, "after_flush")
def check_writes(session: Session, context: UOWTransaction) -> None:
    """What was written must be the actor's to write, as the database judges it (WITH CHECK of row-level security)."""
    actor = visiting.get().actor
    modified = (row for row in session.dirty if session.is_modified(row, include_collections=False))
    for model, rows in _by_model((*session.new, *modified)).items():
        _judge(session, model, rows, actor)


changes.follow(GuardedSession)
