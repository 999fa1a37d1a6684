"""Tokens as an attacker would make them: any header, any claims, any signature."""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from jose import jwk

from app.identity import keys, tokens
from app.settings import settings
from tests.client import Client


def coded(value: object) -> str:
    """A segment: JSON of a value, or bytes as they are."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def read(segment: str) -> dict[str, Any]:
    """A segment's JSON."""
    return dict(json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


def header(**changes: Any) -> dict[str, Any]:
    """The header of a good token, with changes; None removes."""
    return _changed({"alg": "ES256", "typ": "at+jwt", "kid": keys.signing()[0]}, changes)


def claims_of(token: str, **changes: Any) -> dict[str, Any]:
    """The claims of a good token, with changes; None removes."""
    return _changed(read(token.split(".")[1]), changes)


def _changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def sealed(head: object, body: object, pem: str | None = None) -> str:
    """Signed with our own key, as only we can: what is refused then is refused for what it says."""
    signed = f"{coded(head)}.{coded(body)}"
    signature = jwk.construct(pem or keys.signing()[1], "ES256").sign(signed.encode())
    return f"{signed}.{coded(signature)}"


def fresh(token: str, **changes: Any) -> str:
    """A token of ours with other claims, rightly signed."""
    return sealed(header(), claims_of(token, **changes))


def knock(client: Client, token: str) -> Any:
    """A request with this token."""
    return client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


def refused(client: Client, token: str) -> None:
    """401 with nothing said about why; and again, since the first look is not to be remembered as a good one."""
    for _ in range(2):
        response = knock(client, token)
        assert response.status_code == 401, response.text
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["code"] == "unauthenticated"


def moment() -> int:
    return int(time.time())


def issuer() -> str:
    return settings().base_url


LONGEST = tokens.LONGEST
