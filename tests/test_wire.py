"""How answers leave: head and body together, in order, whole, and before the connection closes. What is no HTTP request is refused."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.problems import MEDIA_TYPE, ProblemRead
from app.wire import Gathered, Gathering
from tests.client import Client
from tests.live import SECONDS, breaking_app, exchange, serving


class Line:
    """A connection that notes what is done with it."""

    def __init__(self, *, closing: bool = False) -> None:
        self.done: list[Any] = []
        self._closing = closing

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def is_closing(self) -> bool:
        return self._closing

    def get_extra_info(self, name: str) -> str:
        return name


def told(line: Line, *parts: bytes, close: bool = False) -> list[Any]:
    """What a connection is told when these are written, a turn later. Not in this thread, where a browser may leave its loop."""

    async def write() -> None:
        gathering = Gathering(line, asyncio.get_running_loop())  # type: ignore[arg-type]
        for part in parts:
            gathering.write(part)
        if close:
            gathering.close()
        await asyncio.sleep(0)

    writing = threading.Thread(target=lambda: asyncio.run(write()))
    writing.start()
    writing.join(SECONDS)
    return line.done


def test_what_is_written_in_one_turn_leaves_as_one() -> None:
    assert told(Line(), b"head", bytearray(b"body"), memoryview(b"!")) == [b"headbody!"]
    assert told(Line()) == []


def test_what_waits_leaves_before_the_connection_closes() -> None:
    assert told(Line(), b"head", b"body", close=True) == [b"headbody", "closed"]
    assert told(Line(), close=True) == ["closed"]


def test_nothing_is_written_to_a_connection_that_closes() -> None:
    assert told(Line(closing=True), b"head") == []


def test_whatever_else_is_asked_the_connection_answers() -> None:
    gathering = Gathering(Line(), None)  # type: ignore[arg-type]
    assert (gathering.is_closing(), gathering.get_extra_info("peername")) == (False, "peername")


def test_a_served_answer_arrives_whole_at_once() -> None:
    with serving(breaking_app(), Gathered) as port, socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == Client(breaking_app()).get("/livez").content


def test_several_requests_of_one_connection_are_answered_in_turn() -> None:
    body = b'{"a":"' + b"x" * 200_000 + b'"}'
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    last = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with serving(breaking_app(), Gathered) as port:
        answers = exchange(port, head + body + last)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(body) < answers.rindex(b"HTTP/1.1 200 OK")


# --- what is no request ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(breaking_app(), Gathered) as found:
        yield found


POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
UNREADABLE = {
    "both lengths": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "a length that is none": POST + b"Content-Length: -1\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    "an unknown method": b"FETCH /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    "a bad header line": b"GET /livez HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
    "a folded header": b"GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n\0\r\n\r\n",
    "a target that is none": b"GET nowhere:// HTTP/1.1\r\nHost: x\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


def refused(answer: bytes) -> tuple[dict[str, str], ProblemRead]:
    """The headers and the problem of an answer that is one refusal and nothing else."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request", answer
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert len(headers) == len(lines), "each header once"
    assert int(headers["content-length"]) == len(body)
    return headers, ProblemRead.model_validate(json.loads(body))


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_refused_as_everything_is(port: int, what: str) -> None:
    headers, problem = refused(exchange(port, UNREADABLE[what]))
    assert headers["content-type"] == MEDIA_TYPE
    assert headers["connection"] == "close"
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert "content-security-policy" in headers
    assert "date" in headers
    assert (problem.code, problem.status, problem.instance) == ("malformed", 400, "")
    assert re.fullmatch("[0-9a-f]{32}", problem.request_id)
    assert headers["x-request-id"] == problem.request_id
    assert problem.detail


def test_a_refusal_on_the_wire_speaks_the_language_and_has_the_id_that_were_read(port: int) -> None:
    asked = b"Accept-Language: ru\r\nX-Request-ID: abcd-1234\r\nAccept: */*\r\n"
    headers, problem = refused(exchange(port, b"GET / HTTP/1.1\r\nHost: [\r\n" + asked + b"bad line\r\n\r\n"))
    assert headers["content-language"] == "ru"
    assert headers["x-request-id"] == problem.request_id == "abcd-1234"
    assert problem.title != "Malformed request"


def test_nothing_of_the_request_before_is_taken_for_one_that_cannot_be_read(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-ID: the-first-one\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(b"FETCH / HTTP/1.1\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert refused(answer)[1].request_id != "the-first-one"
