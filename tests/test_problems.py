"""Problems: one form for every refusal, in four languages, with a page for each."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app import features
from app.languages import Language
from app.main import create_app
from app.problems import (
    MEDIA_TYPE,
    BadRequest,
    Fault,
    Invalid,
    NotFound,
    Problem,
    ProblemRead,
    Unauthenticated,
    all_problems,
    invalid,
    problems,
)
from app.reference import problems_page
from tests.client import Client

PAGE = Path(__file__).parent.parent / "docs" / "problems.md"
features.routers()
KINDS = all_problems()


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = create_app()

    @made.get("/refuses/{code}", include_in_schema=False)
    async def refuses(code: str) -> None:
        raise next(kind for kind in KINDS if kind.code == code)

    return made


@pytest.fixture
def web(app: FastAPI) -> Client:
    return Client(app)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes)) > 20
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_problem_says_what_to_do(kind: type[Problem]) -> None:
    assert "__doc__" in kind.__dict__, "a docstring of its own, not the parent's"
    text = (kind.__doc__ or "").strip()
    assert text.endswith(".")
    assert len(text) > 15
    assert 400 <= kind.status < 600
    assert "code" in kind.__dict__ or kind.code == "internal"
    assert kind.title
    assert f"### `{kind.code}`" in PAGE.read_text(encoding="utf-8")


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == problems_page(), "run `python -m app problems > docs/problems.md`"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_problem_as_an_answer(web: Client, kind: type[Problem]) -> None:
    response = web.get(f"/refuses/{kind.code}")
    assert response.status_code == kind.status
    assert response.headers["content-type"] == MEDIA_TYPE
    body = ProblemRead.model_validate_json(response.content)
    assert response.json().keys() >= set(ProblemRead.model_fields)
    assert (body.code, body.status, body.instance) == (kind.code, kind.status, f"/refuses/{kind.code}")
    assert body.type == f"https://himoya.example/problems/{kind.code}"
    assert body.request_id == response.headers["x-request-id"]
    for name, value in kind.headers.items():
        assert response.headers[name] == value
    if kind.status == 401:
        assert "www-authenticate" in response.headers
    if kind.status == 503:
        assert int(response.headers["retry-after"]) > 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_problem_has_its_page(web: Client, kind: type[Problem]) -> None:
    address = web.get(f"/refuses/{kind.code}").json()["type"].removeprefix("https://himoya.example")
    page = web.get(address)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert kind.code in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert kind.code in web.get("/problems").text


def test_an_unknown_page(web: Client) -> None:
    for path in ("/problems/nothing", "/problems/%3Cscript%3E", "/problems/replay"):
        response = web.get(path)
        assert (response.status_code, response.headers["content-type"]) == (404, MEDIA_TYPE)


@pytest.mark.parametrize(
    ("accept", "language", "title"),
    [
        (None, "en", "Not found"),
        ("en", "en", "Not found"),
        ("uz", "uz-Latn", None),
        ("uz-Cyrl", "uz-Cyrl", None),
        ("ru, en;q=0.5", "ru", None),
        ("de, *;q=0.1", "en", "Not found"),
        ("x" * 5000, "en", "Not found"),
        (";;;,,,q=", "en", "Not found"),
    ],
)
def test_titles_are_in_the_callers_language(web: Client, accept: str | None, language: str, title: str | None) -> None:
    response = web.get("/nowhere", headers={} if accept is None else {"Accept-Language": accept})
    assert response.headers["content-language"] == language
    found = response.json()["title"]
    assert found == title if title else found != "Not found"
    assert response.json()["code"] == "not_found", "what is branched on is the same in every language"


def test_every_title_is_translated() -> None:
    from app.languages import translate

    for kind in KINDS:
        texts = {language: translate(kind.title, language) for language in Language}
        assert len({text for language, text in texts.items() if language is not Language.EN} - {kind.title}) >= 2, kind.title


def test_faults_are_named_by_pointers(web: Client) -> None:
    response = web.post("/v1/auth/login", json={"password": 1, "more/than~this": 2})
    faults = response.json()["errors"]
    assert [(fault["place"], fault["pointer"]) for fault in faults] == [
        ("body", "/email"),
        ("body", "/password"),
        ("body", "/more~1than~0this"),
    ]
    assert all(fault.keys() == {"place", "pointer", "code", "message"} for fault in faults)


def test_many_faults_and_long_names_are_cut(web: Client) -> None:
    response = web.post("/v1/auth/login", json={f"{number}{'k' * 400}": 1 for number in range(900)})
    assert response.status_code == 422
    ProblemRead.model_validate_json(response.content)
    assert len(response.json()["errors"]) <= 200


def test_a_long_address_is_cut(web: Client) -> None:
    response = web.get("/" + "x" * 5000)
    assert response.status_code == 404
    assert len(response.json()["instance"]) == 2000


def test_problems_in_the_contract() -> None:
    found = problems(NotFound, Invalid, BadRequest)
    assert list(found) == [404, 422, 400]
    assert found[404]["x-codes"] == ["not_found"]
    both = problems(*[kind for kind in KINDS if kind.status == 409])
    assert list(both) == [409]
    assert all(f"`{code}`" in both[409]["description"] for code in both[409]["x-codes"])


def test_a_refusal_carries_what_it_is_given() -> None:
    problem = invalid("/names", "missing", "Give one.")
    assert problem.faults == (Fault("/names", "missing", "Give one."),)
    assert Unauthenticated(headers={"X": "1"}).sent == {"WWW-Authenticate": "Bearer", "X": "1"}
    assert Unauthenticated.headers == {"WWW-Authenticate": "Bearer"}, "the class keeps its own"
    assert str(NotFound("secret detail")) == "not_found", "what is logged is the code"


def test_bodies_of_problems_are_json_whatever_they_hold(web: Client) -> None:
    response: Any = web.get("/%f0%9f%97%9d/%ff")
    assert response.status_code == 404
    json.loads(response.content)
