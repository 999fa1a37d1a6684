"""Accounts: made and changed by an administrator, read by managers of the same organization."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.database import Database, uuid7
from app.identity.models import Account
from app.identity.schemas import AccountCreate
from tests.callers import PASSWORD, Caller, Callers
from tests.client import Client
from tests.identity.conftest import Person


def body(organization_id: str, /, **changes: Any) -> dict[str, Any]:
    return {
        "email": f"{uuid.uuid4().hex}@test.example",
        "name": "Test Person",
        "password": PASSWORD,
        "organization_id": organization_id,
        "duty": "specialist",
        "territory": "1733",
        **changes,
    }


def test_an_account_is_made(administrator: Caller) -> None:
    sent = body(administrator.organization_id, email="Somebody@Test.Example")
    made = administrator.post("/v1/accounts", sent)
    assert made.status_code == 201
    assert made.headers["etag"] == '"1"'
    assert made.headers["location"] == f"/v1/accounts/{made.json()['id']}"
    assert made.json()["email"] == "somebody@test.example"
    assert made.json()["role"] == "ngo"
    assert PASSWORD not in made.text
    assert "hash" not in made.text
    assert administrator.get(made.headers["location"]).json() == made.json()
    again = administrator.post("/v1/accounts", body(administrator.organization_id, email="somebody@test.example"))
    assert again.status_code == 409
    assert again.json()["code"] == "already_exists"
    assert "somebody" not in again.text


def test_the_role_is_the_organizations(callers: Callers, administrator: Caller) -> None:
    for caller, role in ((callers.committee(), "womens_committee"), (callers.state(), "state_partner")):
        made = administrator.post("/v1/accounts", body(caller.organization_id))
        assert made.json()["role"] == role
    assert administrator.post("/v1/accounts", body(administrator.organization_id, role="womens_committee")).status_code == 422


def test_the_same_account_twice(administrator: Caller) -> None:
    sent = body(administrator.organization_id, id="01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17")
    first, second = (administrator.post("/v1/accounts", sent) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert administrator.post("/v1/accounts", {**sent, "name": "Another"}).json()["code"] == "id_taken"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"organization_id": "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"}, "/organization_id"),
        ({"organization_id": "nonsense"}, "/organization_id"),
        ({"territory": "1799"}, "/territory"),
        ({"territory": ""}, "/territory"),
        ({"territory": "17_3"}, "/territory"),
        ({"duty": "boss"}, "/duty"),
        ({"duty": "viewer", "administrator": True}, "/administrator"),
        ({"duty": "specialist", "administrator": True}, "/administrator"),
        ({"administrator": "yes"}, "/administrator"),
        ({"administrator": 1}, "/administrator"),
        ({"password": "short"}, "/password"),
        ({"email": "no address"}, "/email"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"generation": 5}, "/generation"),
        ({"disabled_at": None}, "/disabled_at"),
        ({"id": 5}, "/id"),
        ({"id": "01930C2E5F3A7C4E9D1B2A6F4E8C0D17"}, "/id"),
    ],
)
def test_what_is_wrong_is_named(administrator: Caller, change: dict[str, Any], pointer: str) -> None:
    response = administrator.post("/v1/accounts", body(administrator.organization_id, **change))
    assert response.status_code == 422, response.text
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_only_a_manager_of_the_ngo_runs_the_installation(callers: Callers, administrator: Caller, person: Person) -> None:
    for caller in (callers.committee(), callers.state()):
        sent = body(caller.organization_id, duty="manager", administrator=True)
        assert administrator.post("/v1/accounts", sent).json()["errors"][0]["pointer"] == "/administrator"
    for change in ({"administrator": True}, {"administrator": True, "duty": "viewer"}):
        assert administrator.patch(person.url, change, version=1).json()["errors"][0]["pointer"] == "/administrator"
    assert administrator.patch(person.url, {"administrator": True, "duty": "manager"}, version=1).status_code == 200
    assert administrator.patch(person.url, {"duty": "viewer"}, version=2).json()["errors"][0]["pointer"] == "/administrator"


def test_an_account_is_changed_with_its_version(administrator: Caller, person: Person) -> None:
    assert administrator.patch(person.url, {"name": "Other"}).status_code == 428
    changed = administrator.patch(person.url, {"name": "Other"}, version=1)
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.headers["etag"]) == ("Other", '"2"')
    assert administrator.patch(person.url, {"name": "Third"}, version=1).status_code == 412
    for verb in ("disable", "enable"):
        assert administrator.post(f"{person.url}/{verb}").status_code == 428
        assert administrator.post(f"{person.url}/{verb}", version=1).status_code == 412
    unchanged = administrator.patch(person.url, {}, version=2)
    assert unchanged.status_code == 200


@pytest.mark.parametrize("name", ["name", "duty", "territory", "administrator", "password"])
def test_null_empties_nothing(administrator: Caller, person: Person, name: str) -> None:
    response = administrator.patch(person.url, {name: None}, version=1)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/{name}"


def test_what_cannot_be_changed(administrator: Caller, person: Person) -> None:
    for change in ({"email": "new@test.example"}, {"role": "ngo"}, {"organization_id": person.account["organization_id"]}, {"version": 9}):
        assert administrator.patch(person.url, change, version=1).status_code == 422
    refused = administrator.patch(person.url, {"territory": "1799"}, version=1)
    assert refused.json()["errors"][0]["pointer"] == "/territory"


def test_if_match(administrator: Caller, person: Person) -> None:
    for tag, status in (
        ("1", 400),
        ("*", 400),
        ('W/"1"', 400),
        ('"1", "2"', 400),
        ('"x"', 400),
        ('"-1"', 400),
        ('"١"', 400),
        ('"9999999999"', 400),
    ):
        headers = {"If-Match": tag.encode()}
        refused = administrator.request("PATCH", person.url, json={"name": "X"}, headers=headers)
        assert refused.status_code == status, tag
        # A proxy that packs answers makes tags weak, and whoever sends them back has done nothing wrong.
        assert ("W/" in refused.json()["detail"]) == tag.startswith("W/")
    read = administrator.get(person.url)
    assert administrator.get(person.url, headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    assert administrator.get(person.url, headers={"If-None-Match": f'"9", W/{read.headers["etag"]}'}).status_code == 304
    assert administrator.get(person.url, headers={"If-None-Match": '"9"'}).status_code == 200


def test_who_sees_accounts(client: Client, callers: Callers, administrator: Caller, person: Person) -> None:
    assert client.get("/v1/accounts").status_code == 401
    assert client.get(person.url).status_code == 401
    colleague = callers.ngo(organization_id=administrator.organization_id)
    assert colleague.get(person.url).status_code == 200
    assert {account["id"] for account in colleague.get("/v1/accounts").json()["items"]} == {
        person.account["id"],
        str(colleague.account.id),
        str(administrator.account.id),
    }
    for stranger in (callers.ngo(), callers.committee(), callers.state()):
        assert stranger.get(person.url).status_code == 404
        assert [account["id"] for account in stranger.get("/v1/accounts").json()["items"]] == [str(stranger.account.id)]
    for duty in ("specialist", "viewer"):
        assert callers.ngo(duty=duty, organization_id=administrator.organization_id).get(person.url).status_code == 403


def test_who_writes_accounts(client: Client, callers: Callers, person: Person) -> None:
    assert client.post("/v1/accounts", json={}).status_code == 401
    assert client.patch(person.url, json={}).status_code == 401
    for caller in (callers.ngo(), callers.committee(), callers.state(), callers.ngo(organization_id=person.account["organization_id"])):
        assert caller.post("/v1/accounts", body(caller.organization_id)).status_code == 403
        assert caller.patch(person.url, {"duty": "manager"}, version=1).status_code == 403
        for verb in ("disable", "enable"):
            assert caller.post(f"{person.url}/{verb}", version=1).status_code == 403


def test_nobody_makes_himself_more(callers: Callers) -> None:
    manager = callers.ngo()
    own = f"/v1/accounts/{manager.account.id}"
    assert manager.patch(own, {"administrator": True}, version=1).status_code == 403
    assert manager.get("/v1/me").json()["administrator"] is False


def test_accounts_of_one_organization(callers: Callers, administrator: Caller, make_person: Callable[..., Person]) -> None:
    stranger = callers.committee()
    person = make_person()
    found = administrator.get("/v1/accounts", params={"organization_id": administrator.organization_id, "sort": "created_at"}).json()
    assert [account["id"] for account in found["items"]] == [str(administrator.account.id), person.account["id"]]
    assert str(stranger.account.id) not in str(found)
    assert administrator.get("/v1/accounts?organization_id=nonsense").status_code == 422
    assert administrator.get("/v1/accounts?sort=email").status_code == 422


def test_there_is_no_such_account(administrator: Caller) -> None:
    url = f"/v1/accounts/{uuid.uuid4()}"
    assert administrator.get(url).status_code == 404
    assert administrator.patch(url, {"name": "X"}, version=1).status_code == 404
    assert administrator.post(f"{url}/disable", version=1).status_code == 404
    assert administrator.get("/v1/accounts/nonsense").status_code == 422


def test_no_plain_digest_of_the_password_is_kept(db: Database, administrator: Caller) -> None:
    """Whoever reads the database knows all of the body but the password, and could try that a billion times a second."""
    sent = body(administrator.organization_id, id=str(uuid7()))
    assert administrator.post("/v1/accounts", sent).status_code == 201
    plain = AccountCreate.model_validate_json(json.dumps(sent)).origin()
    with db.engine.connect() as connection:
        kept = connection.execute(sa.select(Account.__table__.c.origin).where(Account.email == sent["email"])).scalar_one()
    assert len(kept) == 32
    assert kept != plain
    assert administrator.post("/v1/accounts", {**sent, "password": "a sentence that is another one"}).json()["code"] == "id_taken"
