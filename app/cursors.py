"""Cursors that tell nothing: where a page ended is a value of its last row, a name perhaps, and a cursor stands in addresses, which proxies
and histories keep.

Sealed by AES-256-GCM; what a cursor is bound to is its associated data, so that it opens nothing else and nobody makes one.
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.keyring import secret_for

_NONCE = 12


def seal(position: bytes, *, bound: bytes) -> str:
    """The position as letters, digits, `-` and `_`."""
    nonce = secrets.token_bytes(_NONCE)
    return base64.urlsafe_b64encode(nonce + AESGCM(secret_for("cursor")).encrypt(nonce, position, bound)).decode().rstrip("=")


def unseal(cursor: str, *, bound: bytes) -> bytes:
    """The position. ValueError for what was not sealed here, or for something else."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    try:
        return AESGCM(secret_for("cursor")).decrypt(raw[:_NONCE], raw[_NONCE:], bound)
    except InvalidTag as error:
        raise ValueError("not sealed for this") from error
