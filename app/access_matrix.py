"""Who may do what to which rows, as a page: `docs/access-matrix.md`.

The rules are SQL, so they are not described but tried: sample rows of every table, in every relation to the actor, lie in a database in
memory, and each role's rules are run over them. A house test tries the same rows through the guarded session on real databases.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import count
from types import NoneType
from typing import Any, get_args, get_origin

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from app import features
from app.access.actor import ADMINISTRATOR, PUBLIC, Actor, Duty, Role, Visit, visiting
from app.access.declare import DECLARED, FieldRule, criterion
from app.access.grants import BITS, FOREVER, INTERNAL, AccessGrant, DataCategory, GrantSource, bits_of, to_organization
from app.access.guard import mapper_of
from app.access.permissions import PERMISSIONS, Permission
from app.idempotency import Idempotency

REGION, HERE, THERE = "1733", "1733230", "1718224"
"""The actor's territory, a district in it, and one elsewhere."""
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
COLUMNS = (*(role.value for role in Role), ADMINISTRATOR, PUBLIC)
_TITLES = {Role.NGO: "NGO", Role.WOMENS_COMMITTEE: "Women's Committee", Role.STATE_PARTNER: "state partner"}
_PAIRS = {"duplicate_candidate": ("a_id", "b_id"), "beneficiary_merge": ("winner_id", "loser_id"), "kinship": ("person_id", "relative_id")}
UNMATCHED: frozenset[type[SQLModel]] = frozenset({Idempotency})
"""Tables without an id, which no session can show or write."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a row stands to the actor. `like` is the line that it is left out for when it says nothing new."""

    title: str
    own: bool
    here: bool
    like: str = ""
    announced: bool = True
    co_hosted: bool = False
    own_specialist: bool = False
    itself: bool = False
    grant: str = ""


_BASE = (
    "own organization, in the territory",
    "own organization, elsewhere",
    "other organization, in the territory",
    "other organization, elsewhere",
)
LINES = (
    Line(_BASE[0], own=True, here=True),
    Line(_BASE[1], own=True, here=False),
    Line(_BASE[2], own=False, here=True),
    Line(_BASE[3], own=False, here=False),
    Line("own organization, in the territory, not announced", own=True, here=True, like=_BASE[0], announced=False),
    Line("other organization, in the territory, not announced", own=False, here=True, like=_BASE[2], announced=False),
    Line("other organization, elsewhere, co-hosted", own=False, here=False, like=_BASE[3], co_hosted=True),
    Line("other organization, elsewhere, about one's own specialist", own=False, here=False, like=_BASE[3], own_specialist=True),
    Line("one's own account, client and sessions", own=True, here=False, like=_BASE[1], itself=True),
    Line("other organization, in the territory, opened by a grant", own=False, here=True, like=_BASE[2], grant="open"),
    Line("other organization, in the territory, its grant closed", own=False, here=True, like=_BASE[2], grant="closed"),
    Line("other organization, elsewhere, opened by a grant", own=False, here=False, like=_BASE[3], grant="open"),
)


class Samples:
    """One row of every table for each line, as one role's actor meets them; parents before children."""

    def __init__(self, role: str) -> None:
        self.role = role if role in _TITLES else Role.NGO.value
        self._numbers = count(1)
        self.actor = Actor(
            id=uuid.uuid4(),
            role=PUBLIC if role == PUBLIC else self.role,
            duty="" if role == PUBLIC else Duty.MANAGER.value,
            organization_id=None if role == PUBLIC else uuid.uuid4(),
            territory="" if role == PUBLIC else REGION,
            administrator=role == ADMINISTRATOR,
        )
        organization = mapper_of("organization").class_
        self.own = self._organization(self.actor.organization_id or uuid.uuid4())
        self.other = self._organization(uuid.uuid4())
        self.rows: dict[tuple[type[SQLModel], str], Any] = {}
        self.extra = [self.own, self.other]
        self.grants: list[AccessGrant] = []
        for table in SQLModel.metadata.sorted_tables:
            model = mapper_of(table.name).class_
            if model in UNMATCHED:
                continue
            for line in LINES:
                if model is organization:
                    self.rows[model, line.title] = self.own if line.own else self.other
                else:
                    self.rows[model, line.title] = self._row(model, line)
        self.grants += [self._family_grant(line, of) for line in LINES if line.grant for of in ("family", "consent")]

    def all(self) -> Iterator[Any]:
        """Every row once, parents first."""
        yield from self.extra
        yield from (row for (model, _), row in self.rows.items() if row not in self.extra)
        yield from self.grants

    def _family_grant(self, line: Line, of: str) -> AccessGrant:
        """The sample of the table opens the line's person; its family needs a grant of its own, and the consent one that came of it."""
        values = {**self._special("access_grant", line), "beneficiary_id": None, "family_id": self._id("family", line)}
        return AccessGrant(organization_id=self.other.id, source=GrantSource.CONSENT, source_id=self._id(of, line), **values)

    def _organization(self, key: uuid.UUID) -> Any:
        return mapper_of("organization").class_(id=key, kind=self.role, name_en=f"sample {key}", territory="17")

    def _row(self, model: type[SQLModel], line: Line) -> Any:
        table = inspect(model).local_table
        values = {column.key: self._value(model, column, line) for column in table.columns if self._is_needed(model, column)}
        return model(**{**values, **self._special(str(model.__tablename__), line)})

    @staticmethod
    def _is_needed(model: type[SQLModel], column: sa.Column[Any]) -> bool:
        return model.model_fields[column.key].is_required() or column.key == "organization_id"

    def _value(self, model: type[SQLModel], column: sa.Column[Any], line: Line) -> Any:
        """Something that the column takes, in the relation that the line names."""
        if column.key == "organization_id":
            return (self.own if line.own else self.other).id
        if column.key == "territory":
            return HERE if line.here else THERE
        for key in column.foreign_keys:
            parent = mapper_of(key.column.table.name).class_
            return getattr(self.rows[parent, line.title], key.column.key)
        annotation = model.model_fields[column.key].annotation
        if isinstance(column.type, sa.JSON):
            return [] if get_origin(annotation) is list else {}
        kind = next(one for one in (*get_args(annotation), annotation) if isinstance(one, type) and one is not NoneType)
        return next(iter(kind)) if issubclass(kind, Enum) else self._plain(kind, column)

    def _plain(self, kind: type, column: sa.Column[Any]) -> Any:
        number = next(self._numbers)
        plain: dict[type, Any] = {
            uuid.UUID: uuid.uuid4(),
            date: date(2020, 1, 1),
            datetime: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
            int: 1,
            float: 0.5,
            bool: False,
            bytes: uuid.uuid4().bytes,
            str: f"{number:x}-{uuid.uuid4().hex}"[: getattr(column.type, "length", None) or 40],
        }
        return plain[kind]

    def _special(self, table: str, line: Line) -> dict[str, Any]:
        """What a table needs beside values that its columns take."""
        participant = {"participant_organization_id": self.own.id if line.own_specialist else None}
        # The places of the samples are official ones; this one is a mahalla more.
        district = HERE if line.here else THERE
        mahalla = {"soato": f"{district}-{9999 - next(self._numbers):04d}", "level": "mahalla", "parent_soato": district}
        # Whoever is a guest on a roster is told by the line; its host, by the roster.
        guest = {"organization_id": (self.own if line.co_hosted else self.other).id}
        known: dict[str, dict[str, Any]] = {
            "account": {"role": self.role, "id": self.actor.id if line.itself else uuid.uuid4()},
            "service_client": {"role": self.role},
            "place": mahalla,
            "roster": {"status": "open" if line.announced else "draft"},
            "training": {"status": "published" if line.announced else "draft"},
            "roster_co_host": guest,
            "family_membership": {"relationship_to_head": "child"},
            "roster_session": {"ends_at": datetime(2030, 1, 1, tzinfo=UTC)},
            "enrollment": {**participant, "beneficiary_id": self._id("beneficiary", line)},
            "certificate": {**participant, "beneficiary_id": self._id("beneficiary", line)},
            "consent": {"family_id": self._id("family", line)},
            # Whom the line's grant names, the consent named.
            "consent_recipient": {"organization_id": self.own.id} if line.grant else {"kind": "womens_committee", "organization_id": None},
            # Nobody breaks the glass to the own organization's people.
            "break_glass": {"accessor_organization_id": (self.other if line.own else self.own).id},
            # Far from the numbers that the database gives by itself.
            "audit_seal": {"number": next(self._numbers)},
            "access_entry": {"id": uuid.uuid4().int >> 70},
            "access_grant": {
                "beneficiary_id": self._id("beneficiary", line),
                "grantee": to_organization(self.own.id if line.grant else uuid.uuid4()),
                "categories": bits_of(DataCategory),
                "opens_at": _LONG_AGO,
                "closes_at": _LONG_AGO if line.grant == "closed" else FOREVER,
            },
            "vulnerability_record": {"beneficiary_id": self._id("beneficiary", line)},
        }
        return self._pair(table, line) if table in _PAIRS else known.get(table, {})

    def _pair(self, table: str, line: Line) -> dict[str, Any]:
        """Two persons for what speaks of two; the other one is a row more."""
        model = mapper_of("beneficiary").class_
        other = self._row(model, line)
        self.extra.append(other)
        if line.grant:
            values = {**self._special("access_grant", line), "beneficiary_id": other.id}
            self.grants.append(AccessGrant(organization_id=self.other.id, source=GrantSource.CONSENT, source_id=uuid.uuid4(), **values))
        return dict(zip(_PAIRS[table], sorted((self.rows[model, line.title].id, other.id)), strict=True))

    def _id(self, table: str, line: Line) -> Any:
        """The id of the line's row of another table, where it was made already."""
        found = self.rows.get((mapper_of(table).class_, line.title))
        return getattr(found, "id", None)


def cells(role: str) -> dict[tuple[str, str], str]:
    """(table, line) → `read + write`, `read` or `–`, as the declared rules say for one role."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    samples = Samples(role)
    found: dict[tuple[str, str], str] = {}
    token = visiting.set(Visit(samples.actor))
    try:
        with engine.connect() as connection:
            for row in samples.all():
                table = inspect(type(row)).local_table
                values = {column.key: getattr(row, column.key) for column in table.columns}
                connection.execute(sa.insert(table), {name: value for name, value in values.items() if value is not None})
            for model in {model for model, _ in samples.rows}:
                keys = inspect(model).local_table.c.id
                table = inspect(model).local_table
                read, write = (
                    set(connection.execute(sa.select(keys).where(criterion(model, samples.actor, write=right))).scalars())
                    for right in (False, True)
                )
                for line in LINES:
                    key = samples.rows[model, line.title].id
                    found[str(model.__tablename__), line.title] = "read + write" if key in write else "read" if key in read else "–"
    finally:
        visiting.reset(token)
        engine.dispose()
    return found


def access_matrix() -> str:
    """The page, in Markdown."""
    features.routers()
    by_role = {role: cells(role) for role in COLUMNS}
    text = [_HEAD]
    for model in sorted(DECLARED, key=lambda model: str(model.__tablename__)):
        name = str(model.__tablename__)
        text.append(f"\n### `{name}`\n\n")
        if model in UNMATCHED:
            text.append("Nobody: the service's own, beside the rows.\n")
            continue
        rows = {line.title: tuple(by_role[role][name, line.title] for role in COLUMNS) for line in LINES}
        text.append(_table(("", *_names()), [(line.title, *rows[line.title]) for line in LINES if rows[line.title] != rows.get(line.like)]))
    text += [_FIELDS, _table(("field", "shown in rows of one's own", "shown in rows that others opened"), list(_fields()))]
    text.append(_VERBS)
    duties = [f"{_TITLES[role]}: {duty.value}" for role in Role for duty in Duty]
    text.append(_table(("", *duties, ADMINISTRATOR), [_verb(one) for _, one in sorted(PERMISSIONS.items())]))
    return "".join(text)


_HEAD = """# Who may do what to which rows

Made by `python -m app access-matrix` from the rules in each room's `policy.py`; a test fails when it is out of date, and another one tries
every cell on both databases. An actor has one organization and one territory; here the territory is a region, and each line is a row in
another relation to the actor. A line that would only repeat the plain one (without `not announced`, `co-hosted` and the like) is left
out. `administrator` is the mark of an NGO's manager; it stands beside the rights of the NGO. `public` is anybody, not logged in.

## Rows
"""
_FIELDS = """
## Fields

Fields that are not always shown with their row. A field that may not be seen is absent from the answer, and no list is filtered or
sorted by it. `internal` is what no grant opens; the other categories are those that a consent names.

"""
_VERBS = """
## Verbs

Who may use which verb; `x-permission` in the contract names the one that an operation asks for. Both must hold: the verb, and the row.

"""


def _fields() -> Iterator[tuple[str, str, str]]:
    for model, declared in sorted(DECLARED.items(), key=lambda one: str(one[0].__tablename__)):
        for field, rule in sorted(declared.fields.items()):
            held = "" if rule.permission is None else f"with `{rule.permission}`; without it {'masked' if rule.mask else 'absent'}"
            category = _category(rule)
            opened = "never" if category == "internal" else "; ".join(part for part in (category and f"with `{category}`", held) if part)
            yield f"`{model.__tablename__}.{field}`", held or "always", opened


def _category(rule: FieldRule) -> str:
    return "internal" if rule.category == INTERNAL else next((one.value for one, bit in BITS.items() if bit == rule.category), "")


def _names() -> tuple[str, ...]:
    return (*(_TITLES[role] for role in Role), ADMINISTRATOR, PUBLIC)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _verb(one: Permission) -> tuple[str, ...]:
    held = ["yes" if duty in one.duties.get(role.value, ()) else "–" for role in Role for duty in Duty]
    return (f"`{one.name}`: {one.description}", *held, "yes" if one.administrator else "–")
