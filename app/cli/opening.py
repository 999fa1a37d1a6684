"""What every area of the command line is given: where its commands go, the database, and words for what cannot be used."""

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from app import database
from app.database import Database
from app.settings import settings

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"
"""Where an area puts its commands; the library has no public name for it."""


class Unusable(Exception):
    """Something that a command was given cannot be used; its words, one line, say what and why."""


@contextmanager
def using(setting: str) -> Iterator[None]:
    """A file or folder that a setting names: what the system says against it is said of the setting."""
    try:
        yield
    except OSError as error:
        raise Unusable(f"{setting}: {error.filename}: {error.strerror}.") from error


def use_database() -> Database:
    """The database of the settings, as the one of this process."""
    with using("DATABASE_URL"):
        found = Database(settings().database_url, settings().database_pool)
    database.use(found)
    return found


def use_migrated_database() -> None:
    """The same, for a command that needs its tables. Raises Unavailable where it is not migrated to this version."""
    from app import features, health

    features.policies()
    use_database()
    health.require_ready()
