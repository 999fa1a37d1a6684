"""Every attack on access tokens that the design names, and some more: each is a 401, none a 500."""

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwe, jwk, jwt

from app.identity import keys, tokens
from tests.callers import Caller, Callers
from tests.client import Client
from tests.identity.forging import LONGEST, claims_of, coded, fresh, header, issuer, knock, moment, read, refused, sealed


@pytest.fixture
def caller(callers: Callers) -> Caller:
    return callers.ngo("1733", duty="specialist")


def public_pem() -> bytes:
    key = serialization.load_pem_private_key(keys.signing()[1].encode(), None).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def own_pem() -> str:
    """A key of the attacker's."""
    return keys._new_pem().decode()


def test_the_tools_make_good_tokens(client: Client, caller: Caller) -> None:
    """What follows would prove nothing if the tools themselves made tokens that nobody takes."""
    assert knock(client, caller.token).status_code == 200
    assert knock(client, sealed(header(), claims_of(caller.token))).status_code == 200
    assert knock(client, fresh(caller.token, jti="another")).status_code == 200
    assert read(caller.token.split(".")[0]) == header()


# --- the signature ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None])
def test_no_algorithm(client: Client, caller: Caller, alg: str | None) -> None:
    body = claims_of(caller.token)
    for head in (header(alg=alg), {"alg": alg, "typ": "at+jwt", "kid": keys.signing()[0]}):
        for signature in ("", "AAAA", caller.token.split(".")[2]):
            refused(client, f"{coded(head)}.{coded(body)}.{signature}")


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_the_public_key_as_a_shared_secret(client: Client, caller: Caller, alg: str) -> None:
    for secret in (public_pem(), public_pem().strip(), json.dumps(tokens.public_keys()["keys"][0]).encode(), b"", b"secret"):
        signed = f"{coded(header(alg=alg))}.{coded(claims_of(caller.token, administrator=True))}"
        seal = hmac.new(secret, signed.encode(), getattr(hashlib, f"sha{alg[2:]}")).digest()
        refused(client, f"{signed}.{coded(seal)}")


@pytest.mark.parametrize("alg", ["RS256", "PS256", "RS512"])
def test_another_family_of_algorithms(client: Client, caller: Caller, alg: str) -> None:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = jwt.encode(claims_of(caller.token), pem, "RS256", headers=header(alg=None, typ=None))
    signed = f"{coded(header(alg=alg))}.{made.split('.')[1]}"
    refused(client, f"{signed}.{made.split('.')[2]}")
    refused(client, made)


@pytest.mark.parametrize("alg", ["ES384", "ES512", "ES256K", "EdDSA", "es256", "ES256 ", ["ES256"], 256, True, {}])
def test_almost_the_algorithm(client: Client, caller: Caller, alg: object) -> None:
    refused(client, sealed(header(alg=alg), claims_of(caller.token)))


def test_another_key(client: Client, caller: Caller) -> None:
    body = claims_of(caller.token)
    refused(client, sealed(header(), body, own_pem()))
    refused(client, sealed(header(kid="mine"), body, own_pem()))
    wide = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = f"{coded(header())}.{coded(body)}"
    refused(client, f"{signed}.{coded(jwk.construct(wide, 'ES384').sign(signed.encode()))}")


def test_claims_changed_under_a_stale_signature(client: Client, caller: Caller) -> None:
    head, _, signature = caller.token.split(".")
    for changes in (
        {"role": "womens_committee"},
        {"duty": "manager"},
        {"administrator": True},
        {"territory": "17"},
        {"organization": "00000000-0000-0000-0000-000000000000"},
        {"exp": moment() + 10**6},
        {"generation": 99},
        {"session": ""},
        {"sub": "00000000-0000-0000-0000-000000000000"},
        {"kind": "client", "scope": "accounts:write"},
    ):
        refused(client, f"{head}.{coded(claims_of(caller.token, **changes))}.{signature}")


def test_signatures_that_are_none(client: Client, caller: Caller) -> None:
    head, body, signature = caller.token.split(".")
    zero = coded(bytes(64))
    for wrong in ("", zero, signature[:-2], signature + "AA", coded(bytes(63)), coded(b"\xff" * 64), coded(b"0" * 4000), "!!!!"):
        refused(client, f"{head}.{body}.{wrong}")
    response = client.get("/v1/me", headers={"Authorization": f"Bearer {head}.{body}.AAAA\xe9".encode("latin-1")})
    assert response.status_code == 401


# --- the header ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "dpop+jwt", 1, ["at+jwt"]])
def test_typ(client: Client, caller: Caller, typ: object) -> None:
    refused(client, sealed(header(typ=typ), claims_of(caller.token)))


@pytest.mark.parametrize(
    "kid",
    [
        None,
        "",
        "unknown",
        "../refresh",
        "../../../../etc/passwd",
        "/dev/null",
        "refresh.key",
        "..",
        "%2e%2e%2frefresh.key",
        "' OR '1'='1",
        "x\u0000y",
        "*",
        "k" * 3000,
        1,
        True,
        ["a"],
        {"a": 1},
        1.5,
    ],
)
def test_kid(client: Client, caller: Caller, kid: object) -> None:
    for pem in (None, own_pem()):
        refused(client, sealed(header(kid=kid), claims_of(caller.token), pem))


def test_a_key_that_the_token_brings_along(client: Client, caller: Caller) -> None:
    """`jwk` and `x5c` hold a key, `jku` and `x5u` say where one lies, `crit` asks for more: each is refused, even rightly signed."""
    pem = own_pem()
    shown = {name: str(value) for name, value in jwk.construct(pem, "ES256").public_key().to_dict().items()}
    for extra in (
        {"jwk": shown},
        {"jku": "https://attacker.example/jwks.json"},
        {"jku": f"{issuer()}/.well-known/jwks.json"},
        {"x5u": "https://attacker.example/cert.pem"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"enc": "A128GCM"},
        {"cty": "JWT"},
        {"unknown": 1},
    ):
        refused(client, sealed(header(**extra), claims_of(caller.token)))
        refused(client, sealed(header(**extra), claims_of(caller.token), pem))


def test_headers_that_are_none(client: Client, caller: Caller) -> None:
    body = coded(claims_of(caller.token))
    deep = b"[" * 5000
    for head in (b"", b"null", b"[]", b'"ES256"', b"1", b"{", b"\xff\xfe", b'{"alg":"ES256"', deep, b'{"a":' * 1000, b"NaN", b"{} {}"):
        signed = f"{coded(head)}.{body}"
        refused(client, f"{signed}.{coded(jwk.construct(keys.signing()[1], 'ES256').sign(signed.encode()))}")


def test_a_name_that_stands_twice(client: Client, caller: Caller) -> None:
    """Two readers could believe two things, so it is refused even where the signature is ours."""
    kid = keys.signing()[0]
    for head in (
        f'{{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"{kid}"}}',
        f'{{"alg":"ES256","typ":"JWT","typ":"at+jwt","kid":"{kid}"}}',
        f'{{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"{kid}"}}',
    ):
        refused(client, sealed(head.encode(), claims_of(caller.token)))
    body = json.dumps(claims_of(caller.token))
    for name, value in (("sub", "someone"), ("administrator", True), ("exp", 1), ("aud", "else")):
        refused(client, sealed(header(), f'{{"{name}":{json.dumps(value)},{body[1:]}'.encode()))


# --- the form -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "token",
    [
        "x",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "e30.e30.",
        "e30.e30.e30",
        ".e30.e30",
        "e30..e30",
        "A" * 100,
        "====.====.====",
        "-.-.-",
        "null",
        "🗝",
    ],
)
def test_garbage(client: Client, token: str) -> None:
    headers = {"Authorization": b"Bearer " + token.encode()}
    response = client.get("/v1/me", headers=headers)
    assert response.status_code == 401, response.text


def test_empty_and_missing_segments(client: Client, caller: Caller) -> None:
    head, body, signature = caller.token.split(".")
    for wrong in (
        f".{body}.{signature}",
        f"{head}..{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        head,
        f"{caller.token}.",
        f".{caller.token}",
    ):
        refused(client, wrong)
    for wrong in (f"{head}=.{body}.{signature}", f"{head}.{body} .{signature}", f"{head}.{body}%00.{signature}"):
        refused(client, wrong)


def test_other_schemes(client: Client, caller: Caller) -> None:
    for value in ("", "Bearer", "Bearer ", f"Basic {caller.token}", f"Token {caller.token}", caller.token, f"Bearer{caller.token}"):
        response = client.get("/v1/me", headers={"Authorization": value})
        assert response.status_code == 401, value
    assert client.get("/v1/me", headers={"Authorization": f"bearer {caller.token}"}).status_code == 200
    assert client.get(f"/v1/me?access_token={caller.token}").status_code in (401, 422)
    assert client.get("/v1/me", headers={"Cookie": f"access_token={caller.token}"}).status_code == 401


def test_an_overlong_token_is_not_parsed(client: Client, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    long = fresh(caller.token, padding="x" * LONGEST)
    assert len(long) > LONGEST

    def never(*_: object, **__: object) -> None:
        pytest.fail("it was parsed")

    for module, name in ((tokens, "_object"), (tokens.jwt, "decode"), (tokens.jwt, "get_unverified_header"), (tokens.keys, "find")):
        monkeypatch.setattr(module, name, never)
    refused(client, long)
    refused(client, "a" * (LONGEST + 1))


def test_an_encrypted_token(client: Client, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five segments; a small one can unpack to gigabytes, so nothing of it is ever decrypted (CVE-2024-33664)."""
    monkeypatch.setattr(jwe, "decrypt", lambda *_: pytest.fail("it was decrypted"))
    made = jwe.encrypt(json.dumps(claims_of(caller.token)), "0123456789abcdef", encryption="A128GCM", algorithm="dir", zip="DEF")
    refused(client, made.decode())
    refused(client, f"{coded(header(enc='A128GCM'))}.{'.'.join(made.decode().split('.')[1:])}")
