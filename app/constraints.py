"""A broken database constraint as the problem it means.

PostgreSQL names the constraint; SQLite names the columns, so the name is looked up in the metadata.
"""

import re
from collections.abc import Callable

from sqlalchemy import Index, Table, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.problems import AlreadyExists, Conflict, Fault, IdTaken, Invalid, Problem

_REFUSALS: dict[str, Callable[[], Problem]] = {}
_COLUMNS = re.compile(r"UNIQUE constraint failed: ([\w., ]+)")
_NAMED = re.compile(r"(?:CHECK constraint failed: |UNIQUE constraint failed: index ')(\w+)")


def refuse(constraint: str, problem: Callable[[], Problem]) -> None:
    """When this constraint breaks, answer this problem."""
    _REFUSALS[constraint] = problem


def problem_of(error: IntegrityError) -> Problem:
    """The problem that a broken constraint means to the caller; never the database's own words."""
    name = constraint_of(error)
    known = _REFUSALS.get(name, AlreadyExists)
    if known is not AlreadyExists:
        return known()
    kind = name.partition("_")[0]
    if kind == "pk":
        return IdTaken()
    if kind in ("uq", "ix"):
        return AlreadyExists(faults=[Fault(f"/{field}", "taken", "Another row has this already.") for field in _fields(name)])
    if kind == "fk":
        return Invalid("The request refers to something that does not exist, or removes something that is in use.")
    return Invalid() if kind == "ck" else Conflict()


def _fields(name: str) -> list[str]:
    """The fields that are unique by this constraint; where it is unique within something else, that stands by its id and is left out."""
    constraints = (one for table in SQLModel.metadata.tables.values() for one in _uniques(table))
    columns = next((list(one.columns) for one in constraints if one.name == name), [])
    return [column.name for column in columns if not column.foreign_keys] or [column.name for column in columns]


def constraint_of(error: IntegrityError) -> str:
    """The name of the broken constraint, or an empty text when neither the driver nor the metadata tells."""
    if name := getattr(getattr(error.orig, "diag", None), "constraint_name", None):
        return str(name)
    text = str(error.orig)
    if found := _NAMED.search(text):
        return found[1]
    if found := _COLUMNS.search(text):
        table, columns = "", set()
        for column in found[1].split(", "):
            table, _, name = column.partition(".")
            columns.add(name)
        return _unique_on(SQLModel.metadata.tables[table], columns)
    return "fk" if "FOREIGN KEY" in text else ""


def _unique_on(table: Table, columns: set[str]) -> str:
    # Whatever holds the whole primary key breaks only where that breaks too.
    if {column.name for column in table.primary_key} <= columns:
        return str(table.primary_key.name)
    return next((str(found.name) for found in _uniques(table) if {column.name for column in found.columns} == columns), "")


def _uniques(table: Table) -> list[UniqueConstraint | Index]:
    constraints = (one for one in table.constraints if isinstance(one, UniqueConstraint))
    return [*constraints, *(index for index in table.indexes if index.unique)]
