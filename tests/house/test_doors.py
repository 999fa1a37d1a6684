"""Every route has exactly one door, or stands on the list of what anybody may use."""

import re
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from app.access.declare import DECLARED
from app.access.permissions import PERMISSIONS
from app.identity.door import Bearer, Door
from app.main import create_app
from tests.client import Client

PUBLIC = {
    "POST /v1/auth/login": "whoever logs in is nobody yet",
    "POST /v1/auth/refresh": "the refresh token is the key",
    "POST /v1/oauth/token": "the client's secret is the key",
    "GET /.well-known/jwks.json": "public keys",
    "GET /.well-known/oauth-authorization-server": "where tokens come from",
    "GET /livez": "for load balancers",
    "GET /readyz": "for load balancers",
    "GET /problems": "what problems mean",
    "GET /problems/{code}": "what a problem means",
    "GET /openapi.json": "the contract",
    "GET /docs": "the contract, to read",
    "GET /docs/{asset}": "scripts and styles of that page",
    "GET /v1/vocabulary": "the words of the contract in four languages",
    "GET /v1/verify/{number}": "anybody may check a certificate",
    "POST /v1/verify/{number}": "anybody who knows the surname",
    "GET /v": "the page for people: type a number",
    "GET /v/{number:path}": "the page for people, whatever was typed",
    "POST /v/{number:path}": "its form, without JavaScript",
}
APP = create_app()
ROUTES: dict[str, Any] = {
    f"{method} {route.path}": route for route in iter_route_contexts(APP.routes) for method in sorted(route.methods or ())
}


def doors(route: Any) -> list[Door]:
    return [one.dependency for one in route.dependencies if isinstance(one.dependency, Door)]


def calls(dependant: Any) -> list[Any]:
    return [one for direct in dependant.dependencies for one in (direct.call, *calls(direct))]


def test_every_route_has_one_door_or_is_public() -> None:
    assert len(ROUTES) > 50
    wrong = {name: len(doors(route)) for name, route in ROUTES.items() if name not in PUBLIC and len(doors(route)) != 1}
    assert not wrong
    assert not {name for name, route in ROUTES.items() if name in PUBLIC and doors(route)}


def test_the_public_list_has_nothing_that_is_gone() -> None:
    assert not PUBLIC.keys() - ROUTES.keys()


def test_no_address_is_answered_twice() -> None:
    """Two routes for one method and address: the second would never be reached."""
    seen = [
        f"{method} {re.sub(r'{[^}]*}', '{}', str(route.path))}"
        for route in iter_route_contexts(APP.routes)
        for method in route.methods or ()
    ]
    assert sorted(seen) == sorted(set(seen))


def test_doors_ask_for_permissions_that_exist() -> None:
    asked = {door.permission.name for route in ROUTES.values() for door in doors(route)}
    assert asked <= PERMISSIONS.keys()
    assert all(
        PERMISSIONS[name] is door.permission for route in ROUTES.values() for door in doors(route) for name in (door.permission.name,)
    )
    shows = {rule.permission.name for declared in DECLARED.values() for rule in declared.fields.values() if rule.permission}
    assert PERMISSIONS.keys() - asked - shows == set(), "a permission that opens no door and shows no field"


def test_reading_asks_for_a_permission_to_read() -> None:
    """GET never needs a right to write, and whatever changes something never makes do with a right to read."""
    for name, route in ROUTES.items():
        for door in doors(route):
            reads = door.permission.name.endswith(":read") or door.permission.name == "me"
            assert reads or not name.startswith("GET"), name
            assert not door.permission.name.endswith(":read") or name.startswith("GET"), name


def test_a_public_route_knows_no_caller() -> None:
    for name in PUBLIC.keys() & ROUTES.keys():
        assert not [call for call in calls(ROUTES[name].dependant) if isinstance(call, Bearer)], name


@pytest.mark.parametrize("name", sorted(ROUTES.keys() - PUBLIC.keys()))
def test_a_stranger_stays_outside(name: str) -> None:
    """401 before anything is looked at: no database is in use here."""
    method, _, path = name.partition(" ")
    address = re.sub(r"{[^}]*}", "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17", path)
    client = Client(APP)
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        response = client.request(method, address, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), response.text
        assert response.headers["www-authenticate"] == "Bearer"


# --- names --------------------------------------------------------------------------------------------------------------------
def test_addresses_are_named_alike() -> None:
    for name, route in ROUTES.items():
        path = str(route.path)
        if not path.startswith("/v1/"):
            continue
        for part in path.split("/")[2:]:
            assert re.fullmatch(r"{[a-z_]+}(\.[a-z]+)?|[a-z]+(-[a-z]+)*(\.[a-z]+)?", part), name
        assert not path.endswith("/")


def test_operations_are_named_after_their_functions() -> None:
    names = [route.unique_id for route in ROUTES.values()]
    assert len(names) == len(set(names))
    for name, route in ROUTES.items():
        # A roster's routes exist once and are served for each kind of activity, under its word.
        of_a_roster = route.endpoint.__module__.startswith("app.participation.")
        assert route.unique_id == ((route.operation_id or route.name) if of_a_roster else route.endpoint.__name__), name
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", route.unique_id), name


def test_every_operation_is_described() -> None:
    for name, route in ROUTES.items():
        assert (route.endpoint.__doc__ or "").strip().endswith((".", ")")), name
        assert route.tags or not route.include_in_schema, name
