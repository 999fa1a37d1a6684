"""Who may do what to which rows: the page is current, and every cell of it holds in the database."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app import access_matrix as matrix
from app.access.actor import PUBLIC, Visit
from app.access.declare import DECLARED
from app.access.guard import GuardedSession, OutOfScope
from app.access.transaction import as_public, as_system, begin
from app.access_matrix import COLUMNS, LINES, UNMATCHED, Samples
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

        def change(db: GuardedSession) -> None:
            fresh = self._fresh(row)
            db.add(fresh)
            setattr(fresh, "updated_at" if hasattr(fresh, "updated_at") else "at", now())

        changes, deletes = (not self._refused(attempt) for attempt in (change, lambda db: db.delete(self._fresh(row))))
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


# --- what the domain asks for, written down by hand -----------------------------------------------------------------------------
N, R, W = "–", "read", "read + write"
OWN_HERE, OWN_THERE, OTHER_HERE, OTHER_THERE = (line.title for line in LINES[:4])
EXPECTED: dict[str, dict[str, tuple[str, str, str, str, str]]] = {
    # NGO, Women's Committee, state partner, administrator, public
    "family": {OWN_HERE: (W, W, N, W, N), OWN_THERE: (N, N, N, N, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
    "beneficiary": {OWN_HERE: (W, W, N, W, N), OWN_THERE: (N, N, N, N, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
    "family_membership": {OWN_HERE: (W, W, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
    "training": {OWN_HERE: (W, R, R, W, N), OTHER_HERE: (R, R, R, R, N), OTHER_THERE: (N, N, N, N, N)},
    "enrollment": {OWN_HERE: (W, N, N, W, N), OTHER_HERE: (N, N, N, N, N), OTHER_THERE: (N, N, N, N, N)},
    "attendance": {OWN_HERE: (W, N, N, W, N), OTHER_HERE: (N, N, N, N, N)},
    "test_result": {OWN_HERE: (W, N, N, W, N), OTHER_HERE: (N, N, N, N, N)},
    "certificate": {OWN_HERE: (W, N, N, W, R), OTHER_HERE: (N, N, N, N, R), OTHER_THERE: (N, N, N, N, R)},
    "place": {OWN_HERE: (R, R, R, W, R), OTHER_THERE: (R, R, R, W, R)},
    "organization": {OWN_HERE: (R, R, R, W, R), OTHER_THERE: (R, R, R, W, R)},
    "specialist": {OWN_HERE: (W, W, W, W, N), OTHER_HERE: (R, R, R, R, N)},
    "account": {OWN_HERE: (R, R, R, W, N), OTHER_HERE: (N, N, N, W, N)},
    "service_client": {OWN_HERE: (R, R, R, W, N), OTHER_HERE: (N, N, N, W, N)},
    "audit_entry": {OWN_HERE: (R, R, R, R, N), OTHER_HERE: (N, N, N, N, N)},
    "access_entry": {OWN_HERE: (R, R, R, R, N), OTHER_HERE: (N, N, N, N, N)},
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
    assert hidden == {"login_attempt"}
