"""Passwords and client secrets as argon2id hashes (RFC 9106, the library's parameters)."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
_decoy = _hasher.hash(secrets.token_urlsafe(16))
"""Verified when there is no such account, so that the answer takes the same time."""


def hashed(password: str) -> str:
    """The hash to store."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; as slow for no account as for a wrong password."""
    try:
        _hasher.verify(stored or _decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def new_secret() -> str:
    """A secret for a script: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_password() -> str:
    """A password for a person who will change it: 96 random bits."""
    return secrets.token_urlsafe(12)
