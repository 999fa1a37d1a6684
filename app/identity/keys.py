"""The ES256 keys that sign access tokens: one `<kid>.pem` each in KEYS_DIR; the newest signs, the others still verify."""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.keyring import ensure_secret, forget_secret, keys_folder, write_once

_RELOAD_SECONDS = 1.0
_KEPT = timedelta(hours=1)
"""A key stays this long after its successor was made: four times the life of what it signed."""


def _new_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def ensure() -> None:
    """Make the first key and the service's secret if there are none."""
    folder = keys_folder()
    if not list(folder.glob("*.pem")):
        write_once(folder / "00000000T000000-first.pem", _new_pem())
    ensure_secret()
    forget()


def rotate() -> str:
    """Make a new signing key and drop those whose successor is older than an hour; answers the new kid."""
    folder = keys_folder()
    kid = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    write_once(folder / f"{kid}.pem", _new_pem())
    names = sorted(folder.glob("*.pem"))
    limit = time.time() - _KEPT.total_seconds()
    for old, successor in pairwise(names):
        if successor.stat().st_mtime < limit:
            old.unlink()
    forget()
    return kid


class _Ring:
    """The keys of the folder as they were read last."""

    def __init__(self) -> None:
        self.read_at = 0.0
        self.changed_at = 0
        self.pems: dict[str, str] = {}

    def load(self) -> None:
        """Read the folder anew when it changed, and every second in case its clock is too coarse to tell."""
        changed_at = keys_folder().stat().st_mtime_ns
        if changed_at != self.changed_at or time.monotonic() - self.read_at >= _RELOAD_SECONDS or not self.pems:
            self.pems = {path.stem: path.read_text() for path in sorted(keys_folder().glob("*.pem"))}
            self.read_at, self.changed_at = time.monotonic(), changed_at


_ring = _Ring()


def forget() -> None:
    """Read the folder again at the next use."""
    _ring.read_at, _ring.pems = 0.0, {}
    forget_secret()


def signing() -> tuple[str, str]:
    """(kid, private PEM) of the newest key."""
    _ring.load()
    kid = max(_ring.pems)
    return kid, _ring.pems[kid]


def find(kid: str) -> str | None:
    """The private PEM of a key, or None: for one that is not in the folder, or not any more."""
    _ring.load()
    return _ring.pems.get(kid)


def all_keys() -> Mapping[str, str]:
    """Every key by kid."""
    _ring.load()
    return _ring.pems
