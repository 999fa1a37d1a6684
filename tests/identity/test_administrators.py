"""Somebody can always run the installation: the last administrator cannot be shut out, in whatever way."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from app.days import today
from app.identity.actions import accounts
from tests.callers import Caller, Callers
from tests.racing import together

ORGANIZATIONS = "/v1/organizations"
YESTERDAY, TOMORROW, NEXT_YEAR = (str(today() + timedelta(days=days)) for days in (-1, 1, 365))


def url(caller: Caller) -> str:
    return f"/v1/accounts/{caller.account.id}"


def refused(answer: Any) -> bool:
    assert answer.status_code in (200, 409), answer.text
    assert answer.status_code == 200 or answer.json()["code"] == "last_administrator"
    return bool(answer.status_code == 409)


def is_unchanged(caller: Caller) -> bool:
    """Whether the account still runs the installation, in its first version."""
    found = caller.get(url(caller)).json()
    return bool((found["version"], found["administrator"], found["disabled_at"]) == (1, True, None))


def test_the_last_administrator_cannot_be_disabled(callers: Callers) -> None:
    only = callers.administrator()
    assert refused(only.post(f"{url(only)}/disable", version=1))
    assert is_unchanged(only)


@pytest.mark.parametrize("change", [{"administrator": False}, {"administrator": False, "duty": "viewer"}])
def test_the_last_administrator_cannot_be_stripped(callers: Callers, change: dict[str, Any]) -> None:
    only = callers.administrator()
    assert refused(only.patch(url(only), change, version=1))
    assert is_unchanged(only)


def test_one_of_two_can_go_and_the_other_cannot(callers: Callers) -> None:
    one, other = callers.administrator(), callers.administrator()
    assert not refused(one.patch(url(other), {"administrator": False}, version=1))
    assert refused(one.post(f"{url(one)}/disable", version=1))
    assert not refused(one.patch(url(other), {"administrator": True}, version=2))
    assert not refused(one.post(f"{url(one)}/disable", version=1))


def test_a_disabled_administrator_and_one_of_an_ended_organization_do_not_count(callers: Callers) -> None:
    only, disabled, ended = (callers.administrator() for _ in range(3))
    assert not refused(only.post(f"{url(disabled)}/disable", version=1))
    assert not refused(only.patch(f"{ORGANIZATIONS}/{ended.organization_id}", {"valid_to": YESTERDAY}, version=1))
    assert refused(only.post(f"{url(only)}/disable", version=1))


def test_whatever_takes_no_right_away_is_not_refused(callers: Callers) -> None:
    only = callers.administrator()
    manager = callers.ngo(organization_id=only.organization_id)
    assert not refused(only.post(f"{url(manager)}/disable", version=1))
    assert not refused(only.patch(url(only), {"name": "Other", "territory": "1733"}, version=1))


@pytest.mark.parametrize("dates", [{"valid_to": YESTERDAY}, {"valid_from": TOMORROW}, {"valid_to": NEXT_YEAR}])
def test_the_organization_of_the_last_administrator_does_not_end(callers: Callers, dates: dict[str, str]) -> None:
    """Nor can it be said today that it will: on that day there would be nobody left to undo it."""
    only = callers.administrator()
    own = f"{ORGANIZATIONS}/{only.organization_id}"
    assert refused(only.patch(own, dates, version=1))
    found = only.get(own).json()
    assert (found["version"], found["valid_from"], found["valid_to"]) == (1, None, None)
    successor = callers.administrator()
    assert not refused(successor.patch(own, dates, version=1))
    assert refused(successor.post(f"{url(successor)}/disable", version=1))


def test_of_two_whose_organizations_end_one_after_the_other_the_second_stays(callers: Callers) -> None:
    one, other = callers.administrator(), callers.administrator()
    assert not refused(one.patch(f"{ORGANIZATIONS}/{one.organization_id}", {"valid_to": NEXT_YEAR}, version=1))
    assert refused(one.patch(f"{ORGANIZATIONS}/{other.organization_id}", {"valid_to": TOMORROW}, version=1))
    assert refused(one.patch(url(other), {"administrator": False}, version=1))
    callers.administrator()
    assert not refused(one.patch(f"{ORGANIZATIONS}/{other.organization_id}", {"valid_to": TOMORROW}, version=1))


def test_other_organizations_end_as_they_like(callers: Callers) -> None:
    only, committee = callers.administrator(), callers.committee()
    assert not refused(only.patch(f"{ORGANIZATIONS}/{committee.organization_id}", {"valid_to": NEXT_YEAR}, version=1))
    assert not refused(only.patch(f"{ORGANIZATIONS}/{only.organization_id}", {"valid_from": YESTERDAY}, version=1))


@pytest.mark.postgresql
def test_of_two_who_shut_each_other_out_one_is_refused(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have written what they want, neither has committed, when each looks whether another one is left. SQLite has one writer."""
    one, other = callers.administrator(), callers.administrator()
    written, real = threading.Barrier(2), accounts.require_administrator

    def look(db: Any) -> None:
        written.wait(20)
        real(db)

    monkeypatch.setattr(accounts, "require_administrator", look)
    answers = together([lambda: one.post(f"{url(other)}/disable", version=1), lambda: other.post(f"{url(one)}/disable", version=1)])
    assert sorted(refused(answer) for answer in answers) == [False, True]
