"""Keys of one's own, so that a test can renew them and spoil them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import keyring
from app.identifiers import keys
from app.identity import keys as identity_keys
from app.settings import Settings, settings


@pytest.fixture
def own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The folder of the keys, fresh; called with settings, keys come from those."""

    def use(**changed: Any) -> Path:
        # Made anew rather than copied, so that it is checked as at the start of a process.
        found = settings().model_copy(update={"keys_dir": tmp_path / "keys", **_checked(changed)})
        monkeypatch.setattr(keys, "settings", lambda: found)
        monkeypatch.setattr(keyring, "settings", lambda: found)
        monkeypatch.setattr(keys, "_ring", keys._Ring())
        return tmp_path / "keys"

    use.folder = use()  # type: ignore[attr-defined]
    identity_keys.ensure()
    keys.make_first()
    yield use
    monkeypatch.undo()
    identity_keys.forget()
    keys.keys(anew=True)


def _checked(changed: dict[str, Any]) -> dict[str, Any]:
    made = Settings(**changed)
    return {name: getattr(made, name) for name in changed}
