"""One flat list of routes, and by the first two words of an address those few of them that can be meant.

FastAPI keeps included routers as a tree and walks it anew for every request, through all rooms; that took a fifth of a read, and trying
all routes of the flat list another tenth.
"""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from app.known_query import known_query

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


_WORDS = 2
"""An address of the API is a version and a room, and what is asked of it."""


def _room(path: str) -> str:
    """The first two words of an address."""
    return "/".join(path.split("/", _WORDS + 1)[: _WORDS + 1])


class Route(APIRoute):
    """Compares the fixed beginning of its path before it tries its pattern, and lets no unknown parameter through."""

    def __init__(self, path: str, *arguments: Any, **options: Any) -> None:
        super().__init__(path, *arguments, **options)
        self._beginning = path.partition("{")[0]
        room = _room(path)
        # Empty for a route that takes one of these words for a value.
        self.room = "" if "{" in room else room

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this address is this route's."""
        return super().matches(scope) if scope["path"].startswith(self._beginning) else (Match.NONE, {})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            known_query(request)
            return await handler(request)

        return answer


class Rooms:
    """Hands a request to the routes that can be meant by the first two words of its address, and to all of them where no route begins
    like that: whoever answers what is not there is the same.
    """

    def __init__(self, router: APIRouter) -> None:
        self._all = router
        routes = [route for route in router.routes if isinstance(route, Route)]
        rooms = {route.room for route in routes} - {""}
        self._rooms = {room: _of(route for route in routes if route.room in (room, "")) for room in rooms}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        await self.of(scope).app(scope, receive, send)

    def of(self, scope: Scope) -> APIRouter:
        """The routes that can be meant."""
        return self._rooms.get(_room(scope["path"]), self._all) if scope["type"] == "http" else self._all


def _of(routes: Iterable[Route]) -> APIRouter:
    return APIRouter(routes=list[BaseRoute](routes), redirect_slashes=False)


def add_flat(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Add the routes of all routers, and of those included in them, as `include_router` would. No route is added afterwards."""
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
    app.router.middleware_stack = Rooms(app.router)
