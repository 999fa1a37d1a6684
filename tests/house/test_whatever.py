"""Whatever is sent to any operation, in the form that its schema describes or not, is answered and never a 500."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.main import create_app
from tests.callers import Caller, Callers

DOCUMENT: dict[str, Any] = create_app().openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in ("get", "post", "put", "patch", "delete") and not path.startswith("/v1/auth/logout")
}
JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.just([])
    | st.just({})
)
IDS = st.uuids(version=4).map(str)
FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "uuid": IDS,
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat()}+05:00"),
}
TERRITORIES = st.sampled_from(["17", "1733", "1733230", "1718224", "1799999"])
PROPERTY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def plausible(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """What a schema lets through, and now and then something else."""
    if reference := schema.get("$ref"):
        return plausible(DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]], name)
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return st.one_of([plausible(part, name) for part in parts])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {"string": _text, "integer": _number, "number": _number, "boolean": _boolean, "array": _list, "object": _object, "null": _null}[
        schema.get("type", "null")
    ](schema, name)


def _text(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    if "territory" in name or name in ("place", "district"):
        return TERRITORIES
    if pattern := schema.get("pattern"):
        return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= schema.get("maxLength", 9999))
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 40), 40)) | st.text(
        "Иванова Oʻzbekiston-'", min_size=1, max_size=20
    )


def _number(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", -(2**53)), schema.get("maximum", 2**53))


def _boolean(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.booleans()


def _null(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.none()


def _list(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.lists(plausible(schema.get("items", {}), name), max_size=3)


def _object(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    known = {key: plausible(value, key) for key, value in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    fitting = st.fixed_dictionaries(
        {key: value for key, value in known.items() if key in required},
        optional={key: value for key, value in known.items() if key not in required},
    )
    if not known:
        return fitting
    spoilt = st.tuples(fitting, st.sampled_from(sorted(known)), JUNK).map(lambda parts: {**parts[0], parts[1]: parts[2]})
    return st.one_of(fitting, fitting, fitting, spoilt)


def requests_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Path, query and body of one operation."""
    operation = OPERATIONS[name]
    parts: dict[str, st.SearchStrategy[Any]] = {"path": st.fixed_dictionaries({}), "query": st.fixed_dictionaries({})}
    for place in ("path", "query"):
        found = {one["name"]: plausible(one["schema"], one["name"]) for one in operation.get("parameters", ()) if one["in"] == place}
        parts[place] = st.fixed_dictionaries(found) if place == "path" else st.fixed_dictionaries({}, optional=found)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    parts["body"] = plausible(body["schema"]) if body else st.none()
    return st.fixed_dictionaries(parts)


@pytest.fixture
def everybody(callers: Callers) -> list[Caller]:
    """Callers who between them open every door."""
    return [callers.administrator(), callers.committee()]


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_sent_is_answered(everybody: list[Caller], name: str) -> None:
    method, _, template = name.partition(" ")

    @PROPERTY
    @given(request=requests_of(name), who=st.sampled_from([0, 0, 0, 1]))
    def answered(request: dict[str, Any], who: int) -> None:
        path = template
        for key, value in request["path"].items():
            path = path.replace("{" + key + "}", quote(str(value), safe="") or "-")
        options = {} if request["body"] is None else {"json": request["body"]}
        headers = {"If-Match": '"1"'} if method in ("PATCH", "PUT", "DELETE") or template.count("{") else {}
        response = everybody[who].request(method, path, params=request["query"], headers=headers, **options)
        assert response.status_code < 500, response.text

    answered()
