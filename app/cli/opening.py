"""The database that a command works on."""

from app import database
from app.database import Database
from app.settings import settings


def use_database() -> Database:
    """The database of the settings, as the one of this process."""
    found = Database(settings().database_url, settings().database_pool)
    database.use(found)
    return found
