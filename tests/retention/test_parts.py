"""Every table that hangs on a person or a family, and every column of it that can hold a text: none says anything of the forgotten."""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, get_args, get_origin

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app import features
from app.access.fetch import fetch
from app.access.guard import mapper_of
from app.access.transaction import as_system, begin
from app.access_matrix import LINES, Samples
from app.beneficiaries.models import Beneficiary, Family
from app.database import Database, now, uuid7
from app.retention.actions.erasing import Forgotten, erase, hangs_on
from app.search import forget_words

features.models()
MARK = "ѪѪ"
"""Two letters that stand nowhere else, and fit into every column."""
KEPT = {
    "family.number": "a number of our own, by which families are counted",
    "certificate.number": "whoever holds the paper can have it checked",
    "access_grant.grantee": "who was let in, not to whom",
    "break_glass.account_name": "who broke the glass",
    "consent.notice_version": "which edition of the notice was shown",
    "beneficiary_merge.choices": "from which of the two each field was taken; emptied all the same",
    "beneficiary_merge.moved": "ids of rows; emptied all the same",
    "consent_recipient.origin": "the service makes these rows itself, of no request of their own",
    "attendance.origin": "the same",
    "test_result.origin": "the same",
}
"""Columns for texts that may stay as they are, with the reason. Words of closed lists are none: they are counted."""
PLACES = "territory"
"""The one column with a text of another table's; of it the district stays, of an activity's rows all."""
MERGED = {"beneficiary_merge", "duplicate_candidate"}
STANDING = {
    *("family_membership", "former_care", "former_relationship", "family_residence"),
    *("enrollment", "attendance", "test_result", "certificate"),
}
ACCOUNTABLE = {"break_glass", "erasure_request"}
GOING = {"kinship", "identifier"}


def hanging() -> dict[str, type[SQLModel]]:
    """The tables that refer to a person or a family, or to a table that does, with the two themselves."""
    found = {"beneficiary", "family"}
    tables = SQLModel.metadata.tables.values()
    while more := {table.name for table in tables if any(key.column.table.name in found for key in table.foreign_keys)} - found:
        found |= more
    return {name: mapper_of(name).class_ for name in sorted(found)}


HANGING = hanging()


def texts(model: type[SQLModel]) -> Iterator[sa.Column[Any]]:
    """The columns that can hold a text: those for strings, bytes and documents, closed lists apart."""
    for column in sa.inspect(model).local_table.columns:
        annotation = model.model_fields[column.key].annotation
        kinds = (annotation, *get_args(annotation))
        closed = any(isinstance(kind, type) and issubclass(kind, Enum) for kind in kinds)
        if not closed and (isinstance(column.type, sa.JSON) or str in kinds or bytes in kinds):
            yield column


def name_of(column: sa.Column[Any]) -> str:
    return f"{column.table.name}.{column.key}"


TEXTS = [column for model in HANGING.values() for column in texts(model) if not column.foreign_keys]
ERASED = [column for column in TEXTS if name_of(column) not in KEPT]


def planted(column: sa.Column[Any]) -> Any:
    """The mark, in a form that the column takes."""
    if name_of(column) == "certificate.snapshot":
        return {"title": "Parenting", "holder": {"surname": MARK, "given_name": MARK, "patronymic": MARK}}
    if name_of(column) == "beneficiary.search":
        # Words stand apart from what stands before them.
        return f" {MARK}"
    annotation = HANGING[column.table.name].model_fields[column.key].annotation
    if isinstance(column.type, sa.JSON):
        return [{"x": MARK}] if get_origin(annotation) is list else {"x": MARK}
    return MARK.encode() if bytes in (annotation, *get_args(annotation)) else MARK


def another(row: Any, **other: Any) -> Any:
    """A second row like this one."""
    columns = sa.inspect(type(row)).local_table.columns
    return type(row)(**{column.key: getattr(row, column.key) for column in columns} | {"id": uuid7()} | other)


class World:
    """A row in each of these tables about one person and its family, with the mark in every column that could hold it."""

    def __init__(self, db: Database) -> None:
        self.db, samples = db, Samples("ngo")
        with begin(as_system("test")) as session:
            for row in samples.all():
                session.add(row)
                session.flush()
        rows = {name: samples.rows[model, LINES[0].title] for name, model in HANGING.items()}
        self.person = rows["beneficiary"].id
        # What speaks of a person or of a family, given by the person or by somebody else: one of each kind.
        stranger = samples.rows[Beneficiary, LINES[1].title].id
        more = [
            another(rows["vulnerability_record"], beneficiary_id=None, family_id=rows["family"].id),
            another(rows["consent"], beneficiary_id=self.person, family_id=None, given_by_id=stranger),
            another(rows["consent"], given_by_id=stranger),
        ]
        with begin(as_system("test")) as session:
            session.add_all(more)
        self.ids = {name: {row.id} for name, row in rows.items()}
        for row in more:
            self.ids[row.__tablename__].add(row.id)
        hold = sa.inspect(HANGING["legal_hold"]).local_table
        with db.engine.begin() as connection:
            # Nobody who is held is forgotten.
            connection.execute(sa.update(hold).values(released_at=now()))
            for column in ERASED:
                table = column.table
                connection.execute(sa.update(table).where(table.c.id.in_(self.ids[table.name])).values({column.key: planted(column)}))

    def erase(self, *, delete: bool) -> Forgotten:
        with begin(as_system("test")) as db:
            person = fetch(db, Beneficiary, self.person)
            return erase(db, person, delete_before=now() + timedelta(minutes=1) if delete else None)

    def marked(self) -> set[str]:
        """The columns, of whatever table there is, that hold the mark somewhere."""
        found = set()
        with self.db.engine.connect() as connection:
            for name in sa.inspect(connection).get_table_names():
                table = SQLModel.metadata.tables.get(name)
                rows = connection.execute(sa.select(table)) if table is not None else connection.exec_driver_sql(f'SELECT * FROM "{name}"')
                found |= {f"{name}.{key}" for row in rows.mappings() for key, value in row.items() if holds(value)}
        return found

    def left(self) -> set[str]:
        """The tables that still have a row of these."""
        with self.db.engine.connect() as connection:
            tables = {name: sa.inspect(model).local_table for name, model in HANGING.items()}
            count = {name: sa.select(sa.func.count()).where(table.c.id.in_(self.ids[name])) for name, table in tables.items()}
            return {name for name, statement in count.items() if connection.execute(statement).scalar_one()}


def holds(value: Any) -> bool:
    return MARK.encode() in bytes(value) if isinstance(value, bytes | memoryview) else MARK in str(value)


# --- the lists ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("subject", [Beneficiary, Family])
def test_everything_that_hangs_on_a_person_or_a_family_is_thought_of(subject: type[SQLModel]) -> None:
    """A column that refers to one of them must be in a list of parts."""
    missing = []
    for name, model in HANGING.items():
        for column in sa.inspect(model).local_table.columns:
            refers = any(key.column.table.name == subject.__tablename__ for key in column.foreign_keys)
            if refers and column.key not in hangs_on(model):
                missing.append(f"{name}.{column.key}")
    assert not missing, "say in app/retention/parts.py what becomes of it"


def test_what_is_kept_has_a_reason_and_is_there() -> None:
    assert KEPT.keys() <= {name_of(column) for column in TEXTS}
    foreign = {column.key for model in HANGING.values() for column in texts(model) if column.foreign_keys}
    assert foreign == {PLACES}


# --- the columns --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("delete", [False, True], ids=["anonymize", "delete"])
def test_no_column_says_anything_afterwards(db: Database, delete: bool) -> None:
    world = World(db)
    assert {name_of(column) for column in ERASED} <= world.marked()
    world.erase(delete=delete)
    forget_words("beneficiary")
    assert world.marked() == set()


def test_anonymizing_keeps_the_rows_that_tell_of_nobody(db: Database) -> None:
    world = World(db)
    done = world.erase(delete=False)
    assert HANGING.keys() - world.left() == GOING
    assert (done.is_deleted, done.rows) == (False, dict.fromkeys(GOING, 1))


def test_deleting_keeps_what_statistics_certificates_and_others_need(db: Database) -> None:
    world = World(db)
    done = world.erase(delete=True)
    gone = HANGING.keys() - world.left()
    assert world.left() == {"beneficiary", "family"} | STANDING | ACCOUNTABLE
    assert {"circumstances", "vulnerability_record", "income_record", "consent", "access_grant"} | GOING | MERGED <= gone
    assert not done.is_deleted
    assert done.rows.keys() == gone
