"""Is it alive, is it ready: for load balancers and container engines."""

from typing import Literal

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from app.answers import answer
from app.database import current
from app.migrating import head
from app.problems import Unavailable, problems
from app.schemas import Read

router = APIRouter(tags=["health"])


class HealthRead(Read):
    """All is well."""

    status: Literal["ok"]


@router.get("/livez", response_model=HealthRead)
async def is_alive() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


def require_ready() -> None:
    """Raises Unavailable unless the database answers and its migrations are at head."""
    if revision() != head():
        raise Unavailable("The database is not migrated to this version; run `python -m app migrate`.")


def revision() -> str | None:
    """The migration that the database is at. Raises Unavailable."""
    try:
        with current().reads.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise Unavailable("The database does not answer.") from error


@router.get("/readyz", response_model=HealthRead, responses=problems(Unavailable))
def is_ready() -> Response:
    """The database answers and its migrations are at head."""
    require_ready()
    return answer({"status": "ok"})
