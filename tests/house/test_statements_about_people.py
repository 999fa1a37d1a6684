"""How many statements the routes about people and what they take part in run: a number that grows by itself is a query in a loop.

What writes is counted in `test_statements_of_writes`; here are those writes alone whose number is to be the same for more rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.database import Database
from app.identity.revocations import revocations
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import daughter, family_body, father, make_family, mother
from tests.factories.certificates import make_course, names
from tests.factories.circumstances import make_circumstances
from tests.factories.identifiers import make_identifier
from tests.factories.kinship import make_kinship
from tests.factories.participation import cost, make_enrollment, make_session
from tests.factories.trainings import make_open_training
from tests.factories.vulnerability import make_record


@dataclass
class World:
    """A family of three, a training with three participants, another one that was completed by two with certificates."""

    caller: Caller
    family: dict[str, Any]
    training: dict[str, Any]
    course: Any
    certificate: str
    more: dict[str, str]

    @property
    def child(self) -> str:
        """The address of the family's child."""
        return f"/v1/beneficiaries/{self.more['child']}"

    @property
    def home(self) -> str:
        """The family's address."""
        return f"/v1/families/{self.family['id']}"

    @property
    def held(self) -> str:
        """The training's address."""
        return f"/v1/trainings/{self.training['id']}"


@pytest.fixture
def world(callers: Callers) -> World:
    load_schemes()
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    people = {one["relationship_to_head"]: one for one in family["members"]}
    training = make_open_training(ngo)
    enrollments = [make_enrollment(ngo, training["id"]) for _ in range(3)]
    course = make_course(ngo, *names(2))
    issued = ngo.post(course.url, {"dry_run": False}).json()["outcomes"]
    more = {
        "child": people["child"]["id"],
        "membership": people["child"]["membership_id"],
        "enrollment": enrollments[0]["id"],
        "session": make_session(ngo, training["id"])["id"],
        "kinship": make_kinship(ngo, people["spouse"], people["child"])["id"],
    }
    make_circumstances(ngo, people["child"])
    make_identifier(ngo, people["child"])
    make_record(ngo, people["child"], "child_with_disability")
    return World(ngo, family, training, course, issued[0]["certificate_id"], more)


Request = Callable[[World], Any]
TABLE: dict[str, tuple[int, Request]] = {
    "get a beneficiary": (1, lambda one: one.caller.get(one.child)),
    "list beneficiaries": (1, lambda one: one.caller.get("/v1/beneficiaries?limit=200")),
    "list beneficiaries of a day": (1, lambda one: one.caller.get("/v1/beneficiaries?limit=200&as_of=2020-01-01")),
    "search beneficiaries": (1, lambda one: one.caller.get("/v1/beneficiaries?q=dilnoza")),
    "get a family": (2, lambda one: one.caller.get(one.home)),
    "a family of a day": (3, lambda one: one.caller.get(f"{one.home}?as_of=2020-01-01")),
    "list families": (1, lambda one: one.caller.get("/v1/families?limit=200")),
    "search families": (1, lambda one: one.caller.get("/v1/families?q=karim")),
    "register a family of one": (16, lambda one: one.caller.post("/v1/families", family_body(members=[father()]))),
    "register a family of three": (16, lambda one: one.caller.post("/v1/families", family_body(members=[father(), mother(), daughter()]))),
    "list memberships": (2, lambda one: one.caller.get(f"{one.home}/memberships")),
    "get a membership": (1, lambda one: one.caller.get(f"{one.home}/memberships/{one.more['membership']}")),
    "list residences": (2, lambda one: one.caller.get(f"{one.home}/residences")),
    "get a training": (3, lambda one: one.caller.get(one.held)),
    "list trainings": (3, lambda one: one.caller.get("/v1/trainings?limit=200")),
    "list enrollments": (2, lambda one: one.caller.get(f"{one.held}/enrollments?limit=200")),
    "get an enrollment": (2, lambda one: one.caller.get(f"{one.held}/enrollments/{one.more['enrollment']}")),
    "list sessions": (2, lambda one: one.caller.get(f"{one.held}/sessions")),
    "get a sheet of attendance": (3, lambda one: one.caller.get(f"{one.held}/sessions/{one.more['session']}/attendance")),
    "completions": (5, lambda one: one.caller.get(f"/v1/trainings/{one.course.id}/completions")),
    "foresee certificates": (12, lambda one: one.caller.post(one.course.url, {"dry_run": True})),
    "issue certificates, all there": (16, lambda one: one.caller.post(one.course.url, {"dry_run": False})),
    "get a certificate": (1, lambda one: one.caller.get(f"/v1/certificates/{one.certificate}")),
    "list certificates": (1, lambda one: one.caller.get("/v1/certificates?limit=200")),
    "list kinships": (1, lambda one: one.caller.get("/v1/kinships")),
    "get a kinship": (1, lambda one: one.caller.get(f"/v1/kinships/{one.more['kinship']}")),
    "get circumstances": (1, lambda one: one.caller.get(f"{one.child}/circumstances")),
    "list circumstances": (1, lambda one: one.caller.get("/v1/circumstances")),
    "list identifiers of a person": (2, lambda one: one.caller.get(f"{one.child}/identifiers")),
    "list incomes": (2, lambda one: one.caller.get(f"{one.home}/incomes")),
    "list vulnerability records": (1, lambda one: one.caller.get("/v1/vulnerability-records")),
    "list vulnerability categories": (1, lambda one: one.caller.get("/v1/vulnerability-categories")),
    "list consents": (1, lambda one: one.caller.get("/v1/consents")),
    "list candidates of duplicates": (1, lambda one: one.caller.get("/v1/duplicate-candidates")),
    "list accesses": (4, lambda one: one.caller.get(f"{one.child}/accesses")),
}
HELD = {"register a family of one": 1, "register a family of three": 3}
"""On PostgreSQL as many locks by name more, one for each pair who may be the same."""


@pytest.mark.parametrize("name", TABLE)
def test_a_route_runs_what_the_table_says(db: Database, world: World, statements: list[str], name: str) -> None:
    expected, request = TABLE[name]
    # What is asked once a process or every few seconds is no part of a request.
    world.caller.get("/v1/me")
    revocations.load(0.0)
    statements.clear()
    response = request(world)
    assert response.status_code in (200, 201), response.text
    expected += HELD.get(name, 0) if db.engine.dialect.name == "postgresql" else 0
    assert cost(statements) == expected, "\n".join(statements)
