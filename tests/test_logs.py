"""Logs: one JSON object a line, with nothing personal in it."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from app import logs
from app.logs import JsonLines

SECRET = "Karimova Nigora"


@pytest.fixture
def restored() -> Iterator[None]:
    """The loggers as they were, whatever the test configures."""
    names = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "alembic")
    before = {
        name: (logging.getLogger(name).handlers[:], logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names
    }
    yield
    for name, (handlers, level, propagate) in before.items():
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = handlers, propagate
        # Not the attribute: loggers remember what they let pass until a level is set.
        logger.setLevel(level)


def line(message: str, *arguments: Any, error: BaseException | None = None, **extra: Any) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("himoya.test", logging.INFO, __file__, 1, message, arguments, info)
    record.__dict__.update(extra)
    text = JsonLines().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_is_json() -> None:
    found = line("done %s", "well", request_id="abc", status=200, ms=1.5)
    assert found["message"] == "done well"
    assert (found["level"], found["logger"], found["request_id"], found["status"], found["ms"]) == ("INFO", "himoya.test", "abc", 200, 1.5)
    assert found["at"].endswith("+00:00")


def test_only_known_fields_are_kept() -> None:
    found = line("x", surname=SECRET, body={"name": SECRET}, authorization="Bearer x", actor="id")
    assert SECRET not in json.dumps(found)
    assert "authorization" not in found
    assert found["actor"] == "id"


def test_an_exception_is_logged_without_its_words() -> None:
    def fail() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise LookupError(f"about {SECRET}") from error

    with pytest.raises(LookupError) as raised:
        fail()
    found = line("failed", error=raised.value)
    assert SECRET not in json.dumps(found)
    assert "LookupError" in found["exception"]
    assert "ValueError" in found["exception"], "the whole chain"
    assert any("test_logs.py" in frame for frame in found["exception"])


def test_a_message_with_a_newline_stays_one_line() -> None:
    assert line("first\nsecond \x00 \u2028 é")["message"] == "first\nsecond \x00 \u2028 é"


def test_odd_values_do_not_break_the_log() -> None:
    assert line("x", actor=object())["actor"]


def test_everything_goes_through_one_handler(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    root = logging.getLogger()
    assert len(root.handlers) == 1
    root.handlers[0].setStream(sys.stderr)
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("himoya.requests").info("request")
    logging.getLogger("himoya.requests").debug("not told")
    logging.getLogger("uvicorn.access").info("GET /v1/beneficiaries?q=%s", SECRET)
    told = capsys.readouterr().err
    assert [json.loads(text)["message"] for text in told.splitlines()] == ["started", "request"]
    assert SECRET not in told


def test_a_level_is_kept(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("ERROR")
    logging.getLogger().handlers[0].setStream(sys.stderr)
    logging.getLogger("himoya.test").warning("not told")
    logging.getLogger("himoya.test").error("told")
    assert [json.loads(text)["message"] for text in capsys.readouterr().err.splitlines()] == ["told"]
