"""The guarded session: every ORM select is filtered by the declared rows, every write is judged by the database, all else is refused."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy import bindparam, event, func, inspect
from sqlalchemy.orm import LoaderCriteriaOption, Mapper, ORMExecuteState, Session, UOWTransaction
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import CollationClause, Extract
from sqlalchemy.sql.operators import custom_op
from sqlmodel import SQLModel

from app import changes
from app.access.actor import Actor, Visit, visiting
from app.access.declare import DECLARED, UndeclaredTable, criterion, splits
from app.access.fields import conceal
from app.problems import Forbidden

Shape = tuple[str, int, bool]
AnyRow = sa.Row[*tuple[Any, ...]]
Statement = sa.Select[*tuple[Any, ...]]


class NoActor(RuntimeError):
    """A statement runs outside `begin` and `reading`."""


class NotGuardable(RuntimeError):
    """A statement the guard cannot judge: raw SQL, a bulk write, an unmapped table."""


class OutOfScope(Forbidden):
    """The row, as it would be after this change, or as it is now, is not yours to write."""

    code = "out_of_scope"

    def __init__(self) -> None:
        super().__init__("What you write must belong to your organization and lie in your territory, before the change and after it.")


class _Criteria(LoaderCriteriaOption):
    """What `with_loader_criteria` makes, with one thing mended: where an alias is joined, SQLAlchemy 2.1 leaves the criteria of its table
    unadapted, so that they speak of the table itself, and the alias is not filtered at all if that table is in the statement too.
    """

    _traverse_internals = LoaderCriteriaOption._traverse_internals  # noqa: SLF001 – by which SQLAlchemy caches what holds it.

    def _resolve_where_criteria(self, ext_info: Any) -> sa.ColumnElement[bool]:
        found = super()._resolve_where_criteria(ext_info)
        return ext_info._adapter.traverse(found) if ext_info.is_aliased_class else found  # noqa: SLF001 – as SQLAlchemy does itself where it selects from an alias.


Watcher = Callable[[Visit, str, str, list[Any]], None]
WATCHERS: list[Watcher] = []
"""Called with (visit, table, statement's name, ids) after rows of a watched table were read."""

_mappers: dict[str, Mapper[Any]] = {}
_criteria: dict[tuple[type, Shape], Any] = {}
_guarded: dict[tuple[str, Shape], Statement] = {}
_core: dict[tuple[str, Shape, str], Statement | None] = {}
_checks: dict[tuple[type, Shape], Statement] = {}
_watched: dict[str, tuple[tuple[int, str], ...]] = {}
_named: dict[str, Statement] = {}
_HOLD = sa.select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=sa.String()), 0)))
_TEXTS = ("_prefixes", "_suffixes", "_hints", "_statement_hints")
"""Where a select keeps what is written into its SQL as it stands."""
# What SQLAlchemy itself writes for `count()`, and the plain numbers that let an index on an expression serve.
_LITERAL = re.compile(r"\*|\d{1,4}")


def prebuilt(statement: Statement, name: str) -> Statement:
    """Name a statement that is built once; its guarded forms are kept under that name. Names are unique."""
    if name in _named:
        raise ValueError(f"two statements are named {name}")
    _named[name] = statement.execution_options(prebuilt=name)
    return _named[name]


def name_of(statement: Statement) -> str:
    """The name of a prebuilt statement, empty for any other. What is kept under the name is of the statement that was named, so
    NotGuardable for one that was made of it since (`.where(…)`): it has the name as well, but is to be prebuilt under one of its own.
    """
    name = str(statement.get_execution_options().get("prebuilt", ""))
    if name and _named.get(name) is not statement:
        raise NotGuardable(f"a statement made of {name}, which was prebuilt")
    return name


def table_name(mapper: Mapper[Any]) -> str:
    """The name of a mapper's table."""
    return str(getattr(mapper.local_table, "name"))  # noqa: B009 – typed as a selectable, which need not have a name.


def mapper_of(table: str) -> Mapper[Any]:
    """The mapper of a table; NotGuardable for one that has none."""
    if table not in _mappers:
        # SQLModel has no public way to its registry.
        _mappers.update({table_name(mapper): mapper for mapper in SQLModel._sa_registry.mappers})  # noqa: SLF001
    if table not in _mappers:
        raise NotGuardable(f"unmapped table {table}")
    return _mappers[table]


def guard(statement: Statement, actor: Actor) -> Statement:
    """The statement with the declared rows of every table that it touches."""
    options = []
    for name in sorted(_tables(statement)):
        model = mapper_of(name).class_
        key = (model, actor.shape)
        if key not in _criteria:
            _criteria[key] = _Criteria(model, criterion(model, actor), include_aliases=True)
        options.append(_criteria[key])
    return statement.options(*options)


def _tables(statement: Statement) -> set[str]:
    """The names of all tables that a select touches, at any depth.

    Criteria reach entities alone, so NotGuardable for what is none: SQL as text, a table or a column of `Model.__table__`.
    """
    if not isinstance(statement, sa.Select | sa.CompoundSelect):
        raise NotGuardable("a select of something else than entities and their columns")
    found = set()
    # `session.get()` names the key of the entity that it selects by the table's own column.
    selected = {one.name for one in getattr(statement, "_raw_columns", ()) if isinstance(one, sa.Table) and _is_entitys(one)}
    for element in visitors.iterate(statement, {}):
        if isinstance(element, sa.TextClause | sa.TextualSelect):
            raise NotGuardable("raw SQL")
        if isinstance(element, sa.ColumnClause) and element.is_literal and not _LITERAL.fullmatch(element.name):
            raise NotGuardable("raw SQL")
        if _is_written_as_it_stands(element):
            raise NotGuardable("raw SQL: a prefix, a suffix, a hint, an operator, a collation or a part of a date")
        if isinstance(element, sa.TableClause):
            if not isinstance(element, sa.Table):
                raise NotGuardable(f"the bare table {element.name}")
            found.add(element.name)
        if _is_bare(element, selected):
            raise NotGuardable("a bare table: select the entity or its columns")
    return found


def _is_written_as_it_stands(element: object) -> bool:
    """Whether a text of its own goes into the SQL unquoted. SQLAlchemy's own operators (`&`, `||`, IN, …) are none of its texts."""
    return (
        any(getattr(element, name, None) for name in _TEXTS)
        or any(isinstance(getattr(element, name, None), custom_op) for name in ("operator", "modifier"))
        or isinstance(element, CollationClause | Extract)
        or getattr(getattr(element, "type", None), "collation", None) is not None
    )


def _is_bare(element: object, selected: set[str]) -> bool:
    """Whether it is a column of a table, or selects a whole table, without being an entity's or of those that are selected."""
    if isinstance(element, sa.Select):
        # What was handed to `select()`, before it is taken apart; no public attribute keeps it.
        return any(isinstance(one, sa.Table) and not _is_entitys(one) for one in element._raw_columns)  # noqa: SLF001
    if not isinstance(element, sa.Column) or _is_entitys(element):
        return False
    table = getattr(element, "table", None)
    return isinstance(table, sa.Table) and table.name not in selected


def _is_entitys(element: Any) -> bool:
    return "parententity" in element._annotations  # noqa: SLF001 – the only mark by which SQLAlchemy tells it.


def guarded(statement: Statement, actor: Actor) -> Statement:
    """The guarded form; kept only for statements that name themselves, since `session.get()` builds a new one every time."""
    name = name_of(statement)
    if not name:
        return guard(statement, actor)
    key = (name, actor.shape)
    if key not in _guarded:
        _guarded[key] = guard(statement, actor)
    return _guarded[key]


def core_form(statement: Statement, actor: Actor, engine: sa.Engine) -> Statement | None:
    """What the ORM compiles a guarded statement to, to be run on the connection alone; None where the two would differ.

    Criteria do not travel into nested selects of the extracted form, so it serves only if its SQL equals the ORM's.
    """
    name = name_of(statement)
    if not name:
        return None
    key = (name, actor.shape, engine.dialect.name)
    if key not in _core:
        compiled = guarded(statement, actor).compile(engine)
        form = compiled.compile_state.statement  # type: ignore[union-attr]
        same = (one for one in (_unmarked(form), form) if str(one.compile(dialect=engine.dialect)) == str(compiled))
        _core[key] = next(same, None)
    return _core[key]


def _unmarked(statement: sa.Select[Any]) -> sa.Select[Any]:
    """With parameters that bear no marks of the ORM. SQLAlchemy finds each one's value by the element itself at every execution, and
    compares marked ones by making an SQL expression of the comparison, which takes as long as SQLite takes to answer.
    """

    def plain(element: Any, **_: object) -> Any:
        is_marked = isinstance(element, sa.BindParameter) and element._annotations  # noqa: SLF001 – the only mark, as in `_is_entitys`.
        return element._deannotate() if is_marked else None  # noqa: SLF001

    found: sa.Select[Any] = visitors.replacement_traverse(statement, {}, plain)  # type: ignore[assignment]
    return found


def watch(statement: Statement, rows: Sequence[AnyRow]) -> None:
    """Note which rows of a watched table were just read; `tell` hands them on."""
    name = name_of(statement)
    columns = _watched.get(name) if name else None
    if columns is None:
        columns = _watched_columns(statement)
        if name:
            _watched[name] = columns
    looks = visiting.get().looks
    looks += [(table, name, [row[position] for row in rows if row[position] is not None]) for position, table in columns if rows]


def tell(visit: Visit) -> None:
    """Tell the watchers what was looked at. A watcher may make the reader wait, so this is done when the connection is given back:
    whoever waits with a connection in hand keeps the one from writing who could end the wait.
    """
    looks, visit.looks = visit.looks, []
    for look in looks:
        for watcher in WATCHERS:
            watcher(visit, *look)


def _watched_columns(statement: Statement) -> tuple[tuple[int, str], ...]:
    """(position, table) of the id of each watched table that the statement shows, whatever the column is called there."""
    found: dict[object, tuple[int, str]] = {}
    for position, column in enumerate(statement.column_descriptions):
        entity, shown = column.get("entity"), column["expr"]
        if entity is None or getattr(getattr(shown, "element", shown), "key", None) != "id":
            continue
        # An alias of a watched table is watched as the table is.
        mapper: Mapper[Any] = inspect(entity).mapper
        if mapper.class_ in DECLARED and DECLARED[mapper.class_].watch_reads:
            found.setdefault(entity, (position, table_name(mapper)))
    return tuple(found.values())


def _acting() -> Actor:
    """Who acts; NoActor outside `begin` and `reading`."""
    visit = visiting.get(None)
    if visit is None:
        raise NoActor
    return visit.actor


class GuardedSession(Session):
    """A session that acts for the visiting actor, and for nobody without one."""

    def hold(self, *names: str) -> None:
        """Until this transaction ends, no other one holds any of these names. SQLite has one writer at a time anyway."""
        connection = self.connection()
        if connection.dialect.name == "postgresql":
            # In one order, so that two that hold several cannot wait for each other.
            for name in sorted(names):
                connection.execute(_HOLD, {"name": name})

    def _no_bulk(self, *_: object, **__: object) -> NoReturn:
        raise NotGuardable("rows are written through the unit of work")

    # They would pass by the checks of a flush.
    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _no_bulk

    def rows(self, statement: Statement, values: dict[str, Any] | None = None, *, shown: int | None = None) -> Sequence[AnyRow]:
        """Run a prebuilt select of columns, as `Reader.rows` does."""
        connection = self.connection()
        form = core_form(statement, _acting(), connection.engine)
        result = self.execute(statement, values or {}) if form is None else connection.execute(form, values or {})
        found: Sequence[AnyRow] = result.all()
        watch(statement, found[:shown])
        return conceal(statement, found, visiting.get().actor, name=name_of(statement))


@event.listens_for(GuardedSession, "do_orm_execute")
def filter_reads(state: ORMExecuteState) -> None:
    """Filter a select; refuse what is none."""
    actor = _acting()
    if state.is_column_load or state.is_relationship_load:
        return
    if not state.is_orm_statement or not state.is_select:
        raise NotGuardable("only ORM selects; rows are written through the unit of work")
    state.statement = guarded(state.statement, actor)  # type: ignore[arg-type]


def _are_writable(session: Session, model: type[SQLModel], ids: set[Any], actor: Actor) -> bool:
    key = (model, actor.shape)
    if key not in _checks:
        table = inspect(model).local_table
        mine = table.c.id.in_(bindparam("ids", expanding=True)) & criterion(model, actor, write=True)
        _checks[key] = _unmarked(sa.select(func.count()).select_from(table).where(mine))
    return bool(session.connection().execute(_checks[key], {"ids": list(ids)}).scalar_one() == len(ids))


def _judge(session: Session, model: type[SQLModel], rows: list[Any], actor: Actor) -> None:
    if not _are_writable(session, model, {row.id for row in rows}, actor):
        raise OutOfScope


def may_write(session: GuardedSession, model: type[SQLModel], key: Any) -> bool:
    """Whether there is a row of this id that is, as it is stored, the actor's to write."""
    return _are_writable(session, model, {key}, visiting.get().actor)


def is_writable(session: GuardedSession, row: SQLModel) -> bool:
    """Whether the row, as it is stored, is the actor's to write."""
    return may_write(session, type(row), row.id)  # type: ignore[attr-defined]


def require_writable(session: GuardedSession, row: SQLModel) -> None:
    """OutOfScope unless the row, as it is stored, is the actor's to write: for a verb whose writes may turn out to be none.

    Nothing is asked where whoever reads a row of the table may write it.
    """
    actor = visiting.get().actor
    if splits(type(row), actor):
        _judge(session, type(row), [row], actor)


def _by_model(rows: Any) -> dict[type[SQLModel], list[Any]]:
    found: dict[type[SQLModel], list[Any]] = {}
    for row in rows:
        if type(row) not in DECLARED:
            raise UndeclaredTable(type(row).__name__)
        found.setdefault(type(row), []).append(row)
    return found


@event.listens_for(GuardedSession, "detached_to_persistent")
def note_foreign_rows(session: Session, row: object) -> None:
    """A row that another transaction loaded was read with that one's rights, so it is judged as it is before it is changed here."""
    session.info.setdefault("brought", []).append(row)


@event.listens_for(GuardedSession, "before_flush")
def check_rows_as_they_are(session: Session, context: UOWTransaction, instances: object) -> None:
    """A row that may be read but not written must not become writable by the change itself; a deleted one can only be judged now."""
    actor = _acting()
    for model, rows in _by_model(session.deleted).items():
        _judge(session, model, rows, actor)
    brought = {id(row) for row in session.info.get("brought", ())}
    for model, rows in _by_model(session.dirty).items():
        doubted = rows if splits(model, actor) else [row for row in rows if id(row) in brought]
        if modified := [row for row in doubted if session.is_modified(row, include_collections=False)]:
            _judge(session, model, modified, actor)


@event.listens_for(GuardedSession, "after_flush")
def check_writes(session: Session, context: UOWTransaction) -> None:
    """What was written must be the actor's to write, as the database judges it (WITH CHECK of row-level security)."""
    actor = visiting.get().actor
    modified = (row for row in session.dirty if session.is_modified(row, include_collections=False))
    for model, rows in _by_model((*session.new, *modified)).items():
        _judge(session, model, rows, actor)


changes.follow(GuardedSession)
