"""One flat list of routes, each of which is passed over by the beginning of an address before its pattern is tried.

FastAPI keeps included routers as a tree and walks it anew for every request, through all rooms; that took a fifth of a read.
"""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope

# What this API says of its routes, beside path and endpoint: what else `add_api_route` takes is left at its default everywhere.
_OPTIONS = (
    "response_model",
    "status_code",
    "tags",
    "dependencies",
    "summary",
    "description",
    "response_description",
    "responses",
    "deprecated",
    "methods",
    "operation_id",
    "include_in_schema",
    "response_class",
    "name",
    "openapi_extra",
)


class Route(APIRoute):
    """Compares the fixed beginning of its path before it tries its pattern."""

    def __init__(self, path: str, *arguments: Any, **options: Any) -> None:
        super().__init__(path, *arguments, **options)
        self._beginning = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this address is this route's."""
        return super().matches(scope) if scope["path"].startswith(self._beginning) else (Match.NONE, {})


def add_flat(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Add the routes of all routers, and of those included in them, as `include_router` would."""
    tree = APIRouter()
    for router in routers:
        tree.include_router(router)
    for one in iter_route_contexts(tree.routes):
        app.router.add_api_route(
            str(one.path),
            one.endpoint,  # type: ignore[arg-type]
            route_class_override=Route,
            **{name: getattr(one, name) for name in _OPTIONS},
        )
