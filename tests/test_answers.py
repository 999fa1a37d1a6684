"""What every answer has: methods, headers, problems where something breaks, other origins, queries."""

import json
import logging
import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.main import create_app
from tests.client import Client
from tests.live import SECRET, breaking_app, change_settings

JSON = {"Content-Type": "application/json"}
LOGIN = "/v1/auth/login"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return breaking_app()


@pytest.fixture
def web(app: FastAPI) -> Client:
    """A client without a lifespan: none of the tests here needs a database."""
    return Client(app)


# --- methods ------------------------------------------------------------------------------------------------------------------
def addresses(app: FastAPI) -> dict[str, set[str]]:
    """Each address with every method that some route has for it, one with a variable part too: `lookup` could be an id."""
    routes = list(iter_route_contexts(app.routes))
    known = {re.sub(r"\{[^}]+\}", "x", str(route.path)) for route in routes}
    return {one: {method for route in routes if route.path_regex.match(one) for method in route.methods or ()} for one in sorted(known)}


def test_an_address_names_all_its_methods(web: Client, app: FastAPI) -> None:
    for path, methods in addresses(app).items():
        for method in {"PUT", "DELETE", "PATCH", "POST", "PROPFIND", "TRACE", "OPTIONS", "CONNECT"} - methods:
            response = web.request(method, path)
            assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed"), (method, path)
            allowed = set(response.headers["allow"].split(", "))
            assert methods <= allowed, (path, allowed)
            assert method not in allowed
            assert ("HEAD" in allowed) == ("GET" in allowed)
    assert web.delete("/v1/places").headers["allow"] == "GET, HEAD, POST"


def test_head_is_answered_as_get(web: Client) -> None:
    for path in ("/livez", "/v1/me", "/nowhere", "/.well-known/jwks.json", "/problems", "/openapi.json"):
        get, head = web.get(path), web.request("HEAD", path)
        assert head.status_code == get.status_code, path
        assert head.content == b""
        varying = {"x-request-id", "content-length"}
        assert {k: v for k, v in head.headers.items() if k not in varying} == {k: v for k, v in get.headers.items() if k not in varying}
    assert web.request("HEAD", LOGIN).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/v1",
        "/v1/",
        "/v1/places/",
        "/V1/places",
        "/v2/places",
        "//v1/places",
        "/.env",
        "/%00",
        "/v1/%2e%2e/livez",
    ],
)
def test_what_is_not_there(web: Client, path: str) -> None:
    response = web.get(path)
    assert response.status_code in (404, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"


# --- what breaks --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/breaks", "/breaks-with-cause"])
def test_an_exception_is_a_problem_without_its_words(web: Client, path: str, caplog: pytest.LogCaptureFixture) -> None:
    from app.logs import JsonLines

    with caplog.at_level(logging.INFO):
        response = web.get(path)
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert response.headers["content-type"] == "application/problem+json"
    for word in (SECRET, "RuntimeError", "Traceback", ".py"):
        assert word not in response.text
    request_id = response.headers["x-request-id"]
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "himoya.requests"]
    assert [line["message"] for line in lines] == ["request failed", "request"]
    assert {line["request_id"] for line in lines} == {request_id}
    assert "exception" in lines[0]
    assert SECRET not in json.dumps(lines)
    assert lines[1]["status"] == 500


def test_the_log_holds_no_address_and_no_query(web: Client, caplog: pytest.LogCaptureFixture) -> None:
    from app.logs import JsonLines

    with caplog.at_level(logging.INFO):
        web.get("/v1/places/1733230?q=Karimova")
        web.get("/nowhere/Karimova")
    text = "\n".join(JsonLines().format(record) for record in caplog.records if record.name == "himoya.requests")
    assert "Karimova" not in text
    assert "1733230" not in text
    assert '"/v1/places/{soato}"' in text
    assert '"unmatched"' in text


# --- headers ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["/livez", "/nowhere", "/v1/me", "/breaks", "/openapi.json", "/problems", "/docs", "/.well-known/jwks.json"]
)
def test_every_answer_is_dressed(web: Client, path: str) -> None:
    found = web.get(path).headers
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] == "no-referrer"
    assert found["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in found["content-security-policy"]
    assert "cache-control" in found
    assert "x-request-id" in found
    for name in found:
        assert len(found.get_list(name)) == 1, f"{name} stands twice"


def test_refusals_of_the_bounds_are_dressed_too(web: Client) -> None:
    for response in (
        web.post("/echo", content=b"x" * 2_000_000, headers=JSON),
        web.post("/echo", content=b"{", headers=JSON),
        web.delete("/livez"),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert response.json()["request_id"] == response.headers["x-request-id"]


def test_what_is_personal_is_not_stored(web: Client) -> None:
    for path in ("/v1/me", "/v1/places", "/v1/accounts", LOGIN):
        assert web.get(path).headers["cache-control"] == "no-store"


# --- other origins ------------------------------------------------------------------------------------------------------------
PAGE = "https://app.example"


def test_no_origin_is_allowed_by_default(web: Client) -> None:
    for response in (
        web.get("/livez", headers={"Origin": PAGE}),
        web.request("OPTIONS", "/v1/places", headers={"Origin": PAGE, "Access-Control-Request-Method": "GET"}),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.fixture
def across(monkeypatch: pytest.MonkeyPatch) -> Client:
    change_settings(monkeypatch, cors_origins=(PAGE,))
    return Client(create_app())


def test_an_origin_is_allowed_by_setting(across: Client) -> None:
    preflight = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, if-match, content-type, idempotency-key",
    }
    asked = across.request("OPTIONS", "/v1/places/1733230", headers=preflight)
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in asked.headers
    assert "x-request-id" in asked.headers
    for path, status in (("/livez", 200), ("/v1/me", 401), ("/nowhere", 404)):
        found = across.get(path, headers={"Origin": PAGE})
        assert found.status_code == status
        assert found.headers["access-control-allow-origin"] == PAGE
        assert {"ETag", "X-Request-ID", "Link", "Content-Disposition"} <= set(found.headers["access-control-expose-headers"].split(", "))
    large = across.post(LOGIN, content=b"x" * 2_000_000, headers={**JSON, "Origin": PAGE})
    assert large.status_code == 413
    assert large.headers["access-control-allow-origin"] == PAGE, "a page can read why it was refused"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null", "https://app.example:8443"]
)
def test_other_origins_stay_out(across: Client, origin: str) -> None:
    asked = across.request("OPTIONS", "/v1/places", headers={"Origin": origin, "Access-Control-Request-Method": "GET"})
    assert asked.status_code == 400
    assert asked.headers["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in asked.headers
    assert "access-control-allow-origin" not in across.get("/livez", headers={"Origin": origin}).headers


# --- addresses ----------------------------------------------------------------------------------------------------------------
def test_queries(web: Client) -> None:
    found = web.get("/livez?a=1&a=2&%00=x&b").json()
    assert found["status"] == 422
    assert [(fault["pointer"], fault["code"]) for fault in found["errors"]] == [
        ("/a", "unknown"),
        ("/a", "unknown"),
        ("", "unknown"),
        ("/b", "unknown"),
    ]
    assert web.get("/livez?").status_code == 200
    assert web.get("/livez?%ff%fe=1").status_code == 422
    assert web.get("/livez?" + "&".join(f"n{number}=1" for number in range(500))).status_code == 422
