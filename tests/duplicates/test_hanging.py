"""The list of what hangs on a person against the columns that there are, and how each kind of it goes from one person to another."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app import features
from app.access.guard import mapper_of
from app.beneficiaries.actions.members import overlap
from app.beneficiaries.models import Beneficiary, FamilyMembership
from app.duplicates.actions.merging import COLUMNS
from app.duplicates.filling import PARTS
from app.duplicates.hanging import ELSEWHERE, HANGING
from app.duplicates.schemas import MergeFields
from tests.callers import Caller, Callers
from tests.factories.duplicates import make_twice, merge, undo

features.models()
REFERRING = {
    f"{table.name}.{column.name}"
    for table in SQLModel.metadata.tables.values()
    for column in table.columns
    for key in column.foreign_keys
    if key.column.table.name == "beneficiary"
}


def test_every_column_that_refers_to_a_person_is_on_the_list() -> None:
    listed = {f"{one.table}.{one.column}" for one in HANGING}
    assert len(listed) == len(HANGING)
    assert not listed & ELSEWHERE.keys()
    assert not REFERRING - listed - ELSEWHERE.keys(), "say in app/duplicates/hanging.py what a merge does with it"
    assert not (listed | ELSEWHERE.keys()) - REFERRING, "there is no such column"


@pytest.mark.parametrize("one", HANGING, ids=lambda one: f"{one.table}.{one.column}")
def test_what_is_unique_to_a_person_is_known(one) -> None:
    """A unique constraint over the person's column would break in the middle of a merge, unless the list says what to do about it."""
    table = mapper_of(one.table).local_table
    unique = [
        {column.name for column in constraint.columns}
        for constraint in (*table.constraints, *table.indexes)
        if (isinstance(constraint, sa.UniqueConstraint) or getattr(constraint, "unique", False))
        and one.column in {column.name for column in constraint.columns}
    ]
    for columns in unique:
        assert one.alone_by is not None, f"{one.table} is unique by {sorted(columns)}"
        assert columns - {one.column} >= set(one.alone_by)
    for name in one.alone_by or ():
        assert name in table.columns
    assert not one.lies_with_person or "territory" in table.columns


def test_the_fields_of_a_choice_are_columns() -> None:
    assert COLUMNS.keys() | PARTS.keys() == MergeFields.model_fields.keys()
    assert not COLUMNS.keys() & PARTS.keys()
    assert {column for columns in COLUMNS.values() for column in columns} <= set(Beneficiary.model_fields)


def test_which_memberships_stand_beside_each_other() -> None:
    """One that began and ended on the same day has no day, and one that was entered in error never was."""

    def membership(started: date | None, ended: date | None, reason: str | None = None) -> FamilyMembership:
        return FamilyMembership(started_on=started, ended_on=ended, end_reason=reason)

    year, next_year, day = date(2020, 1, 1), date(2021, 1, 1), date(2020, 5, 6)
    lived = membership(year, next_year, "divorce")
    for other, beside in (
        (membership(day, None), True),
        (membership(None, None), True),
        (membership(next_year, None), False),
        (membership(None, year, "divorce"), False),
        (membership(day, day, "divorce"), False),
        (membership(day, None, "entered_in_error"), False),
    ):
        assert (overlap(lived, other), overlap(other, lived)) == (beside, beside), other


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def test_numbers_move_and_come_back(ngo: Caller) -> None:
    """A number opens for its own person alone, so it is sealed anew both times."""
    first, second, pair = make_twice(ngo)
    made = ngo.post(f"/v1/beneficiaries/{second['id']}/identifiers", {"kind": "pinfl", "value": "61705125630018"})
    assert made.status_code == 201, made.text

    def values(person: dict[str, str]) -> list[str]:
        found = ngo.get(f"/v1/beneficiaries/{person['id']}/identifiers")
        assert found.status_code == 200, found.text
        return [one["value"] for one in found.json()["items"]]

    number = values(second)
    merged = merge(ngo, pair, first)
    assert {"table": "identifier", "rows": 1} in merged["moved"]
    assert values(first) == number
    assert undo(ngo, merged).status_code == 200
    assert (values(first), values(second)) == ([], number)


def test_an_equal_number_collapses(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    for person in (first, second):
        made = ngo.post(f"/v1/beneficiaries/{person['id']}/identifiers", {"kind": "pinfl", "value": "61705125630018"})
        assert made.status_code == 201, made.text
    # The equal number was noticed too, so the pair has a new version.
    (pair,) = ngo.get("/v1/duplicate-candidates").json()["items"]
    merged = merge(ngo, pair, first)
    assert merged["stayed"] == [{"table": "identifier", "rows": 1}]
    assert len(ngo.get(f"/v1/beneficiaries/{first['id']}/identifiers").json()["items"]) == 1
    assert undo(ngo, merged).status_code == 200
    assert len(ngo.get(f"/v1/beneficiaries/{second['id']}/identifiers").json()["items"]) == 1
