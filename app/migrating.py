"""The migrations: where they lie, which one is the newest, and how a database is brought to it."""

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

_ROOT = Path(__file__).parent.parent


def config(url: str) -> Config:
    """Alembic, pointed at a database; from wherever the process was started."""
    found = Config(_ROOT / "alembic.ini")
    # A percent sign is the file format's own.
    found.set_main_option("script_location", str(_ROOT / "migrations").replace("%", "%%"))
    found.attributes["url"] = url
    return found


@lru_cache(maxsize=1)
def head() -> str | None:
    """The newest migration of the code."""
    return ScriptDirectory.from_config(config("")).get_current_head()


def upgrade(url: str) -> None:
    """Bring a database to the newest migration."""
    command.upgrade(config(url), "head")
