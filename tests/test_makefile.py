"""What `make` hands on, and what it writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.migrating import upgrade
from tests.tools import tool

ROOT = Path(__file__).parent.parent
PECULIAR = "pa$word $(shell echo no) ${HOME} $$ # 'x'"


@pytest.mark.parametrize("name", ["DEMO_PASSWORD", "DATABASE_URL"])
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_dollar_sign_is_handed_on(name: str, way: str) -> None:
    show = ["--silent", "--eval", f"show: ; @printenv {name}", "show"]
    environment = {"PATH": os.environ["PATH"]}
    command = [tool("make", package="make"), *show, f"{name}={PECULIAR}"] if way == "argument" else [tool("make", package="make"), *show]
    if way == "environment":
        environment[name] = PECULIAR
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{PECULIAR}\n"


def test_no_migration_is_written_for_nothing(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/himoya.db", ROOT / "migrations" / "versions"
    upgrade(url)
    before = set(versions.glob("*.py"))
    command = [sys.executable, "-m", "alembic", "revision", "--autogenerate", "-m", "nothing"]
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    written = set(versions.glob("*.py")) - before
    for path in written:
        path.unlink()
    assert done.returncode == 0, done.stderr
    assert not written
    assert done.stderr == "The models have not changed, so no migration was written.\n"
