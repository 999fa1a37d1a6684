"""The example script, as a partner runs it."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

PATH = Path(__file__).parent.parent / "openapi" / "examples" / "issue_certificates.py"
SECRET = "a+b%2Bc%zz d&e=f"
NUMBER = "7K3M9QXR2H04"
Answers = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("issue_certificates", PATH)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    monkeypatch.setenv("CLIENT_ID", "certificates-script")
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    monkeypatch.setattr("sys.argv", ["issue_certificates.py", str(tmp_path)])
    return found


def answered_by(monkeypatch: pytest.MonkeyPatch, script: ModuleType, answers: Answers) -> list[float]:
    """Every client of the script speaks to this instead of a service; answers how long it slept."""
    client, slept = httpx.Client, list[float]()
    monkeypatch.setattr(script.httpx, "Client", lambda **options: client(**options, transport=httpx.MockTransport(answers)))
    monkeypatch.setattr(script.time, "sleep", slept.append)
    return slept


def page(*items: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"items": items, "next": None})


def test_any_secret_is_sent_whole(script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    forms: list[dict[str, list[str]]] = []

    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/oauth/token":
            forms.append(parse_qs(request.content.decode()))
            assert "authorization" not in request.headers
            return httpx.Response(200, json={"access_token": "token"})
        assert request.headers["authorization"] == "Bearer token"
        return page()

    answered_by(monkeypatch, script, answers)
    assert script.main() == 0
    assert [form["client_secret"] for form in forms] == [[SECRET]]
    assert "Issued 0" in capsys.readouterr().out


def test_the_public_check_waits_as_it_is_told(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/oauth/token":
            return httpx.Response(200, json={"access_token": "token"})
        if path.endswith(".pdf"):
            return httpx.Response(200, content=b"%PDF-")
        if path != f"/v1/verify/{NUMBER}":
            return page({"id": "1", "number": NUMBER}) if path == "/v1/certificates" else page()
        checks.append(request)
        if len(checks) == 1:
            return httpx.Response(429, headers={"Retry-After": "7"}, json={"status": 429, "code": "too_many_requests"})
        return httpx.Response(200, json={"status": "valid", "is_specimen": False, "holder": "K. N."})

    slept = answered_by(monkeypatch, script, answers)
    assert script.main() == 0
    assert slept == [7]
    assert all("authorization" not in request.headers for request in checks), "anybody can do it"
    assert f"Public check of {NUMBER}: valid, K. N." in capsys.readouterr().out


def test_a_public_check_that_is_refused_is_told(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {"status": 404, "code": "not_found", "title": "Not found", "detail": None, "request_id": "1"}

    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/verify/"):
            return httpx.Response(404, json=gone)
        if request.url.path == "/v1/certificates":
            return page({"id": "1", "number": NUMBER})
        return page() if request.url.path == "/v1/trainings" else httpx.Response(200, json={"access_token": "token"})

    answered_by(monkeypatch, script, answers)
    assert script.main() == 1
    assert f"/v1/verify/{NUMBER}: 404 not_found: Not found" in capsys.readouterr().err
