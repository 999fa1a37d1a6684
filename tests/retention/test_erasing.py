"""A person is forgotten on request; statistics and certificates stand."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.grants import DataCategory, to_role
from app.certificates.models import Certificate
from app.database import Database
from app.participation.models import Enrollment
from app.retention.actions.running import carry_out, run_retention
from tests.callers import Callers
from tests.client import Client
from tests.factories.beneficiaries import beneficiary_body, family_body, make_beneficiary, make_family
from tests.factories.certificates import HULKAR, make_course
from tests.factories.grants import grant

URL, HOLDS, PEOPLE = "/v1/erasure-requests", "/v1/legal-holds", "/v1/beneficiaries"


def body(person: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"beneficiary_id": person["id"], "asked_by": "self", "asked_on": "2026-01-31", "note": "Arizasi bor", **other}


def ask(caller: Any, person: dict[str, Any]) -> str:
    made = caller.post(URL, body(person))
    assert made.status_code == 201, made.text
    return f"{URL}/{made.json()['id']}"


def test_nobody_comes_in_without_a_token(client: Client) -> None:
    assert client.get(URL).status_code == 401
    assert client.post(URL, json={}).status_code == 401
    assert client.post(HOLDS, json={}).status_code == 401


def test_who_may_ask_and_who_decides(callers: Callers) -> None:
    manager = callers.ngo("17")
    mine = manager.organization_id
    specialist, viewer = (callers.ngo("17", duty=duty, organization_id=mine) for duty in ("specialist", "viewer"))
    person = make_beneficiary(manager)
    assert viewer.post(URL, body(person)).status_code == 403
    assert callers.state("17").post(URL, body(person)).status_code == 403
    stranger = callers.committee("17")
    refused = stranger.post(URL, body(person))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown")
    one = ask(specialist, person)
    assert specialist.post(f"{one}/approve", version=1).status_code == 403
    assert stranger.get(one).status_code == 404
    assert stranger.post(f"{one}/approve", version=1).status_code == 404
    assert manager.post(f"{one}/approve").status_code == 428
    assert manager.post(f"{one}/approve", version=2).status_code == 412
    assert specialist.post(URL, body(person)).json()["code"] == "already_exists"
    assert specialist.post(HOLDS, {"beneficiary_id": person["id"], "reason": "x"}).status_code == 403


def test_a_request_can_be_refused_with_its_reason(callers: Callers) -> None:
    manager = callers.ngo("17")
    one = ask(manager, make_beneficiary(manager))
    refused = manager.post(f"{one}/refuse", {"reason": "The court needs the file."}, version=1)
    assert (refused.status_code, refused.json()["status"]) == (200, "refused")
    assert manager.post(f"{one}/approve", version=2).json()["code"] == "wrong_state"
    assert manager.post(f"{one}/refuse", {}, version=2).status_code == 422


def test_a_forgotten_person_cannot_be_told_any_more(callers: Callers, db: Database) -> None:
    manager, partner = callers.ngo("17"), callers.committee("1733")
    person = make_beneficiary(manager, phone="90 123-45-67", note="Ichki", territory="1733230")
    grant(manager, to_role("womens_committee"), *DataCategory, beneficiary_id=person["id"])
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 200
    one = ask(manager, person)
    approved = manager.post(f"{one}/approve", version=1, key="once")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    # It was done, and its answer named the person.
    assert manager.post(f"{one}/approve", version=1, key="once").json()["code"] == "idempotency_key_forgotten"
    done = manager.get(one).json()
    assert (done["status"], done["note"]) == ("done", None)
    left = manager.get(f"{PEOPLE}/{person['id']}").json()
    assert (left["surname"], left["given_name"], left["patronymic"], left["phone"], left["note"]) == ("—", "—", None, None, None)
    assert (left["birth_date"], left["birth_precision"], left["sex"]) == ("2012-01-01", "year", "female")
    assert manager.get(PEOPLE, params={"q": "dilnoza"}).json()["items"] == []
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 404
    assert manager.post(URL, body(person)).json()["code"] == "forgotten"
    # No row of any table still holds the name or the number.
    with db.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            if table not in ("place", "alembic_version"):
                text = str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
                for secret in ("Дилноза", "Dilnoza", "dilnoza", "123-45-67", "901234567"):
                    assert secret not in text, (table, secret)


def test_a_kept_answer_is_forgotten_with_whom_it_was_about(callers: Callers) -> None:
    """The key stays, so that an app which was long offline does not register the person anew."""
    manager = callers.ngo("17")
    bodies = {"about": beneficiary_body(), "beside": beneficiary_body(given_name="Zuhra", birth_date="1990-01-02")}
    made = {key: manager.post(PEOPLE, one, key=key) for key, one in bodies.items()}
    family = manager.post("/v1/families", family_body(), key="family")
    member = family.json()["members"][0]["id"]
    for person in (made["about"].json()["id"], member):
        assert manager.post(f"{ask(manager, {'id': person})}/approve", version=1).status_code == 200
    for url, key, one in ((PEOPLE, "about", bodies["about"]), ("/v1/families", "family", family_body())):
        again = manager.post(url, one, key=key)
        assert (again.status_code, again.json()["code"]) == (410, "idempotency_key_forgotten")
    assert manager.post(PEOPLE, bodies["beside"], key="beside").json() == made["beside"].json()


def test_certificates_stay_valid_and_lose_the_name(callers: Callers, db: Database) -> None:
    manager = callers.ngo("17")
    course = make_course(manager, HULKAR)
    (outcome,) = manager.post(course.url, {"dry_run": False}).json()["outcomes"]
    before = manager.get(f"/v1/certificates/{outcome['certificate_id']}").json()
    one = ask(manager, {"id": course.persons[0]})
    assert manager.post(f"{one}/approve", version=1).status_code == 200
    after = manager.get(f"/v1/certificates/{outcome['certificate_id']}").json()
    assert (after["status"], after["number"]) == ("valid", before["number"])
    public = manager.client.get(f"/v1/verify/{before['number']}")
    assert (public.status_code, public.json()["status"]) == (200, "valid")
    assert manager.get(f"/v1/certificates/{outcome['certificate_id']}.pdf").status_code == 200
    everything = json.dumps([after, public.json()], ensure_ascii=False)
    assert "ayratova" not in everything
    assert "Hulkar" not in everything
    with db.engine.connect() as connection:
        for model in (Certificate, Enrollment):
            assert "Hulkar" not in str(connection.execute(sa.select(model.__table__)).all())
    # The counts stand.
    assert manager.post(course.url, {"dry_run": True}).json()["counts"]["already_issued"] == 1


def test_a_legal_hold_keeps_everything_until_it_is_released(callers: Callers) -> None:
    manager = callers.ngo("17")
    person = make_beneficiary(manager)
    held = manager.post(HOLDS, {"beneficiary_id": person["id"], "reason": "Sud ishi"})
    assert held.status_code == 201
    hold = f"{HOLDS}/{held.json()['id']}"
    one = ask(manager, person)
    assert manager.post(f"{one}/approve", version=1).json()["code"] == "on_hold"
    assert callers.ngo("17").get(hold).status_code == 404
    assert manager.get(HOLDS, params={"is_open": True}).json()["items"] == [held.json()]
    assert manager.get(HOLDS, params={"is_open": False}).json()["items"] == []
    assert manager.post(f"{hold}/release", {"reason": "Ended"}, version=1).status_code == 200
    assert manager.post(f"{hold}/release", {"reason": "Ended"}, version=2).json()["code"] == "wrong_state"
    assert manager.post(f"{one}/approve", version=1).status_code == 200
    assert manager.get(f"{PEOPLE}/{person['id']}").json()["surname"] == "—"


def test_what_was_approved_and_interrupted_is_carried_out_by_the_next_run(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = callers.ngo("17")
    person = make_beneficiary(manager)
    one = ask(manager, person)
    monkeypatch.setattr("app.retention.routes.erasures.running.carry_out", lambda _request: False)
    assert manager.post(f"{one}/approve", version=1).status_code == 200
    monkeypatch.undo()
    assert manager.get(one).json()["status"] == "approved"
    assert run_retention(is_dry_run=True)["erasure_requests"] == {
        "due": 1,
        "held": 0,
        "anonymized": 0,
        "deleted": 0,
        "failed": 0,
        "families": 0,
        "rows_deleted": [],
        "rows_kept": [],
    }
    assert manager.get(one).json()["status"] == "approved"
    assert run_retention()["erasure_requests"]["anonymized"] == 1
    assert manager.get(one).json()["status"] == "done"
    import uuid

    assert not carry_out(uuid.UUID(one.rpartition("/")[2]))


def test_a_family_remembers_how_many_it_had(callers: Callers) -> None:
    manager = callers.ngo("17")
    family = make_family(manager)
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    one = ask(manager, child)
    manager.post(f"{one}/approve", version=1)
    after = manager.get(f"/v1/families/{family['id']}").json()
    assert len(after["members"]) == len(family["members"])
    assert "Dilnoza" not in json.dumps(after)
