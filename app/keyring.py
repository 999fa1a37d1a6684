"""KEYS_DIR, where the service keeps what the database must not hold, and the secret in there, `refresh.key`: what refresh tokens, keyed
digests and sealed cursors are made with.
"""

import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from app.settings import settings


def keys_folder() -> Path:
    """KEYS_DIR, made private if it is not there."""
    folder = settings().keys_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def write_once(path: Path, content: bytes) -> None:
    """Create a private file, whole or not at all; of two processes that start together one wins and both read the same."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def ensure_secret() -> None:
    """Make the secret if there is none."""
    path = keys_folder() / "refresh.key"
    # Looked for first: a folder that holds it already may be there for reading alone.
    if not path.exists():
        write_once(path, secrets.token_bytes(32))
    forget_secret()


@lru_cache(maxsize=8)
def secret_for(purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, the same in every process: what is made with one tells nothing about another."""
    return hmac.digest((keys_folder() / "refresh.key").read_bytes(), purpose.encode(), "sha256")


def forget_secret() -> None:
    """Read the file again at the next use."""
    secret_for.cache_clear()
