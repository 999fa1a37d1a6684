"""Service clients: registration, tokens by form and by Basic, scopes, secrets."""

import uuid
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import sqlalchemy as sa

from app.database import Database
from app.identity.models import ServiceClient
from app.identity.passwords import hashed
from app.identity.tokens import grantable
from tests.callers import Caller, Callers
from tests.client import Client
from tests.identity.forging import read

SCOPES = ["places:read", "certificates:issue"]


@pytest.fixture
def registered(administrator: Caller) -> dict[str, Any]:
    body = {"name": "script", "organization_id": administrator.organization_id, "territory": "1733", "scopes": SCOPES}
    response = administrator.post("/v1/service-clients", body)
    assert response.status_code == 201, response.text
    return dict(response.json())


def by_form(client: Client, registered: dict[str, Any], **more: Any) -> Any:
    form = {"grant_type": "client_credentials", "client_id": registered["client_id"], "client_secret": registered["client_secret"], **more}
    return client.post("/v1/oauth/token", data={name: value for name, value in form.items() if value is not None})


def by_basic(client: Client, name: str, secret: str, **more: Any) -> Any:
    coded = b64encode(f"{name}:{secret}".encode()).decode()
    return client.post("/v1/oauth/token", data={"grant_type": "client_credentials", **more}, headers={"Authorization": f"Basic {coded}"})


def get(client: Client, token: str, path: str = "/v1/me") -> Any:
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def test_a_secret_is_shown_once(administrator: Caller, registered: dict[str, Any]) -> None:
    assert len(registered["client_secret"]) >= 40
    shown = administrator.get(f"/v1/service-clients/{registered['id']}")
    assert "client_secret" not in shown.json()
    assert registered["client_secret"] not in administrator.get("/v1/service-clients").text


@pytest.mark.parametrize("way", ["form", "basic"])
def test_a_token_for_the_right_secret(client: Client, registered: dict[str, Any], way: str) -> None:
    response = by_form(client, registered) if way == "form" else by_basic(client, registered["client_id"], registered["client_secret"])
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    found = response.json()
    assert found["token_type"] == "Bearer"
    assert set(found["scope"].split()) == set(SCOPES)
    assert "refresh_token" not in found
    me = get(client, found["access_token"]).json()
    assert (me["kind"], me["duty"], me["email"], me["administrator"], me["territory"]) == ("client", None, None, False, "1733")
    assert set(me["permissions"]) == {*SCOPES, "me"}


def test_fewer_scopes_when_asked_for(client: Client, registered: dict[str, Any]) -> None:
    response = by_form(client, registered, scope="places:read places:read")
    assert response.json()["scope"] == "places:read"
    token = response.json()["access_token"]
    assert read(token.split(".")[1])["scope"] == "places:read"
    assert get(client, token, "/v1/places").status_code == 200
    assert get(client, token, "/v1/accounts").status_code == 403


@pytest.mark.parametrize("scope", ["accounts:write", "places:read accounts:read", "*", "me", "places:READ", "x" * 3000, "places:read;"])
def test_no_scope_beyond_the_registration(client: Client, registered: dict[str, Any], scope: str) -> None:
    response = by_form(client, registered, scope=scope)
    assert response.status_code == 400
    assert (response.json()["code"], response.json()["error"]) == ("invalid_scope", "invalid_scope")
    assert response.json()["title"] == "These scopes cannot be granted"
    assert response.json()["detail"]


@pytest.mark.parametrize("scope", [" ", "\t \n", "places:read " * 400])
def test_a_scope_that_names_none_gets_no_token(client: Client, registered: dict[str, Any], scope: str) -> None:
    response = by_form(client, registered, scope=scope)
    assert response.status_code == 400, response.text
    assert response.json()["error"] == "invalid_scope"
    assert set(by_form(client, registered, scope="").json()["scope"].split()) == set(SCOPES), "empty is left out (RFC 6749, 3.2)"


PECULIAR = "a+b%2Bc%zz d&e=f"


@pytest.fixture
def peculiar(db: Database, registered: dict[str, Any]) -> dict[str, Any]:
    """The client, with a secret that reads otherwise in a form."""
    with db.engine.begin() as connection:
        connection.execute(sa.update(ServiceClient).values(secret_hash=hashed(PECULIAR)))
    return {**registered, "client_secret": PECULIAR}


def test_any_secret_by_basic_encoded_as_prescribed_and_as_most_send_it(client: Client, peculiar: dict[str, Any]) -> None:
    assert by_form(client, peculiar).status_code == 200
    for sent in (PECULIAR, quote_plus(PECULIAR), quote(PECULIAR)):
        assert by_basic(client, peculiar["client_id"], sent).status_code == 200, sent


def test_two_readings_of_a_secret_are_one_attempt(client: Client, peculiar: dict[str, Any]) -> None:
    answers = [by_basic(client, peculiar["client_id"], f"wrong+{number}").status_code for number in range(6)]
    assert answers == [401] * 5 + [429]


def test_nothing_is_cut_off_a_secret(client: Client, db: Database, registered: dict[str, Any]) -> None:
    longest = "x" * 200
    with db.engine.begin() as connection:
        connection.execute(sa.update(ServiceClient).values(secret_hash=hashed(longest)))
    assert by_form(client, {**registered, "client_secret": longest}).status_code == 200
    assert by_form(client, {**registered, "client_secret": f"{longest}y"}).status_code == 401


def test_scopes_that_cannot_be_granted_are_named(client: Client, registered: dict[str, Any]) -> None:
    response = by_form(client, registered, scope="places:read audit:read accounts:write bogus:read")
    assert response.json()["detail"] == "This client was not given accounts:write, audit:read. 1 of the scopes asked for do not exist."


def test_a_scope_never_gives_more_than_the_organization_has(client: Client, callers: Callers, administrator: Caller) -> None:
    state = callers.state()
    body = {
        "name": "script",
        "organization_id": state.organization_id,
        "territory": "1733",
        "scopes": ["places:read", "certificates:issue"],
    }
    refused = administrator.post("/v1/service-clients", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/scopes/1"
    assert "certificates:issue" not in grantable("state_partner")
    assert not {"accounts:write", "places:write", "organizations:write"} & grantable("ngo"), "what an administrator may do, no script may"
    for scope in ("accounts:write", "nonsense", "me:me"):
        assert administrator.post("/v1/service-clients", {**body, "scopes": [scope]}).status_code == 422
    found = administrator.post("/v1/service-clients", {**body, "scopes": ["certificates:issue", "bogus:read"]}).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in found] == [("/scopes/0", "not_grantable"), ("/scopes/1", "unknown")]
    assert found[1]["message"] == "There is no such scope."


def test_wrong_unknown_and_disabled_look_the_same(client: Client, administrator: Caller, registered: dict[str, Any]) -> None:
    wrong = by_form(client, registered, client_secret="wrong")
    unknown = by_form(client, registered, client_id="client-nobody")
    assert administrator.post(f"/v1/service-clients/{registered['id']}/disable", version=1).status_code == 200
    disabled = by_form(client, registered)
    missing = by_form(client, registered, client_secret=None)
    for response in (wrong, unknown, disabled, missing):
        assert response.status_code == 401, response.text
        assert (response.json()["code"], response.json()["title"]) == ("invalid_client", "Client id or secret is wrong")
        assert response.json()["error"] == "invalid_client"
        assert response.headers["www-authenticate"].startswith("Basic ")
        same = {key: value for key, value in response.json().items() if key != "request_id"}
        assert same == {key: value for key, value in wrong.json().items() if key != "request_id"}


def test_a_disabled_client_is_out_at_once(client: Client, administrator: Caller, registered: dict[str, Any]) -> None:
    token = by_form(client, registered).json()["access_token"]
    assert get(client, token).status_code == 200
    url = f"/v1/service-clients/{registered['id']}"
    disabled = administrator.post(f"{url}/disable", version=1)
    assert get(client, token).status_code == 401
    assert administrator.post(f"{url}/enable", version=disabled.json()["version"]).status_code == 200
    assert get(client, token).status_code == 401, "the old token stays refused"
    assert get(client, by_form(client, registered).json()["access_token"]).status_code == 200


def test_a_new_secret_ends_the_old_one(client: Client, administrator: Caller, registered: dict[str, Any]) -> None:
    token = by_form(client, registered).json()["access_token"]
    rotated = administrator.post(f"/v1/service-clients/{registered['id']}/rotate-secret", version=1)
    assert rotated.status_code == 200, rotated.text
    assert rotated.headers["cache-control"] == "no-store"
    assert get(client, token).status_code == 401
    assert by_form(client, registered).status_code == 401
    assert by_form(client, rotated.json()).status_code == 200


def test_the_same_registration_twice(administrator: Caller, registered: dict[str, Any]) -> None:
    key = "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"
    body = {"id": key, "name": "script", "organization_id": administrator.organization_id, "territory": "1733", "scopes": SCOPES}
    first, again = (administrator.post("/v1/service-clients", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["client_secret"]
    assert again.json()["client_secret"] is None
    assert administrator.post("/v1/service-clients", {**body, "name": "other"}).json()["code"] == "id_taken"


def test_a_secret_is_not_kept_for_a_replay(administrator: Caller) -> None:
    """So a key that promises one is refused, and nothing is made."""
    body = {"name": "script", "organization_id": administrator.organization_id, "territory": "1733", "scopes": SCOPES}
    refused = administrator.post("/v1/service-clients", body, key="once")
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    assert "Idempotency-Key" in refused.json()["detail"]
    assert administrator.get("/v1/service-clients").json()["items"] == []
    made = administrator.post("/v1/service-clients", body).json()
    url = f"/v1/service-clients/{made['id']}/rotate-secret"
    assert administrator.post(url, version=1, key="once").status_code == 400
    assert administrator.post(url, version=1).status_code == 200


FORMS: dict[str, Any] = {
    "nothing": b"",
    "no grant": b"client_id=a&client_secret=b",
    "another grant": b"grant_type=password&username=a&password=b",
    "a refresh": b"grant_type=refresh_token",
    "twice": b"grant_type=client_credentials&grant_type=client_credentials",
    "no form": b"garbage",
    "not UTF-8": b"grant_type=\xff\xfe",
    "many fields": b"&".join(b"a%d=1" % number for number in range(20)),
    "NUL": b"grant_type=client_credentials&client_id=%00&client_secret=x",
    "unknown field": b"grant_type=client_credentials&client_id=a&client_secret=b&scopes=places%3Aread",
    "bidi": b"grant_type=client_credentials&client_id=%E2%80%AEx&client_secret=x",
}


@pytest.mark.parametrize("form", FORMS)
def test_malformed_forms(client: Client, form: str) -> None:
    response = client.post("/v1/oauth/token", content=FORMS[form], headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert response.status_code == 400, response.text
    assert response.json()["error"] in ("invalid_request", "unsupported_grant_type")


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + b64encode(b"\xff\xfe").decode(),
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"\x00:\x00").decode(),
        "Basic OjpB",
        "basic Og==",
    ],
)
def test_malformed_basic(client: Client, value: str) -> None:
    response = client.post("/v1/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": value})
    assert response.status_code == 401, response.text
    assert response.json()["error"] == "invalid_client"


def test_a_form_is_taken_here_alone(client: Client) -> None:
    assert client.post("/v1/auth/login", data={"email": "a@b.cd", "password": "x"}).status_code == 415
    assert client.post("/v1/oauth/token", json={"grant_type": "client_credentials"}).status_code == 400


def test_a_script_does_not_change_a_password_and_can_log_out(client: Client, registered: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {by_form(client, registered).json()['access_token']}"}
    assert client.post("/v1/me/password", json={"current": "x", "new": "a sentence that is long"}, headers=headers).status_code == 404
    assert client.post("/v1/auth/logout", headers=headers).status_code == 204


def test_who_manages_service_clients(client: Client, callers: Callers, registered: dict[str, Any]) -> None:
    url = f"/v1/service-clients/{registered['id']}"
    assert client.get(url).status_code == 401
    stranger = callers.ngo()
    assert stranger.get(url).status_code == 404
    assert stranger.get("/v1/service-clients").json()["items"] == []
    for caller in (callers.ngo(duty="specialist"), callers.committee(duty="viewer")):
        assert caller.get(url).status_code == 403
    body = {"name": "script", "organization_id": stranger.organization_id, "territory": "17", "scopes": SCOPES}
    assert stranger.post("/v1/service-clients", body).status_code == 403
    for verb in ("rotate-secret", "disable", "enable"):
        assert stranger.post(f"{url}/{verb}", version=1).status_code == 403
        assert client.post(f"{url}/{verb}").status_code == 401


def test_versions_guard_service_clients(administrator: Caller, registered: dict[str, Any]) -> None:
    url = f"/v1/service-clients/{registered['id']}"
    for verb in ("rotate-secret", "disable", "enable"):
        assert administrator.post(f"{url}/{verb}").status_code == 428
        assert administrator.post(f"{url}/{verb}", version=7).status_code == 412
        assert administrator.post(f"/v1/service-clients/{uuid.uuid4()}/{verb}", version=1).status_code == 404
    assert administrator.post(f"{url}/enable", version=1).json()["code"] == "wrong_state"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"organization_id": "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"}, "/organization_id"),
        ({"territory": "1799"}, "/territory"),
        ({"territory": ""}, "/territory"),
        ({"territory": "1733%"}, "/territory"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["places:read"] * 51}, "/scopes"),
        ({"name": ""}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"client_secret": "mine"}, "/client_secret"),
    ],
)
def test_what_is_wrong_is_named(administrator: Caller, change: dict[str, Any], pointer: str) -> None:
    body = {"name": "script", "organization_id": administrator.organization_id, "territory": "1733", "scopes": SCOPES, **change}
    response = administrator.post("/v1/service-clients", body)
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["pointer"] == pointer
