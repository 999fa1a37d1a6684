"""Search by words: every word of a query must stand at the beginning of some word of a row's `search` column, strictly or loosely.

Each database looks the words up in its own full-text index, which `migrations/search_tables.py` makes: PostgreSQL in a GIN index over the
column itself, SQLite in the FTS5 table `search_<table>`. What is asked of either is one condition, `found_by`, so a query never says which.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.database import current
from app.listing import RELEVANCE, Sort
from app.uzbek.keys import BETWEEN, QUERY_WORDS, query_tokens

Words = tuple[tuple[str, str], ...]
"""The words of a query, each in its strict and its loose form."""
# A search of marks alone finds nothing rather than everything: no word of a row begins with an apostrophe.
_NOTHING: Words = (("'", "'"),)
_STRICTLY = tuple(f"strictly{number}" for number in range(1, QUERY_WORDS + 1))


def _beginnings(strict: str, loose: str) -> list[str]:
    """The forms of one word; of two that begin alike the shorter finds all that the longer one does."""
    if strict.startswith(loose):
        return [loose]
    return [strict] if loose.startswith(strict) else [strict, loose]


def _tsquery(words: Words) -> str:
    """The words in the language of PostgreSQL's `tsquery`."""
    quoted = ([one.replace("\\", "\\\\").replace("'", "''") for one in _beginnings(*word)] for word in words)
    return " & ".join("(" + " | ".join(f"'{one}':*" for one in forms) + ")" for forms in quoted)


def _fts5(words: Words) -> str:
    """The words in the language of SQLite's FTS5."""
    quoted = ([one.replace('"', '""') for one in _beginnings(*word)] for word in words)
    return " AND ".join("(" + " OR ".join(f'"{one}"*' for one in forms) + ")" for forms in quoted)


class _Words(sa.TypeDecorator[Words]):
    """Words as each database takes them."""

    impl, cache_ok = sa.String, True

    def process_bind_param(self, value: Words | None, dialect: sa.Dialect) -> str | None:
        """The query in the database's own language; what is in it is quoted."""
        if value is None:
            return None
        return _tsquery(value) if dialect.name == "postgresql" else _fts5(value)


class _FoundBy(FunctionElement[bool]):
    """Whether a row is found by words: its id, its search column, the words."""

    name = "found_by"
    type = sa.Boolean()
    inherit_cache = True


@compiles(_FoundBy, "postgresql")
def _in_postgresql(element: _FoundBy, compiler: SQLCompiler, **options: Any) -> str:
    _, search, words = (compiler.process(one, **options) for one in element.clauses)
    # To the letter the expression of the index, or it would not serve.
    return f"(array_to_tsvector(array_remove(string_to_array({search}, ' '), '')) @@ CAST({words} AS tsquery))"


@compiles(_FoundBy, "sqlite")
def _in_sqlite(element: _FoundBy, compiler: SQLCompiler, **options: Any) -> str:
    column, _, bound = element.clauses
    key, words = compiler.process(column, **options), compiler.process(bound, **options)
    table: Any = column.table
    while isinstance(table, sa.Alias):
        table = table.element
    index = f"search_{table.name}"
    return f"({key} IN (SELECT id FROM {index} WHERE {index} MATCH {words}))"  # noqa: S608 – the table's own name and what the compiler made.


def found_by(model: Any) -> sa.ColumnElement[bool]:
    """Rows of a model, or of an alias of one, in which all the words of a search are found."""
    return _FoundBy(model.id, model.search, bindparam("words", type_=_Words()))


def strictly(column: Any) -> sa.ColumnElement[bool]:
    """Whether a search column has all the words of a search among those that are strict: what stands before the gap."""
    return sa.and_(*(column.like(bindparam(name)) for name in _STRICTLY))


def by_relevance(condition: sa.ColumnElement[bool]) -> dict[str, Sort]:
    """The sort of a search: rows of which the condition is true, then the others, the newest of each first."""
    return {RELEVANCE: Sort(sa.cast(condition, sa.Integer), descending=True)}


def words_of(q: str | None) -> dict[str, Any]:
    """The filter `words` that a search sets, with the values of its parameters."""
    if q is None:
        return {}
    words = query_tokens(q) or _NOTHING
    patterns = [f"% {strict}%{BETWEEN}%" for strict, _ in words]
    return {"words": {"words": words, **dict(zip(_STRICTLY, patterns + ["%"] * (QUERY_WORDS - len(patterns)), strict=True))}}


def forget_words(table: str) -> None:
    """On SQLite, make sure that no word of a row that was changed or deleted is left in the table's index: FTS5 only marks it as gone until
    it next merges its parts, which this does. PostgreSQL does the like by itself (`VACUUM`).
    """
    database = current()
    if database.is_sqlite:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"INSERT INTO search_{table} (search_{table}) VALUES ('optimize')")  # noqa: S608 – a table's own name.
