"""create_app(): the rooms, what every request passes, and the contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app import contract, cross_origin, database, features, health, problem_pages, problems, vocabulary
from app.audit.views import views
from app.database import Database
from app.identifiers import rekeying
from app.identity import keys
from app.limits import Bounds, Envelope
from app.routing import add_flat
from app.settings import settings
from app.worker import Housekeeping


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """As many worker threads as connections, so that no thread waits for one; views are written until the last request is done."""
    keys.ensure()
    if not database.in_use():
        database.use(Database(settings().database_url, settings().database_pool))
    rekeying.start()
    anyio.to_thread.current_default_thread_limiter().total_tokens = database.current().pool
    views.start()
    housekeeping = Housekeeping()
    housekeeping.start()
    try:
        yield
    finally:
        housekeeping.stop()
        views.stop()


def operation_id(route: APIRoute) -> str:
    """The operation's name in the contract and in the trail: that of its function."""
    return route.name


def create_app() -> FastAPI:
    """The service; `uvicorn app.main:create_app --factory` runs it."""
    app = FastAPI(
        title=contract.TITLE,
        version=contract.VERSION,
        description=contract.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        # Nothing collects it here, and asking at every request whether somebody does costs as much as the log line.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    # The last one added is the first one met: refusals of the innermost pass through the others, so a page of another origin can read them.
    app.add_middleware(Bounds)
    add_flat(app, (*features.routers(), vocabulary.router, health.router, problem_pages.router, contract.router))
    cross_origin.install(app)
    app.add_middleware(Envelope)
    contract.install(app)
    return app
