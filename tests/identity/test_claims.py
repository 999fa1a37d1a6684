"""Claims that are missing, wrong or late, in tokens that are rightly signed: each is a 401, none a 500."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.access.actor import Duty
from app.identity import tokens
from app.identity.tokens import AUDIENCE
from tests.callers import Caller, Callers
from tests.client import Client
from tests.identity.forging import claims_of, coded, fresh, header, knock, moment, refused, sealed


@pytest.fixture
def caller(callers: Callers) -> Caller:
    return callers.ngo("1733", duty="specialist")


# --- the claims ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"])
def test_a_registered_claim_that_is_missing(client: Client, caller: Caller, claim: str) -> None:
    refused(client, fresh(caller.token, **{claim: None}))


@pytest.mark.parametrize("claim", ["kind", "role", "duty", "organization", "territory", "administrator", "generation", "session", "scope"])
def test_a_claim_of_ours_that_is_missing(client: Client, caller: Caller, claim: str) -> None:
    token = sealed(header(), {name: value for name, value in claims_of(caller.token).items() if name != claim})
    refused(client, token)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("aud", "another-api"),
        ("aud", ""),
        ("aud", [AUDIENCE]),
        ("aud", [AUDIENCE, "another-api"]),
        ("aud", ["another-api"]),
        ("aud", []),
        ("aud", {AUDIENCE: 1}),
        ("aud", 1),
        ("iss", "https://attacker.example"),
        ("iss", ""),
        ("iss", "https://himoya.example/"),
        ("iss", ["https://himoya.example"]),
        ("sub", ""),
        ("sub", "nobody"),
        ("sub", 1),
        ("sub", ["a"]),
        ("jti", 1),
        ("exp", "soon"),
        ("exp", 0),
        ("exp", -1),
        ("exp", [9999999999]),
        ("exp", {}),
        ("nbf", "soon"),
        ("nbf", []),
        ("iat", "soon"),
        ("iat", {}),
        ("organization", "x"),
        ("organization", 1),
        ("generation", "x"),
        ("generation", []),
        ("role", ["ngo"]),
        ("role", {}),
        ("duty", ["manager"]),
        ("scope", 1),
    ],
)
def test_claims_of_a_wrong_kind(client: Client, caller: Caller, claim: str, value: object) -> None:
    refused(client, fresh(caller.token, **{claim: value}))


@pytest.mark.parametrize("raw", [b"1e400", b"Infinity", b"-Infinity", b"NaN", b"1" + b"0" * 400, b'"' + b"9" * 5000 + b'"'])
def test_times_that_are_no_numbers(client: Client, caller: Caller, raw: bytes) -> None:
    for claim in ("exp", "nbf", "iat", "generation"):
        body = json.dumps(claims_of(caller.token, **{claim: "MARK"})).encode().replace(b'"MARK"', raw)
        response = knock(client, sealed(header(), body))
        assert response.status_code in (200, 401), (claim, response.text)
        if claim == "exp" and b"e400" not in raw and not raw.startswith(b"1"):
            assert response.status_code == 401


def test_time(client: Client, caller: Caller) -> None:
    now = moment()
    assert knock(client, fresh(caller.token, exp=now - 20)).status_code == 200, "half a minute of leeway for clocks that differ"
    refused(client, fresh(caller.token, exp=now - 40))
    assert knock(client, fresh(caller.token, nbf=now + 20, jti="early")).status_code == 200
    refused(client, fresh(caller.token, nbf=now + 60))


def test_an_expired_token_does_not_live_on_in_the_cache(client: Client, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is by the token's digest and never longer than the token; looked at with a clock that stands where we put it."""
    from app.identity import door

    token = fresh(caller.token, exp=moment() + 5, jti="short")
    assert knock(client, token).status_code == 200
    assert all(isinstance(key, bytes) and len(key) == 32 for key in door._verified)
    digest = hashlib.sha256(token.encode()).digest()
    assert door._verified[digest][0] <= moment() + 5
    seen: list[str] = []
    monkeypatch.setattr(door, "verify", lambda given: (seen.append(given), tokens.verify(given))[1])
    assert knock(client, token).status_code == 200
    assert seen == []
    door._verified[digest] = (0.0, door._verified[digest][1])
    assert knock(client, token).status_code == 200
    assert seen == [token]


def test_the_cache_is_bounded(client: Client, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.identity import door

    monkeypatch.setattr(door, "_CACHE_SIZE", 5)
    door._verified.clear()
    for number in range(12):
        assert knock(client, fresh(caller.token, jti=f"n{number}")).status_code == 200
        assert len(door._verified) <= 5


@pytest.mark.parametrize("role", ["system", "public", "administrator", "", "NGO", "nonsense"])
def test_no_role_of_ours_comes_by_a_token(client: Client, caller: Caller, role: str) -> None:
    """The service's own role has every row; a token that names it has no permission, since no account has that role."""
    response = knock(client, fresh(caller.token, role=role))
    assert response.status_code in (401, 403)


@pytest.mark.parametrize("value", [1, "true", "yes", [True], {"a": 1}])
def test_the_mark_is_a_boolean(client: Client, caller: Caller, value: object) -> None:
    token = fresh(caller.token, administrator=value, duty=Duty.VIEWER.value)
    response = client.post("/v1/accounts", json={}, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code in (401, 403)


def test_one_module_imports_jose_and_none_the_encryption(client: Client) -> None:
    from pathlib import Path

    importing = [path.name for path in Path("app").rglob("*.py") if "jose" in path.read_text(encoding="utf-8").split('"""', 2)[-1]]
    assert importing == ["tokens.py"]
    assert "jwe" not in Path("app/identity/tokens.py").read_text(encoding="utf-8").split('"""', 2)[-1]


def test_every_door_takes_the_same_look(client: Client, caller: Caller) -> None:
    """The attacks above knock at one address; every address has the same door."""
    paths: list[tuple[str, Callable[..., Any]]] = [
        ("/v1/places", client.get),
        ("/v1/accounts", client.get),
        ("/v1/audit-entries", client.get),
    ]
    bad = f"{coded(header(alg='none'))}.{coded(claims_of(caller.token))}."
    for path, call in paths:
        assert call(path, headers={"Authorization": f"Bearer {bad}"}).status_code == 401
