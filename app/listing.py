"""Keyset lists: a page is found by its last row, not by counting, so page 10,000 costs what page 1 costs.

The cursor is opaque and bound to the filters and the sort it was made for.
"""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import from_json, to_json
from sqlalchemy import bindparam
from sqlalchemy.sql import visitors
from sqlmodel import SQLModel

from app import cursors
from app.access.actor import visiting
from app.access.declare import DECLARED, splits
from app.access.fields import require_shown, shown_names
from app.access.grants import turned_since
from app.access.guard import mapper_of, prebuilt
from app.access.transaction import Rows
from app.database import Entity, UtcDateTime
from app.problems import BadRequest

T = TypeVar("T")
Shape = Callable[[Sequence[Any]], dict[str, Any]]
LONGEST_CURSOR = 800
"""Room for the longest text that a list is sorted by: a name's search key of 500 characters."""
RELEVANCE = "relevance"
"""The sort that only a search has, and has unless it asks for another one."""
CAP = 10_000
"""A total is counted up to here."""
_SHAPES = 512
"""Forms of one list that are kept; a client that tries every combination of filters must not fill the memory."""


class Listing(BaseModel):
    """What every list takes. A feature adds its filters and `sort: Literal[…]`."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200, description="Rows a page.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=LONGEST_CURSOR, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before, as it came.")
    ] = None
    include: Annotated[Literal["total"] | None, Field(description="`total`: count the rows too, up to 10,000.")] = None

    @field_validator("sort", check_fields=False)
    @classmethod
    def relevant_to_something(cls, value: str, info: ValidationInfo) -> str:
        """Without words to be found there is nothing to be relevant to. A list with `q` has it before `sort`."""
        if value == RELEVANCE and info.data.get("q", "") is None:
            raise ValueError("needs q: nothing is searched for")
        return value

    @property
    def order(self) -> str:
        """The sort that was asked for; where none was, that of a search or the list's own."""
        searched = getattr(self, "q", None) is not None and "sort" not in self.model_fields_set
        return RELEVANCE if searched else str(getattr(self, "sort"))  # noqa: B009 – each feature's listing adds its own `sort`.


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T] = Field(max_length=200)
    next: str | None = Field(description="Cursor of the next page; null on the last.", max_length=LONGEST_CURSOR)
    total: int | None = Field(default=None, ge=0, le=CAP, description="Rows in all pages, up to 10,000; only with `include=total`.")
    total_is_capped: bool | None = Field(default=None, description="Whether there are more than `total` says; only with `include=total`.")


@dataclass(frozen=True, slots=True)
class Sort:
    """A column to sort by, `id` breaking ties; its values are never null."""

    column: Any
    descending: bool = False


@dataclass(slots=True)
class Found:
    """A page of rows, the next one's cursor, and the total if it was asked for."""

    items: list[dict[str, Any]]
    next: str | None
    more: dict[str, Any]


def by_age(model: type[Entity]) -> dict[str, Sort]:
    """The sorts that every list offers: oldest and newest first."""
    return {"created_at": Sort(model.created_at), "-created_at": Sort(model.created_at, descending=True)}


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a row has what its cursor is made of. What a list does not show anyway is selected `behind` what it shows."""

    value: int
    key: int
    behind: tuple[Any, ...]

    @classmethod
    def of(cls, statement: sa.Select[Any], sort: Sort, key: Any) -> "_Cursor":
        """Sought by identity: a column of the same name may be another table's."""
        shown = [column["expr"] for column in statement.column_descriptions]
        places: list[int] = []
        behind: list[Any] = []
        for wanted, name in ((sort.column, "sorted_by"), (key, "sorted_id")):
            place = next((place for place, column in enumerate(shown) if column is wanted), None)
            if place is None:
                place = len(shown) + len(behind)
                behind.append(wanted.label(name))
            places.append(place)
        return cls(places[0], places[1], tuple(behind))


def _ruled(expression: Any) -> dict[type[SQLModel], list[str]]:
    """The columns under a rule of which a condition or a sort tells something, whichever table, alias or subquery they are read from."""
    found: dict[type[SQLModel], list[str]] = {}
    whole = expression.__clause_element__() if hasattr(expression, "__clause_element__") else expression
    columns = {column for part in visitors.iterate(whole) for column in getattr(part, "base_columns", ()) if isinstance(column, sa.Column)}
    for column in columns:
        if isinstance(column.table, sa.Table):
            model = mapper_of(column.table.name).class_
            if column.key in DECLARED[model].fields:
                found.setdefault(model, []).append(column.key)
    return found


class Keyset:
    """One list of one feature: its columns, filters and sorts; each combination is a statement that is built on first use.

    By a field that the actor does not see in every row no list is filtered or sorted: which rows come, or where one stands, would tell it.
    """

    def __init__(
        self,
        name: str,
        statement: sa.Select[Any],
        *,
        key: Any,
        sorts: Mapping[str, Sort],
        filters: Mapping[str, sa.ColumnElement[bool]],
        shape: Shape | None = None,
    ) -> None:
        """`filters` are conditions with a bind parameter of their own name, or with none. `shape` makes an item of a row, which holds
        the statement's columns and perhaps others behind them; without it the item has the columns by their names.
        """
        self.name, self.statement, self.key, self.sorts, self.filters = name, statement, key, sorts, filters
        self.names = shown_names(statement)
        self.shape = shape or (lambda row: dict(zip(self.names, row, strict=False)))
        self._cursors = {name: _Cursor.of(statement, sort, key) for name, sort in sorts.items()}
        self._built: dict[tuple[str, ...], sa.Select[Any]] = {}
        self._asked: dict[str, dict[type[SQLModel], list[str]]] = {}
        self._building = threading.Lock()

    def page(self, db: Rows, listing: Listing, values: Mapping[str, Any], *, beside: Mapping[str, Any] = MappingProxyType({})) -> "Found":
        """The page that the listing asks for. `values` has the filters that are set, each with its value; `beside` parameters whose values
        follow from these and may change from page to page, so that a cursor is not bound to them.

        Raises BadRequest for a cursor that was made for another list, sort or filter, FieldConcealed.
        """
        sort = listing.order
        self._require_shown(sort, values)
        bound = to_json([self.name, sort, dict(sorted(values.items()))])
        given = {**_binds(values), **beside, "page_rows": listing.limit + 1}
        if listing.cursor:
            given |= _position(listing.cursor, bound, self.sorts[sort], self.key)
        # The row too many tells that there is a next page; nobody sees it.
        rows = db.rows(self._statement(sort, bool(listing.cursor), values), given, shown=listing.limit)
        items = [self.shape(row) for row in rows[: listing.limit]]
        more = self._total(db, values, beside) if listing.include == "total" else {}
        if len(rows) <= listing.limit:
            return Found(items, None, more)
        last = rows[listing.limit - 1]
        places = self._cursors[sort]
        return Found(items, _cursor(bound, last[places.value], last[places.key]), more)

    def _require_shown(self, sort: str, values: Mapping[str, Any]) -> None:
        """What each tells is found out on its first use, when every room has declared its rules."""
        for kind, name in (("sort", sort), *(("filter", name) for name in values)):
            key = f"{kind} {name}"
            if key not in self._asked:
                self._asked[key] = _ruled(self.sorts[name].column if kind == "sort" else self.filters[name])
            for model, columns in self._asked[key].items():
                require_shown(model, *columns)

    def _total(self, db: Rows, values: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
        """`{total, total_is_capped}`."""
        key = ("total", *sorted(values))
        if (statement := self._built.get(key)) is None:
            inner = (
                self.statement.with_only_columns(self.key).where(*(self.filters[name] for name in sorted(values))).limit(CAP + 1).subquery()
            )
            statement = self._kept(key, sa.select(sa.func.count()).select_from(inner))
        count = db.rows(statement, {**_binds(values), **beside})[0][0]
        return {"total": min(count, CAP), "total_is_capped": count > CAP}

    def _statement(self, sort: str, after: bool, values: Mapping[str, Any]) -> sa.Select[Any]:  # noqa: FBT001 – a part of the statement's shape.
        key = (sort, "after" if after else "first", *sorted(values))
        if key not in self._built:
            by = self.sorts[sort]
            order = (by.column.desc(), self.key.desc()) if by.descending else (by.column, self.key)
            statement = self.statement.add_columns(*self._cursors[sort].behind).order_by(*order).limit(bindparam("page_rows"))
            if after:
                # Row comparison, never OR: the index is entered at the position itself.
                here = sa.tuple_(bindparam("after_value", type_=by.column.type), bindparam("after_id", type_=self.key.type))
                row = sa.tuple_(by.column, self.key)
                statement = statement.where(row < here if by.descending else row > here)
            return self._kept(key, statement.where(*(self.filters[name] for name in sorted(values))))
        return self._built[key]

    def _kept(self, key: tuple[str, ...], statement: sa.Select[Any]) -> sa.Select[Any]:
        """The statement, kept for the next time; beyond the cap it runs without being kept, slower and just as guarded."""
        # Two first users at once must not both name it.
        with self._building:
            if key not in self._built:
                if len(self._built) >= _SHAPES:
                    return statement
                self._built[key] = prebuilt(statement, f"{self.name}.{'.'.join(key)}")
            return self._built[key]


def _cursor(bound: bytes, value: Any, key: uuid.UUID | int) -> str:
    return cursors.seal(to_json([value, key]), bound=bound)


def _position(cursor: str, bound: bytes, sort: Sort, key: Any) -> dict[str, Any]:
    try:
        value, last = from_json(cursors.unseal(cursor, bound=bound))
    except ValueError as error:
        raise BadRequest("This cursor is damaged, or was made for another list, sort or filter; start again without it.") from error
    # A decorated type answers `object` for itself; what it decorates knows.
    decorated = getattr(sort.column.type, "impl_instance", sort.column.type)
    return {"after_value": _typed(value, decorated.python_type), "after_id": _typed(last, key.type.python_type)}


def _typed(value: Any, kind: Any) -> Any:
    """The value as the column takes it; nobody else makes cursors, so it is one that a column gave."""
    return kind.fromisoformat(value) if issubclass(kind, date) else kind(value)


def _binds(values: Mapping[str, Any]) -> dict[str, Any]:
    """The bound values; a filter of several parameters brings its own mapping."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= value if isinstance(value, dict) else {name: value}
    return found


def filters_of(listing: Listing, *names: str) -> dict[str, Any]:
    """The named filters that are set."""
    return {name: value for name in names if (value := getattr(listing, name)) is not None}


_SINCE: sa.BindParameter[datetime] = bindparam("updated_since", type_=UtcDateTime())


def since_filters(model: Any, *subjects: tuple[Any, Any]) -> dict[str, sa.ColumnElement[bool]]:
    """Filters of rows that grants open: `updated_since` those that changed, `opened_since` those as well whose grants began or ended.
    `subjects` are as in `turned_since`.
    """
    changed = model.updated_at >= _SINCE
    return {"updated_since": changed, "opened_since": sa.or_(changed, turned_since(_SINCE, *subjects))}


def since_of(model: type[Entity], listing: Listing) -> dict[str, Any]:
    """The one of them that a listing with `updated_since` sets: whoever sees rows of its own alone is spared the look at grants."""
    since = getattr(listing, "updated_since")  # noqa: B009 – of the listings that have it.
    if since is None:
        return {}
    return {"opened_since": {"updated_since": since}} if splits(model, visiting.get().actor) else {"updated_since": since}


_LEVELS = (2, 4, 7, 12)


def territory_filters(column: Any) -> dict[str, sa.ColumnElement[bool]]:
    """Filters `territory2`…`territory12`, one a level: rows in a place or in any place within it, read off the index on that level."""
    one: sa.ColumnElement[int] = sa.literal_column("1")
    prefix = bindparam("in_territory", type_=sa.String())
    return {f"territory{level}": sa.func.substr(column, one, sa.literal_column(str(level))) == prefix for level in _LEVELS}


def territory_of(territory: str | None) -> dict[str, Any]:
    """The territory filter that a listing sets."""
    return {} if territory is None else {f"territory{len(territory)}": {"in_territory": territory}}
