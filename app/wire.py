"""How answers leave: what is written in one turn of the loop goes out as one, the head of an answer with its body.

The server writes the head by itself and the event loop sends it at once, so that every answer is two packets and two calls of the
system; on a bad line the second packet is one more that can be lost.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Gathered(HttpToolsProtocol):
    """The server's protocol on a connection that gathers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(Gathering(transport, self.loop))  # type: ignore[arg-type]


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
