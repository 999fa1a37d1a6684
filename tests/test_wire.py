"""How answers leave: head and body together, in order, whole, and before the connection closes."""

import asyncio
import socket
import threading
from typing import Any

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
