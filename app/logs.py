"""Logs: one JSON object a line on standard error, with nothing personal in it.

An exception is logged as its class and its frames; its words can hold a row's values and are left out.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

FIELDS = ("request_id", "method", "route", "status", "ms", "actor", "organization", "code", "operation", "count")
"""What a record may carry beside its message; anything else is dropped."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Message, level, time, the known fields, and where an exception happened."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        line["message"] = record.getMessage()
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def described(error: BaseException) -> list[str]:
    """The chain of an exception: classes and places, no messages."""
    found: list[str] = []
    link: BaseException | None = error
    while link is not None:
        found.append(type(link).__qualname__)
        found += frames(link.__traceback__)
        link = link.__cause__
    return found


def frames(trace: TracebackType | None) -> list[str]:
    """`file:line function` of each frame."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


def configure(level: str) -> None:
    """Send everything, the server's own lines included, through one handler."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # The server's access log would hold query strings, and those hold names that people search for; `limits` logs requests itself.
    logging.getLogger("uvicorn.access").handlers.clear()
    logging.getLogger("uvicorn.access").propagate = False
    logging.getLogger("alembic").setLevel(max(logging.getLogger().level, logging.WARNING))
