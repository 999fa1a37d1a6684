"""Which fields of a row that one sees are shown: the rules stand in each table's declaration and are applied here, to every row read.

A statement that shows fields under a rule of category has `coverage(Model)` behind its columns; without it nothing could be told of the
row, so it is refused. What may not be seen becomes WITHHELD, which `answers.py` leaves out: the field is absent, not null.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import SQLModel

from app.access.actor import SYSTEM, Actor, visiting
from app.access.declare import DECLARED, ORGANIZATION, FieldRule, rules_for
from app.access.grants import BITS, EVERYTHING, GRANTEES, MOMENT
from app.problems import Forbidden

Statement = sa.Select[*tuple[Any, ...]]
_Plan = tuple[tuple[int, tuple[tuple[int, FieldRule], ...]], ...]
_plans: dict[str, _Plan] = {}


class FieldConcealed(Forbidden):
    """You may not search, filter or sort by a field that you do not see in every row."""

    code = "field_concealed"


class UncoveredFields(RuntimeError):
    """A statement shows fields under a rule without `coverage` of their rows."""


class Withheld:
    """Stands where a value may not be seen."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "WITHHELD"


WITHHELD = Withheld()


class _Coverage(FunctionElement[int]):
    """The categories of a row's data that are open to the actor, as a number: all of its own organization's, else what its grants open."""

    type = sa.Integer()
    inherit_cache = True
    subject = ""


class _OfBeneficiary(_Coverage):
    name = "coverage_of_beneficiary"
    inherit_cache = True
    subject = "beneficiary_id"


class _OfFamily(_Coverage):
    name = "coverage_of_family"
    inherit_cache = True
    subject = "family_id"


_KINDS: dict[str, type[_Coverage]] = {kind.subject: kind for kind in (_OfBeneficiary, _OfFamily)}


def coverage(model: Any, *, beneficiary: Any = None, family: Any = None) -> Any:
    """What of a row of this model is open to the actor; `beneficiary` or `family` is the column of the row that names the subject of
    grants, be it the row's own id or another's.
    """
    subject, key = ("family_id", family) if family is not None else ("beneficiary_id", beneficiary)
    return _KINDS[subject](key, model.organization_id, ORGANIZATION, *GRANTEES, MOMENT)


@compiles(_Coverage)
def _coverage_sql(element: _Coverage, compiler: SQLCompiler, **options: Any) -> str:
    key, owner, own, *grantees, moment = (compiler.process(one, **options) for one in element.clauses)
    united = " + ".join(f"max(g.categories & {bit})" for bit in BITS.values())
    found = (
        f"SELECT {united} FROM access_grant AS g WHERE g.{element.subject} = {key} AND g.grantee IN ({', '.join(grantees)}) "  # noqa: S608 – of names in this module and of what the compiler made of bound values.
        f"AND g.opens_at <= {moment} AND g.closes_at > {moment}"
    )
    return f"CASE WHEN {owner} = {own} THEN {EVERYTHING} ELSE coalesce(({found}), 0) END"


def shown_names(statement: Statement) -> list[str]:
    """The names of a statement's columns up to the coverage of its rows, which stands last and is not shown."""
    columns = statement.column_descriptions
    return [str(column["name"]) for column in columns if not isinstance(column["expr"], _Coverage)]


def conceal(statement: Statement, rows: Sequence[Any], actor: Actor, *, name: str = "") -> Sequence[Any]:
    """The rows as the actor may see them; those of which nothing is withheld stay what they are. UncoveredFields.

    What is found out about a prebuilt statement is kept under its `name`.
    """
    if actor.role == SYSTEM or not rows:
        return rows
    plan = _plans.get(name) if name else None
    if plan is None:
        plan = _plan(statement)
        if name:
            _plans[name] = plan
    for covered_at, fields in plan:
        rows = [_shown(row, covered_at, fields, actor) for row in rows]
    return rows


def _shown(row: Any, covered_at: int, fields: tuple[tuple[int, FieldRule], ...], actor: Actor) -> Any:
    open_to_me = EVERYTHING if covered_at < 0 else row[covered_at]
    hidden = [(at, rule) for at, rule in fields if not _is_open(rule, open_to_me, actor)]
    if not hidden:
        return row
    values = list(row)
    for at, rule in hidden:
        values[at] = _instead(rule, open_to_me, values[at])
    visiting.get().withheld = True
    return values


def _is_open(rule: FieldRule, open_to_me: int, actor: Actor) -> bool:
    """Whether a field under this rule is shown in full, of a row of which these categories are open."""
    return not rule.category & ~open_to_me and (rule.permission is None or rule.permission.name in actor.permissions)


def _instead(rule: FieldRule, open_to_me: int, value: Any) -> Any:
    """What stands for a value that is not shown in full."""
    return rule.mask(value) if rule.mask and value is not None and not rule.category & ~open_to_me else WITHHELD


def shown_of(model: type[SQLModel], values: Mapping[str, Any], open_to_me: int) -> dict[str, Any]:
    """Fields of a row that is not read but made, such as one of a record that there is not yet, as the actor may see them by the rules of
    their table; `open_to_me` is what `coverage` says of the subject.
    """
    actor, rules = visiting.get().actor, DECLARED[model].fields
    hidden = {name: rules[name] for name in values.keys() & rules.keys() if not _is_open(rules[name], open_to_me, actor)}
    if actor.role == SYSTEM or not hidden:
        return dict(values)
    visiting.get().withheld = True
    return {name: _instead(hidden[name], open_to_me, value) if name in hidden else value for name, value in values.items()}


def withhold(shown: dict[str, Any], name: str) -> None:
    """Withhold one more field of an answer, for a reason that no rule of a field can tell."""
    shown[name] = WITHHELD
    visiting.get().withheld = True


def _plan(statement: Statement) -> _Plan:
    """For each table with rules of fields: the position of its coverage (-1 if no rule needs it), and the positions of those fields."""
    fields: dict[Any, list[tuple[int, FieldRule]]] = {}
    covers: dict[str, int] = {}
    for position, column in enumerate(statement.column_descriptions):
        shown = getattr(column["expr"], "element", column["expr"])
        if isinstance(shown, _Coverage):
            covers[_owner(shown)] = position
            continue
        if (entity := column.get("entity")) is None:
            continue
        model = inspect(entity).mapper.class_
        rules = DECLARED[model].fields if model in DECLARED else {}
        if (rule := rules.get(getattr(shown, "key", ""))) is not None:
            fields.setdefault(entity, []).append((position, rule))
    return tuple((_covered_at(entity, rules, covers), tuple(rules)) for entity, rules in fields.items())


def _covered_at(entity: Any, rules: list[tuple[int, FieldRule]], covers: dict[str, int]) -> int:
    if not any(rule.category for _, rule in rules):
        return -1
    name = str(inspect(entity).selectable.name)
    if name not in covers:
        raise UncoveredFields(name)
    return covers[name]


def _owner(element: _Coverage) -> str:
    """The table, or alias of it, whose rows a coverage speaks of: that of the owner's column."""
    owner = list(element.clauses)[1]
    return str(owner.table.name)


def require_shown(model: type[SQLModel], *columns: str) -> None:
    """Before a list is filtered or sorted by columns; every `Keyset` asks by itself. FieldConcealed where the actor does not see one
    of them in every row.
    """
    actor = visiting.get().actor
    if actor.role == SYSTEM:
        return
    declared = DECLARED[model]
    in_parts = any(rule.in_parts for rule in rules_for(model, actor))
    for column in columns:
        rule = declared.fields.get(column)
        if rule is None:
            continue
        if (rule.category and in_parts) or (rule.permission is not None and rule.permission.name not in actor.permissions):
            raise FieldConcealed
