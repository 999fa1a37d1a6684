"""The demonstration data: what the record says, 97 who complete, 6 who do not, and never beside other data."""

import json
from typing import Any

import pytest

from app.demo import activities, people
from app.demo.loading import load_demo
from app.settings import settings
from tests.callers import Callers
from tests.client import Client

PASSWORD = "a password for the demonstration"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    settings.cache_clear()
    yield
    settings.cache_clear()


def _token(client: Client, name: str) -> dict[str, str]:
    answer = client.post("/v1/auth/login", json={"email": people.email(name), "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _script(client: Client) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": people.CLIENT, "client_secret": PASSWORD}
    return {"Authorization": f"Bearer {client.post('/v1/oauth/token', data=form).json()['access_token']}"}


def test_the_script_issues_97_refuses_6_and_then_none(client: Client, given: None) -> None:
    told = "\n".join(load_demo())
    assert PASSWORD in told
    script = _script(client)
    trainings = client.get("/v1/trainings?status=completed", headers=script).json()["items"]
    assert len(trainings) == 5
    assert {training["starts_on"]["precision"] for training in trainings} == {"month"}
    assert {(one["participants"], one["certificates"], one["activities"]) for one in trainings[0]["reported"]} == {(97, 97, 5)}
    counts = {"issued": 0, "already_issued": 0, "not_eligible": 0}
    reasons = set()
    for training in trainings:
        found = client.post(f"/v1/trainings/{training['id']}/certificates", json={"dry_run": False}, headers=script).json()
        counts = {name: counts[name] + found["counts"][name] for name in counts}
        for outcome in found["outcomes"]:
            reasons |= {(reason["code"], json.dumps(reason["details"])) for reason in outcome["reasons"]}
    assert counts == {"issued": 97, "already_issued": 0, "not_eligible": 6}
    assert len(reasons) == 6
    again = [client.post(f"/v1/trainings/{one['id']}/certificates", json={"dry_run": False}, headers=script).json() for one in trainings]
    assert sum(one["counts"]["issued"] for one in again) == 0


def test_every_invented_person_is_marked_and_partners_see_who_agreed(client: Client, given: None) -> None:
    list(load_demo())
    manager = _token(client, "ngo-manager")
    found = client.get("/v1/beneficiaries?limit=200", headers=manager).json()["items"]
    assert len(found) == 200
    assert all(person["is_synthetic"] for person in found)
    state = _token(client, "state-khorezm")
    seen = {name: _people(client, name) for name in ("committee-khorezm", "committee-samarkand", "state-khorezm", "state-samarkand")}
    whole = client.get("/v1/families?include=total", headers=manager).json()["total"]
    for name, people_seen in seen.items():
        region = {"khorezm": "1733", "samarkand": "1718"}[name.partition("-")[2]]
        assert people_seen
        assert {person["territory"][:4] for person in people_seen} == {region}
        assert not any("note" in person for person in people_seen)
        families = client.get("/v1/families?include=total", headers=_token(client, name)).json()["total"]
        assert 0 < families < whole / 3
    # A state partner is let in by fewer families than the committee, and sees the phone where it is.
    assert len(seen["state-khorezm"]) < len(seen["committee-khorezm"])
    assert all("phone" in person for person in seen["state-khorezm"])
    assert not all("phone" in person for person in seen["committee-khorezm"])
    # Counts without names: a state partner sees the trainings of its region and nobody on them.
    trainings = client.get("/v1/trainings", headers=state).json()["items"]
    assert {training["territory"][:4] for training in trainings} == {"1733"}
    assert sum(training["counts"]["completed"] for training in trainings) == 59
    assert client.get(f"/v1/trainings/{trainings[0]['id']}/enrollments", headers=state).json()["items"] == []


def _people(client: Client, name: str) -> list[dict[str, Any]]:
    return list(client.get("/v1/beneficiaries?limit=200", headers=_token(client, name)).json()["items"])


def test_it_is_loaded_once_and_another_password_can_be_set(client: Client, given: None, monkeypatch: pytest.MonkeyPatch) -> None:
    list(load_demo())
    monkeypatch.setenv("DEMO_PASSWORD", "another password altogether")
    settings.cache_clear()
    list(load_demo())
    body = {"email": people.email("ngo-manager"), "password": "another password altogether"}
    assert client.post("/v1/auth/login", json=body).status_code == 200
    assert client.post("/v1/auth/login", json={**body, "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("unfinished", ["trainings", "client"])
def test_an_interrupted_load_leaves_nothing_and_the_next_one_begins_anew(
    client: Client, monkeypatch: pytest.MonkeyPatch, unfinished: str
) -> None:
    at = {"trainings": (activities, "_course"), "client": (people, "make_client")}
    with monkeypatch.context() as interrupted:
        interrupted.setattr(*at[unfinished], _interrupt)
        with pytest.raises(KeyboardInterrupt):
            list(load_demo())
    told = list(load_demo())
    password = told[0].partition("(password ")[2].removesuffix("):")
    assert len(password) >= 12
    body = {"email": people.email("ngo-manager"), "password": password}
    assert client.post("/v1/auth/login", json=body).status_code == 200
    form = {"grant_type": "client_credentials", "client_id": people.CLIENT, "client_secret": password}
    assert client.post("/v1/oauth/token", data=form).status_code == 200


def _interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_never_beside_other_data(callers: Callers) -> None:
    callers.ngo()
    assert list(load_demo()) == ["The database has other data, so no demonstration data were loaded."]
