"""Every prebuilt statement that shows a watched row shows its id too, so that it is recorded who looked at whom."""

from typing import Any

import pytest
import sqlalchemy as sa

from app import features
from app.access import guard
from app.access.declare import DECLARED

features.routers()
WATCHED = {model for model, declared in DECLARED.items() if declared.watch_reads}
NAMED = {name: statement for name, statement in guard._named.items() if not name.startswith("test.")}
# Statements that show something of a watched row and no row: with the reason.
NO_LOOK = {
    "beneficiary.into": "which row stands for another one now; it is told to those alone who see that one, whose look is recorded",
    "certificate.holders": "names go into the certificates that are written; the enrollments they stand in are recorded",
    "certificate.verify": "anybody may verify; the name is masked and compared, never shown",
}


def shown(statement: Any) -> set[str]:
    """The watched tables whose columns a statement shows. An entity is loaded to be changed; what a change
    answers is read as columns again, and what was just made is what its maker sent.
    """
    found = set()
    for column in statement.column_descriptions:
        if column.get("entity") is None or column["expr"] is column["entity"]:
            continue
        mapper = sa.inspect(column["entity"]).mapper
        if mapper.class_ in WATCHED:
            found.add(guard.table_name(mapper))
    return found


def test_what_holds_names_of_people_is_watched() -> None:
    assert {str(model.__tablename__) for model in WATCHED} == {"beneficiary", "certificate", "enrollment", "family"}


@pytest.mark.parametrize("name", sorted(name for name, statement in NAMED.items() if shown(statement)))
def test_a_look_is_recorded(name: str) -> None:
    recorded = {table for _, table in guard._watched_columns(NAMED[name])}
    missing = shown(NAMED[name]) - recorded
    assert not missing or name in NO_LOOK, f"{name} shows columns of {sorted(missing)} without the row's id"


def test_there_is_something_to_watch() -> None:
    assert len([name for name, statement in NAMED.items() if shown(statement)]) > 5
    assert NO_LOOK.keys() <= NAMED.keys()
