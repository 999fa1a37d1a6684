"""What every request meets first: its id, the bounds on its body, the headers of every answer, the methods of an address."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import MagicMock

import anyio
import pytest
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app import cli
from app.settings import settings
from tests.client import Client
from tests.live import breaking_app, change_settings, exchange, serving

JSON = {"Content-Type": "application/json"}
LOGIN = "/v1/auth/login"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return breaking_app()


@pytest.fixture
def web(app: FastAPI) -> Client:
    """A client without a lifespan: none of the tests here needs a database."""
    return Client(app)


# --- the request's id ---------------------------------------------------------------------------------------------------------
def test_a_request_has_an_id(web: Client) -> None:
    found = {web.get("/livez").headers["x-request-id"] for _ in range(3)}
    assert len(found) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in found)


@pytest.mark.parametrize("given", ["abcd1234", "A-b_c.9999", "x" * 64, "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"])
def test_a_sane_id_is_taken_over(web: Client, given: str) -> None:
    response = web.get("/nowhere", headers={"X-Request-ID": given})
    assert response.headers["x-request-id"] == given
    assert response.json()["request_id"] == given


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "with blank 123", "a;b;c;d;e", "<script>alert(1)</script>", "a/../../b12", "%0d%0aabcdef", "\u0431" * 8],
)
def test_any_other_id_is_replaced(web: Client, given: str) -> None:
    response = web.get("/livez", headers={"X-Request-ID": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


# --- the size of a body -------------------------------------------------------------------------------------------------------
def pieces(size: int, length: int = 65_536) -> Iterator[bytes]:
    """A body in pieces, so that no Content-Length is sent."""
    yield b'{"a": "'
    for _ in range(size // length):
        yield b"x" * length
    yield b'"}'


def test_a_large_body_is_refused_by_its_length(web: Client) -> None:
    limit = settings().body_limit
    assert limit == 1_048_576
    response = web.post("/echo", content=b"x" * (limit + 1), headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert response.headers["connection"] == "close"
    fits = b'{"a": "' + b"x" * (limit - 9) + b'"}'
    assert len(fits) == limit
    assert web.post("/echo", content=fits, headers=JSON).status_code == 200


def test_a_large_body_is_refused_in_pieces(web: Client) -> None:
    response = web.post("/echo", content=pieces(5_000_000), headers=JSON)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert web.post("/echo", content=pieces(500_000), headers=JSON).status_code == 200


def test_a_large_body_is_refused_everywhere(web: Client) -> None:
    big = b"x" * 1_048_577
    for method, path in (("POST", "/v1/places"), ("GET", "/livez"), ("DELETE", "/nowhere"), ("PATCH", "/v1/accounts/x")):
        assert web.request(method, path, content=big, headers=JSON).status_code == 413


def answered(app: FastAPI, length: str, event: dict[str, Any]) -> Any:
    """What the application sends for a request that no server of ours would let through."""
    sent: list[Any] = []
    headers = [(b"content-length", length.encode("latin-1")), (b"content-type", b"application/json")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/echo", "query_string": b"", "headers": headers, "root_path": ""}

    async def receive() -> Any:
        return event

    async def send(message: Any) -> None:
        sent.append(message)

    # In a thread of its own: a browser's driver keeps an event loop in the main thread while its tests run in the same process.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, app, scope, receive, send).result()
    return sent[0]["status"]


@pytest.mark.parametrize("length", ["-1", "1.5", "abc", "9" * 30, "9" * 5000, "0x10", "\xb2", "1 1", "+1"])
def test_a_length_that_is_none(app: FastAPI, length: str) -> None:
    assert answered(app, length, {"type": "http.request", "body": b"{}", "more_body": False}) == 400


def test_a_body_that_breaks_off(app: FastAPI) -> None:
    assert answered(app, "10", {"type": "http.disconnect"}) == 400


# --- what kind of body --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; charset=latin-1",
        'application/json; profile="charset=utf-8"; charset=latin-1',
        "application/json charset=utf-8",
        "application/jsonx",
        "nonsense",
    ],
)
def test_other_media_types(web: Client, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    for path in ("/echo", LOGIN, "/v1/places"):
        response = web.post(path, content=b'{"a": 1}', headers=headers)
        assert (response.status_code, response.json()["code"]) == (415, "wrong_media_type"), path


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json; charset=utf-8; profile=x",
        "application/json; profile=x;CHARSET=utf-8",
        'application/json; profile="a; charset=latin-1"',
        "application/json;",
        "application/merge-patch+json",
    ],
)
def test_media_types_that_stand(web: Client, kind: str) -> None:
    assert web.post("/echo", content=b'{"a": 1}', headers={"Content-Type": kind}).json() == {"a": 1}


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "gzip, identity", "x"])
def test_a_packed_body(web: Client, coding: str) -> None:
    import gzip

    packed = gzip.compress(json.dumps({"a": 1}).encode())
    response = web.post("/echo", content=packed, headers={**JSON, "Content-Encoding": coding})
    assert (response.status_code, response.json()["code"]) == (415, "wrong_media_type")
    assert web.post("/echo", content=b"{}", headers={**JSON, "Content-Encoding": "identity"}).status_code == 200


# --- on the wire --------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module", params=["h11", "httptools"])
def port(request: pytest.FixtureRequest, app: FastAPI) -> Iterator[int]:
    with serving(app, request.param) as found:
        yield found


HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_lengths_are_refused_and_nothing_is_smuggled(port: int, order: tuple[int, int]) -> None:
    """The second request hides in what one reading takes for the body of the first (RFC 9112, 11.2)."""
    lengths = (b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n")
    raw = HEAD + lengths[order[0]] + lengths[order[1]] + b"\r\n0\r\n\r\n" + SMUGGLED
    answer = exchange(port, raw)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"ok" not in answer
    assert b"connection: close" in answer.lower()


def test_different_lengths_are_refused(port: int) -> None:
    answer = exchange(port, HEAD + b"Content-Length: 2\r\nContent-Length: 40\r\nConnection: close\r\n\r\n{}" + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_slow_body_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, body_seconds=0.2)
    answer = exchange(port, HEAD + b"Content-Length: 100\r\n\r\n", b'{"a": ')
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert b"application/problem+json" in answer
    assert b'"too_slow"' in answer
    assert b"connection: close" in answer.lower()
    chunked = exchange(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b'4\r\n{"a"\r\n')
    assert chunked.startswith(b"HTTP/1.1 408 ")


def test_a_large_body_is_refused_before_it_is_sent(port: int) -> None:
    answer = exchange(port, HEAD + b"Content-Length: 5000000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()


def test_a_head_has_no_body_on_the_wire(port: int) -> None:
    answer = exchange(port, b"HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length: 15" in head.lower()
    assert body == b""


def test_the_server_says_nothing_of_itself(web: Client) -> None:
    for path in ("/livez", "/nowhere", "/breaks"):
        assert not {"server", "x-powered-by"} & web.get(path).headers.keys()


def test_the_server_is_given_no_bound_that_it_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options of h11 say nothing to httptools; a bound that is not one is worse than none, which the operator's page speaks of."""
    import uvicorn

    given: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "Config", lambda *_, **options: given.update(options))
    monkeypatch.setattr(uvicorn, "Server", MagicMock())
    monkeypatch.setattr("app.logs.configure", lambda _level: None)
    monkeypatch.setattr("app.cli.serving._try_files", lambda: None)
    monkeypatch.setattr("app.cli.serving._sockets", lambda _held: [])
    assert cli.main(["serve"]) == 0
    assert issubclass(given["http"], HttpToolsProtocol)
    assert not [name for name in given if name.startswith("h11")]
