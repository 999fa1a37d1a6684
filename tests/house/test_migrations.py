"""One tree of migrations for both databases: up from empty, down to nothing, up again, and the models say the same."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from app.access.declare import DECLARED
from app.database import UtcDateTime
from app.migrating import head
from migrations import search_tables
from tests.conftest import KINDS, alembic_config
from tests.databases import fresh_database

# Alembic does not compare indexes on expressions; what was made of every index is compared below.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    with fresh_database(request.param, tmp_path) as found:
        yield found


def looked_at(url: str, ask: Any) -> Any:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return ask(connection)


def tables(url: str) -> set[str]:
    return {name for name in looked_at(url, lambda connection: sa.inspect(connection).get_table_names()) if not name.startswith("search_")}


def described(url: str) -> dict[str, Any]:
    """Columns, keys and indexes of every table, to compare one way up with another."""

    def ask(connection: sa.Connection) -> dict[str, Any]:
        inspector = sa.inspect(connection)
        return {
            name: (
                sorted((column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)),
                sorted(str(index["name"]) for index in inspector.get_indexes(name)),
                sorted(str(key["name"]) for key in inspector.get_foreign_keys(name)),
                sorted(str(check["name"]) for check in inspector.get_check_constraints(name)),
            )
            for name in inspector.get_table_names()
            if name != "alembic_version"
        }

    found: dict[str, Any] = looked_at(url, ask)
    return found


def test_there_is_one_head() -> None:
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    assert script.get_heads() == [head()]
    assert len(script.get_bases()) == 1
    for revision in script.walk_revisions():
        assert (revision.doc or "").strip()
        assert Path(str(revision.path)).name[:4].isdigit(), "named by its date"


def test_up_and_down_and_up_again(url: str) -> None:
    config = alembic_config(url)
    command.upgrade(config, "head")
    first = described(url)
    assert tables(url) == {*SQLModel.metadata.tables, "alembic_version"}
    command.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}
    command.upgrade(config, "head")
    assert described(url) == first


def test_each_step_goes_both_ways(url: str) -> None:
    config = alembic_config(url)
    before = described(url)
    for revision in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
        command.upgrade(config, revision.revision)
        after = described(url)
        command.downgrade(config, "-1")
        assert described(url) == before, f"{revision.doc}: down"
        command.upgrade(config, revision.revision)
        assert described(url) == after, f"{revision.doc}: up again"
        before = after


def test_the_models_say_what_the_migrations_made(url: str) -> None:
    """`alembic check`."""
    config = alembic_config(url)
    command.upgrade(config, "head")
    command.check(config)


def indexes(url: str) -> dict[str, str]:
    """Every index, as the database says that it was made; those of search stand in no model."""

    def ask(connection: sa.Connection) -> dict[str, str]:
        if connection.dialect.name == "postgresql":
            made = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        else:
            made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        rows = connection.exec_driver_sql(made).all()
        others = re.compile(r".*_search_words|alembic_version.*")
        return {name: " ".join(text.replace('"', "").split()) for name, text in rows if not others.fullmatch(name)}

    found: dict[str, str] = looked_at(url, ask)
    return found


def test_every_index_is_made_as_the_models_say(url: str) -> None:
    """Those on expressions and those of a part of the rows as well, by which lists of a territory are read."""
    config = alembic_config(url)
    command.upgrade(config, "head")
    migrated = indexes(url)
    command.downgrade(config, "base")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    SQLModel.metadata.create_all(engine)
    declared = indexes(url)
    SQLModel.metadata.drop_all(engine)
    assert len([text for text in declared.values() if "substr" in text]) > 5, "or none of those is compared"
    assert migrated == declared


def test_words_follow_the_rows_of_every_searched_table(url: str) -> None:
    """SQLite loses the triggers of a table that a migration makes anew; what PostgreSQL has instead, `alembic check` does not compare."""
    command.upgrade(alembic_config(url), "head")

    def ask(connection: sa.Connection) -> set[str]:
        kept = "SELECT indexname FROM pg_indexes" if connection.dialect.name == "postgresql" else "SELECT name FROM sqlite_master"
        return set(connection.exec_driver_sql(kept).scalars())

    kept: set[str] = looked_at(url, ask)
    searched = sorted(name for name, table in SQLModel.metadata.tables.items() if "search" in table.c)
    assert tuple(searched) == search_tables.SEARCHED
    for table in searched:
        needed = {f"search_{table}", *(f"search_{table}_{event}" for event in ("insert", "update", "delete"))}
        assert (needed if url.startswith("sqlite") else {f"ix_{table}_search_words"}) <= kept, (
            f"restore_triggers({table!r}) after the batch"
        )


GAPS = {" o'ktam shovot oktam": " o'ktam shovot  oktam", " ali": " ali  ", "": "", " xasan hasan karim": " xasan hasan karim  "}


def test_search_columns_of_before_are_parted_and_joined_again(url: str) -> None:
    config = alembic_config(url)
    command.upgrade(config, "5c2d8e4f1a07")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    venue = sa.table("venue", *(sa.column(name) for name in ("version", "search")), sa.column("id", sa.Uuid()))
    add = "INSERT INTO venue (id, created_at, updated_at, version, organization_id, territory, search) VALUES "
    moment, owner = "'2026-01-01 00:00:00.000000'", "'019abcdef0127abc8defabcdef012345'"
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")
        for number, search in enumerate(GAPS):
            quoted = search.replace("'", "''")
            connection.exec_driver_sql(
                f"{add} ('{uuid.UUID(int=number + 1).hex}', {moment}, {moment}, {number}, {owner}, '1733230', '{quoted}')"
            )
    rows = sa.select(venue.c.search).order_by(venue.c.version)
    command.upgrade(config, "7a41c0d95e22")
    assert looked_at(url, lambda connection: connection.execute(rows).scalars().all()) == list(GAPS.values())
    if url.startswith("sqlite"):
        found = sa.text("SELECT count(*) FROM search_venue WHERE search_venue MATCH '\"o''k\"*'")
        assert looked_at(url, lambda connection: connection.execute(found).scalar_one()) == 1
    command.downgrade(config, "5c2d8e4f1a07")
    assert looked_at(url, lambda connection: connection.execute(rows).scalars().all()) == list(GAPS)


def test_consents_of_before_say_who_spoke_for_the_household(url: str) -> None:
    """What a member who is neither the head nor a caregiver opened of a family's row is closed, and nothing else is."""
    config = alembic_config(url)
    command.upgrade(config, "8b1e2f6a3c0d")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    moment, forever, family = "'2026-01-01 00:00:00.000000'", "'9999-12-31 00:00:00.000000'", 90
    head, caregiver, parent, former = 1, 2, 3, 4

    def hexed(number: int) -> str:
        return f"'{uuid.UUID(int=number).hex}'"

    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")

        def add(table: str, key: int, **values: str) -> None:
            values = {"id": hexed(key), "created_at": moment, "updated_at": moment, "version": "1", **values}
            connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")

        def consent(key: int, giver: int, **subject: str) -> None:
            words = {"purpose": "'information_sharing'", "notice_version": "'1'", "capacity": "'caregiver'", "status": "'given'"}
            rest = {"organization_id": hexed(80), "given_by_id": hexed(giver), "categories": "4", "status_at": moment}
            add("consent", key, **words, **rest, **subject)
            grant = {"grantee": "'role:womens_committee'", "source": "'consent'", "source_id": hexed(key), "opens_at": moment}
            add("access_grant", key, **grant, organization_id=hexed(80), categories="4", closes_at=forever, **subject)

        for person in (head, caregiver, parent, former):
            role = {"relationship_to_head": "'head'" if person == head else "'parent'", "is_head": str(person == head).lower()}
            cares = {"is_primary_caregiver": str(person in (caregiver, former)).lower()}
            ended = {"ended_on": "'2026-01-01'"} if person == former else {}
            place = {"organization_id": hexed(80), "territory": "'1733230'", "family_id": hexed(family), "beneficiary_id": hexed(person)}
            add("family_membership", person, **place, **role, **cares, **ended)
            consent(10 + person, person, family_id=hexed(family))
        consent(20, parent, beneficiary_id=hexed(5))
    command.upgrade(config, "8b1e2f6a3c0e")
    marked = sa.text("SELECT id FROM consent WHERE covers_household")
    still = sa.text("SELECT id FROM access_grant WHERE closes_at > '9999-01-01'")

    def found(statement: sa.TextClause) -> set[int]:
        return {uuid.UUID(str(one)).int for one in looked_at(url, lambda connection: connection.execute(statement).scalars().all())}

    assert found(marked) == {10 + head, 10 + caregiver}
    assert found(still) == {10 + head, 10 + caregiver, 20}


def test_nothing_is_compared_away() -> None:
    """The environment leaves out indexes on expressions; a missing column or table must still be seen."""

    def ask(connection: sa.Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)

    assert looked_at("sqlite://", ask), "an empty database is not up to date"


# --- portable types -----------------------------------------------------------------------------------------------------------
def test_types_are_portable() -> None:
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            kind = column.type
            assert not isinstance(kind, sa.Enum), f"{column}: enums are checked strings"
            assert not isinstance(kind, sa.DateTime), f"{column}: a moment is a UtcDateTime"
            assert not isinstance(kind, sa.Numeric) or isinstance(kind, sa.Float), f"{column}: SQLite has no decimals"
            if isinstance(kind, sa.String):
                assert kind.length, f"{column}: a text has a bound"
            if "at" in column.name.split("_")[-1:]:
                assert isinstance(kind, UtcDateTime), f"{column}: a moment is a UtcDateTime"


def test_constraints_have_names() -> None:
    """A broken constraint is answered by its name."""
    for table in SQLModel.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
            assert len(str(constraint.name)) <= 63, f"{constraint.name}: PostgreSQL would cut it"
        for index in table.indexes:
            assert index.name
            assert len(str(index.name)) <= 63


# Links that are never followed from the other side: owners and territories lead other indexes where lists use them, a role comes with its
# organization, and what the others lead to is never removed.
UNINDEXED = (
    ".organization_id",
    ".territory",
    ".role",
    ".parent_soato",
    ".parent_id",
    ".successor_soato",
    ".successor_id",
    ".superseded_by_id",
    ".participant_organization_id",
    ".place",
    ".venue_id",
    "enrollment.specialist_id",
)


def test_links_are_indexed() -> None:
    """A foreign key is looked up from the other side, and PostgreSQL makes no index by itself."""
    bare = []
    for table in SQLModel.metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes if len(index.columns)}
        leading |= {
            next(iter(one.columns)).name
            for one in table.constraints
            if isinstance(one, sa.UniqueConstraint | sa.PrimaryKeyConstraint) and len(one.columns)
        }
        bare += [f"{table.name}.{column.name}" for column in table.columns if column.foreign_keys and column.name not in leading]
    assert not [name for name in bare if not name.endswith(UNINDEXED)]


def test_entities_have_what_every_row_has() -> None:
    for model in DECLARED:
        names = set(model.model_fields)
        if "version" in names:
            assert {"id", "created_at", "updated_at", "origin"} <= names, model.__name__
        if "organization_id" in names and "territory" in names:
            assert SQLModel.metadata.tables[str(model.__tablename__)].c.territory.foreign_keys, model.__name__
