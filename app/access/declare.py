"""Row rules, declared once a table: which rows an actor of each role may read and which it may write.

A rule is SQL over the table's columns whose values are bound from the acting visit at run time, so a guarded statement is built
once for each (role, territory level, administrator). Without a rule a role has no row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import SQLModel

from app import changes
from app.access.actor import ADMINISTRATOR, SYSTEM, Actor, Role, visiting
from app.access.permissions import Permission
from app.idempotency import Idempotency

Criterion = Callable[[Actor], sa.ColumnElement[bool]]
Column = InstrumentedAttribute[object]


class UndeclaredTable(RuntimeError):
    """A statement touches a table that no policy declares."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table for one role; `write` left out means the same rows as `read`. `in_parts` says that of some of these rows the role
    may see no more than the categories of data that a grant opens.
    """

    read: Criterion
    write: Criterion | None = None
    in_parts: bool = False


@dataclass(frozen=True, slots=True)
class FieldRule:
    """When a field of a row that one sees is shown: in full if a grant opens its `category` (a bit of `access.grants`; 0: with the row) and
    the actor has the `permission` (if one is named); without the permission as `mask` makes it, else not at all.
    """

    category: int = 0
    permission: Permission | None = None
    mask: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a table's policy says of it."""

    rows: Mapping[str, Rows]
    watch_reads: bool
    fields: Mapping[str, FieldRule]


DECLARED: dict[type[SQLModel], Declaration] = {}


def declare(
    model: type[SQLModel],
    *,
    rows: Mapping[str, Rows],
    fields: Mapping[str, FieldRule] = MappingProxyType({}),
    conceal: frozenset[str] = frozenset(),
    watch_reads: bool = False,
    trail: bool = True,
) -> None:
    """Declare a table: `rows` by role (or the administrator's mark, PUBLIC), `fields` the columns that are not always shown with their row,
    `conceal` the columns whose values no trail may hold, `watch_reads` whether it is recorded who looked, `trail` whether writes are (the
    trail's own tables are not).
    """
    if model in DECLARED:
        raise ValueError(f"{model.__name__} is declared twice")
    unknown = (conceal | fields.keys()) - set(model.model_fields)
    if unknown:
        raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}")
    DECLARED[model] = Declaration(rows, watch_reads, fields)
    if trail:
        changes.CONCEALED[model] = conceal


def admit(model: type[SQLModel], readers: Mapping[str, Criterion]) -> None:
    """Show more rows of a table, by role, which its own room cannot know to be the reader's: a room above says so, since it knows whom the
    rows speak of. Nothing becomes writable by it.
    """
    declared = DECLARED[model]
    rows = dict(declared.rows)
    for role, more in readers.items():
        before = rows.get(role, Rows(nothing))
        rows[role] = replace(before, read=either(before.read, more), write=before.write or before.read)
    DECLARED[model] = replace(declared, rows=rows)


def rules_for(model: type[SQLModel], actor: Actor) -> list[Rows]:
    """What is declared for the actor: for its role, and for the administrator's mark where it has that."""
    rules = DECLARED[model].rows
    names = (actor.role, ADMINISTRATOR) if actor.administrator else (actor.role,)
    return [rules[name] for name in names if name in rules]


def criterion(model: type[SQLModel], actor: Actor, *, write: bool = False) -> sa.ColumnElement[bool]:
    """The rows of a table that this shape of actor may read or write; none unless a rule says so."""
    if model not in DECLARED:
        raise UndeclaredTable(model.__name__)
    if actor.role == SYSTEM:
        return sa.true()
    parts = [(rule.write or rule.read)(actor) if write else rule.read(actor) for rule in rules_for(model, actor)]
    return sa.or_(sa.false(), *parts)


def splits(model: type[SQLModel], actor: Actor) -> bool:
    """Whether this actor may read rows of the table that it may not write."""
    return any(rule.write is not None for rule in rules_for(model, actor))


# --- the vocabulary of rules ------------------------------------------------------------------------------------------------
def everything(_actor: Actor) -> sa.ColumnElement[bool]:
    """All rows."""
    return sa.true()


def nothing(_actor: Actor) -> sa.ColumnElement[bool]:
    """No row."""
    return sa.false()


ORGANIZATION: sa.BindParameter[Any] = bindparam(
    "acting_organization", callable_=lambda: visiting.get().actor.organization_id, type_=sa.Uuid()
)
"""The actor's own organization, bound when the statement runs."""
_TERRITORY = bindparam("acting_territory", callable_=lambda: visiting.get().actor.territory, type_=sa.String())
_ACTOR = bindparam("acting_id", callable_=lambda: visiting.get().actor.id, type_=sa.Uuid())


def organization_is(column: object) -> Criterion:
    """Rows whose column is the actor's own organization."""
    return lambda _actor: sa.and_(column == ORGANIZATION)


def actor_is(column: object) -> Criterion:
    """Rows whose column is the actor itself."""
    return lambda _actor: sa.and_(column == _ACTOR)


def within(column: object) -> Criterion:
    """Rows whose territory lies in the actor's, nested by prefix; the level is a literal so that the index on that level serves."""

    def rule(actor: Actor) -> sa.ColumnElement[bool]:
        if not actor.territory:
            return sa.false()
        level: sa.ColumnClause[int] = sa.literal_column(str(len(actor.territory)))
        return func.substr(column, sa.literal_column("1"), level) == _TERRITORY

    return rule


def both(*rules: Criterion) -> Criterion:
    """Rows that every rule admits."""
    return lambda actor: sa.and_(*(rule(actor) for rule in rules))


def either(*rules: Criterion) -> Criterion:
    """Rows that some rule admits."""
    return lambda actor: sa.or_(*(rule(actor) for rule in rules))


def through(foreign_key: object, parent: type[SQLModel], *, write: bool = False) -> Criterion:
    """Rows whose parent row the actor may read, or write."""
    key: sa.ColumnElement[object] = parent.id  # type: ignore[attr-defined]
    return lambda actor: foreign_key.in_(sa.select(key).where(criterion(parent, actor, write=write)))  # type: ignore[attr-defined]


def same_for_all(rows: Rows) -> dict[str, Rows]:
    """One rule for every role."""
    return {role.value: rows for role in Role}


# Keys and their answers are the service's own; nobody reads them through a session.
declare(Idempotency, rows={}, trail=False)
