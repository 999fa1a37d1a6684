"""Signing keys: rotation, the documents by which others verify, other processes."""

import base64
import json
import os
import stat
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwt

from app import keyring
from app.identity import keys, tokens
from app.settings import settings
from tests.callers import Callers
from tests.client import Client
from tests.identity.forging import read


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rotation is tried on keys of our own."""
    folder = tmp_path / "keys"
    changed = settings().model_copy(update={"keys_dir": folder})
    monkeypatch.setattr(keyring, "settings", lambda: changed)
    keys.ensure()
    yield folder
    monkeypatch.undo()
    keys.forget()


def test_an_old_token_holds_after_a_rotation(client: Client, callers: Callers) -> None:
    before = callers.ngo()
    old = keys.signing()[0]
    new = keys.rotate()
    assert new != old
    assert before.get("/v1/me").status_code == 200
    after = callers.ngo()
    assert read(after.token.split(".")[0])["kid"] == new
    assert after.get("/v1/me").status_code == 200
    assert {key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]} == {old, new}


def test_a_key_goes_an_hour_after_its_successor_came(own_folder: Path, client: Client, callers: Callers) -> None:
    before = callers.ngo()
    first = keys.signing()[0]
    second = keys.rotate()
    long_ago = time.time() - 3700
    os.utime(own_folder / f"{second}.pem", (long_ago, long_ago))
    third = keys.rotate()
    assert {path.stem for path in own_folder.glob("*.pem")} == {second, third}
    assert first not in {key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]}
    assert before.get("/v1/me").status_code in (200, 401)
    from app.identity import door

    door._verified.clear()
    assert before.get("/v1/me").status_code == 401


def test_another_process_finds_a_new_key(own_folder: Path) -> None:
    """A token of a process that rotated is known at once here: an unknown kid makes the folder be read again."""
    here = keys._Ring()
    here.load()
    kid = keys.rotate()
    assert kid not in here.pems
    here.load()
    assert kid in here.pems


def test_a_key_that_was_taken_out_of_the_folder_verifies_nothing(
    own_folder: Path, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an operator does with a key that was stolen; nothing is restarted and nothing unknown is asked for."""
    caller, stolen = callers.ngo(), keys.signing()[0]
    keys.rotate()
    assert keys.find(stolen) is not None
    monkeypatch.setattr(keys, "_RELOAD_SECONDS", 3600)
    (own_folder / f"{stolen}.pem").unlink()
    # A clock too coarse to tell the two changes of the folder apart is none of this test's.
    os.utime(own_folder, (1, 1))
    assert keys.find(stolen) is None
    assert caller.get("/v1/me").status_code == 401


def test_an_unknown_kid_does_not_read_the_folder_each_time(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.find("nothing")
    reads: list[str] = []
    real = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda self, *args, **more: (reads.append(self.name), real(self, *args, **more))[1])
    monkeypatch.setattr(keys, "_RELOAD_SECONDS", 3600)
    for number in range(20):
        assert keys.find(f"unknown-{number}") is None
        assert keys.find("../refresh") is None
    assert reads == []


def test_the_documents_show_public_keys_alone(client: Client) -> None:
    keys.rotate()
    response = client.get("/.well-known/jwks.json")
    assert response.status_code == 200
    assert "max-age" in response.headers["cache-control"]
    found = response.json()["keys"]
    assert len(found) == 2
    for key in found:
        assert key.keys() == {"kty", "crv", "x", "y", "alg", "use", "kid"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert "d" not in key
    private = keys.signing()[1]
    secret = base64.urlsafe_b64encode(_number(private).to_bytes(32, "big")).decode().rstrip("=")
    assert secret not in response.text


def _number(pem: str) -> int:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.private_numbers().private_value


def test_others_verify_our_tokens_by_the_documents(client: Client, callers: Callers) -> None:
    caller = callers.ngo()
    metadata = client.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == "https://himoya.example"
    assert metadata["token_endpoint"] == "https://himoya.example/v1/oauth/token"
    assert metadata["grant_types_supported"] == ["client_credentials"]
    assert "trainings:read" in metadata["scopes_supported"]
    path = metadata["jwks_uri"].removeprefix(metadata["issuer"])
    kid = jwt.get_unverified_header(caller.token)["kid"]
    key = next(key for key in client.get(path).json()["keys"] if key["kid"] == kid)
    claims = jwt.decode(caller.token, json.dumps(key), algorithms=["ES256"], audience="himoya-api", issuer=metadata["issuer"])
    assert claims["sub"] == str(caller.account.id)


def test_a_private_key_is_never_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_public", tokens._private)
    with pytest.raises(RuntimeError):
        tokens.public_keys()


def test_files_are_private(own_folder: Path) -> None:
    keys.rotate()
    for path in own_folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE(own_folder.stat().st_mode) == 0o700
    assert not [path for path in own_folder.iterdir() if path.name.startswith(".")], "no draft stays behind"


def test_starting_again_keeps_the_keys(own_folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in own_folder.iterdir()}
    keys.ensure()
    keys.ensure()
    assert {path.name: path.read_bytes() for path in own_folder.iterdir()} == before


def test_the_name_of_a_key_is_no_address(own_folder: Path) -> None:
    for kid in ("refresh", "refresh.key", "../keys/refresh", str(own_folder / "refresh.key")):
        assert keys.find(kid) is None


def test_the_key_is_of_the_right_curve() -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(keys.signing()[1].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
