"""The watch itself: what it must find, in every place that it watches, and what it must let pass."""

import json
import logging
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from app.audit import trail
from app.audit.models import AccessEntry, AuditEntry
from app.database import Database, now
from app.idempotency import Idempotency
from tests import conftest, planted
from tests.callers import Callers
from tests.client import Client
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.identifiers import PINFL

MARKER = planted.planted("Нигматуллаева")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What these tests log on purpose is none of their own faults."""
    yield
    planted.forget()


def put(db: Database, model: Any, **values: Any) -> None:
    table: sa.Table = model.__table__
    with db.engine.begin() as connection:
        connection.execute(table.insert(), values)


def found(db: Database | None) -> str:
    """What the watch says, and nothing if it is content; afterwards nothing is there to be found again."""
    try:
        planted.check(db)
    except AssertionError as error:
        return str(error)
    finally:
        if db is not None:
            with db.engine.begin() as connection:
                for model in (AuditEntry, AccessEntry, Idempotency):
                    connection.execute(model.__table__.delete())  # type: ignore[attr-defined]
    return ""


@pytest.mark.parametrize("spelling", [MARKER, MARKER.upper(), "Nigmatullayeva", "x-nigmatullayeva@test.example", quote(MARKER)])
def test_a_name_in_the_log(spelling: str) -> None:
    logging.getLogger("himoya.test").info("found %s", spelling)
    assert found(None).startswith("planted texts were found in\nthe log: ")


def test_a_name_in_a_known_field_of_the_log() -> None:
    logging.getLogger("himoya.test").warning("found", extra={"route": f"/v1/people/{MARKER}", "surname": "dropped"})
    assert "the log" in found(None)


def test_what_the_log_leaves_out_is_no_leak() -> None:
    logging.getLogger("himoya.test").warning("found", extra={"surname": MARKER})
    try:
        int(MARKER)
    except ValueError:
        logging.getLogger("himoya.test").exception("failed")
    assert found(None) == ""


def test_what_is_searched_for_is_planted(client: Client, db: Database) -> None:
    client.get("/v1/beneficiaries", params={"q": "Abdumajidova"})
    logging.getLogger("himoya.test").info("Abdumajidova")
    assert "the log" in found(db)


@pytest.mark.parametrize("number", [PINFL, "998901234567", "90 123-45-67"])
def test_a_number_in_the_log(number: str) -> None:
    planted.sent("/v1/families", {"members": [{"phone": "90 123-45-67"}, {"phone": "+998 90 123 45 67"}]})
    logging.getLogger("himoya.test").info("about %s", number)
    assert number in found(None)


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v1/break-glass", {"pinfl": "30101900120014", "reason": "A neighbour called"}),
        ("/v1/break-glass/1/review", {"note": "A neighbour called"}),
        ("/v1/consents", {"note": "A neighbour called"}),
        ("/v1/consents/1/give", {"witness": "A neighbour called"}),
        ("/v1/vulnerability-records", {"evidence": "A neighbour called"}),
        ("/v1/kinships/1", {"note": "A neighbour called"}),
        ("/v1/trainings/1/enrollments/1/withdraw", {"reason": "A neighbour called"}),
        ("/v1/beneficiaries/1/circumstances", {"chronic_conditions": "A neighbour called"}),
        ("/v1/beneficiaries?q=A+neighbour+called", None),
        ("/v1/organizations", {"contacts": [{"emails": ["x@test.example", "A neighbour called"]}]}),
        ("/v1/families/1/incomes/2026-01", {"sources": [{"amount": 12_345_678, "note": "A neighbour called"}]}),
        ("/v1/oauth/token", {"client_secret": "A neighbour called"}),
    ],
)
def test_whatever_speaks_of_people_is_planted(url: str, body: Any) -> None:
    planted.sent(url, body)
    logging.getLogger("himoya.test").info("a NEIGHBOUR called, of 30101900120014, who has 12345678")
    said = found(None)
    for value in ("a neighbour called", "30101900120014", "12345678"):
        assert (f"'{value}'" in said) == (value in json.dumps([url.replace("+", " "), body]).casefold()), value


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v1/trainings/1/cancel", {"reason": "A neighbour called"}),
        ("/v1/venues", {"address": "A neighbour called"}),
        ("/v1/kinships", {"note": "abcd"}),
        ("/v1/kinships", {"note": "1234567"}),
        ("/v1/kinships", {"note": "moved_away"}),
    ],
)
def test_what_is_no_secret_or_says_nothing_is_not(url: str, body: Any) -> None:
    """What is announced, what is too short to be told from an id, and a word of the service's own."""
    planted.sent(url, body)
    logging.getLogger("himoya.test").info("A neighbour called, abcd, 1234567, moved_away")
    assert found(None) == ""


def test_a_text_with_quotes_and_the_beginning_of_a_long_one(db: Database) -> None:
    said = 'The "uncle" said nothing of it, and so did the grandmother, although both were at home that night.'
    planted.sent("/v1/break-glass", {"reason": said})
    logging.getLogger("himoya.test").info("because of: %s", said)
    assert "uncle" in found(None)
    planted.sent("/v1/break-glass", {"reason": said})
    trail.note("beneficiary.found", subject_type="beneficiary", details={"why": f"{said[:50]}…"})
    assert "audit_entry: " in found(db)


def test_what_is_sent_is_planted_until_the_test_ends(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    make_beneficiary(ngo, surname="Abdumajidova")
    logging.getLogger("himoya.test").info("Абдумажидова")
    assert "the log" in found(db)
    logging.getLogger("himoya.test").info("Абдумажидова")
    assert found(db) == ""


def test_a_name_in_the_trail(db: Database) -> None:
    trail.note("beneficiary.found", subject_type="beneficiary", details={"among": [{"names": f"{MARKER} Г."}]})
    assert "audit_entry: " in found(db)


def test_a_name_in_who_looked(db: Database) -> None:
    who = {"actor_id": uuid.uuid4(), "actor_kind": "account", "subject_type": "beneficiary", "subject_id": uuid.uuid4(), "times": 1}
    put(db, AccessEntry, at=now(), through=f"find_{MARKER}", **who)
    assert "access_entry: " in found(db)


@pytest.mark.parametrize("place", ["key", "fingerprint", "headers"])
def test_a_name_in_what_is_kept_for_retries(db: Database, place: str) -> None:
    known = {"actor": "a", "key": "k", "fingerprint": "f", "at": now(), "status": 201, "headers": {}, "body": MARKER.encode()}
    put(db, Idempotency, **known)
    assert found(db) == "", "the answer itself may hold it"
    put(db, Idempotency, **{**known, place: {"location": f"/v1/people?q={MARKER}"} if place == "headers" else MARKER})
    assert "idempotency: " in found(db)


def test_it_watches_every_table_of_the_trail() -> None:
    from app.audit import models

    tables = {str(one.__tablename__) for one in vars(models).values() if isinstance(one, type) and one.__module__ == models.__name__}
    assert tables <= set(planted.WATCHED)


def test_a_leak_fails_the_very_test() -> None:
    for leak, outcome in ((MARKER, pytest.raises(AssertionError, match="the log")), ("nothing", pytest.raises(StopIteration))):
        running = conftest.pytest_runtest_call(SimpleNamespace(funcargs={}))  # type: ignore[arg-type]
        next(running)
        logging.getLogger("himoya.test").info(leak)
        with outcome:
            running.send(None)
        assert planted.LINES.lines == []
