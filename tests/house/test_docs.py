"""What the pages for people say of commands, paths, settings, layers and numbers is so."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.cli import _parser
from app.main import create_app
from app.settings import Settings
from tests.house.test_bypass import FOLDER_AT, HARD_STOP

ROOT = Path(__file__).parent.parent.parent
PAGES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
PATHS: dict[str, Any] = create_app().openapi()["paths"]
each_page = pytest.mark.parametrize("page", PAGES)


def _is_one(path: str, method: str = "") -> bool:
    """Whether there is such an operation; a path may name a row as the contract does or in its own words."""
    return any(
        re.fullmatch("[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", known)), path)
        for known, methods in PATHS.items()
        if not method or method.lower() in methods
    )


@each_page
def test_what_it_links_to_is_there(page: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    targets = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", PAGES[page])
    assert not [one for one in targets if not (folder / one).exists()]


@each_page
def test_every_operation_that_it_names_is_one(page: str) -> None:
    for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/[a-z][^\s`,;)?&]*)", PAGES[page]):
        assert _is_one(path, method), (method, path)
    for path in re.findall(r"/v1/[a-z][^\s`\"',;)?&]*", PAGES[page]):
        assert _is_one(path.rstrip(".:")), path


@each_page
def test_every_command_that_it_names_is_one(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for line in re.findall(r"python -m app ([^`\n|]+)", PAGES[page]):
        words = shlex.split(line.replace("<the noted one>", "0" * 64).split("#")[0].split(">")[0])
        with pytest.raises(SystemExit) as left:
            _parser().parse_args([*words, "--help"])
        assert left.value.code == 0, line
        told = capsys.readouterr().out
        assert not [word for word in words if word.startswith("--") and word not in told], line
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", PAGES[page])) <= targets


@each_page
def test_every_setting_that_it_names_is_one(page: str) -> None:
    known = {name.upper() for name in Settings.model_fields}
    # Of scripts and of the shell.
    others = {"BASE", "TOKEN", "KEY", "CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_PASSWORD", "HIMOYA_URL"}
    assert set(re.findall(r"\b([A-Z]{2,}(?:_[A-Z]+)+|BASE|PORT|HOST|WORKERS|KEY)\b(?=[=`])", PAGES[page])) <= known | others


def test_the_layers_are_those_of_the_contract() -> None:
    [contract] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    lines = []
    for layer in contract["layers"]:
        names = [name.strip(" ()") for name in layer.split("|")]
        # One that is not built yet has a place there already.
        there = [name for name in names if (ROOT / "app" / name).is_dir() or (ROOT / "app" / f"{name}.py").exists()]
        if there and there != ["__main__"]:
            lines.append(" · ".join(there))
    shown = PAGES["architecture.md"].split("## Layers")[1].split("```")[1].strip().splitlines()
    assert shown == lines


def test_how_long_a_file_may_be() -> None:
    said = PAGES["architecture.md"].split("## A room")[1].split("## ")[0]
    assert f"At {FOLDER_AT} lines `actions.py` or `routes.py` becomes a folder" in said
    assert f"{HARD_STOP} is a hard stop for every file" in said
