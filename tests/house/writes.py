"""One request for every operation that writes, each of which succeeds: what they cost and what they refuse is told from it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import httpx2 as httpx

from app.main import create_app
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import Body, beneficiary_body, daughter, family_body, father, make_beneficiary, make_family, mother
from tests.factories.certificates import make_certificate, make_course, names
from tests.factories.circumstances import WHOLE, make_circumstances
from tests.factories.consents import consent_body, given_consent, giving, household, make_consent
from tests.factories.duplicates import make_twice, merge
from tests.factories.identifiers import PINFL, identifier_body, make_identifier
from tests.factories.kinship import kinship_body, make_kinship, make_parent
from tests.factories.lives import member_of, membership_of, merge_body, move_body, split_body, told
from tests.factories.oversight import break_body, break_glass
from tests.factories.participation import make_beneficiary as make_participant
from tests.factories.participation import make_enrollment, make_session, session_body
from tests.factories.partners import make_organization, make_specialist, make_venue, organization_body, specialist_body, venue_body
from tests.factories.trainings import make_ongoing_training, make_open_training, make_training, training_body
from tests.factories.vulnerability import make_record, record_body

DOCUMENT: dict[str, Any] = create_app().openapi()
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in ("get", "post", "put", "patch", "delete")
}
"""Every operation of the contract by its name: its method, its address and what is said of it."""
UNKNOWN = "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"
TOWN = {"uz_latn": "Guliston"}


@dataclass(frozen=True, slots=True)
class Write:
    """A request that succeeds: who sends it, the values of its address, its body, and the version it was read in."""

    by: Caller
    path: tuple[str, ...] = ()
    body: Any = None
    version: int | None = None

    def send(self, name: str, **headers: str) -> httpx.Response:
        """Send it as the operation of that name."""
        method, address, _ = OPERATIONS[name]
        for value in self.path:
            address = address.replace(address[address.index("{") : address.index("}") + 1], value, 1)
        known = {} if self.version is None else {"If-Match": f'"{self.version}"'}
        content = {} if self.body is None else {"json": self.body}
        return self.by.request(method, address, headers=known | headers, **content)

    def but(self, **other: Any) -> "Write":
        """The same, but for this."""
        return replace(self, **other)


class World:
    """Whoever sends the requests, and the rows that they are about, each made when it is asked for."""

    def __init__(self, callers: Callers) -> None:
        self.callers = callers

    @cached_property
    def ngo(self) -> Caller:
        return self.callers.ngo("1733")

    @cached_property
    def administrator(self) -> Caller:
        return self.callers.administrator()

    @cached_property
    def committee(self) -> Caller:
        return self.callers.committee("1733")

    @cached_property
    def person(self) -> Body:
        return make_beneficiary(self.ngo)

    @cached_property
    def family(self) -> Body:
        return make_family(self.ngo)

    @cached_property
    def home(self) -> Body:
        return household(self.ngo)

    @cached_property
    def training(self) -> Body:
        return make_open_training(self.ngo)

    @cached_property
    def pair(self) -> tuple[Body, Body, Body]:
        return make_twice(self.ngo)

    def made(self, url: str, body: Body, *, by: Caller | None = None) -> Body:
        """A row for which there is no factory."""
        made = (by or self.administrator).post(url, body)
        assert made.status_code == 201, made.text
        return dict(made.json())

    def write(self, row: Body, body: Any = None, *, by: Caller | None = None, below: tuple[str, ...] = ()) -> Write:
        """A change of a row that was read."""
        return Write(by or self.ngo, (*below, row["id"]), body, row["version"])

    def account(self) -> Body:
        """Another account's body."""
        known = {"email": f"{uuid.uuid4().hex}@test.example", "name": "Test", "password": "a sentence that nobody guesses"}
        return {**known, "organization_id": self.administrator.organization_id, "duty": "viewer", "territory": "1733"}

    def script(self) -> Body:
        """A service client's body."""
        return {"name": "Nightly", "organization_id": self.ngo.organization_id, "territory": "1733", "scopes": ["places:read"]}


RULE = {"code": "short", "basis": "last_activity", "months": 12, "action": "anonymize", "reason": "Nobody needs them longer."}
SCHEME = {"names": TOWN, "code": "another_register", "source": "A decree"}
HOLD = {"reason": "The court asked for the file."}


def _disabled(world: World, url: str, body: Body) -> Body:
    disabled = world.administrator.post(f"{url}/{world.made(url, body)['id']}/disable", version=1)
    assert disabled.status_code == 200, disabled.text
    return dict(disabled.json())


def _register(world: World) -> Write:
    """Somebody who may be registered already."""
    _ = world.person
    return Write(world.ngo, (), beneficiary_body())


def _change_head(world: World) -> Write:
    family = world.family
    head, wife, child = (member_of(family, kind) for kind in ("head", "spouse", "child"))
    return world.write(family, {"beneficiary_id": wife, "relationships": told((head, "spouse"), (child, "child"))})


def _change_caregivers(world: World) -> Write:
    return world.write(world.family, {"caregivers": [member_of(world.family, "head")]})


def _membership(world: World, body: Body) -> Write:
    return Write(world.ngo, (world.family["id"], membership_of(world.family, "child")), body, 1)


def _consent(world: World, body: Any, *, given: bool = False) -> Write:
    make = given_consent if given else make_consent
    return world.write(make(world.ngo, world.home), body)


def _vulnerability(world: World, body: Body) -> Write:
    load_schemes()
    return world.write(make_record(world.ngo, world.person, "child_with_disability"), body)


def _record_vulnerability(world: World) -> Write:
    load_schemes()
    return Write(world.ngo, (), record_body(world.ngo, world.person, "child_with_disability"))


def _category(world: World) -> Body:
    scheme = world.made("/v1/vulnerability-schemes", SCHEME)
    return {"names": TOWN, "scheme_id": scheme["id"], "code": "single_parent", "applies_to": "person"}


def _glass(world: World) -> Body:
    return break_glass(world.committee, world.person)


def _by_number(world: World) -> Write:
    make_identifier(world.ngo, world.person)
    return Write(world.committee, (), break_body(pinfl=PINFL))


def _kinship(world: World, body: Body) -> Write:
    return world.write(make_kinship(world.ngo, make_parent(world.ngo), world.person), body)


def _session(world: World, body: Any = None) -> Write:
    return world.write(make_session(world.ngo, world.training["id"]), body, below=(world.training["id"],))


def _sheet(world: World) -> Write:
    held = make_ongoing_training(world.ngo)
    enrolled = make_enrollment(world.ngo, held["id"])
    sheet = {"items": [{"enrollment_id": enrolled["id"], "presence": "present"}]}
    return world.write(make_session(world.ngo, held["id"]), sheet, below=(held["id"],))


def _results(world: World) -> Write:
    held = make_ongoing_training(world.ngo)
    enrolled = make_enrollment(world.ngo, held["id"])
    return Write(world.ngo, (held["id"],), {"items": [{"enrollment_id": enrolled["id"], "kind": "post", "score": 80}]})


def _enrollment(world: World) -> Write:
    return world.write(make_enrollment(world.ngo, world.training["id"]), {"reason": "Moved"}, below=(world.training["id"],))


def _certificates(world: World) -> Write:
    return Write(world.ngo, (make_course(world.ngo, *names(2)).id,), {"dry_run": False})


def _erasure(world: World) -> Body:
    return world.made(
        "/v1/erasure-requests", {"beneficiary_id": world.person["id"], "asked_by": "caregiver", "asked_on": "2024-05-06"}, by=world.ngo
    )


def _merge(world: World) -> Write:
    winner, _, pair = world.pair
    return world.write(pair, {"winner_id": winner["id"]})


def _undo(world: World) -> Write:
    winner, loser, pair = world.pair
    make_circumstances(world.ngo, loser)
    make_identifier(world.ngo, loser, kind="project_number", value="P-1")
    return world.write(merge(world.ngo, pair, winner), {})


WRITES: dict[str, Callable[[World], Write]] = {
    # identity
    "create_account": lambda one: Write(one.administrator, (), one.account()),
    "update_account": lambda one: one.write(one.made("/v1/accounts", one.account()), {"name": "New"}, by=one.administrator),
    "disable_account": lambda one: one.write(one.made("/v1/accounts", one.account()), by=one.administrator),
    "enable_account": lambda one: one.write(_disabled(one, "/v1/accounts", one.account()), by=one.administrator),
    "create_service_client": lambda one: Write(one.administrator, (), one.script()),
    "rotate_client_secret": lambda one: one.write(one.made("/v1/service-clients", one.script()), by=one.administrator),
    "disable_service_client": lambda one: one.write(one.made("/v1/service-clients", one.script()), by=one.administrator),
    "enable_service_client": lambda one: one.write(_disabled(one, "/v1/service-clients", one.script()), by=one.administrator),
    # places and partners
    "add_mahalla": lambda one: Write(one.administrator, (), {"district": "1733230", "names": TOWN}),
    "update_mahalla": lambda one: Write(
        one.administrator, (one.made("/v1/places", {"district": "1733230", "names": TOWN})["soato"],), {"is_pilot": True}, 1
    ),
    "create_organization": lambda one: Write(one.administrator, (), organization_body()),
    "update_organization": lambda one: one.write(make_organization(one.callers), {"names": TOWN}, by=one.administrator),
    "create_specialist": lambda one: Write(one.ngo, (), specialist_body()),
    "update_specialist": lambda one: one.write(make_specialist(one.ngo), {"post": "Psixolog"}),
    "create_venue": lambda one: Write(one.ngo, (), venue_body()),
    "update_venue": lambda one: one.write(make_venue(one.ngo), {"address": "Markaziy 2"}),
    # families
    "register_family": lambda one: Write(one.ngo, (), family_body(members=[father(), mother(), daughter()])),
    "update_family": lambda one: one.write(one.family, {"size": 5}),
    "change_head": _change_head,
    "change_caregivers": _change_caregivers,
    "move_family": lambda one: one.write(one.family, move_body(territory="1733217")),
    "split_family": lambda one: one.write(one.family, split_body(one.family)),
    "merge_family": lambda one: one.write(one.family, merge_body(one.family, make_family(one.ngo))),
    "add_member": lambda one: Write(one.ngo, (one.family["id"],), {"beneficiary_id": one.person["id"], "relationship_to_head": "child"}),
    "update_membership": lambda one: _membership(one, {"relationship_to_head": "grandchild"}),
    "end_membership": lambda one: _membership(one, {"reason": "marriage"}),
    "register_beneficiary": _register,
    "update_beneficiary": lambda one: one.write(one.person, {"note": "New"}),
    "record_kinship": lambda one: Write(one.ngo, (), kinship_body(make_parent(one.ngo), one.person)),
    "update_kinship": lambda one: _kinship(one, {"note": "New"}),
    "end_kinship": lambda one: _kinship(one, {}),
    "put_incomes": lambda one: Write(one.ngo, (one.family["id"], "2026-01"), {"sources": [{"source": "wages", "amount": 5}]}, 0),
    "put_circumstances": lambda one: Write(one.ngo, (one.person["id"],), WHOLE, 0),
    "update_circumstances": lambda one: Write(
        one.ngo, (one.person["id"],), {"grade": 8}, make_circumstances(one.ngo, one.person)["version"]
    ),
    # vulnerability
    "add_vulnerability_scheme": lambda one: Write(one.administrator, (), SCHEME),
    "update_vulnerability_scheme": lambda one: one.write(
        one.made("/v1/vulnerability-schemes", SCHEME), {"source": "Another decree"}, by=one.administrator
    ),
    "add_vulnerability_category": lambda one: Write(one.administrator, (), _category(one)),
    "update_vulnerability_category": lambda one: one.write(
        one.made("/v1/vulnerability-categories", _category(one)), {"names": {"en": "Alone"}}, by=one.administrator
    ),
    "record_vulnerability": _record_vulnerability,
    "update_vulnerability_record": lambda one: _vulnerability(one, {"evidence": "New"}),
    "end_vulnerability_record": lambda one: _vulnerability(one, {}),
    # identifiers
    "add_identifier": lambda one: Write(one.ngo, (one.person["id"],), identifier_body()),
    "look_up_identifier": lambda one: Write(one.ngo, (), identifier_body()),
    "update_identifier": lambda one: one.write(make_identifier(one.ngo, one.person), {"issuer": "IIB"}),
    "end_identifier": lambda one: one.write(make_identifier(one.ngo, one.person), {"ended_on": "2024-05-06", "end_reason": "replaced"}),
    # consents
    "request_consent": lambda one: Write(one.ngo, (), consent_body(one.home)),
    "update_consent": lambda one: _consent(one, {"note": "New"}),
    "give_consent": lambda one: _consent(one, giving(one.home)),
    "refuse_consent": lambda one: _consent(one, {}),
    "withdraw_consent": lambda one: _consent(one, {"reason": "changed_mind", "withdrawn_by_id": one.home["mother"]["id"]}, given=True),
    "renew_consent": lambda one: _consent(one, {"giving": giving(one.home)}, given=True),
    # oversight
    "break_glass": lambda one: Write(one.committee, (one.person["id"],), break_body()),
    "break_glass_by_number": _by_number,
    "close_break_glass_access": lambda one: one.write(_glass(one), by=one.committee),
    "review_break_glass_access": lambda one: one.write(_glass(one), {"verdict": "justified"}),
    # trainings
    "report_headcount": lambda one: Write(
        one.ngo, (), {"roster_ids": [one.training["roster_id"]], "participants": 9, "source": "Final report, 2020"}
    ),
    "create_training": lambda one: Write(one.ngo, (), training_body()),
    "update_training": lambda one: one.write(one.training, {"hours": 16}),
    "set_training_co_hosts": lambda one: one.write(one.training, {"organization_ids": [one.committee.organization_id]}),
    "publish_training": lambda one: one.write(make_training(one.ngo)),
    "start_training": lambda one: one.write(one.training),
    "complete_training": lambda one: one.write(make_ongoing_training(one.ngo)),
    "cancel_training": lambda one: one.write(one.training, {"reason": "Nobody came"}),
    "add_training_session": lambda one: Write(one.ngo, (one.training["id"],), session_body()),
    "update_training_session": lambda one: _session(one, {"topic": "New"}),
    "remove_training_session": _session,
    "enroll_in_training": lambda one: Write(one.ngo, (one.training["id"],), {"beneficiary_id": make_participant(one.ngo)}),
    "withdraw_training_enrollment": _enrollment,
    "reject_training_enrollment": _enrollment,
    "put_training_attendance": _sheet,
    "record_training_test_results": _results,
    "issue_certificates": _certificates,
    "revoke_certificate": lambda one: one.write(make_certificate(one.ngo), {"category": "wrong_details", "reason": "Misspelled"}),
    # duplicates
    "report_duplicate_candidate": lambda one: Write(
        one.ngo, (), {"a_id": one.person["id"], "b_id": make_parent(one.ngo)["id"], "note": "Looks like her"}
    ),
    "tell_distinct": lambda one: one.write(one.pair[2], {"note": "Egizaklar"}),
    "defer_duplicate_candidate": lambda one: one.write(one.pair[2], {}),
    "merge_duplicate_candidate": _merge,
    "undo_merge": _undo,
    # retention
    "add_retention_rule": lambda one: Write(one.administrator, (), RULE),
    "update_retention_rule": lambda one: one.write(one.made("/v1/retention-rules", RULE), {"months": 6}, by=one.administrator),
    "place_legal_hold": lambda one: Write(one.ngo, (), {"beneficiary_id": one.person["id"], **HOLD}),
    "release_legal_hold": lambda one: one.write(
        one.made("/v1/legal-holds", {"beneficiary_id": one.person["id"], **HOLD}, by=one.ngo), {"reason": "It was sent."}
    ),
    "request_erasure": lambda one: Write(
        one.ngo, (), {"beneficiary_id": one.person["id"], "asked_by": "caregiver", "asked_on": "2024-05-06"}
    ),
    "approve_erasure": lambda one: one.write(_erasure(one)),
    "refuse_erasure": lambda one: one.write(_erasure(one), {"reason": "The law asks for the file."}),
}
"""By the operation's name, in the order of the contract."""
APART = {
    "log_in": "its refusals are told by tests/identity/test_sessions.py; what it costs is the hash",
    "refresh_session": "the token in its body is its key: tests/identity/test_sessions.py",
    "log_out": "it ends the very session that it is sent from, once: tests/identity/test_sessions.py",
    "change_password": "it needs the present password: tests/identity/test_passwords.py",
    "get_client_token": "the secret in its form is its key: tests/identity/test_clients.py",
    "check_surname": "it writes nothing and anybody may ask: tests/certificates/test_verifying.py",
}
"""Operations that are no GET and have no request here, each with the reason."""
