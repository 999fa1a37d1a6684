"""People who were registered before there were match keys get theirs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command

from app.beneficiaries.resemblance import match_key
from tests.conftest import KINDS, alembic_config
from tests.databases import fresh_database

BEFORE, AFTER = "8b1e2f6a3c05", "8b1e2f6a3c06"


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as found:
        yield found


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_those_who_are_there_already(url: str) -> None:
    command.upgrade(alembic_config(url), BEFORE)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    tables = sa.MetaData()
    with engine.begin() as connection:
        tables.reflect(connection, only=["organization", "place", "beneficiary"])
        common: dict[str, Any] = {"created_at": datetime.now(UTC), "updated_at": datetime.now(UTC), "version": 1}
        place = {"soato": "17", "level": "country", "is_pilot": False, "name_en": "X"}
        organization = {"id": key(engine), "kind": "ngo", "name_en": "X", "territory": "17", **common}
        for name, values in (("place", {"id": key(engine), **common, **place}), ("organization", organization)):
            connection.execute(tables.tables[name].insert(), filled(tables.tables[name], values))
        person = {"organization_id": organization["id"], "territory": "17", "surname": "Йўлдошева", "given_name": "Дилноза", **common}
        person |= {"id": key(engine), "sex": "female", "birth_date": date(2012, 5, 17), "birth_precision": "day"}
        connection.execute(tables.tables["beneficiary"].insert(), filled(tables.tables["beneficiary"], person))
    command.upgrade(alembic_config(url), AFTER)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT match_key FROM beneficiary")).scalar_one() == match_key("Йўлдошева", "Дилноза", None)


def key(engine: sa.Engine) -> Any:
    """SQLite's column is one of characters, as it is reflected."""
    return uuid4().hex if engine.dialect.name == "sqlite" else uuid4()


def filled(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    """The columns that there are, and something in those that must not be empty."""
    empty = {"BOOLEAN": False, "INTEGER": 0, "VARCHAR": ""}
    needed = {one.name: empty.get(str(one.type).partition("(")[0]) for one in table.columns if not one.nullable and not one.server_default}
    return {name: value for name, value in (needed | values).items() if name in table.columns}
