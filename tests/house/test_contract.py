"""The contract: current, valid, and complete enough to work from without asking us."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from openapi_spec_validator import validate

from app.main import create_app
from app.problems import MEDIA_TYPE, all_problems
from tests import declared

CONTRACT = Path(__file__).parent.parent.parent / "openapi" / "openapi.json"
DOCUMENT: dict[str, Any] = create_app().openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in ("get", "post", "put", "patch", "delete")
}


def test_it_is_current() -> None:
    assert CONTRACT.exists(), "run `make openapi`"
    assert json.loads(CONTRACT.read_text(encoding="utf-8")) == DOCUMENT, "run `make openapi` and look at the difference"


def test_it_is_written_the_same_every_time() -> None:
    text = json.dumps(DOCUMENT, ensure_ascii=False, indent=2) + "\n"
    assert json.dumps(create_app().openapi(), ensure_ascii=False, indent=2) + "\n" == text
    assert CONTRACT.read_text(encoding="utf-8") == text


def test_it_is_valid() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(ids) == len(set(ids)) > 50
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", one) for one in ids)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_described(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"].strip()
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_declares_its_refusals(name: str) -> None:
    operation = OPERATIONS[name]
    responses = operation["responses"]
    needed = {"400", "422", "500", "503"}
    if "security" in operation:
        assert operation["x-permission"]["name"]
        needed |= {"401", "403"}
    parameters = operation.get("parameters", [])
    if any(parameter["in"] == "path" for parameter in parameters):
        needed.add("404")
    if any(parameter["name"] == "If-Match" for parameter in parameters):
        needed |= {"412", "428"}
    if name.startswith(("PATCH", "PUT", "DELETE")):
        assert any(parameter["name"] == "If-Match" and parameter["required"] for parameter in parameters), (
            "nobody's change is overwritten unseen"
        )
    assert not needed - responses.keys(), f"not declared: {sorted(needed - responses.keys())}"
    for status, response in responses.items():
        if not status.startswith("2") and status not in ("304", "308"):
            assert list(response["content"]) == [MEDIA_TYPE], (status, response)
            assert response["description"].strip()
    codes = {kind.code for kind in all_problems()}
    named = {code for response in responses.values() for code in re.findall(r"`([a-z_]+)`:", response["description"])}
    assert named <= codes


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_code_of_a_refusal_is_named(name: str) -> None:
    """For programs in `x-codes`, for people in the description, once each."""
    kinds = {(kind.status, kind.code) for kind in all_problems()}
    for status, response in OPERATIONS[name]["responses"].items():
        if int(status) >= 400:
            codes = response["x-codes"]
            assert codes
            assert len(codes) == len(set(codes))
            assert {(int(status), code) for code in codes} <= kinds
            assert [code for code in re.findall(r"`([a-z_]+)`:", response["description"]) if code in codes] == codes
    assert "unavailable" in OPERATIONS[name]["responses"]["503"]["x-codes"]


def test_what_comes_at_any_address_is_listed_once() -> None:
    of_bodies = ["malformed", "too_slow", "too_large", "wrong_media_type", "invalid", "internal"]
    assert DOCUMENT["x-codes"] == ["not_found", "method_not_allowed", *of_bodies]
    assert "405" not in {status for operation in OPERATIONS.values() for status in operation["responses"]}
    assert "`x-codes`" in DOCUMENT["info"]["description"]


def refusal(method: str, path: str, status: int, code: str, *faults: str) -> httpx.Response:
    body = {"status": status, "code": code, "errors": [{"code": one} for one in faults]}
    request = httpx.Request(method, f"http://testserver{path}")
    return httpx.Response(status, request=request, content=json.dumps(body), headers={"content-type": MEDIA_TYPE})


def test_what_is_not_declared_fails_whichever_test_meets_it() -> None:
    place, app = "/v1/places/1733", create_app()
    for given in (
        refusal("GET", place, 404, "not_found"),
        refusal("GET", place, 415, "wrong_media_type"),
        refusal("GET", "/nowhere", 404, "not_found"),
        refusal("DELETE", place, 405, "method_not_allowed"),
        refusal("PATCH", place, 422, "invalid", "unknown", "string_type"),
    ):
        declared.check(app, given.request.method, given)
    for given, told in (
        (refusal("GET", place, 409, "merged"), "get_place does not declare"),
        (refusal("GET", place, 409, "not_found"), "get_place does not declare"),
        (refusal("GET", "/v1/places", 404, "not_found"), "list_places does not declare"),
        (refusal("GET", "/nowhere", 409, "merged"), "answers"),
        (refusal("PATCH", place, 422, "invalid", "made_up"), "not documented"),
    ):
        with pytest.raises(AssertionError, match=told):
            declared.check(app, given.request.method, given)


SECRET = {"POST /v1/service-clients", "POST /v1/service-clients/{client_key}/rotate-secret"}
"""Their answers hold a secret, which is not kept for replays."""
LOOK_UPS = {"POST /v1/identifiers/lookup"}
"""They do nothing, so there is nothing that could be done twice."""


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if name.startswith("POST") and "security" in operation])
def test_a_post_takes_an_idempotency_key(name: str) -> None:
    takes = any(parameter["name"] == "Idempotency-Key" for parameter in OPERATIONS[name]["parameters"])
    assert takes == (name not in SECRET | LOOK_UPS)
    named = {code for response in OPERATIONS[name]["responses"].values() for code in response.get("x-codes", ())}
    codes = {"idempotency_key_in_progress", "idempotency_key_reused", "idempotency_key_forgotten"}
    assert named & codes == (codes if takes else set())


@pytest.mark.parametrize("name", ["PUT /v1/beneficiaries/{beneficiary_id}/circumstances", "PUT /v1/families/{family_id}/incomes/{month}"])
def test_what_is_recorded_first_is_declared(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    assert responses["201"]["content"] == responses["200"]["content"]
    assert {"ETag", "Location"} <= responses["201"]["headers"].keys()


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if "requestBody" in operation])
def test_what_can_befall_a_body_is_declared(name: str) -> None:
    assert {"408", "413", "415"} <= OPERATIONS[name]["responses"].keys()


def test_the_same_create_again_is_declared() -> None:
    made = {name: operation["responses"] for name, operation in OPERATIONS.items() if "201" in operation["responses"]}
    for name, responses in made.items():
        body = OPERATIONS[name]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        if "id" in DOCUMENT["components"]["schemas"][body]["properties"]:
            assert responses["200"]["content"] == responses["201"]["content"]
    assert "POST /v1/beneficiaries" in made


def _schema(reference: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _is_nullable(schema: dict[str, Any]) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if name.startswith("PATCH")])
def test_what_is_never_null_is_not_emptied(name: str) -> None:
    """A field that every answer has with a value may be left out of a change, and null is refused before anything else is looked at."""
    operation = OPERATIONS[name]
    change = _schema(operation["requestBody"]["content"]["application/json"]["schema"]["$ref"])["properties"]
    shown = _schema(operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"])["properties"]
    assert not [field for field in change.keys() & shown.keys() if _is_nullable(change[field]) and not _is_nullable(shown[field])]


def test_an_answer_that_did_not_change_is_declared() -> None:
    for name in ("GET /v1/venues/{venue_id}", "GET /v1/places/{soato}", "GET /v1/certificates/{certificate_id}.pdf"):
        assert "content" not in OPERATIONS[name]["responses"]["304"]
        assert any(parameter["name"] == "If-None-Match" for parameter in OPERATIONS[name]["parameters"])
    # What changes without a version of its own is always answered in full.
    always = ("families/{family_id}", "families/{family_id}/memberships/{membership_id}", "beneficiaries/{beneficiary_id}")
    for name in (*always, "consents/{consent_id}"):
        assert "304" not in OPERATIONS[f"GET /v1/{name}"]["responses"]


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name.startswith("GET") and name.rpartition("/")[2][0] != "{"])
def test_a_list_is_a_page(name: str) -> None:
    """A list takes `limit`, `cursor` and `sort`, and answers `next`; what is no list is named so."""
    operation = OPERATIONS[name]
    schema = operation["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
    if "Page_" not in schema.get("$ref", ""):
        return
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"limit", "cursor", "sort", "include"} <= names
    assert "Link" in operation["responses"]["200"]["headers"]
    sort = next(parameter for parameter in operation["parameters"] if parameter["name"] == "sort")
    assert sort["schema"]["enum"]


def used(node: Any, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Every schema below a node, references followed once."""
    if isinstance(node, list):
        for item in node:
            yield from used(item, seen)
    elif isinstance(node, dict):
        if reference := node.get("$ref"):
            name = reference.rpartition("/")[2]
            if name not in seen:
                seen.add(name)
                yield from used(DOCUMENT["components"]["schemas"][name], seen)
            return
        if "type" in node:
            yield node
        for value in node.values():
            yield from used(value, seen)


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if "requestBody" in operation])
def test_every_value_of_a_request_is_bounded(name: str) -> None:
    """So that nothing can be sent that no column holds."""
    body = OPERATIONS[name]["requestBody"]
    assert body["required"] or name.endswith(("/cancel", "/withdraw"))
    for schema in used([media["schema"] for media in body["content"].values()], set()):
        kind = schema["type"]
        if kind == "string":
            assert {"maxLength", "enum", "const"} & schema.keys(), schema
        elif kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum"))
            high = schema.get("maximum", schema.get("exclusiveMaximum"))
            assert low is not None, schema
            assert high is not None, schema
            assert -(2**53) < low <= high < 2**53
        elif kind == "array":
            assert "maxItems" in schema, schema
        elif kind == "object":
            assert schema.get("additionalProperties") is not None or "properties" in schema, schema


@pytest.mark.parametrize(
    "name", [name for name, operation in OPERATIONS.items() if "application/json" in operation.get("requestBody", {}).get("content", {})]
)
def test_unknown_fields_are_refused(name: str) -> None:
    schema = OPERATIONS[name]["requestBody"]["content"]["application/json"]["schema"]
    assert DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["additionalProperties"] is False


def test_every_schema_is_described() -> None:
    silent = [name for name, schema in DOCUMENT["components"]["schemas"].items() if not schema.get("description") and "enum" not in schema]
    assert not [name for name in silent if not name.startswith("Page_")]


def test_nothing_of_the_framework_shines_through() -> None:
    text = json.dumps(DOCUMENT)
    for word in ("HTTPValidationError", "ValidationError", "Body_", "__", "app.", "fastapi"):
        assert word not in text.replace("applicat", ""), word
