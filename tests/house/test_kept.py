"""Whoever reads a person to write about it keeps it from being merged meanwhile; who does not stands here with the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parent.parent.parent / "app"
NOT_KEPT = {
    "beneficiaries/actions/memberships.py:add_member": "answers what was made before",
    "beneficiaries/actions/memberships.py:update_membership": "the membership that a merge moves has another version then",
    "identifiers/actions.py:update_identifier": "the number that a merge moves has another version then",
    "kinship/actions.py:update_kinship": "the kinship that a merge moves has another version then",
}


def reads(path: Path) -> Iterator[str]:
    """`file:function` of each call of `find` or `fetch` for a person, without a word of holding it."""
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("find", "fetch"):
                model = ast.unparse(node.args[1]) if len(node.args) > 1 else ""
                if model == "Beneficiary" and not {"keep", "lock", "version"} & {one.arg for one in node.keywords}:
                    yield f"{path.relative_to(APP)}:{function.name}"


def test_whoever_writes_about_a_person_keeps_it() -> None:
    found = {one for path in APP.rglob("*.py") for one in reads(path)}
    assert found <= NOT_KEPT.keys(), "say keep=True, see app/access/fetch.py"
    assert found == NOT_KEPT.keys(), "these need no reason any more"
