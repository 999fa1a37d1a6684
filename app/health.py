"""Is it alive, is it ready: for load balancers and container engines."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from app.answers import answer
from app.database import current
from app.problems import Unavailable, problems
from app.schemas import Read

router = APIRouter(tags=["health"])
ROOT = Path(__file__).parent.parent


class HealthRead(Read):
    """All is well."""

    status: Literal["ok"]


@lru_cache(maxsize=1)
def head() -> str | None:
    """The newest migration of the code."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


@router.get("/livez", response_model=HealthRead)
async def is_alive() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@router.get("/readyz", response_model=HealthRead, responses=problems(Unavailable))
def is_ready() -> Response:
    """The database answers and its migrations are at head."""
    try:
        with current().reads.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))
            found = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise Unavailable("The database does not answer.") from error
    if found != head():
        raise Unavailable("The database is not migrated to this version; run `python -m app migrate`.")
    return answer({"status": "ok"})
