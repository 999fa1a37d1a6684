"""The command line, as an operator uses it: each command in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
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


ALONE: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no folder for SQLite": (("migrate",), {"DATABASE_URL": "sqlite:///{folder}/file/himoya.db"}, "DATABASE_URL: {folder}/file"),
    "no file of SQLite": (("migrate",), {"DATABASE_URL": "sqlite:///{folder}"}, "DATABASE_URL: the database does not answer: unable"),
    "none to serve": (("serve",), {"DATABASE_URL": "sqlite:///{folder}"}, "DATABASE_URL: the database does not answer: unable"),
    "nobody there": (("serve", "--migrate"), {"DATABASE_URL": "postgresql+psycopg://x:secret@127.0.0.1:1/x"}, "DATABASE_URL: the database"),
    "nobody to purge": (("purge",), {"DATABASE_URL": "postgresql+psycopg://x:secret@127.0.0.1:1/x"}, "DATABASE_URL: the database"),
    "no folder for keys": (("serve",), {"KEYS_DIR": "{folder}/file/keys"}, "KEYS_DIR: {folder}/file"),
    "no folder for a new key": (("keys", "rotate"), {"KEYS_DIR": "{folder}/file/keys"}, "KEYS_DIR: {folder}/file"),
    "no such host": (("serve",), {"HOST": "nowhere.invalid"}, "HOST: nowhere.invalid is no address"),
    "not this machine's": (("serve",), {"HOST": "192.0.2.1"}, "HOST, PORT: cannot listen"),
}


@pytest.mark.parametrize("case", ALONE)
def test_what_cannot_be_used_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    arguments, environment, reason = ALONE[case]
    (tmp_path / "file").write_text("no folder")
    given = {"PORT": str(free_port()), **{name: value.format(folder=tmp_path) for name, value in environment.items()}}
    done = run(*arguments, folder=tmp_path, **given)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(reason.format(folder=tmp_path)), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "secret" not in done.stderr
    assert done.stdout == ""


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Told before anything is done to the database, which the service that has the port may be using."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--migrate", "--demo", folder=tmp_path, PORT=str(port))
    assert done.returncode == 2
    assert done.stderr == f"PORT: {port} is taken on 127.0.0.1; set another one, or stop what listens there.\n"
    assert done.stdout == ""
    assert not (tmp_path / "himoya.db").exists()


def test_a_command_before_the_migrations(tmp_path: Path) -> None:
    for arguments in (("purge",), ("audit", "seal"), ("load-demo",)):
        done = run(*arguments, folder=tmp_path)
        assert done.returncode == 1
        assert done.stderr == "The database is not migrated to this version; run `python -m app migrate`.\n"


def test_keys_that_are_there_are_not_written(tmp_path: Path) -> None:
    """A folder of secrets may be mounted for reading alone."""
    from app.identity import keys

    folder = tmp_path / "keys"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "keys_folder", lambda: folder)
        folder.mkdir()
        keys.ensure()
        patch.setattr(keys, "write_once", lambda path, _content: pytest.fail(f"wrote {path}"))
        keys.ensure()
    keys.forget()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_it_serves_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    """It prints its address when it listens there, and logs as JSON."""
    port = free_port()
    good("migrate", folder=tmp_path)
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{tmp_path}/himoya.db"}
    environment = {**known, "KEYS_DIR": str(tmp_path / "keys"), "PORT": str(port)}
    command = [sys.executable, "-m", "app", "serve"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == f"Himoya serves http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["route"] for line in lines if line["message"] == "request"] == ["/readyz"]


def test_help(tmp_path: Path) -> None:
    told = good("--help", folder=tmp_path)
    for command in ("serve", "migrate", "load-demo", "purge", "account", "keys", "openapi", "access-matrix", "settings", "problems"):
        assert command in told
