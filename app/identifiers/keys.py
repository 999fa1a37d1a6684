"""The keys of identifiers: those that seal the numbers, and those of the blind index. The newest of each is used; the older ones still
open and find what they made.

They come from the settings IDENTIFIER_KEYS and IDENTIFIER_INDEX_KEYS if these are set, and then from nowhere else; otherwise they are
files in KEYS_DIR, `identifiers-<version>.key` and `identifiers-index-<version>.key`, 32 bytes in base64 each.
"""

import base64
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.keyring import keys_folder, write_once
from app.settings import KEY_BYTES, settings

_NAME = re.compile(r"identifiers-(?P<index>index-)?(?P<version>[1-9][0-9]{0,5})\.key")


class KeysUnusable(Exception):
    """The keys are wrong or missing; its words say which, and never what is in them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys, by version."""

    sealing: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    index: Mapping[int, bytes] = field(default_factory=dict, repr=False)

    @property
    def complete(self) -> bool:
        """Whether there is one of each."""
        return bool(self.sealing and self.index)


class _Ring:
    """The keys as they were read last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys = Keys()
        self._read_as: object = None

    def load(self, *, anew: bool) -> Keys:
        """The keys, read again when the folder or the settings changed, or when somebody misses one."""
        with self._lock:
            given = settings().identifier_keys
            read_as: object = id(settings()) if given else (str(keys_folder()), keys_folder().stat().st_mtime_ns)
            if anew or read_as != self._read_as or not self._keys.complete:
                self._keys = _given() if given else _stored(keys_folder())
                self._read_as = read_as
            return self._keys


_ring = _Ring()


def keys(*, anew: bool = False) -> Keys:
    """The keys of this process. Another process may have made a newer one, so the folder is looked at each time; `anew` reads it
    whatever its clock says. Raises KeysUnusable.
    """
    return _ring.load(anew=anew)


def _given() -> Keys:
    sealing, index = settings().identifier_keys or {}, settings().identifier_index_keys or {}
    return Keys(
        {version: base64.b64decode(key.get_secret_value()) for version, key in sealing.items()},
        {version: base64.b64decode(key.get_secret_value()) for version, key in index.items()},
    )


def _stored(place: Path) -> Keys:
    sealing: dict[int, bytes] = {}
    index: dict[int, bytes] = {}
    for path in place.glob("identifiers-*.key"):
        if match := _NAME.fullmatch(path.name):
            (index if match["index"] else sealing)[int(match["version"])] = _content(path)
    if set(sealing.values()) & set(index.values()):
        raise KeysUnusable("KEYS_DIR: a key of identifiers is a key of their index as well; each needs its own.")
    return Keys(sealing, index)


def _content(path: Path) -> bytes:
    try:
        found = base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, ValueError) as error:
        # Its words could hold what was read.
        raise KeysUnusable(f"KEYS_DIR: {path.name} cannot be read as base64 ({type(error).__name__}).") from None
    if len(found) != KEY_BYTES:
        raise KeysUnusable(f"KEYS_DIR: {path.name} must hold {KEY_BYTES} bytes in base64.")
    return found


def make_first() -> Keys:
    """Make the first key of each kind that there is none of; of several processes that start at once all read the same."""
    found = keys(anew=True)
    if not found.sealing:
        _make("", 1)
    if not found.index:
        _make("index-", 1)
    return keys(anew=True)


def make_next(*, index: bool = False) -> int:
    """Make the next key, which is used from now on; answers its version. Raises KeysUnusable if the keys come from the settings."""
    if settings().identifier_keys:
        raise KeysUnusable("The keys come from the settings: add the next version to them, restart, and run this again with --finish.")
    found = keys(anew=True)
    version = max(found.index if index else found.sealing, default=0) + 1
    _make("index-" if index else "", version)
    keys(anew=True)
    return version


def _make(infix: str, version: int) -> None:
    write_once(keys_folder() / f"identifiers-{infix}{version}.key", base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
