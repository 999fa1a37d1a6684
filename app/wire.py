"""How answers leave: what is written in one turn of the loop goes out as one, the head of an answer with its body.

The server writes the head by itself and the event loop sends it at once, so that every answer is two packets and two calls of the
system; on a bad line the second packet is one more that can be lost. And what is no HTTP request at all, so that nothing above meets it, is
refused here in the form of every refusal.
"""

import asyncio
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.limits import dressed, id_of, log
from app.problems import BadRequest

_READ = (b"accept-language", b"x-request-id")
"""All that is looked at of a request that cannot be read."""
_UNREADABLE = (
    "This is no HTTP request: the method, a header line, the length or the coding of the body cannot be read, or the length is told twice."
)


class Gathered(HttpToolsProtocol):
    """The server's protocol on a connection that gathers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(Gathering(transport, self.loop))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser cannot read, and close: where the next request would begin is not known."""
        told = [(name, value) for name, value in self.headers or () if name in _READ]
        request_id = id_of(Headers(raw=told))
        scope = {"type": "http", "method": "GET", "path": "", "query_string": b"", "headers": told, "state": {"request_id": request_id}}
        answer = BadRequest(_UNREADABLE, headers={"Connection": "close"}).response(Request(scope))
        head = (b": ".join(pair) for pair in (*self.server_state.default_headers, *dressed(answer.raw_headers, request_id)))
        self.transport.write(b"\r\n".join((b"HTTP/1.1 400 Bad Request", *head, b"", bytes(answer.body))))
        self.transport.close()
        log.info("request", extra={"request_id": request_id, "route": "unmatched", "status": answer.status_code})


class Gathering:
    """A connection that sends what is written in one turn of the loop at once; whatever else is asked of it, the connection answers."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._waiting: list[bytes | bytearray | memoryview] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send these bytes before the loop's next turn is over."""
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(data)

    def close(self) -> None:
        """Send what waits and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        data, self._waiting = b"".join(self._waiting), []
        if data and not self._transport.is_closing():
            self._transport.write(data)
