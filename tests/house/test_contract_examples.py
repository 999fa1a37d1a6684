"""Examples of the contract: each body and each answer has one, and each is what it says it is."""

import copy
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from app.contract_examples.answers import ANSWERS
from app.contract_examples.composing import OBJECTS, exemplify
from app.contract_examples.scene import WORDS
from app.main import create_app
from app.problems import MEDIA_TYPE
from tests.house.writes import DOCUMENT, OPERATIONS

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SHOWN: dict[str, Any] = DOCUMENT["components"]["examples"]
BODIES = [name for name, (_, _, operation) in OPERATIONS.items() if "requestBody" in operation]
ROUTES = {(method, one.path): one for one in iter_route_contexts(create_app().routes) for method in getattr(one, "methods", None) or ()}
FORMATS = FormatChecker(["uuid", "date", "email"])


# Without a package of its own jsonschema knows neither.
@FORMATS.checks("date-time", raises=(ValueError, TypeError))
def _is_a_moment(value: Any) -> bool:
    return not isinstance(value, str) or ("T" in value and datetime.fromisoformat(value).tzinfo is not None)


@FORMATS.checks("uri", raises=ValueError)
def _is_an_address(value: Any) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)


def wrong(schema: dict[str, Any], value: Any, document: dict[str, Any] = DOCUMENT) -> list[str]:
    """What does not fit of a value, by a schema that may refer into the contract."""
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:contract", resource)
    outside = json.loads(json.dumps(schema).replace('"#/', '"urn:contract#/'))
    found = Draft202012Validator(outside, registry=registry, format_checker=FORMATS).iter_errors(value)
    return [f"{one.json_path}: {one.message}" for one in found]


def examples_of(media: dict[str, Any], document: dict[str, Any] = DOCUMENT) -> list[Any]:
    """The values that a body or an answer shows."""
    shown = media.get("examples", {}).values()
    whole = [document["components"]["examples"][one["$ref"].removeprefix("#/components/examples/")]["value"] for one in shown]
    return whole + ([media["example"]] if "example" in media else [])


def media_of(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, media type) of every body and every answer that is no file."""
    places = {"body": operation.get("requestBody", {}), **operation["responses"]}
    for where, place in places.items():
        for kind, media in place.get("content", {}).items():
            if kind in (JSON, FORM, MEDIA_TYPE) and media.get("schema"):
                yield where, media


def faults_of(document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """What is wrong with the examples of an operation."""
    found = []
    for where, media in media_of(operation):
        values = examples_of(media, document)
        if not values and where != "308":
            found.append(f"{where}: shows nothing")
        found += [f"{where} {fault}" for value in values for fault in wrong(media["schema"], value, document)]
    return found


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_and_every_answer_has_an_example_that_fits(name: str) -> None:
    assert not faults_of(DOCUMENT, OPERATIONS[name][2])


@pytest.mark.parametrize("name", BODIES)
def test_an_example_of_a_body_is_read_as_a_request_is(name: str) -> None:
    """By the model itself, in the same way: what JSON became, and not less strictly."""
    method, address, operation = OPERATIONS[name]
    field = ROUTES[method, address].body_field
    if name == "get_client_token":
        assert field is None, "its form is read by the route itself, and sent by test_contract_examples_sent"
        return
    [media] = [media for where, media in media_of(operation) if where == "body"]
    for value in examples_of(media):
        assert value, "says nothing"
        assert not field.validate(value, {}, loc=("body",))[1]
        assert field.validate({**value, "x": 1}, {}, loc=("body",))[1]


def test_a_refusal_shows_its_own_code() -> None:
    for name, (_, _, operation) in OPERATIONS.items():
        for status, response in operation["responses"].items():
            if "x-codes" in response:
                [value] = examples_of(response["content"][MEDIA_TYPE])
                assert (str(value["status"]), value["code"]) == (status, response["x-codes"][0]), name


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema that shows something of itself, wherever it stands; examples are no schemas."""
    if isinstance(node, list):
        for item in node:
            yield from schemas(item)
    elif isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield node
        for name, value in node.items():
            if name not in ("example", "examples"):
                yield from schemas(value)


def test_what_a_field_shows_fits_the_field() -> None:
    found = list(schemas(DOCUMENT))
    assert len(found) > 100
    assert not [(one, fault) for one in found for value in one["examples"] for fault in wrong(_alone(one), value)]


def _alone(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "examples"}


def test_what_a_header_shows_fits_it() -> None:
    headers = [one for _, _, operation in OPERATIONS.values() for one in operation["parameters"] if "example" in one]
    assert headers
    assert not [one for one in headers if wrong(one["schema"], one["example"])]


def test_no_text_is_left_to_chance() -> None:
    """Where a gap is named, give the field an example, or the scene a word."""
    assert exemplify(copy.deepcopy(DOCUMENT)) == []


def test_the_scene_speaks_of_what_there_is() -> None:
    known = DOCUMENT["components"]["schemas"]
    assert not OBJECTS.keys() - known.keys()
    assert not {name: left for name, said in OBJECTS.items() if (left := said.keys() - known[name]["properties"].keys())}
    assert not WORDS.keys() - {field for schema in known.values() for field in schema.get("properties", ())}
    assert not ANSWERS.keys() - OPERATIONS.keys()


def test_each_example_is_shown_somewhere() -> None:
    shown = {one["$ref"] for _, _, each in OPERATIONS.values() for _, media in media_of(each) for one in media.get("examples", {}).values()}
    assert shown == {f"#/components/examples/{name}" for name in SHOWN}
    assert all(one["summary"] and len(one["summary"]) <= 160 for one in SHOWN.values())


@pytest.mark.parametrize(
    ("name", "steps", "value"),
    [
        ("register_family", ("members", 0, "birth_date"), "2014-17-05"),
        ("enroll_in_training", ("id",), "019c"),
        ("add_training_session", ("starts_at",), "2026-03-10"),
        ("record_training_test_results", ("items", 0, "score"), 101),
    ],
)
def test_a_broken_example_is_found(name: str, steps: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    method, address, _ = OPERATIONS[name]
    operation = document["paths"][address][method.lower()]
    [media] = [media for where, media in media_of(operation) if where == "body"]
    [place] = examples_of(media, document)
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    pointer = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    [fault] = faults_of(document, operation)
    assert fault.startswith(f"body ${pointer}: ")
    del media["examples"]
    assert "body: shows nothing" in faults_of(document, operation)


def test_a_gap_is_named() -> None:
    document = copy.deepcopy(DOCUMENT)
    venue = document["components"]["schemas"]["VenueCreate"]
    venue["properties"]["landmark"] = {"type": "string", "maxLength": 80}
    venue["required"].append("landmark")
    assert exemplify(document) == ["VenueCreate.landmark"]
