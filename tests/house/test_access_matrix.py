"""Who may do what to which rows: the page is current, and every cell of it holds in the database."""

import dataclasses
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app import access_matrix as matrix
from app.access.actor import PUBLIC, Visit
from app.access.declare import DECLARED
from app.access.fields import WITHHELD, coverage
from app.access.grants import BITS, INTERNAL, AccessGrant, DataCategory, bits_of
from app.access.guard import GuardedSession, OutOfScope
from app.access.permissions import PERMISSIONS
from app.access.transaction import as_public, as_system, begin
from app.access_matrix import COLUMNS, LINES, UNMATCHED, Samples
from app.beneficiaries.models import Beneficiary, Family
from app.database import Database, now
from app.problems import Conflict, Invalid

PAGE = Path(__file__).parent.parent.parent / "docs" / "access-matrix.md"
cells = cache(matrix.cells)
TRIED = tuple(sorted((model for model in DECLARED if model not in UNMATCHED), key=lambda model: str(model.__tablename__)))


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == matrix.access_matrix(), (
        "run `python -m app access-matrix > docs/access-matrix.md` and look at the difference"
    )


def test_every_table_is_declared() -> None:
    tables = {table.name for table in SQLModel.metadata.tables.values()}
    assert tables == {str(model.__tablename__) for model in DECLARED}
    assert {str(model.__tablename__) for model in DECLARED} == {
        line[5:-1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("### `")
    }


class _Undone(Exception):
    """Raised at the end of a try, so that nothing of it stays."""


class Tried:
    """The samples of one role in the database, and what its actor can really do to each."""

    def __init__(self, role: str) -> None:
        self.samples = Samples(role)
        with begin(as_system("test")) as db:
            for row in self.samples.all():
                db.add(row)
                db.flush()
        self.visit = as_public("test") if role == PUBLIC else Visit(self.samples.actor)

    def readable(self, model: Any) -> set[Any]:
        with begin(self.visit) as db:
            return set(db.execute(sa.select(model.id)).scalars())

    def _refused(self, attempt: Any) -> bool:
        """Whether the guard refuses; what the database itself has against it does not count."""

        def try_it() -> None:
            with begin(self.visit) as db:
                attempt(db)
                db.flush()
                raise _Undone

        try:
            try_it()
        except OutOfScope:
            return True
        except (_Undone, Invalid, Conflict):
            return False
        raise AssertionError("neither refused nor done")

    def writable(self, row: Any) -> bool:
        """Whether the row may be changed as it is. The two ways of writing must agree."""

        def change(fresh: Any, db: GuardedSession) -> None:
            db.add(fresh)
            setattr(fresh, "updated_at" if hasattr(fresh, "updated_at") else "at", now())

        def delete(fresh: Any, db: GuardedSession) -> None:
            db.delete(fresh)

        # The row is fetched before the attempt begins: on SQLite one thread writes at a time.
        changes, deletes = (not self._refused(partial(attempt, self._fresh(row))) for attempt in (change, delete))
        assert changes == deletes, f"{type(row).__name__}: changed {changes}, deleted {deletes}"
        return changes

    @staticmethod
    def _fresh(row: Any) -> Any:
        """The row as it lies in the database, known to no session."""
        model = type(row)
        with begin(as_system("test")) as db:
            return db.execute(sa.select(model).where(model.id == row.id)).scalar_one()


@pytest.fixture(params=COLUMNS)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_cell_holds(db: Database, role: str) -> None:
    promised = cells(role)
    tried = Tried(role)
    wrong = []
    for model in TRIED:
        readable = tried.readable(model)
        for line in LINES:
            row = tried.samples.rows[model, line.title]
            writes, reads = tried.writable(row), row.id in readable
            found = "read + write" if writes else "read" if reads else "–"
            if writes and not reads:
                found = "write without read"
            if found != promised[str(model.__tablename__), line.title]:
                wrong.append(f"{model.__tablename__}, {line.title}: {found}, not {promised[str(model.__tablename__), line.title]}")
    assert not wrong, "\n".join(wrong)


def shown_fields(model: Any, visit: Visit) -> dict[Any, dict[str, Any]]:
    """What a reader is handed of every row that it may see: id → field → its value, or WITHHELD."""
    names = sorted(DECLARED[model].fields)
    subject = {"beneficiary": model.id} if model is Beneficiary else {"family": model.id} if model is Family else None
    if subject is None:
        # Of two who are kin the first stands for both; what is withheld there is withheld from everybody else anyway.
        person = next((name for name in ("beneficiary_id", "person_id") if hasattr(model, name)), None)
        subject = {"beneficiary": getattr(model, person)} if person else {"family": model.family_id}
    statement = sa.select(model.id, *(getattr(model, name) for name in names), coverage(model, **subject))
    with begin(visit) as db:
        return {row[0]: dict(zip(names, row[1:], strict=False)) for row in db.rows(statement)}


@pytest.mark.parametrize(
    "categories", [frozenset(DataCategory), frozenset({DataCategory.IDENTITY, DataCategory.HOUSEHOLD})], ids=["all", "base"]
)
def test_every_field_is_shown_as_its_rule_says(db: Database, role: str, categories: frozenset[DataCategory]) -> None:
    if role == PUBLIC:
        return
    tried = Tried(role)
    with begin(as_system("test")) as session:
        for one in session.execute(sa.select(AccessGrant)).scalars():
            one.categories = bits_of(categories)
    opened, wrong, looked_at = {INTERNAL: False, 0: True} | {BITS[one]: one in categories for one in DataCategory}, [], 0
    for model in (model for model, declared in DECLARED.items() if declared.fields):
        for permissions in (frozenset(), frozenset(PERMISSIONS)):
            found = shown_fields(model, Visit(dataclasses.replace(tried.samples.actor, permissions=permissions)))
            for line in (line for line in LINES if line.own or line.grant == "open"):
                values = found.get(tried.samples.rows[model, line.title].id, {})
                looked_at += len(values)
                for name, value in values.items():
                    rule = DECLARED[model].fields[name]
                    allowed = rule.permission is None or rule.permission.name in permissions
                    may = (line.own or opened[rule.category]) and (allowed or rule.mask is not None)
                    if (value is not WITHHELD) != may:
                        wrong.append(f"{model.__tablename__}.{name}, {line.title}, {sorted(permissions)[:1]}: {value!r}")
    assert not wrong, "\n".join(wrong)
    assert looked_at


# --- what the domain asks for, written down by hand -----------------------------------------------------------------------------
N, R, W = "–", "read", "read + write"
OWN_HERE, OWN_THERE, OTHER_HERE, OTHER_THERE = (line.title for line in LINES[:4])
OPENED, CLOSED, OPENED_THERE = (line.title for line in LINES[-3:])
OPEN_TO_PARTNERS = {OPENED: (N, R, R, N, N), CLOSED: (N, N, N, N, N), OPENED_THERE: (N, N, N, N, N)}
"""What a consent opens: to the committee and the state, where it is their territory, while it lasts."""
EXPECTED: dict[str, dict[str, tuple[str, str, str, str, str]]] = {
    # NGO, Women's Committee, state partner, administrator, public
    "family": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "beneficiary": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "identifier": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "family_membership": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "former_care": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "former_relationship": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "family_residence": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "income_month": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "income_record": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "kinship": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N), **OPEN_TO_PARTNERS},
    "access_grant": {OWN_HERE: (W, W, W, W, N), OTHER_HERE: (N, N, N, N, N), OPENED: (R, R, R, R, N), OPENED_THERE: (R, R, R, R, N)},
    "duplicate_candidate": {OWN_HERE: (W, W, N, W, N), OWN_THERE: (N, N, N, N, N), OTHER_HERE: (N, N, N, N, N)},
    "beneficiary_merge": {OWN_HERE: (W, W, N, W, N), OWN_THERE: (N, N, N, N, N), OTHER_HERE: (N, N, N, N, N)},
    "training": {OWN_HERE: (W, R, R, W, N), OTHER_HERE: (R, R, R, R, N), OTHER_THERE: (N, N, N, N, N)},
    "enrollment": {OWN_HERE: (W, N, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
    "attendance": {OWN_HERE: (W, N, N, W, N), OTHER_HERE: (N, N, N, N, N)},
    "test_result": {OWN_HERE: (W, N, N, W, N), OTHER_HERE: (N, N, N, N, N)},
    "certificate": {OWN_HERE: (W, N, N, W, R), OTHER_HERE: (N, N, N, N, R), OTHER_THERE: (N, N, N, N, R)},
    "place": {OWN_HERE: (R, R, R, W, N), OTHER_THERE: (R, R, R, W, N)},
    "organization": {OWN_HERE: (R, R, R, W, N), OTHER_THERE: (R, R, R, W, N)},
    "specialist": {OWN_HERE: (W, W, W, W, N), OTHER_HERE: (R, R, R, R, N)},
    "account": {OWN_HERE: (R, R, R, W, N), OTHER_HERE: (N, N, N, W, N)},
    "service_client": {OWN_HERE: (R, R, R, W, N), OTHER_HERE: (N, N, N, W, N)},
    "audit_entry": {OWN_HERE: (R, R, R, R, N), OTHER_HERE: (N, N, N, N, N)},
    "access_entry": {OWN_HERE: (R, R, R, R, N), OTHER_HERE: (N, N, N, N, N)},
    "circumstances": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "vulnerability_record": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "vulnerability_scheme": {OWN_HERE: (R, R, R, W, N), OTHER_THERE: (R, R, R, W, N)},
    "vulnerability_category": {OWN_HERE: (R, R, R, W, N), OTHER_THERE: (R, R, R, W, N)},
    "consent": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "consent_recipient": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    "consent_subject": {
        OWN_HERE: (W, W, N, W, N),
        OWN_THERE: (N, N, N, N, N),
        OTHER_HERE: (N, N, N, N, N),
        OTHER_THERE: (N, N, N, N, N),
        **OPEN_TO_PARTNERS,
    },
    # Whose people were looked at reviews it; whose staff looked reads it, wherever the person lives.
    "break_glass": {OWN_HERE: (W, W, N, W, N), OWN_THERE: (W, W, N, W, N), OTHER_HERE: (N, R, R, N, N), OTHER_THERE: (N, R, R, N, N)},
    "audit_seal": {OWN_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
    "login_attempt": {OWN_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
}


def test_it_is_what_the_domain_asks_for() -> None:
    found = {role: cells(role) for role in COLUMNS}
    wrong = [
        f"{table}, {line}: {actual}, not {expected}"
        for table, lines in EXPECTED.items()
        for line, expected in lines.items()
        if (actual := tuple(found[role][table, line] for role in COLUMNS)) != expected
    ]
    assert not wrong, "\n".join(wrong)


def test_what_nobody_reads_through_a_session() -> None:
    found = {role: cells(role) for role in COLUMNS}
    hidden = {table for table, _ in found["ngo"] if all(found[role][table, line.title] == N for role in COLUMNS for line in LINES)}
    assert hidden == {"audit_seal", "login_attempt"}


CLOSED_TO_PARTNERS = {
    "beneficiary_merge": "partners see which row stands, not what became of the other",
    "break_glass": "it shows to those who opened it and those whose people it was, whatever a family opens",
    "certificate": "goes with the activity and its organization",
    "duplicate_candidate": "who may be registered twice is a doubt of the organization itself",
    "enrollment": "goes with the activity and its organization",
    "erasure_request": "who asked to be forgotten is nobody else's to know",
    "legal_hold": "why data are kept is the organization's own business",
}
"""Tables that speak of a person and that no consent opens, each with the reason."""


def test_what_speaks_of_a_person_is_opened_by_a_consent_or_has_a_reason_not_to() -> None:
    """So that the page never says "nobody" of what a consent opens, only since the sample was not what a consent really makes."""
    found = {role: cells(role) for role in COLUMNS}
    speak = {
        table.name
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in ("beneficiary", "family", "family_membership", "consent") and table.name != "access_grant"
    }
    opened = {table for table in speak if any(found[role][table, OPENED] != found[role][table, OTHER_HERE] for role in COLUMNS)}
    assert "consent_subject" in opened
    assert speak - opened == CLOSED_TO_PARTNERS.keys()
