"""The door of every route: a bearer token becomes a Caller, and `allow(permission)` asks whether it may use the verb."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from app.access.actor import Actor, Visit
from app.access.permissions import Permission
from app.idempotency import Retry
from app.identity.revocations import revocations
from app.identity.tokens import verify
from app.keyring import secret_for
from app.problems import BadRequest, Forbidden, Unauthenticated

_CACHE_SECONDS = 30
_CACHE_SIZE = 10_000
_LONGEST_KEY = 64
_verified: dict[bytes, tuple[float, Actor]] = {}

Refused = Callable[[Visit, str], None]
REFUSED: list[Refused] = []
"""Called with (visit, permission) for every refused door, in a worker thread."""


def actor_of(token: str) -> Actor:
    """The token's actor; a verified token is remembered for half a minute by its digest, never by itself."""
    digest, moment = hashlib.sha256(token.encode()).digest(), time.time()
    if (hit := _verified.get(digest)) and hit[0] > moment:
        return hit[1]
    actor = verify(token)
    if len(_verified) >= _CACHE_SIZE:
        _verified.clear()
    _verified[digest] = (min(actor.expires, moment + _CACHE_SECONDS), actor)
    return actor


class Bearer(SecurityBase):
    """`Authorization: Bearer …` → Visit. A SecurityBase, so that the scheme stands in the contract."""

    def __init__(self) -> None:
        self.model = HTTPBearer(
            bearerFormat="JWT", description="Access token from `POST /v1/auth/login` (people) or `POST /v1/oauth/token` (scripts)."
        )
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Visit:
        """Unauthenticated without a token in force; BadRequest for an Idempotency-Key that is none."""
        state = request.scope["state"]
        # The door asked already, and hands its finding on to the endpoint.
        visit: Visit | None = state.get("visit")
        if visit is None:
            visit = state["visit"] = await self._visit(request, state)
        return visit

    async def _visit(self, request: Request, state: dict[str, Any]) -> Visit:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        actor = actor_of(token.strip())
        await revocations.check(actor)
        state["actor"] = str(actor.id)
        retry = None
        if request.method == "POST" and (keys := request.headers.getlist("idempotency-key")):
            retry = Retry(str(actor.id), _key(keys), await _fingerprint(request, actor))
        route = request.scope["route"]
        return Visit(actor, retry, state["request_id"], route.operation_id or route.name)


def _key(given: list[str]) -> str:
    if len(given) > 1:
        raise BadRequest("Idempotency-Key stands more than once.")
    key = given[0]
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadRequest(f"Idempotency-Key takes 1 to {_LONGEST_KEY} printable ASCII characters.")
    return key


async def _fingerprint(request: Request, actor: Actor) -> str:
    """Keyed: from a plain digest of a body that holds little but a number, the number could be found by trying.

    The actor's rights are part of it: whoever lost the right to a row since, or to a field of it, is not given the first answer. And the
    version that was read: whoever read the row anew asks for something else.
    """
    scopes = sorted(actor.permissions) if actor.kind == "client" else []
    rights = (actor.role, actor.duty, str(actor.organization_id), actor.territory, actor.administrator, scopes)
    target = f"{request.method} {request.url.path}?{request.url.query}\n{request.headers.getlist('if-match')}\n{rights}\n"
    return hmac.digest(secret_for("fingerprint"), target.encode() + await request.body(), "sha256").hex()


Caller = Annotated[Visit, Depends(Bearer())]


async def secret_answer(request: Request) -> None:
    """For a POST whose answer holds a secret, which is not kept for replays: BadRequest if it comes with an Idempotency-Key."""
    if "idempotency-key" in request.headers:
        raise BadRequest("This answer holds a secret, which is not kept, so it cannot be replayed: leave Idempotency-Key out.")


async def asks_only() -> None:
    """For a POST that changes nothing: there is nothing that could be done twice, so no Idempotency-Key is claimed and no answer kept."""


class Door(Bearer):
    """Asks whether the caller may use a verb; the contract and the house tests read `permission` off it."""

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self.permission = permission

    async def __call__(self, request: Request) -> Visit:
        """Forbidden, with what is needed in `detail`, and an entry in the audit trail."""
        visit = await super().__call__(request)
        if self.permission.name not in visit.actor.permissions:
            for refused in REFUSED:
                await anyio.to_thread.run_sync(refused, visit, self.permission.name)
            raise Forbidden(f"This needs the permission {self.permission}.")
        return visit


def allow(permission: Permission) -> Any:
    """The door of one route."""
    return Depends(Door(permission))
