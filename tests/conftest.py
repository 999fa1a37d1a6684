"""What every test can ask for: a clean migrated database of each kind, a client, and callers of every role."""

import os
import tempfile
from collections.abc import Iterator

# The settings are read once, so they are set before the application is imported.
os.environ["KEYS_DIR"] = tempfile.mkdtemp(prefix="himoya-keys-")
os.environ["PUBLIC_URL"] = "https://himoya.example"

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import settings
from sqlmodel import SQLModel

from app import database, features, worker
from app.audit.views import views
from app.database import Database
from app.identity import keys
from app.identity.revocations import revocations
from app.main import create_app
from app.migrating import config as alembic_config
from app.places.loading import load_places
from tests import declared, planted
from tests.callers import Callers
from tests.client import Client
from tests.databases import fresh_database

KINDS = ("sqlite", "postgresql")
features.policies()
# As every process does at its start.
keys.ensure()
# What a test finds is what it made: nothing is done in between that nobody asked for.
worker.FIRST_SECONDS = worker.EVERY_SECONDS
# The same examples every time: a run is red for what was changed, never for what was drawn. `--hypothesis-profile=default` draws anew.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_configure() -> None:
    """Listen from the beginning."""
    planted.listen()
    declared.listen()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Whatever a test is about, it fails if it leaves something personal in the log or in the trail."""
    try:
        yield
        planted.check(getattr(item, "funcargs", {}).get("migrated"))
    finally:
        planted.forget()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses a database runs once on each kind; a worker has one kind at a time."""
    if "migrated" in metafunc.fixturenames:
        marks = {name for name in KINDS if metafunc.definition.get_closest_marker(name)}
        kinds = [kind for kind in KINDS if not marks or kind in marks]
        cases = [pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in kinds]
        metafunc.parametrize("migrated", cases, indirect=True, scope="session")


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The process's database: migrated, with the places, without anything else."""
    with fresh_database(request.param, tmp_path_factory.mktemp("database")) as url:
        command.upgrade(alembic_config(url), "head")
        found = Database(url)
        database.use(found)
        load_places()
        yield found
        found.engine.dispose()


@pytest.fixture(scope="session")
def served(migrated: Database) -> Iterator[Client]:
    """The application with its lifespan, once a database."""
    with Client(create_app()) as client:
        yield client


def _empty(found: Database) -> None:
    views.flush()
    with found.engine.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            if table.name == "place":
                connection.execute(table.delete().where(table.c.level == "mahalla"))
            elif table.name == "certificate":
                connection.execute(table.update().values(superseded_by_id=None))
                connection.execute(table.delete())
            else:
                connection.execute(table.delete())
    revocations.forget()


@pytest.fixture
def db(migrated: Database) -> Iterator[Database]:
    """A clean database."""
    yield migrated
    _empty(migrated)


@pytest.fixture
def client(db: Database, served: Client) -> Client:
    """An anonymous client."""
    return served


@pytest.fixture
def callers(client: Client) -> Callers:
    """Callers of every role: `callers.ngo()`, `callers.committee("1733")`, …"""
    return Callers(client)


@pytest.fixture
def statements(migrated: Database) -> Iterator[list[str]]:
    """The SQL that ran."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    sa.event.listen(migrated.engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(migrated.engine, "before_cursor_execute", note)
