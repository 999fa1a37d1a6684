"""Names, telephones and numbers that tests plant, and the watch that looks for them where none may be: in log lines, in the trail and its
tables, in what is kept of idempotency keys. A hit fails the test that left it there.

Factories plant what they always send. What a test itself sends about people, or as a secret, it plants by sending it, until its end;
`tests.personal` says which fields those are. Bodies that are kept to be replayed are the answers themselves and are not searched.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import sqlalchemy as sa
from sqlmodel import SQLModel

from app.audit.views import views
from app.database import Database
from app.logs import JsonLines
from app.uzbek.scripts import in_both_scripts
from tests.personal import is_personal, words_of_the_service

WATCHED = ("audit_entry", "audit_seal", "access_entry", "idempotency", "login_attempt", "login_session", "access_grant", "retention_run")
"""Tables that speak of what happened and of who may see, and name nobody."""
SHORTEST = 5
"""A shorter text stands in other words too often to mean anything."""
SHORTEST_OF_DIGITS = 8
"""So does a shorter one of digits, or of letters that are hexadecimal digits too, in ids, digests and moments."""
LONG, BEGINNING = 60, 40
"""Of a longer text its beginning is looked for as well: what is cut off at some length is told all the same."""
_APOSTROPHES = str.maketrans(dict.fromkeys("ʻʼ‘’`´'", "'"))
_planted: set[str] = set()
_sent: set[str] = set()


def planted(text: str) -> str:
    """Plant a text for the whole run, in every form in which it could come up again; answers it as it is."""
    _planted.update(_forms(text))
    return text


def all_planted(values: dict[str, Any]) -> dict[str, Any]:
    """Plant every text of a row or a body; answers it as it is."""
    for value in values.values():
        if isinstance(value, str):
            planted(value)
    return values


def sent(url: str, *bodies: Any) -> None:
    """Plant, for the present test, what a request's address and bodies say about people."""
    address = urlsplit(url)
    for name, value in _fields((dict(parse_qsl(address.query)), *bodies)):
        if is_personal(address.path, name):
            _sent.update(_forms(str(value)))


def _fields(body: Any) -> Iterator[tuple[str, str | int]]:
    """Every field with its text or number, and with each one of a list."""
    if isinstance(body, dict):
        for name, value in body.items():
            for one in value if isinstance(value, list | tuple) else (value,):
                if isinstance(one, str | int) and not isinstance(one, bool):
                    yield name, one
                else:
                    yield from _fields(one)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _fields(value)


@lru_cache(10_000)
def _forms(text: str) -> frozenset[str]:
    """As it is, as JSON writes it, in both scripts, a long one by its beginning, and a telephone or a number as its digits; without what
    stands in some word of the service's own, since that is found whatever was sent.
    """
    digits = re.sub(r"\D", "", text)
    written = {text, text[:BEGINNING] if len(text) > LONG else text}
    found = {_plain(form) for one in written for form in (one, json.dumps(one, ensure_ascii=False)[1:-1], *in_both_scripts(one))}
    if len(digits) >= 7 and len(text) <= LONG:
        found |= {digits, re.sub(r"\s", "", _plain(text))}
    return frozenset(form for form in found if len(form) >= _shortest(form) and form not in words_of_the_service())


def _shortest(form: str) -> int:
    return SHORTEST_OF_DIGITS if re.fullmatch("[0-9a-f-]*", form) else SHORTEST


def _plain(text: str) -> str:
    return text.casefold().translate(_APOSTROPHES)


def leaks(text: str) -> list[str]:
    """The planted texts that stand in a text."""
    plain = _plain(unquote_plus(text))
    return [marker for marker in (*_planted, *_sent) if marker in plain]


# --- logs ---------------------------------------------------------------------------------------------------------------------
class Lines(logging.Handler):
    """Keeps every line as the service would write it; the test client's own, which names its targets, is not the service's."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in ("httpx", "httpx2", "httpcore", "httpcore2"):
            self.lines.append(self.format(record))


LINES = Lines()


def listen() -> None:
    """Hear from here on what the service logs, at the level that it has unless an operator sets another one."""
    logging.getLogger().addHandler(LINES)
    logging.getLogger().setLevel(logging.INFO)


# --- tables -------------------------------------------------------------------------------------------------------------------
@cache
def _statements() -> dict[str, sa.Select[Any]]:
    """What is searched of each table: its words and documents. Bytes and ids say nothing."""
    found = {}
    for name in WATCHED:
        columns = [
            one
            for one in SQLModel.metadata.tables[name].columns
            if isinstance(getattr(one.type, "impl_instance", one.type), sa.String | sa.JSON)
        ]
        if columns:
            found[name] = sa.select(*columns)
    # Some people are called like places in these tests, and what is recorded of a place is no secret.
    found["audit_entry"] = found["audit_entry"].where(SQLModel.metadata.tables["audit_entry"].c.subject_type != "place")
    return found


def _rows(database: Database) -> Iterator[tuple[str, str]]:
    views.flush()
    with database.engine.connect() as connection:
        for name, statement in _statements().items():
            if found := connection.execute(statement).all():
                yield name, json.dumps([tuple(row) for row in found], ensure_ascii=False, default=str)


def check(database: Database | None) -> None:
    """Search what the test left behind; AssertionError with the places where something planted stands."""
    try:
        texts: Iterable[tuple[str, str]] = (("the log", "\n".join(LINES.lines)), *(_rows(database) if database else ()))
        found = [f"{place}: {_shown(text, marker)}" for place, text in texts for marker in leaks(text)]
        assert not found, "planted texts were found in\n" + "\n".join(found)
    finally:
        forget()


def forget_sent() -> None:
    """What this test sent: words that were drawn at random, such as one that is also the name of a table, speak of nobody."""
    _sent.clear()


def forget() -> None:
    """What this test sent and logged."""
    LINES.lines.clear()
    forget_sent()


def _shown(text: str, marker: str) -> str:
    """The marker with what stands around it."""
    plain = _plain(unquote_plus(text))
    place = plain.find(marker)
    return f"{marker!r} in …{plain[max(0, place - 120) : place + len(marker) + 60]}…"
