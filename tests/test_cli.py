"""The command line, as an operator uses it: each command in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m app …` with a database and keys of its own, started from elsewhere."""
    known = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{folder}/himoya.db",
        "KEYS_DIR": str(folder / "keys"),
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "app", *arguments],
        cwd=folder,
        env={**known, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def good(*arguments: str, folder: Path, **environment: str) -> str:
    done = run(*arguments, folder=folder, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", ["access-matrix", "problems", "settings"])
def test_pages_are_printed_as_they_stand(tmp_path: Path, page: str) -> None:
    assert good(page, folder=tmp_path) == (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [], "printing makes no database and no keys"


def test_the_contract_is_printed(tmp_path: Path) -> None:
    document = json.loads(good("openapi", folder=tmp_path))
    assert document["openapi"].startswith("3.1")
    elsewhere = good("openapi", folder=tmp_path, PUBLIC_URL="https://another.example", PORT="9000")
    assert document == json.loads(elsewhere), "wherever it is printed"


def test_an_installation_begins(tmp_path: Path) -> None:
    """Migrate, make the first administrator, rotate the keys, purge; each can be done again."""
    for _ in range(2):
        good("migrate", folder=tmp_path)
    account = ("account", "create", "--email", "first@test.example", "--name", "First", "--organization", "NGO")
    told = good(*account, folder=tmp_path, ACCOUNT_PASSWORD="a sentence that nobody guesses")
    assert "a sentence that nobody guesses" not in told
    kids = {good("keys", "rotate", folder=tmp_path).strip() for _ in range(2)}
    assert len(kids) == 2
    assert kids <= {path.stem for path in (tmp_path / "keys").glob("*.pem")}
    assert json.loads(good("duplicates", "scan", folder=tmp_path)) == {"people": 0, "pairs": 0, "new": 0}
    assert set(json.loads(good("purge", folder=tmp_path))) >= {"idempotency", "login_attempt", "login_session"}


def test_an_account_before_the_migrations(tmp_path: Path) -> None:
    account = ("account", "create", "--email", "a@b.cd", "--name", "A", "--organization", "B")
    done = run(*account, folder=tmp_path, ACCOUNT_PASSWORD="a sentence that is long")
    assert done.returncode != 0
    assert "migrate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("serve", "--nonsense"), ("keys",), ("account", "create")])
def test_wrong_commands(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings(tmp_path: Path) -> None:
    for environment, reason in (({"PORT": "x"}, "PORT: "), ({"CORS_ORIGINS": "x"}, "CORS_ORIGINS: "), ({"WORKERS": "2"}, "WORKERS: ")):
        done = run("serve", folder=tmp_path, **environment)
        assert done.returncode == 2
        assert done.stderr.startswith(reason)
        assert "Traceback" not in done.stderr


def test_help(tmp_path: Path) -> None:
    told = good("--help", folder=tmp_path)
    for command in ("serve", "migrate", "load-demo", "purge", "account", "keys", "openapi", "access-matrix", "settings", "problems"):
        assert command in told
