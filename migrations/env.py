"""Runs the migrations on either database, in one transaction."""

import sys
import warnings
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

from app import features
from app.database import UtcDateTime
from app.settings import settings

features.models()


def render(kind: str, obj: object, autogen_context: object) -> str | bool:
    """Types of ours by their own names; JSON as it is on each database."""
    if kind == "type" and isinstance(obj, UtcDateTime):
        return "app.database.UtcDateTime()"
    if kind == "type" and isinstance(obj, sa.JSON):
        return "app.database.Json"
    if kind == "type" and type(obj).__module__.startswith("sqlmodel"):
        return f"sa.String(length={obj.length})" if getattr(obj, "length", None) else "sa.String()"
    return False


def include(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave out what SQLite keeps for its full-text search, and indexes on expressions, which no database answers as they were written."""
    if kind == "table" and name and name.startswith("search_"):
        return False
    return not (kind == "index" and name and name.rpartition("_")[2] in ("country", "region", "district", "mahalla", "words"))


def none_for_nothing(_context: object, _revision: object, directives: list[Any]) -> None:
    """Where the models say what the database has, write no revision; one that is to be filled by hand is made without `--autogenerate`."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives.clear()
        sys.stderr.write("The models have not changed, so no migration was written.\n")


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        compare_server_default=False,
        render_item=render,
        include_object=include,
        process_revision_directives=none_for_nothing,
    )
    with warnings.catch_warnings(), context.begin_transaction():
        # `include` leaves them out; a line about each says nothing new.
        warnings.filterwarnings("ignore", ".*expression-based index")
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    engine = sa.create_engine(context.config.attributes.get("url") or settings().database_url, poolclass=sa.NullPool)
    with engine.connect() as opened:
        run(opened)
