"""How often one may try to log in: per account and address, per address, per account; a blocked attempt does not count."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.database import Database, now
from app.identity.actions import throttle
from app.identity.models import LoginAttempt
from tests.client import Client
from tests.identity.conftest import Person
from tests.identity.test_sessions import UNEQUAL
from tests.racing import together

WRONG = "not the password at all"
MoveTo = Callable[[str], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    return lambda by: monkeypatch.setattr(throttle, "now", lambda: now() + by)


def attempts(db: Database) -> int:
    with db.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(LoginAttempt.__table__)).scalar_one())


def stopped(response: Any) -> None:
    assert response.status_code == 429, response.text
    assert response.json()["code"] == "too_many_requests"
    assert 1 <= int(response.headers["retry-after"]) <= 901


def test_five_wrong_attempts_from_one_place(person: Person, db: Database) -> None:
    for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS):
        assert person.attempt(WRONG).status_code == 401
    counted = attempts(db)
    for password in (WRONG, person.password, WRONG):
        stopped(person.attempt(password))
    assert attempts(db) == counted, "a blocked attempt is not counted, so whoever waits gets in"


def test_an_unknown_account_is_throttled_the_same(person: Person) -> None:
    """Otherwise the eleventh attempt would tell whether there is such an account."""
    answers = []
    for email in (person.email, f"{uuid.uuid4().hex}@test.example"):
        codes = [person.attempt(WRONG, email).status_code for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS + 1)]
        assert codes == [401] * throttle.PER_ACCOUNT_AND_ADDRESS + [429]
        answers.append(person.attempt(WRONG, email))
    first, second = answers
    assert {key: value for key, value in first.json().items() if key not in UNEQUAL} == {
        key: value for key, value in second.json().items() if key not in UNEQUAL
    }
    varying = {"x-request-id", "retry-after"}
    assert {k: v for k, v in first.headers.items() if k not in varying} == {k: v for k, v in second.headers.items() if k not in varying}


def test_it_is_over_after_the_window(person: Person, later: Callable[[timedelta], None]) -> None:
    for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS):
        person.attempt(WRONG)
    response = person.attempt()
    stopped(response)
    wait = int(response.headers["retry-after"])
    later(timedelta(seconds=wait - 5))
    stopped(person.attempt())
    later(timedelta(seconds=wait + 1))
    assert person.attempt().status_code == 200, "Retry-After says when it is over"


def test_success_is_given_back(person: Person, db: Database) -> None:
    for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS + 3):
        assert person.attempt().status_code == 200
    assert attempts(db) == 0
    for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS - 1):
        person.attempt(WRONG)
    assert person.attempt().status_code == 200
    assert person.attempt(WRONG).status_code == 401
    stopped(person.attempt())


def test_a_stranger_elsewhere_does_not_lock_a_person_out(person: Person, move_to: MoveTo) -> None:
    move_to("203.0.113.9")
    for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS):
        person.attempt(WRONG)
    stopped(person.attempt())
    move_to("198.51.100.7")
    assert person.attempt().status_code == 200


def test_one_address_tries_many_accounts(client: Client, person: Person, move_to: MoveTo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PER_ADDRESS", 8)
    move_to("203.0.113.9")
    for number in range(8):
        assert person.attempt(WRONG, f"n{number}@test.example").status_code == 401
    stopped(person.attempt())
    move_to("198.51.100.7")
    assert person.attempt().status_code == 200


def test_many_addresses_try_one_account(person: Person, move_to: MoveTo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PER_ACCOUNT", 8)
    for number in range(8):
        move_to(f"203.0.113.{number}")
        assert person.attempt(WRONG).status_code == 401
    move_to("198.51.100.7")
    stopped(person.attempt())
    assert person.attempt(WRONG, "another@test.example").status_code == 401


def test_a_network_of_ipv6_is_one_place(person: Person, move_to: MoveTo) -> None:
    """A stranger has 2^64 addresses; counted one by one they would fill the count of all addresses and lock the person out."""
    for number in range(throttle.PER_ACCOUNT_AND_ADDRESS):
        move_to(f"2001:db8::{number + 1}")
        assert person.attempt(WRONG).status_code == 401
    for address in ("2001:db8::ffff:1", "2001:db8:0:0:1::"):
        move_to(address)
        stopped(person.attempt())
    move_to("2001:db8:0:1::1")
    assert person.attempt().status_code == 200


def test_attempts_sent_together_do_not_slip_past(person: Person, db: Database) -> None:
    codes = sorted(answer.status_code for answer in together([lambda: person.attempt(WRONG)] * 16))
    assert codes == [401] * throttle.PER_ACCOUNT_AND_ADDRESS + [429] * (16 - throttle.PER_ACCOUNT_AND_ADDRESS)
    stopped(person.attempt())


def test_the_count_holds_no_address_and_no_email(person: Person, db: Database) -> None:
    person.attempt(WRONG)
    with db.engine.connect() as connection:
        text = str(connection.execute(sa.select(LoginAttempt.__table__)).all())
    assert person.email not in text
    assert "testclient" not in text


def test_scripts_are_throttled_too(client: Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": WRONG}
    codes = [client.post("/v1/oauth/token", data=form).status_code for _ in range(throttle.PER_ACCOUNT_AND_ADDRESS + 1)]
    assert codes == [401] * throttle.PER_ACCOUNT_AND_ADDRESS + [429]


def test_the_slow_comparison_runs_outside_any_transaction(person: Person, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each log-in would hold a connection, and on SQLite the one writer's lock, for as long as a hash takes."""
    from app.identity.actions import sessions

    held: list[int] = []
    real = sessions.matches
    monkeypatch.setattr(sessions, "matches", lambda stored, given: (held.append(db.engine.pool.checkedout()), real(stored, given))[1])
    assert person.attempt().status_code == 200
    assert held == [0]
