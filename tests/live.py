"""The application behind a real server on a free port of this machine, for what a test client cannot show: raw bytes on a socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from app import cross_origin, limits
from app.main import create_app
from app.settings import settings

SECRET = "Karimova Nigora"
"""What the addresses that break say to themselves."""
SECONDS = 20
"""Nothing here takes long; this only keeps a broken test from hanging."""


def breaking_app() -> FastAPI:
    """The application with three addresses more: two that break, one that answers what it was sent."""
    app = create_app()

    @app.get("/breaks", include_in_schema=False)
    def breaks() -> None:
        raise RuntimeError(SECRET)

    @app.get("/breaks-with-cause", include_in_schema=False)
    async def breaks_with_cause() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise LookupError(SECRET) from error

    @app.post("/echo", include_in_schema=False)
    async def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    return app


def change_settings(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Other settings, for the bounds and for other origins."""
    changed = settings().model_copy(update=values)
    for module in (limits, cross_origin):
        monkeypatch.setattr(module, "settings", lambda: changed)


@contextmanager
def serving(app: FastAPI, protocol: Any) -> Iterator[int]:
    """Serve, without the lifespan (no database is needed for what is asked), and answer the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=protocol, ws="none", lifespan="off", loop="asyncio", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(SECONDS)
    assert not thread.is_alive()


def exchange(port: int, *parts: bytes) -> bytes:
    """Send the parts and read until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        for part in parts:
            connection.sendall(part)
        found = b""
        while part := connection.recv(65536):
            found += part
        return found
