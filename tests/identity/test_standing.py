"""An account and a service client act only while their organization exists."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.days import today
from tests.callers import Caller, Callers
from tests.client import Client
from tests.identity.conftest import Person

YESTERDAY, TODAY, TOMORROW = (str(today() + timedelta(days=days)) for days in (-1, 0, 1))
OUTSIDE = [{"valid_to": YESTERDAY}, {"valid_from": TOMORROW}]
WITHIN = [{"valid_to": TODAY}, {"valid_from": TODAY}, {"valid_from": YESTERDAY, "valid_to": TOMORROW}]


class Partner:
    """An organization with a person who logs in and a script."""

    def __init__(self, client: Client, administrator: Caller, person: Person) -> None:
        self.client, self.administrator, self.person = client, administrator, person
        self.organization_id = person.account["organization_id"]
        body = {"name": "script", "organization_id": self.organization_id, "territory": "1733", "scopes": ["places:read"]}
        self.script: dict[str, Any] = administrator.post("/v1/service-clients", body).json()

    def lasts(self, **dates: str | None) -> None:
        """Set its first or its last day."""
        url = f"/v1/organizations/{self.organization_id}"
        changed = self.administrator.patch(url, dates, version=self.administrator.get(url).json()["version"])
        assert changed.status_code == 200, changed.text

    def token(self) -> Any:
        """The answer to the script that asks for a token."""
        form = {name: self.script[name] for name in ("client_id", "client_secret")}
        return self.client.post("/v1/oauth/token", data={"grant_type": "client_credentials", **form})

    def read(self, token: str) -> int:
        """The status of a read with this token."""
        return int(self.client.get("/v1/places/1733", headers={"Authorization": f"Bearer {token}"}).status_code)


@pytest.fixture
def partner(client: Client, callers: Callers, administrator: Caller, make_person: Callable[..., Person]) -> Partner:
    return Partner(client, administrator, make_person(organization_id=callers.committee().organization_id))


@pytest.mark.parametrize("dates", OUTSIDE)
def test_outside_its_time_nobody_of_it_is_let_in(partner: Partner, dates: dict[str, str]) -> None:
    person = partner.person
    before, script = person.log_in(), partner.token().json()["access_token"]
    assert (person.me(before).status_code, partner.read(script)) == (200, 200)
    partner.lasts(**dates)
    for refused, code in (
        (person.me(before), "unauthenticated"),
        (person.refresh(before), "session_ended"),
        (person.attempt(), "wrong_credentials"),
        (partner.token(), "invalid_client"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (401, code)
    assert partner.read(script) == 401


@pytest.mark.parametrize("dates", OUTSIDE)
def test_the_refusal_is_that_of_an_unknown_account(partner: Partner, dates: dict[str, str]) -> None:
    partner.lasts(**dates)
    one, other = partner.person.attempt().json(), partner.person.attempt(email="nobody@test.example").json()
    assert one | {"request_id": ""} == other | {"request_id": ""}


@pytest.mark.parametrize("dates", WITHIN)
def test_its_first_and_its_last_day_belong_to_it(partner: Partner, dates: dict[str, str]) -> None:
    before = partner.person.log_in()
    partner.lasts(**dates)
    assert partner.person.me(before).status_code == 200
    assert partner.person.refresh(before).status_code == 200
    assert partner.person.attempt().status_code == 200
    assert partner.read(partner.token().json()["access_token"]) == 200


def test_a_date_that_was_a_mistake_shuts_nobody_out_for_good(partner: Partner) -> None:
    before = partner.person.log_in()
    partner.lasts(valid_to=YESTERDAY)
    assert partner.person.refresh(before).status_code == 401
    partner.lasts(valid_to=None)
    assert partner.person.refresh(before).status_code == 200


def test_others_are_let_in_meanwhile(partner: Partner, make_person: Callable[..., Person]) -> None:
    other = make_person()
    partner.lasts(valid_to=YESTERDAY)
    assert other.me(other.log_in()).status_code == 200


def test_a_disabled_account_of_one_that_exists_is_still_refused(partner: Partner) -> None:
    partner.lasts(valid_from=YESTERDAY)
    before = partner.person.log_in()
    assert partner.administrator.post(f"{partner.person.url}/disable", version=1).status_code == 200
    assert partner.person.attempt().json()["code"] == "wrong_credentials"
    assert partner.person.refresh(before).status_code == 401
