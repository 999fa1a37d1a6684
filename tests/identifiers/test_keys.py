"""The keys: made once, from files or settings by one rule, refused with the reason, and never made anew over what needs the old ones."""

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app import cli
from app.identifiers import keys as ring
from app.identifiers import rekeying
from app.identifiers.keys import KeysUnusable, keys, make_first, make_next
from app.settings import Settings, settings
from tests.callers import Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.identifiers import make_identifier
from tests.racing import together

ROOT = Path(__file__).parent.parent.parent


def key(letter: str = "a", length: int = 32) -> str:
    return base64.b64encode(letter.encode() * length).decode()


def test_files_are_private_and_stay(own_keys: Any) -> None:
    folder = own_keys.folder
    names = {path.name for path in folder.glob("identifiers*")}
    assert names == {"identifiers-1.key", "identifiers-index-1.key"}
    before = {name: (folder / name).read_bytes() for name in names}
    for name in names:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert len(base64.b64decode(before[name])) == 32
    make_first()
    assert {name: (folder / name).read_bytes() for name in names} == before
    assert len(set(before.values())) == 2


def test_keys_are_not_shown(own_keys: Any) -> None:
    assert repr(keys()) == "Keys()"


def test_several_start_at_once(own_keys: Any) -> None:
    """Each in a process's place: a ring of its own and the same folder."""
    for path in own_keys.folder.glob("identifiers*"):
        path.unlink()

    def begin() -> Any:
        make_first()
        return ring._Ring().load(anew=True)

    seen = together([begin] * 8)
    assert len({(found.sealing[1], found.index[1]) for found in seen}) == 1
    assert len(list(own_keys.folder.glob("identifiers*"))) == 2


def test_another_process_made_a_key(own_keys: Any) -> None:
    before = keys()
    (own_keys.folder / "identifiers-2.key").write_text(key("z"))
    assert keys(anew=True).sealing.keys() == {1, 2}
    assert before.sealing.keys() == {1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [("nonsense!", "base64"), (key(length=16), "32 bytes"), ("", "32 bytes"), ("ключ", "base64")],
)
def test_a_wrong_file_is_refused(own_keys: Any, content: str, reason: str) -> None:
    (own_keys.folder / "identifiers-2.key").write_text(content, encoding="utf-8")
    with pytest.raises(KeysUnusable, match=reason) as refused:
        keys(anew=True)
    assert "identifiers-2.key" in str(refused.value)
    assert not content or content not in str(refused.value)


def test_one_key_for_two_purposes_is_refused(own_keys: Any) -> None:
    (own_keys.folder / "identifiers-index-2.key").write_bytes((own_keys.folder / "identifiers-1.key").read_bytes())
    with pytest.raises(KeysUnusable, match="its own"):
        keys(anew=True)


def test_other_files_are_no_keys(own_keys: Any) -> None:
    for name in ("identifiers-0.key", "identifiers-x.key", "identifiers-2.key.bak", "identifiers-index.key"):
        (own_keys.folder / name).write_text("nonsense")
    assert (keys(anew=True).sealing.keys(), keys().index.keys()) == ({1}, {1})


# --- from the settings ----------------------------------------------------------------------------------------------------------
def test_settings_are_the_only_source_when_they_are_set(own_keys: Any) -> None:
    own_keys(identifier_keys={1: key("a"), 3: key("b")}, identifier_index_keys={1: key("c")})
    assert (keys().sealing, keys().index) == ({1: b"a" * 32, 3: b"b" * 32}, {1: b"c" * 32})
    with pytest.raises(KeysUnusable, match="settings"):
        make_next()
    assert len(list(own_keys.folder.glob("identifiers*"))) == 2


@pytest.mark.parametrize(
    ("values", "name", "reason"),
    [
        ({"IDENTIFIER_KEYS": "x"}, "IDENTIFIER_KEYS", "dictionary"),
        ({"IDENTIFIER_KEYS": "{}"}, "IDENTIFIER_KEYS", "at least 1"),
        ({"IDENTIFIER_KEYS": json.dumps({"1": "short"})}, "IDENTIFIER_KEYS", "base64"),
        ({"IDENTIFIER_KEYS": json.dumps({"1": key(length=31)})}, "IDENTIFIER_KEYS", "32 bytes"),
        ({"IDENTIFIER_KEYS": json.dumps({"0": key()})}, "IDENTIFIER_KEYS", "greater"),
        ({"IDENTIFIER_KEYS": json.dumps({"a": key()})}, "IDENTIFIER_KEYS", "integer"),
        ({"IDENTIFIER_KEYS": json.dumps({"1": key()})}, "IDENTIFIER_INDEX_KEYS", "together"),
        ({"IDENTIFIER_INDEX_KEYS": json.dumps({"1": key()})}, "IDENTIFIER_INDEX_KEYS", "together"),
        (
            {"IDENTIFIER_KEYS": json.dumps({"1": key()}), "IDENTIFIER_INDEX_KEYS": json.dumps({"1": key()})},
            "IDENTIFIER_INDEX_KEYS",
            "other",
        ),
    ],
)
def test_wrong_settings_are_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], values: dict[str, str], name: str, reason: str
) -> None:
    for one, value in values.items():
        monkeypatch.setenv(one, value)
    settings.cache_clear()
    try:
        assert cli.main(["settings"]) == 2
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    told = capsys.readouterr().err
    assert told.startswith(name)
    assert reason in told
    assert len(told.splitlines()) == 1
    for secret in (key(), key(length=31)):
        assert secret not in told


def test_settings_do_not_show_keys() -> None:
    found = Settings(identifier_keys={1: key("a")}, identifier_index_keys={1: key("b")})
    assert key("a") not in repr(found)
    assert key("b") not in found.model_dump_json()
    with pytest.raises(ValidationError):
        Settings(identifier_keys={1: key("a")})


# --- before anybody is served ---------------------------------------------------------------------------------------------------
def test_the_right_keys_pass(own_keys: Any, callers: Callers) -> None:
    rekeying.start()
    ngo = callers.ngo("1733")
    make_identifier(ngo, make_beneficiary(ngo))
    rekeying.start()


def test_lost_keys_are_not_made_anew(own_keys: Any, callers: Callers) -> None:
    ngo = callers.ngo("1733")
    make_identifier(ngo, make_beneficiary(ngo))
    for name in ("identifiers-1.key", "identifiers-index-1.key"):
        path = own_keys.folder / name
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(KeysUnusable, match="missing"):
            rekeying.start()
        assert not path.exists()
        path.write_bytes(kept)
    rekeying.start()


def test_other_keys_are_found_out(own_keys: Any, callers: Callers) -> None:
    ngo = callers.ngo("1733")
    make_identifier(ngo, make_beneficiary(ngo))
    for name, reason in (("identifiers-1.key", "Key version 1"), ("identifiers-index-1.key", "index keys")):
        path = own_keys.folder / name
        kept = path.read_bytes()
        path.write_text(key("q"))
        with pytest.raises(KeysUnusable, match=reason):
            rekeying.start()
        path.write_bytes(kept)
    own_keys(identifier_keys={2: key("a")}, identifier_index_keys={1: key("b")})
    with pytest.raises(KeysUnusable, match="version 1, which is missing"):
        rekeying.start()


def test_one_spoilt_row_keeps_nobody_out(own_keys: Any, callers: Callers) -> None:
    from tests.identifiers.test_sealing import tamper

    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo)
    make_identifier(ngo, person)
    newest = make_identifier(ngo, person, kind="passport", value="AA1234567")
    tamper(callers_database(), newest["id"], ciphertext=b"x")
    rekeying.start()


def callers_database() -> Any:
    from app.database import current

    return current()


@pytest.mark.slow
def test_serving_refuses_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "identifiers-1.key").write_text("nonsense!")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "KEYS_DIR": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "app", "serve"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("KEYS_DIR: identifiers-1.key")
    assert "Traceback" not in done.stderr
