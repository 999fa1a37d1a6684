"""Access tokens (ES256 JWTs, RFC 9068) and refresh tokens. The one module that imports jose.

python-jose is used as narrowly as its flaws require: the header is checked before anything is believed, the one key is looked up
by `kid`, every claim is required, `jose.jwe` is never touched (CVE-2024-33663, CVE-2024-33664).
"""

import hashlib
import hmac
import json
import time
import uuid
from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from jose import JWTError, jwk, jwt

from app.access.actor import Actor, Duty
from app.access.permissions import permissions_of
from app.identity import keys
from app.keyring import secret_for
from app.problems import Unauthenticated
from app.settings import settings

AUDIENCE = "himoya-api"
LIFE_SECONDS = 900
LONGEST = 8192
_LEEWAY = 30
_HEADER = {"alg", "typ", "kid"}
_OPTIONS = {"leeway": _LEEWAY, **{f"require_{claim}": True for claim in ("exp", "iat", "nbf", "iss", "aud", "sub", "jti")}}


@lru_cache(maxsize=8)
def _private(pem: str) -> Any:
    return jwk.construct(pem, "ES256")


@lru_cache(maxsize=8)
def _public(pem: str) -> Any:
    key = serialization.load_pem_private_key(pem.encode(), password=None).public_key()
    text = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return jwk.construct(text.decode(), "ES256")


def issue(actor: Actor, *, scope: str = "") -> str:
    """An access token of 15 minutes for this actor."""
    kid, pem = keys.signing()
    moment = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings().base_url,
        "aud": AUDIENCE,
        "sub": str(actor.id),
        "iat": moment,
        "nbf": moment,
        "exp": moment + LIFE_SECONDS,
        "jti": uuid.uuid4().hex,
        "kind": actor.kind,
        "role": actor.role,
        "duty": actor.duty,
        "organization": str(actor.organization_id),
        "territory": actor.territory,
        "administrator": actor.administrator,
        "generation": actor.generation,
        "session": actor.session,
        "scope": scope,
    }
    return str(jwt.encode(claims, _private(pem), algorithm="ES256", headers={"typ": "at+jwt", "kid": kid}))


def verify(token: str) -> Actor:
    """The actor whom a token names; Unauthenticated for anything but a token of ours that is in force."""
    if len(token) > LONGEST:
        raise Unauthenticated
    try:
        first, second, _ = token.split(".")
        header, shown = _object(first), _object(second)
        if set(header) != _HEADER or header["alg"] != "ES256" or header["typ"] != "at+jwt" or not isinstance(header["kid"], str):
            raise Unauthenticated
        # The library would take a list of audiences with ours among them; we give out none.
        if shown["aud"] != AUDIENCE or (pem := keys.find(header["kid"])) is None:
            raise Unauthenticated
        claims = jwt.decode(token, _public(pem), algorithms=["ES256"], audience=AUDIENCE, issuer=settings().base_url, options=_OPTIONS)
        return _actor(claims)
    except (JWTError, LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Unauthenticated from error


def _object(segment: str) -> dict[str, Any]:
    """A segment's JSON object; ValueError where it is none or a name stands twice, since two readers could believe two things."""
    found = json.loads(b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True), object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 – one kind of exception for whatever is wrong.
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _actor(claims: dict[str, Any]) -> Actor:
    is_client, is_administrator, scopes = claims["kind"] == "client", claims["administrator"] is True, frozenset(claims["scope"].split())
    granted = permissions_of(claims["role"], Duty.MANAGER if is_client else claims["duty"], administrator=is_administrator)
    return Actor(
        id=uuid.UUID(claims["sub"]),
        role=claims["role"],
        duty=claims["duty"],
        organization_id=uuid.UUID(claims["organization"]),
        territory=claims["territory"],
        administrator=is_administrator,
        permissions=(granted & scopes) | {"me"} if is_client else granted,
        kind=claims["kind"],
        session=claims["session"],
        generation=int(claims["generation"]),
        expires=float(claims["exp"]),
    )


def grantable(role: str) -> frozenset[str]:
    """The scopes that a service client of an organization of this kind may be given."""
    return permissions_of(role, Duty.MANAGER, administrator=False)


def public_keys() -> dict[str, list[dict[str, Any]]]:
    """The JWKS (RFC 7517), from the public halves alone."""
    found = []
    for kid, pem in keys.all_keys().items():
        shown = {name: value.decode() if isinstance(value, bytes) else value for name, value in _public(pem).to_dict().items()}
        if "d" in shown:
            raise RuntimeError("a private key would have been published")
        found.append({**shown, "kid": kid, "use": "sig"})
    return {"keys": found}


def refresh_token(session: uuid.UUID, step: int) -> str:
    """The refresh token of a session's step: derived, so that a lost answer can be given again, and nothing of it is stored."""
    seal = hmac.new(secret_for("refresh token"), f"{session.hex}.{step}".encode(), hashlib.sha256).digest()
    return f"{session.hex}.{step}.{urlsafe_b64encode(seal).decode().rstrip('=')}"


def read_refresh_token(token: str) -> tuple[uuid.UUID, int] | None:
    """(session, step) of a refresh token of ours, else None."""
    try:
        session, step, _ = token.split(".")
        key, number = uuid.UUID(hex=session), int(step)
    except ValueError:
        return None
    # As bytes: of texts it compares ASCII alone.
    return (key, number) if hmac.compare_digest(refresh_token(key, number).encode(), token.encode()) else None
