"""The flat list of routes answers what the tree of routers would: every address, no other, and with the methods it has."""

import re
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

from app.main import create_app
from app.routing import Rooms, Route, add_flat
from tests.client import Client

APP = create_app()
ROUTES = list(iter_route_contexts(APP.routes))
ADDRESSES = [(method, str(route.path)) for route in ROUTES for method in sorted(route.methods or ())]


def scope(method: str, path: str) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "0", path)


def answering(method: str, path: str) -> list[str]:
    """The routes that take this request whole, in their order."""
    return [str(getattr(route, "path")) for route in APP.routes if route.matches(scope(method, path))[0] is Match.FULL]  # noqa: B009


def test_the_list_is_flat() -> None:
    assert len(APP.routes) == len(ROUTES) > 50
    assert all(isinstance(route, Route) for route in APP.routes)


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_every_route_is_reached_first(method: str, path: str) -> None:
    assert answering(method, filled(path))[:1] == [path]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_the_room_of_an_address_has_its_route(method: str, path: str) -> None:
    """What is asked of a room goes through its routes alone, in the order of all, and they are a part of all."""
    rooms = Rooms(APP.router)
    room = rooms.of(scope(method, filled(path)))
    found = [str(getattr(route, "path")) for route in room.routes if route.matches(scope(method, filled(path)))[0] is Match.FULL]  # noqa: B009
    assert found == answering(method, filled(path))
    assert (len(room.routes) < len(ROUTES)) == ("{" not in "/".join(path.split("/")[:3]))


@pytest.mark.parametrize(
    "path", ["/v1/place", "/v1/placesx", "/v1/places/1733230/x", "/v1", "/", "", "/x/v1/places", "//v1/places", "/V1/places"]
)
def test_a_like_beginning_is_not_caught(client: Client, path: str) -> None:
    assert answering("GET", path) == []
    if path:
        response = client.get(f"http://testserver{path}")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/places", "GET, HEAD, POST"),
        ("PUT", "/v1/beneficiaries/0160b012-20a0-7907-9a16-430d033e74cd", None),
        ("DELETE", "/livez", "GET, HEAD"),
        ("GET", "/v1/auth/login", "POST"),
    ],
)
def test_another_method_is_refused_with_those_that_serve(client: Client, method: str, path: str, allowed: str | None) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    served = {one for one in ("DELETE", "GET", "PATCH", "POST", "PUT") if answering(one, path)}
    assert set(response.headers["allow"].split(", ")) == served | ({"HEAD"} if "GET" in served else set())
    assert allowed in (None, response.headers["allow"])


def test_what_a_router_says_of_its_routes_arrives() -> None:
    inner, outer, app = APIRouter(prefix="/inner", tags=["of inner"]), APIRouter(prefix="/outer"), FastAPI()

    @inner.post("/{key}", status_code=202, operation_id="do_this", summary="This", include_in_schema=False, openapi_extra={"x-a": 1})
    def this(key: str) -> dict[str, str]:
        return {"key": key}

    outer.include_router(inner)
    add_flat(app, [outer])
    (route,) = (one for one in app.routes if isinstance(one, Route))
    assert (route.path, route.methods, route.status_code, route.tags) == ("/outer/inner/{key}", {"POST"}, 202, ["of inner"])
    assert (route.operation_id, route.name, route.summary, route.include_in_schema) == ("do_this", "this", "This", False)
    assert route.openapi_extra == {"x-a": 1}
