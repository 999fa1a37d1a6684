"""Adding numbers to persons, saying more of them, ending them, and every refusal on the way."""

import uuid
from typing import Any

import pytest

from app.access.transaction import as_system, begin
from app.database import Database, uuid7
from app.identifiers.actions import move_to
from app.identifiers.models import Identifier
from app.identity.revocations import revocations
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.identifiers import MASKED, PINFL, identifier_body, make_identifier, pinfl, url_of

PASSPORT = {"kind": "passport", "value": "AA 1234567"}


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def girl(ngo: Caller) -> dict[str, Any]:
    return make_beneficiary(ngo)


def codes(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_a_number_is_added(ngo: Caller, girl: dict[str, Any]) -> None:
    made = ngo.post(url_of(girl), identifier_body(issued_on="2014-01-01", expires_on="2030-01-01", issuer="Shovot IIB"))
    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"] == f"/v1/identifiers/{body['id']}"
    assert made.headers["etag"] == '"1"'
    assert (body["value"], body["warnings"], body["possible_duplicates"]) == (MASKED, [], [])
    assert (body["beneficiary_id"], body["organization_id"]) == (girl["id"], girl["organization_id"])
    assert (body["issued_on"], body["expires_on"], body["issuer"]) == ("2014-01-01", "2030-01-01", "Shovot IIB")
    assert (body["ended_on"], body["end_reason"]) == (None, None)


def test_what_speaks_against_a_number_is_told_and_no_refusal(ngo: Caller, girl: dict[str, Any]) -> None:
    wrong = PINFL[:13] + "7"
    boy = make_beneficiary(ngo, sex="male", birth_date="2012-05-01", birth_precision="month")
    assert [one["code"] for one in make_identifier(ngo, girl, value=wrong)["warnings"]] == ["check_digit"]
    told = make_identifier(ngo, boy, value=pinfl("6180612034001"))
    assert [one["code"] for one in told["warnings"]] == ["sex_differs", "birth_date_differs"]


def test_wrong_bodies(ngo: Caller, girl: dict[str, Any]) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"value": PINFL[:13]}, "/value"),
        ({"value": "61705120340O10"}, "/value"),
        ({"kind": "passport"}, "/value"),
        ({"value": "-"}, "/value"),
        ({"value": "7" * 41}, "/value"),
        ({"value": 61705120340010}, "/value"),
        ({"kind": "tin"}, "/kind"),
        ({"issued_on": "2999-01-01"}, "/issued_on"),
        ({"issued_on": "2012-05-16"}, "/issued_on"),
        ({"issued_on": "2020-01-02", "expires_on": "2020-01-01"}, "/expires_on"),
        ({"issuer": ""}, "/issuer"),
        ({"ended_on": "2020-01-01"}, "/ended_on"),
    ]
    for change, pointer in wrong:
        refused = ngo.post(url_of(girl), identifier_body(**change))
        assert codes(refused) == (422, "invalid"), change
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer], change
        assert PINFL[:13] not in refused.text
    assert ngo.get(url_of(girl)).json()["items"] == []


def test_one_number_once_a_person(ngo: Caller, girl: dict[str, Any]) -> None:
    first = make_identifier(ngo, girl, **PASSPORT)
    for spelling in ("AA1234567", "аа-1234567"):
        assert codes(ngo.post(url_of(girl), {"kind": "passport", "value": spelling})) == (409, "identifier_exists")
    # The same digits as another kind are another number, and an ended one can come back.
    make_identifier(ngo, girl, kind="id_card", value="AA1234567")
    ended = {"ended_on": "2024-01-01", "end_reason": "entered_in_error"}
    assert ngo.post(f"/v1/identifiers/{first['id']}/end", ended, version=1).status_code == 200
    make_identifier(ngo, girl, **PASSPORT)


def test_others_who_carry_it(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    """Nobody is refused for another's typing error, and nobody hears of persons of others."""
    stranger = callers.ngo("1733")
    make_identifier(stranger, make_beneficiary(stranger))
    assert make_identifier(ngo, girl)["possible_duplicates"] == []
    told = make_identifier(ngo, make_beneficiary(ngo, birth_date="1999-01-01"))["possible_duplicates"]
    assert [one["beneficiary_id"] for one in told] == [girl["id"]]
    assert told[0] == {
        "beneficiary_id": girl["id"],
        "names": girl["names"],
        "birth_year": 2012,
        "territory": girl["territory"],
        "organization_id": girl["organization_id"],
    }


# --- sent again ---------------------------------------------------------------------------------------------------------------
def test_a_retry_replays(ngo: Caller, girl: dict[str, Any]) -> None:
    first = ngo.post(url_of(girl), identifier_body(), key="once")
    second = ngo.post(url_of(girl), identifier_body(), key="once")
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotent-replayed"] == "true"
    assert codes(ngo.post(url_of(girl), identifier_body(value=pinfl("6170512034002")), key="once")) == (422, "idempotency_key_reused")
    assert len(ngo.get(url_of(girl)).json()["items"]) == 1


def test_an_id_of_ones_own(ngo: Caller, girl: dict[str, Any]) -> None:
    body = identifier_body(id=str(uuid7()))
    first, second = ngo.post(url_of(girl), body), ngo.post(url_of(girl), body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    for other in ({**body, "value": pinfl("6170512034002")}, {**body, "issuer": "X"}):
        assert codes(ngo.post(url_of(girl), other)) == (409, "id_taken")
    assert codes(ngo.post(url_of(make_beneficiary(ngo)), body)) == (409, "id_taken")


# --- saying more --------------------------------------------------------------------------------------------------------------
def test_a_document_is_described(ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl, **PASSPORT, issuer="A", issued_on="2020-01-01")
    url = f"/v1/identifiers/{made['id']}"
    changed = ngo.patch(url, {"issuer": None, "expires_on": "2030-01-01"}, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    body = changed.json()
    assert (body["issuer"], body["issued_on"], body["expires_on"]) == (None, "2020-01-01", "2030-01-01")
    assert body["value"] == "AA•••••••"
    assert codes(ngo.patch(url, {"issuer": "B"}, version=1)) == (412, "stale")
    assert codes(ngo.patch(url, {"issuer": "B"})) == (428, "version_required")
    for wrong, pointer in (
        ({"expires_on": "2019-01-01"}, "/expires_on"),
        ({"issued_on": "2012-05-16"}, "/issued_on"),
        ({"value": "AA7654321"}, "/value"),
    ):
        refused = ngo.patch(url, wrong, version=2)
        assert codes(refused) == (422, "invalid")
        assert refused.json()["errors"][0]["pointer"] == pointer
    assert ngo.get(url).json()["version"] == 2


def test_a_number_ends(ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl, **PASSPORT, issued_on="2020-01-01")
    url, ended = f"/v1/identifiers/{made['id']}", {"ended_on": "2024-01-01", "end_reason": "lost"}
    assert codes(ngo.post(f"{url}/end", ended)) == (428, "version_required")
    assert codes(ngo.post(f"{url}/end", ended, version=9)) == (412, "stale")
    for wrong, pointer in (
        ({**ended, "ended_on": "2019-12-31"}, "/ended_on"),
        ({**ended, "ended_on": "2999-01-01"}, "/ended_on"),
        ({**ended, "end_reason": "tired"}, "/end_reason"),
        ({"ended_on": "2024-01-01"}, "/end_reason"),
    ):
        refused = ngo.post(f"{url}/end", wrong, version=1)
        assert codes(refused) == (422, "invalid")
        assert refused.json()["errors"][0]["pointer"] == pointer
    done = ngo.post(f"{url}/end", ended, version=1)
    assert (done.json()["ended_on"], done.json()["end_reason"], done.json()["value"]) == ("2024-01-01", "lost", "AA•••••••")
    assert codes(ngo.post(f"{url}/end", ended, version=2)) == (409, "wrong_state")


def test_what_was_never_right_ends_on_any_day(ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl, **PASSPORT, issued_on="2020-01-01")
    done = ngo.post(f"/v1/identifiers/{made['id']}/end", {"ended_on": "2019-01-01", "end_reason": "entered_in_error"}, version=1)
    assert done.status_code == 200


def test_lists(ngo: Caller, girl: dict[str, Any]) -> None:
    passport, number = make_identifier(ngo, girl, **PASSPORT), make_identifier(ngo, girl)
    make_identifier(ngo, make_beneficiary(ngo), **PASSPORT)
    ngo.post(f"/v1/identifiers/{passport['id']}/end", {"ended_on": "2024-01-01", "end_reason": "replaced"}, version=1)

    def listed(**params: Any) -> list[str]:
        return [one["id"] for one in ngo.get(url_of(girl), params=params).json()["items"]]

    assert listed() == [number["id"], passport["id"]]
    assert listed(sort="created_at") == [passport["id"], number["id"]]
    assert listed(kind="passport") == [passport["id"]]
    assert listed(is_open=True) == [number["id"]]
    assert listed(is_open=False) == [passport["id"]]
    page = ngo.get(url_of(girl), params={"limit": 1, "include": "total"}).json()
    assert (page["total"], len(page["items"])) == (2, 1)
    assert listed(limit=1, cursor=page["next"]) == [passport["id"]]
    assert ngo.get(url_of(girl), params={"value": PINFL}).status_code == 422
    one = ngo.get(f"/v1/identifiers/{number['id']}")
    assert ngo.get(f"/v1/identifiers/{number['id']}", headers={"If-None-Match": one.headers["etag"]}).status_code == 304


# --- who may ------------------------------------------------------------------------------------------------------------------
def test_strangers_and_wrong_duties(client: Client, callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    url, ended = f"/v1/identifiers/{made['id']}", {"ended_on": "2024-01-01", "end_reason": "lost"}
    viewer = callers.ngo("1733", duty="viewer", organization_id=ngo.organization_id)
    for caller in (viewer, callers.state("1733")):
        assert codes(caller.post(url_of(girl), identifier_body())) == (403, "forbidden")
        assert codes(caller.patch(url, {"issuer": "X"}, version=1)) == (403, "forbidden")
        assert codes(caller.post(f"{url}/end", ended, version=1)) == (403, "forbidden")
    assert codes(viewer.post("/v1/identifiers/lookup", {"kind": "pinfl", "value": PINFL})) == (403, "forbidden")
    assert viewer.get(url).status_code == 200
    for caller in (callers.ngo("1733"), callers.committee("1733"), callers.ngo("1703", organization_id=ngo.organization_id)):
        assert codes(caller.post(url_of(girl), identifier_body())) == (404, "not_found")
        assert codes(caller.get(url_of(girl))) == (404, "not_found")
        assert codes(caller.get(url)) == (404, "not_found")
        assert codes(caller.patch(url, {"issuer": "X"}, version=1)) == (404, "not_found")
        assert codes(caller.post(f"{url}/end", ended, version=1)) == (404, "not_found")
    for method, path in (("GET", url_of(girl)), ("POST", url_of(girl)), ("GET", url), ("PATCH", url), ("POST", f"{url}/end")):
        assert codes(client.request(method, path)) == (401, "unauthenticated")
    assert codes(client.post("/v1/identifiers/lookup", json={})) == (401, "unauthenticated")
    for path in (f"/v1/beneficiaries/{uuid.uuid4()}/identifiers", f"/v1/identifiers/{uuid.uuid4()}"):
        assert codes(ngo.get(path)) == (404, "not_found")


def test_a_specialist_adds(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    make_identifier(callers.ngo("1733", duty="specialist", organization_id=ngo.organization_id), girl)
    committee = callers.committee("1733", duty="specialist")
    make_identifier(committee, make_beneficiary(committee))


# --- when two persons are one --------------------------------------------------------------------------------------------------
def test_a_number_moves_with_its_person(db: Database, callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    winner = make_beneficiary(ngo, territory="1733217")
    with begin(as_system("test")) as session:
        from app.beneficiaries.models import Beneficiary

        identifier, person = session.get(Identifier, uuid.UUID(made["id"])), session.get(Beneficiary, uuid.UUID(winner["id"]))
        before = identifier.ciphertext
        move_to(session, [identifier], beneficiary=person)
        assert identifier.ciphertext != before
        assert (identifier.territory, str(identifier.beneficiary_id)) == ("1733217", winner["id"])
    assert ngo.get(f"/v1/identifiers/{made['id']}").json()["value"] == PINFL
    assert ngo.get(url_of(girl)).json()["items"] == []
    found = ngo.post("/v1/identifiers/lookup", {"kind": "pinfl", "value": PINFL}).json()["items"]
    assert [one["beneficiary_id"] for one in found] == [winner["id"]]


# --- what it costs --------------------------------------------------------------------------------------------------------------
def test_reads_run_few_statements(ngo: Caller, girl: dict[str, Any], statements: list[str]) -> None:
    """A person and a page; a row; the count of look-ups, those who are found, the entry about it and its check."""
    numbers = [make_identifier(ngo, girl, kind="project_number", value=f"P-{place}") for place in range(5)]
    revocations.load(0.0)
    for expected, request in (
        (2, lambda: ngo.get(url_of(girl))),
        (1, lambda: ngo.get(f"/v1/identifiers/{numbers[0]['id']}")),
        (4, lambda: ngo.post("/v1/identifiers/lookup", {"kind": "project_number", "value": "P-1"})),
    ):
        statements.clear()
        assert request().status_code == 200
        found = [one for one in statements if "access_entry" not in one and not one.startswith("BEGIN")]
        assert len(found) == expected, found


def test_the_same_number_makes_two_persons_a_candidate_of_duplicates(callers: Callers) -> None:
    ngo = callers.ngo("17")
    first, second = make_beneficiary(ngo), make_beneficiary(ngo, surname="Toʻrayeva", given_name="Lola", birth_date="1999-01-01")
    make_identifier(ngo, first)
    assert ngo.get("/v1/duplicate-candidates").json()["items"] == []
    make_identifier(ngo, second)
    (candidate,) = ngo.get("/v1/duplicate-candidates").json()["items"]
    assert "same_identifier" in candidate["reasons"]
    assert {candidate["a"]["id"], candidate["b"]["id"]} == {first["id"], second["id"]}
    # The series of birth certificates were given out more than once, so theirs says little.
    other, another = make_beneficiary(ngo, given_name="Saida", birth_date="2001-02-03"), make_beneficiary(ngo, given_name="Barno")
    for one in (other, another):
        make_identifier(ngo, one, kind="birth_certificate", value="I-TN 1234567")
    assert len(ngo.get("/v1/duplicate-candidates").json()["items"]) == 1
