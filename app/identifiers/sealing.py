"""Sealing numbers and finding them again: AES-256-GCM for the one, HMAC-SHA-256 for the other. No other module of the rooms does either.

A ciphertext is a fresh 96-bit nonce and what AES-GCM made (NIST SP 800-38D). Row, person, kind and key version are its associated data,
so that it opens nowhere else. The blind index is a keyed digest of the kind and of the number as it is compared: without the key nobody
can try numbers against it.
"""

import hmac
import logging
import secrets
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.identifiers.keys import Keys, keys
from app.identifiers.models import IdentifierKeyMissing, IdentifierUnreadable
from app.identifiers.values import Value

log = logging.getLogger("himoya.identifiers")
_NONCE = 12
_PURPOSE = b"himoya identifier 1"


def _bound_to(row: uuid.UUID, person: uuid.UUID, kind: str, version: int) -> bytes:
    return b"\0".join((_PURPOSE, row.bytes, person.bytes, str(kind).encode(), str(version).encode()))


def _usable() -> Keys:
    found = keys()
    if not found.complete:
        raise IdentifierKeyMissing
    return found


def seal(kept: str, *, row: uuid.UUID, person: uuid.UUID, kind: str) -> tuple[bytes, int]:
    """(ciphertext, key version) of a number, by the newest key. Raises IdentifierKeyMissing."""
    sealing = _usable().sealing
    version = max(sealing)
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(sealing[version]).encrypt(nonce, kept.encode(), _bound_to(row, person, kind, version)), version


def unseal(ciphertext: bytes, version: int, *, row: uuid.UUID, person: uuid.UUID, kind: str) -> str:
    """The number. Raises IdentifierUnreadable if anything of it or of what it is bound to was changed, IdentifierKeyMissing."""
    # A key that another process has made since the folder was last looked at.
    key = keys().sealing.get(version) or keys(anew=True).sealing.get(version)
    if key is None:
        log.error("identifier %s needs key version %d, which is missing", row, version)
        raise IdentifierKeyMissing
    try:
        opened = AESGCM(key).decrypt(ciphertext[:_NONCE], ciphertext[_NONCE:], _bound_to(row, person, kind, version))
    except (InvalidTag, ValueError):
        log.error("identifier %s does not open with key version %d", row, version)  # noqa: TRY400 – where it happened tells nothing.
        raise IdentifierUnreadable from None
    return opened.decode()


def blind(value: Value) -> bytes:
    """The blind index of a number, by the newest key. Raises IdentifierKeyMissing."""
    index = _usable().index
    return _digest(index[max(index)], value)


def blinds(value: Value) -> list[bytes]:
    """What a number's blind index can be, by every key: while they are renewed, rows have the one or the other. IdentifierKeyMissing."""
    return [_digest(key, value) for key in _usable().index.values()]


def has_older_index() -> bool:
    """Whether there is an older key of the index, so that rows of one number may have different blind indexes: they have while it is being
    renewed, and no longer when that is done, however long the older key stays. Raises IdentifierKeyMissing.
    """
    return len(_usable().index) > 1


def _digest(key: bytes, value: Value) -> bytes:
    return hmac.digest(key, b"\0".join((b"value", value.kind.value.encode(), value.compared.encode())), "sha256")


def origins(body: str) -> list[bytes]:
    """What a create is recognized by when it is sent again, newest key first. Keyed, since a plain digest of a body that holds a number
    could be tried out number by number. Raises IdentifierKeyMissing.
    """
    index = _usable().index
    return [hmac.digest(index[version], b"origin\0" + body.encode(), "sha256") for version in sorted(index, reverse=True)]
