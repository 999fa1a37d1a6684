"""create_app(): the rooms, what every request passes, and the contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app import contract, database, features, health, problem_pages, problems, vocabulary
from app.audit.views import views
from app.database import Database
from app.identity import keys
from app.known_query import known_query
from app.limits import Limits
from app.settings import settings
from app.worker import Housekeeping


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """As many worker threads as connections, so that no thread waits for one; views are written until the last request is done."""
    keys.ensure()
    if not database.in_use():
        database.use(Database(settings().database_url, settings().database_pool))
    anyio.to_thread.current_default_thread_limiter().total_tokens = database.current().pool
    views.start()
    housekeeping = Housekeeping()
    housekeeping.start()
    try:
        yield
    finally:
        housekeeping.stop()
        views.stop()


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
        dependencies=[Depends(known_query)],
        redirect_slashes=False,
    )
    problems.install(app)
    for router in (*features.routers(), vocabulary.router, health.router, problem_pages.router, contract.router):
        app.include_router(router)
    if settings().cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings().cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "If-Match",
                "If-None-Match",
                "Idempotency-Key",
                "X-Request-ID",
                "Accept-Language",
            ],
            expose_headers=["ETag", "Location", "Link", "X-Request-ID", "Retry-After", "Idempotent-Replayed"],
            max_age=600,
        )
    app.add_middleware(Limits)
    contract.install(app)
    return app
