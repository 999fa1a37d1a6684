"""What every request meets first: its id, the bounds on its body, the headers of every answer, one log line. And where it comes from, by
which attempts are counted.

Plain ASGI, since it runs for every request. The body is read here once, within its bounds, and handed on whole.
"""

import asyncio
import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Iterable
from email.message import Message
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from app.bodies import checked
from app.problems import BadRequest, Internal, Problem, TooLarge, TooSlow, WrongMediaType
from app.settings import settings

log = logging.getLogger("himoya.requests")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LENGTH = re.compile(r"[0-9]{1,18}")
_FORM_PATHS = ("/v1/oauth/token", "/v/")
"""Addresses that take a form as well: RFC 6749 prescribes it for tokens; the public page works without JavaScript."""
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""Unless the answer has its own."""


_NETWORK = 64
"""A household or an office has a whole network of IPv6 addresses, so these are counted together."""


def address_of(request: Request) -> str:
    """Where the request comes from; behind a trusted proxy, what the proxy says."""
    return request.client.host if request.client else "unknown"


def counted_as(address: str) -> str:
    """The address as attempts are counted by: IPv4 as it stands, however it is written; of IPv6 the network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, _NETWORK), strict=False).network_address)
    return str(found)


def id_of(headers: Headers) -> str:
    """The request's id: the one that it brings, if that is sane, or a new one."""
    asked = headers.get("x-request-id", "")
    return asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex


def dressed(headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """An answer's headers with those that every answer has."""
    found = list(headers)
    present = {name for name, _ in found}
    return found + [(name, value) for name, value in ((b"x-request-id", request_id.encode()), *_ALWAYS) if name not in present]


class Envelope:
    """The outermost middleware: the request's id, the headers of every answer, HEAD, one log line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress its answer. HEAD is answered as GET is, without the body (RFC 9110, 9.3.2)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = id_of(Headers(scope=scope))
        inner = {**scope, "state": {**scope.get("state", {}), "request_id": request_id}}
        is_head = scope["method"] == "HEAD"
        if is_head:
            inner["method"] = "GET"
        status = 0

        async def answer(message: Event) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = dressed(message["headers"], request_id)
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(inner, receive, answer)
        finally:
            elapsed = round((time.perf_counter() - started) * 1000, 1)
            about = {"request_id": request_id, "method": scope["method"], "route": _route(inner), "status": status, "ms": elapsed}
            log.info("request", extra={**about, "actor": inner["state"].get("actor", "")})


class Bounds:
    """The innermost middleware: bounds the body, and answers for whatever breaks below."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body within its bounds and hand it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def answer(message: Event) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            body = await _body(scope, receive, Headers(scope=scope))
            await self.app(scope, _replay(body, receive), answer)
        except Problem as problem:
            await problem.response(Request(scope))(scope, receive, answer)
        except Exception:
            request_id = scope["state"]["request_id"]
            log.exception("request failed", extra={"request_id": request_id, "route": _route(scope), "method": scope["method"]})
            if started:
                raise
            await Internal().response(Request(scope))(scope, receive, answer)


def _route(scope: Scope) -> str:
    """The address's template: the address itself may hold an id or a certificate's number."""
    return getattr(scope.get("route"), "path", "") or "unmatched"


async def _body(scope: Scope, receive: Receive, headers: Headers) -> bytes:
    """The whole body, within its bounds of size and time.

    Raises BadRequest for a length that is told twice, TooLarge, TooSlow, and what `bodies.checked` refuses.
    """
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and coding is not None:
        # Two servers that disagree on where a request ends can be made to answer a second one hidden in the first (RFC 9112, 11.2).
        raise BadRequest("Send Content-Length or Transfer-Encoding, not both.", headers={"Connection": "close"})
    limit = settings().body_limit
    if length is not None and not _LENGTH.fullmatch(length):
        raise BadRequest("Content-Length is no number of bytes.", headers={"Connection": "close"})
    if int(length or 0) > limit:
        raise TooLarge(f"At most {limit} bytes.", headers={"Connection": "close"})
    if not coding and not int(length or 0):
        return b""
    parts, size = [], 0
    try:
        async with asyncio.timeout(settings().body_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise BadRequest("The connection ended before the body did.")
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise TooLarge(f"At most {limit} bytes.", headers={"Connection": "close"})
                parts.append(part)
                if not message.get("more_body"):
                    break
    except TimeoutError as error:
        raise TooSlow(f"The body must arrive within {settings().body_seconds:g} s.") from error
    return _readable(scope, b"".join(parts), headers.get("content-type", ""), headers.get("content-encoding", ""))


def _readable(scope: Scope, body: bytes, media_type: str, encoding: str) -> bytes:
    if not body:
        return body
    kind, charsets = _media_type(media_type)
    if encoding and encoding.lower() != "identity":
        raise WrongMediaType("Send the body without Content-Encoding.")
    if kind == "application/x-www-form-urlencoded" and scope["path"].startswith(_FORM_PATHS):
        return body
    if kind not in ("application/json", "application/merge-patch+json") or charsets - {"utf-8", "utf8"}:
        raise WrongMediaType("Send `Content-Type: application/json`, in UTF-8.")
    return checked(body)


@lru_cache(maxsize=64)
def _media_type(header: str) -> tuple[str, frozenset[str]]:
    """The type and what its parameters call the charset, in lower case; other parameters say nothing here (RFC 9110, 8.3)."""
    message = Message()
    message["content-type"] = header
    (kind, _), *parameters = message.get_params(failobj=[("", "")])
    return kind.lower(), frozenset(str(value).lower() for name, value in parameters if name.lower() == "charset")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand the body over once; afterwards the connection's own events."""
    given = False

    async def again() -> Event:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
