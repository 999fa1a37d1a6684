"""Legal holds: who places and ends them, and that nothing of a person is forgotten while one is open."""

import uuid
from typing import Any

import pytest

from app.beneficiaries.models import Beneficiary
from app.database import Database, uuid7
from app.retention.actions.running import carry_out, run_retention
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import ANDIJON, SHOVOT, make_beneficiary, make_family
from tests.factories.lives import move_body, url
from tests.retention.test_erasing import ask
from tests.retention.test_running import NO_ROWS, age, is_forgotten, rule

URL = "/v1/legal-holds"
WHY = "Sud ishi koʻrilmoqda"


def body(person: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"beneficiary_id": person["id"], "reason": WHY, **other}


def place(caller: Caller, person: dict[str, Any], **other: Any) -> dict[str, Any]:
    made = caller.post(URL, body(person, **other))
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"{URL}/{made.json()['id']}"
    return dict(made.json())


def release(caller: Caller, hold: dict[str, Any]) -> Any:
    return caller.post(f"{URL}/{hold['id']}/release", {"reason": "Ish tugadi"}, version=caller.get(f"{URL}/{hold['id']}").json()["version"])


# --- who may ------------------------------------------------------------------------------------------------------------------
def test_nobody_comes_in_without_a_token(client: Client) -> None:
    one = f"{URL}/{uuid7()}"
    for method, path in (("GET", URL), ("POST", URL), ("GET", one), ("POST", f"{one}/release")):
        assert client.request(method, path, json={} if method == "POST" else None).status_code == 401


@pytest.mark.parametrize("role", ["ngo", "committee"])
def test_managers_hold_their_own_organizations_people(callers: Callers, role: str) -> None:
    manager = getattr(callers, role)("1733")
    person = make_beneficiary(manager)
    hold = place(manager, person)
    assert (hold["beneficiary_id"], hold["territory"], hold["reason"], hold["released_at"]) == (person["id"], SHOVOT, WHY, None)
    for duty in ("specialist", "viewer"):
        colleague = getattr(callers, role)("1733", duty=duty, organization_id=manager.organization_id)
        for refused in (colleague.post(URL, body(person)), colleague.get(URL), colleague.get(f"{URL}/{hold['id']}"), release_as(colleague)):
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    released = release(manager, hold)
    assert (released.status_code, released.json()["release_reason"]) == (200, "Ish tugadi")
    assert released.json()["released_at"] is not None


def release_as(caller: Caller) -> Any:
    return caller.post(f"{URL}/{uuid7()}/release", {"reason": "Ish tugadi"}, version=1)


def test_a_partner_has_no_part_in_it(callers: Callers) -> None:
    manager = callers.ngo()
    person = make_beneficiary(manager)
    state = callers.state("17")
    assert {answer.status_code for answer in (state.post(URL, body(person)), state.get(URL), release_as(state))} == {403}


def test_who_is_not_ones_own_is_unknown(callers: Callers) -> None:
    manager = callers.ngo()
    person = make_beneficiary(manager)
    hold = place(manager, person)
    elsewhere = callers.ngo("1718", organization_id=manager.organization_id)
    for stranger in (callers.ngo("17"), callers.committee("17"), elsewhere):
        refused = stranger.post(URL, body(person))
        fault = refused.json()["errors"][0]
        assert (refused.status_code, fault["pointer"], fault["code"]) == (422, "/beneficiary_id", "unknown")
        assert stranger.get(f"{URL}/{hold['id']}").status_code == 404
        assert stranger.post(f"{URL}/{hold['id']}/release", {"reason": "Ish tugadi"}, version=1).status_code == 404
        assert stranger.get(URL).json()["items"] == []
    assert manager.get(f"{URL}/{hold['id']}").json() == hold


def test_a_hold_goes_along_when_the_person_moves(callers: Callers) -> None:
    """Who is there today decides; where the person lived when it was placed tells nobody anything."""
    everywhere = callers.ngo("17")
    there, here = (callers.ngo(place, organization_id=everywhere.organization_id) for place in (ANDIJON, SHOVOT))
    family = make_family(everywhere)
    hold = place(everywhere, family["members"][0])
    assert (here.get(f"{URL}/{hold['id']}").status_code, there.get(f"{URL}/{hold['id']}").status_code) == (200, 404)
    assert everywhere.post(url(family, "move"), move_body(), version=family["version"]).status_code == 200
    assert (here.get(f"{URL}/{hold['id']}").status_code, there.get(f"{URL}/{hold['id']}").status_code) == (404, 200)
    assert here.post(f"{URL}/{hold['id']}/release", {"reason": "Ish tugadi"}, version=1).status_code == 404
    assert release(there, hold).status_code == 200


# --- what is sent -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"beneficiary_id": str(uuid.UUID(int=5))}, "/beneficiary_id"),
        ({"beneficiary_id": 5}, "/beneficiary_id"),
        ({"territory": "17"}, "/territory"),
        ({"released_at": None}, "/released_at"),
    ],
)
def test_what_is_wrong_is_named(callers: Callers, change: dict[str, Any], pointer: str) -> None:
    manager = callers.ngo()
    refused = manager.post(URL, body(make_beneficiary(manager)) | change)
    assert (refused.status_code, [fault["pointer"] for fault in refused.json()["errors"]]) == (422, [pointer])
    assert manager.get(URL).json()["items"] == []


def test_the_same_again_is_the_same_hold(callers: Callers) -> None:
    manager = callers.ngo()
    person = make_beneficiary(manager)
    chosen = body(person, id=str(uuid7()))
    first, again = manager.post(URL, chosen), manager.post(URL, chosen)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = manager.post(URL, chosen | {"reason": "Boshqa"})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    keyed = [manager.post(URL, body(person), key="once") for _ in range(2)]
    assert keyed[0].json() == keyed[1].json()
    assert keyed[1].headers["idempotent-replayed"] == "true"
    assert len(manager.get(URL).json()["items"]) == 2


def test_it_ends_once_with_a_reason_and_the_version_that_was_read(callers: Callers) -> None:
    manager = callers.ngo()
    one = f"{URL}/{place(manager, make_beneficiary(manager))['id']}/release"
    assert manager.post(one, {"reason": "Ish tugadi"}).status_code == 428
    assert manager.post(one, {"reason": "Ish tugadi"}, version=2).status_code == 412
    assert manager.post(one, {}, version=1).json()["errors"][0]["pointer"] == "/reason"
    assert manager.post(one, {"reason": "Ish tugadi"}, version=1, key="end").status_code == 200
    assert manager.post(one, {"reason": "Ish tugadi"}, version=1, key="end").headers["idempotent-replayed"] == "true"
    assert manager.post(one, {"reason": "Ish tugadi"}, version=2).json()["code"] == "wrong_state"
    assert manager.patch(one.removesuffix("/release"), {"reason": "x"}, version=2).status_code == 405


def test_they_are_found_by_person_and_state(callers: Callers) -> None:
    manager = callers.ngo()
    people = [make_beneficiary(manager, given_name=name) for name in ("Dilnoza", "Hulkar")]
    ended, other, still = place(manager, people[0]), place(manager, people[1]), place(manager, people[0])
    release(manager, ended)

    def ids(**filters: Any) -> list[str]:
        return [one["id"] for one in manager.get(URL, params=filters).json()["items"]]

    assert ids() == [still["id"], other["id"], ended["id"]]
    assert ids(beneficiary_id=people[0]["id"]) == [still["id"], ended["id"]]
    assert ids(is_open=True, sort="created_at") == [other["id"], still["id"]]
    assert ids(is_open=False) == [ended["id"]]


# --- what it does -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("action", ["anonymize", "delete"])
def test_a_run_leaves_the_person_until_the_last_hold_has_ended(callers: Callers, db: Database, action: str) -> None:
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)
    first, second = place(ngo, person), place(ngo, person)
    rule(callers, action=action)

    def counts() -> dict[str, int]:
        age(db, Beneficiary)
        return {name: count for name, count in run_retention()["two_years"].items() if not name.startswith("rows_") and count}

    assert counts() == {"due": 1, "held": 1}
    release(ngo, first)
    assert counts() == {"due": 1, "held": 1}
    assert not is_forgotten(ngo, person["id"])
    release(ngo, second)
    assert counts() == {"due": 1, "anonymized" if action == "anonymize" else "deleted": 1}


def test_it_stops_the_approval_of_a_request_until_it_ends(callers: Callers) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo)
    hold, one = place(ngo, person), ask(ngo, person)
    refused = ngo.post(f"{one}/approve", version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "on_hold")
    assert ngo.get(one).json()["status"] == "requested"
    release(ngo, hold)
    assert ngo.post(f"{one}/approve", version=1).status_code == 200
    assert is_forgotten(ngo, person["id"])


def test_placed_after_the_approval_it_still_stops_what_was_not_carried_out(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo)
    one = ask(ngo, person)
    with monkeypatch.context() as interrupted:
        interrupted.setattr("app.retention.routes.erasures.running.carry_out", lambda _request: False)
        assert ngo.post(f"{one}/approve", version=1).status_code == 200
    hold = place(ngo, person)
    assert not carry_out(uuid.UUID(one.rpartition("/")[2]))
    assert run_retention()["erasure_requests"] == {
        "due": 1,
        "held": 1,
        "anonymized": 0,
        "deleted": 0,
        "failed": 0,
        "families": 0,
        **NO_ROWS,
    }
    assert (ngo.get(one).json()["status"], is_forgotten(ngo, person["id"])) == ("approved", False)
    release(ngo, hold)
    assert run_retention()["erasure_requests"]["anonymized"] == 1
    assert (ngo.get(one).json()["status"], is_forgotten(ngo, person["id"])) == ("done", True)


def test_who_is_forgotten_cannot_be_held_any_more(callers: Callers) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo)
    assert ngo.post(f"{ask(ngo, person)}/approve", version=1).status_code == 200
    refused = ngo.post(URL, body(person))
    assert (refused.status_code, refused.json()["code"]) == (409, "forgotten")


def test_the_trail_has_the_hold_and_not_the_reason(callers: Callers) -> None:
    ngo = callers.ngo()
    hold = place(ngo, make_beneficiary(ngo))
    release(ngo, hold)
    trail = ngo.get("/v1/audit-entries", params={"subject": hold["id"]})
    assert sorted(entry["action"] for entry in trail.json()["items"]) == ["legal_hold.created", "legal_hold.updated"]
    assert WHY not in trail.text
    assert "Ish tugadi" not in trail.text
