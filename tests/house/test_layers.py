"""Who may import whom: between rooms by the contract in pyproject.toml, inside a room by the shape that each room has."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.features import ROOMS
from app.problems import Problem

APP = Path(__file__).parent.parent.parent / "app"
SHAPE = {"__init__", "models", "schemas", "policy", "queries", "actions", "routes"}
# What a room may have beside the seven: a word of its domain, with what it is.
MORE = {
    "identity": {
        "door": "of every route",
        "keys": "that sign",
        "passwords": "as hashes",
        "revocations": "of tokens that have not ended",
        "standing": "of the organizations that accounts act for",
        "tokens": "the home of jose",
    },
    "audit": {"trail": "its writer", "views": "its writer", "chain": "of seals"},
    "places": {"loading": "of the official list", "naming": "what a search finds"},
    "partners": {"founding": "of the installation"},
    "beneficiaries": {
        "candidates": "of duplicates",
        "resemblance": "of two persons",
        "history": "of what was otherwise before",
        "naming": "both scripts and the keys",
        "numbers": "of families",
    },
    "kinship": {},
    "livelihoods": {"rules": "of the income per head"},
    "circumstances": {},
    "vulnerability": {"loading": "of the schemes that come with the service"},
    "identifiers": {
        "bearers": "of a number",
        "keys": "that seal",
        "lookups": "of a number",
        "rekeying": "under newer keys",
        "sealing": "the one home of cryptography",
        "values": "as people write them",
    },
    "consents": {"notice": "that families are given", "form": "that they sign"},
    "oversight": {
        "by_number": "whoever is known by it alone",
        "looks": "at a person or a family",
        "rows": "that tell of one person",
        "report": "that the family keeps",
    },
    "participation": {"completion": "the rule", "standing": "of one participant"},
    "certificates": {
        "grounds": "on which one is issued",
        "number": "that can be typed",
        "pdf": "what is framed",
        "masking": "of a name",
        "page": "for people",
        "prospects": "of being printed",
        "sheets": "of a batch",
        "snapshot": "of what was printed",
        "throttle": "of look-ups",
        "verification": "what anybody may know",
    },
    "trainings": {},
    "retention": {
        "due": "to be forgotten",
        "parts": "that hang on a person or a family",
        "holding": "what is written beside somebody who is held",
    },
    "duplicates": {
        "hanging": "on a person",
        "kin": "of a person",
        "filling": "what is known of the loser goes over",
        "opened": "what was open of the loser is open of the winner",
        "blocking": "of a register",
        "scanning": "of a whole register",
    },
}
MAY_IMPORT = {
    "models": set(),
    "schemas": {"models"},
    "policy": {"models"},
    "queries": {"models", "schemas"},
    "actions": {"models", "schemas"},
    "routes": {"actions", "queries", "schemas", "policy"},
}
EXCEPTIONS = {"trainings/routes/__init__.py: Training": "the roster's routes are told whose roster they serve"}


def test_the_layers_hold() -> None:
    """Import-linter, as `make check` runs it."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=APP.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def modules(room: str) -> Iterator[tuple[str, Path]]:
    """(part, file) of a room: a folder is a part as a file of that name is."""
    for path in sorted((APP / room).rglob("*.py")):
        yield path.relative_to(APP / room).parts[0].removesuffix(".py"), path


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_the_seven_files(room: str) -> None:
    found = {part for part, _ in modules(room)}
    # What only changes as a whole has no actions of its own: the trail is written by its writers.
    expected = SHAPE - {"actions"} if room == "audit" else SHAPE
    assert expected <= found, f"missing: {sorted(expected - found)}"
    assert found - SHAPE == set(MORE[room]), "a file beside the seven is a word of the domain, and stands in MORE with what it is"
    folders = {path.name for path in (APP / room).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= {"actions", "routes", "schemas", "templates", "notices"}, "only these parts become folders; texts are no code"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is(room: str) -> None:
    tree = ast.parse((APP / room / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1, "a package re-exports nothing"


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of everything that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def _is_problem(module: str, name: str) -> bool:
    found = getattr(importlib.import_module(module), name, None)
    return isinstance(found, type) and issubclass(found, Problem)


@pytest.mark.parametrize("room", ROOMS)
def test_inside_a_room_imports_go_one_way(room: str) -> None:
    wrong = []
    for part, path in modules(room):
        for module, name in imports(path):
            if part not in MAY_IMPORT or not f"{module}.".startswith(f"app.{room}."):
                continue
            target = (module.split(".")[2:] or [name])[0]
            # A route names the refusals of the models in its contract.
            is_refusal = part == "routes" and target == "models" and _is_problem(module, name)
            where = f"{path.relative_to(APP)}: {name}"
            if target in MAY_IMPORT and target not in {part, *MAY_IMPORT[part]} and not is_refusal and where not in EXCEPTIONS:
                wrong.append(where)
    assert not wrong, "\n".join(wrong)


NEVER = {
    "models": ("fastapi", "app.access.transaction", "app.access.guard"),
    "schemas": ("fastapi", "sqlalchemy", "app.access.transaction", "app.access.guard"),
    "policy": ("fastapi", "app.access.transaction", "app.access.guard"),
    "queries": ("fastapi",),
    "actions": ("fastapi", "app.answers", "app.identity.door"),
    "routes": ("sqlalchemy", "sqlmodel"),
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_part_does_not_do_the_work_of_another(room: str) -> None:
    """No HTTP in actions and queries, no queries in routes, no session in models and schemas."""
    wrong = []
    for part, path in modules(room):
        for module, name in imports(path):
            full = f"{module}.{name}"
            if any(full == never or full.startswith(f"{never}.") for never in NEVER.get(part, ())):
                wrong.append(f"{path.relative_to(APP)}: {full}")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_on_the_list() -> None:
    rooms = {path.parent.name for path in APP.glob("*/policy.py")}
    assert rooms == set(ROOMS)


def test_there_is_no_corner_for_odds_and_ends() -> None:
    names = {path.stem for path in APP.rglob("*") if path.suffix == ".py" or path.is_dir()}
    assert not names & {
        "utils",
        "helpers",
        "common",
        "misc",
        "util",
        "helper",
        "shared",
        "core",
        "lib",
        "services",
        "repositories",
        "managers",
    }
