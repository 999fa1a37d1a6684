"""How many statements each route runs: a number that grows by itself is a query in a loop."""

from collections.abc import Callable
from typing import Any

import pytest

from app.access.transaction import as_system, begin
from app.database import Database
from app.identity.revocations import revocations
from app.places.models import Level, Place
from tests.callers import Caller, Callers
from tests.client import Client

PLACE = {"district": "1733230", "names": {"uz_latn": "Guliston"}}


def account(caller: Caller) -> dict[str, Any]:
    import uuid

    return {
        "email": f"{uuid.uuid4().hex}@test.example",
        "name": "Test",
        "password": "a sentence that nobody guesses",
        "organization_id": caller.organization_id,
        "duty": "viewer",
        "territory": "1733",
    }


Request = Callable[[Caller], Any]
TABLE: dict[str, tuple[int, Request]] = {
    # one row, by its id: the row
    "get a place": (1, lambda one: one.get("/v1/places/1733230")),
    "get an account": (1, lambda one: one.get(f"/v1/accounts/{one.account.id}")),
    "who am I": (1, lambda one: one.get("/v1/me")),
    "a place that is not there": (1, lambda one: one.get("/v1/places/1799999")),
    # a page: the rows, and one more only for the total
    "list places": (1, lambda one: one.get("/v1/places?limit=200")),
    "search places": (1, lambda one: one.get("/v1/places?q=shovot&level=district")),
    "list places with their total": (2, lambda one: one.get("/v1/places?include=total")),
    "list accounts": (1, lambda one: one.get("/v1/accounts")),
    "list the trail": (1, lambda one: one.get("/v1/audit-entries")),
    # a row is made: BEGIN, the district, its last code, the row, its entry, the check, and what is shown
    "add a mahalla": (7, lambda one: one.post("/v1/places", PLACE)),
    # with a key: it is claimed and its answer recorded
    "add a mahalla with a key": (9, lambda one: one.post("/v1/places", PLACE, key="once")),
    # the replay: BEGIN, the claim, the answer that is kept
    "a replay": (3, lambda one: one.post("/v1/places", PLACE, key="twice")),
    # BEGIN, the organization, the territory, the row, its entry, the check, and what is shown
    "make an account": (7, lambda one: one.post("/v1/accounts", account(one))),
    # a row is changed: BEGIN, the row, the check, the update, the check again, its entry, and what is shown
    "change a place": (7, lambda one: one.patch("/v1/places/1733230-0099", {"is_pilot": True}, version=1)),
    # refused before any of it
    "a body that is wrong": (0, lambda one: one.post("/v1/places", {})),
    "a parameter that is not there": (0, lambda one: one.get("/v1/places?x=1")),
    # alive without asking, ready by asking
    "alive": (0, lambda one: one.client.get("/livez")),
}
HELD = {"add a mahalla", "add a mahalla with a key"}
"""On PostgreSQL a lock by name more, so that two do not get one code."""


@pytest.mark.parametrize("name", TABLE)
def test_a_route_runs_what_the_table_says(callers: Callers, db: Database, statements: list[str], name: str) -> None:
    expected, request = TABLE[name]
    caller = callers.administrator()
    with begin(as_system("test")) as session:
        session.add(Place(soato="1733230-0099", level=Level.MAHALLA, parent_soato="1733230", name_en="X"))
    # What is asked once a process or every few seconds is no part of a request.
    caller.get("/v1/me")
    if name == "a replay" or (expected and "account" not in name and "place" in name and "change" not in name):
        request(caller)
    revocations.load(0.0)
    statements.clear()
    response = request(caller)
    assert response.status_code < 500
    on_postgresql = not db.is_sqlite and name in HELD
    found = [statement for statement in statements if "access_entry" not in statement]
    # The drivers send BEGIN by themselves.
    writes = any(statement.lstrip().upper().startswith(("INSERT", "UPDATE")) for statement in found)
    assert len(found) + writes == expected + on_postgresql, "\n".join(found)


def test_a_page_costs_the_same_whatever_its_length(callers: Callers, statements: list[str]) -> None:
    caller = callers.state()
    caller.get("/v1/me")
    counts = []
    for limit in (1, 50, 200):
        caller.get(f"/v1/places?limit={limit}")
        statements.clear()
        assert len(caller.get(f"/v1/places?limit={limit}").json()["items"]) == limit
        counts.append(len(statements))
    assert len(set(counts)) == 1


def test_authentication_costs_no_statement(client: Client, callers: Callers, statements: list[str]) -> None:
    caller = callers.state()
    caller.get("/v1/places/1733230")
    statements.clear()
    for _ in range(3):
        assert caller.get("/v1/places/1733230").status_code == 200
    assert len(statements) == 3
