"""The codes of faults: each is documented, and what is documented is there. `tests/declared.py` holds answers against the same list."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from app.consents.actions.subjects import _NOT_ONE
from app.duplicates.hanging import HANGING
from app.fault_codes import FORM, MEANING, ROWS, faults
from app.identifiers.values import _FORMS
from app.listing import Listing
from app.main import create_app
from app.problems import faults_of
from app.schemas import Strict
from tests.client import Client

APP = Path(__file__).parent.parent / "app"
TEXTS = ("", "x", "x" * 10_001, "true", "1.5", "-1", "0", "9" * 15, "2026-13-01", "2999-01-01", "2026-03-01T09:00:00")
OTHERS = (None, True, -1, 0, 10**15, -(10**15), 1.5, [], ["x"] * 2001, [None], {}, {"x": 1})
COMPUTED = {
    "consents/actions/subjects.py": {code for code, _ in _NOT_ONE.values()},
    "duplicates/actions/undoing.py": set(ROWS),
    "duplicates/filling.py": set(),
    "duplicates/hanging.py": {one.table for one in HANGING},
    "identifiers/values.py": {code for _, code, _ in _FORMS.values()},
    "problems.py": set(),
}
"""Where a code is not written where the fault is made, with the codes that it can be there. Empty where a fault found before goes on."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app()


def written() -> Iterator[tuple[str, str | None]]:
    """(file, code) of each fault that is made; without a code where it is computed."""
    for path in APP.rglob("*.py"):
        file = path.relative_to(APP).as_posix()
        # The trail has faults of its own, which no caller sees.
        if file == "audit/chain.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Fault", "invalid", "Misfit"):
                code = node.args[1] if len(node.args) > 1 else None
                yield file, code.value if isinstance(code, ast.Constant) else None


def models(*roots: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for root in roots:
        yield from root.__subclasses__()
        yield from models(*root.__subclasses__())


def test_what_is_made_is_documented_and_the_other_way_round() -> None:
    found = list(written())
    assert {file for file, code in found if code is None} == COMPUTED.keys()
    codes = {code for _, code in found if code is not None}.union(*COMPUTED.values())
    # `missing` is said of the form too, and `kinship` and `beneficiary` are rows.
    assert codes - FORM.keys() - set(ROWS) == MEANING.keys()
    assert set(ROWS) == {one.table for one in HANGING} | {"beneficiary", "kinship"}


def test_what_the_reading_of_requests_says_is_documented(app: FastAPI) -> None:
    """Every field of every request is given what it cannot be; what stands in an address is a text."""
    assert app.routes
    found = set()
    for root, offered in ((Strict, (*TEXTS, *OTHERS)), (Listing, TEXTS)):
        for model in models(root):
            for body in ([], *({name: value} for name in model.model_fields for value in offered)):
                try:
                    model.model_validate(body, from_attributes=True)
                except ValidationError as error:
                    errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
                    found |= {fault.code for fault in faults_of(RequestValidationError(errors))}
    assert found - MEANING.keys() == FORM.keys()


def test_they_stand_on_the_page_of_problems(app: FastAPI) -> None:
    text = Client(app).get("/problems").text
    assert all(f"<code>{code}</code>" in text for code in faults())
