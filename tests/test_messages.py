"""What refusals say beyond their code: which field it is, and what to send instead. What was sent is never repeated."""

import uuid
from typing import Any

import pytest

from tests.callers import Caller, Callers
from tests.factories.beneficiaries import beneficiary_body, family_body, make_beneficiary, make_family, person_body
from tests.factories.participation import make_session
from tests.factories.trainings import make_training

PLACE = {"district": "1733230", "names": {"en": "Somewhere"}}


@pytest.fixture
def administrator(callers: Callers) -> Caller:
    return callers.ngo(administrator=True)


def told(response: Any, status: int = 422) -> list[tuple[str, str]]:
    """(pointer, message) of each fault."""
    assert response.status_code == status, response.text
    return [(fault["pointer"], fault["message"]) for fault in response.json()["errors"]]


# --- addresses --------------------------------------------------------------------------------------------------------------
def test_a_plus_in_an_address_is_a_blank(callers: Callers) -> None:
    ngo = callers.ngo()
    ((pointer, message),) = told(ngo.get("/v1/families?updated_since=2026-11-01T20:00:00+05:00"))
    assert pointer == "/updated_since"
    assert "%2B" in message
    assert ngo.get("/v1/families?updated_since=2026-11-01T20:00:00%2B05:00").status_code == 200
    ((_, message),) = told(ngo.get("/v1/families?updated_since=yesterday"))
    assert "%2B" not in message


@pytest.mark.parametrize("mark", ["%00", "%01", "%1b", "%c2%85", "%e2%80%ae", "%e2%81%a6", "%ef%bb%bf"])
@pytest.mark.parametrize("path", ["/v1/beneficiaries", "/v1/places", "/v1/trainings"])
def test_marks_in_a_query_are_refused_as_in_a_body(callers: Callers, path: str, mark: str) -> None:
    refused = callers.ngo().get(f"{path}?q=Nigora{mark}")
    assert [(fault["pointer"], fault["code"], fault["place"]) for fault in refused.json()["errors"]] == [
        ("/q", "forbidden_character", "query")
    ]


def test_a_name_that_nobody_knows_is_cut(callers: Callers) -> None:
    ngo, name = callers.ngo(), "x" * 299
    assert told(ngo.post("/v1/trainings", {name: 1, "territory": "1733230", "starts_on": {"date": "2019-10-01"}}))[0][0] == f"/{name[:60]}"
    assert told(ngo.get(f"/v1/trainings?{name}=1"))[0][0] == f"/{name[:60]}"
    assert told(ngo.post("/v1/trainings", {name: {"a": "\x01"}}))[0][0] == f"/{name[:60]}/a"


# --- bodies -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("body", "pointer"), [([], ""), ("text", ""), ({"names": "text"}, "/names"), ({"names": []}, "/names")])
def test_what_must_be_an_object(administrator: Caller, body: Any, pointer: str) -> None:
    sent = {**PLACE, **body} if isinstance(body, dict) else body
    assert (pointer, "must be a JSON object") in told(administrator.post("/v1/places", sent))


def test_another_media_type(callers: Callers) -> None:
    refused = callers.ngo().request("POST", "/v1/families", content=b"a=1", headers={"Content-Type": "text/plain"})
    assert refused.status_code == 415
    assert "Content-Type: application/json" in refused.json()["detail"]


@pytest.mark.parametrize("sent", [None, 3, True, [], {}, "other"])
def test_what_is_no_word_of_a_list_is_told_the_words(callers: Callers, sent: Any) -> None:
    found = dict(told(callers.ngo().post("/v1/beneficiaries", beneficiary_body(sex=sent, id=sent if sent is not None else 3))))
    assert found == {"/sex": "must be one of: female, male", "/id": "must be a UUID in its canonical form"}
    person = make_beneficiary(ngo := callers.ngo())
    assert told(ngo.patch(f"/v1/beneficiaries/{person['id']}", {"sex": sent}, version=1)) == [("/sex", found["/sex"])]


@pytest.mark.parametrize(
    ("path", "body", "pointer", "words"),
    [
        ("/v1/families", family_body(territory="1733"), "/territory", "must be the SOATO code of a district, city or mahalla"),
        ("/v1/beneficiaries", beneficiary_body(territory="Shovot"), "/territory", "must be the SOATO code of a district, city or mahalla"),
        ("/v1/trainings", {"territory": "33", "starts_on": {"date": "2019-10-01"}}, "/territory", "must be a SOATO code"),
    ],
)
def test_a_wrong_territory_is_told_in_words(callers: Callers, path: str, body: Any, pointer: str, words: str) -> None:
    found = dict(told(callers.ngo().post(path, body)))
    assert found[pointer].startswith(words)
    assert "pattern" not in found[pointer]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"names": {}}, "/names"),
        ({"names": {"en": None}}, "/names"),
        ({"soato": "1733220-0001"}, "/soato"),
        ({"valid_from": "2020-01-02", "valid_to": "2020-01-01"}, "/valid_to"),
    ],
)
def test_what_does_not_hold_together_is_named(administrator: Caller, change: dict[str, Any], pointer: str) -> None:
    ((found, message),) = told(administrator.post("/v1/places", {**PLACE, **change}))
    assert found == pointer
    assert ":" not in message


@pytest.mark.parametrize("path", ["/v1/venues", "/v1/organizations"])
def test_names_name_something(administrator: Caller, path: str) -> None:
    found = dict(told(administrator.post(path, {"names": {"ru": None}, "territory": "1733230"})))
    assert found["/names"] == "give at least one language"


def test_a_language_can_be_emptied_while_another_remains(administrator: Caller) -> None:
    venue = administrator.post("/v1/venues", {"names": {"ru": "Зал", "en": "Hall"}, "territory": "1733230"}).json()
    url = f"/v1/venues/{venue['id']}"
    assert administrator.patch(url, {"names": {"ru": None}}, version=1).json()["names"]["en"] == "Hall"
    assert told(administrator.patch(url, {"names": {"en": None}}, version=2))[0][0] == "/names"


# --- what is taken ----------------------------------------------------------------------------------------------------------
def test_which_field_is_taken(callers: Callers, administrator: Caller) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)["id"]
    make_session(ngo, training, number=1)
    session = {"number": 1, "starts_at": "2019-10-09T09:00:00+05:00", "ends_at": "2019-10-09T12:00:00+05:00"}
    again = ngo.post(f"/v1/trainings/{training}/sessions", session)
    assert (again.json()["code"], told(again, 409)[0][0]) == ("already_exists", "/number")
    mahalla = {**PLACE, "soato": "1733230-0777"}
    assert administrator.post("/v1/places", mahalla).status_code == 201
    again = administrator.post("/v1/places", mahalla)
    assert (again.json()["code"], told(again, 409)[0][0]) == ("already_exists", "/soato")
    account = {
        "email": administrator.account.email,
        "name": "Somebody",
        "password": "a sentence that is long",
        "organization_id": administrator.organization_id,
        "duty": "viewer",
        "territory": "17",
    }
    again = administrator.post("/v1/accounts", account)
    assert (again.json()["code"], told(again, 409)[0][0]) == ("already_exists", "/email")
    assert administrator.account.email not in again.text


def test_which_id_is_taken(callers: Callers) -> None:
    ngo, known = callers.ngo("1733"), make_beneficiary(callers.ngo("1733"))["id"]
    family = make_family(ngo)
    members = family_body()["members"]
    chosen = [{**one} for one in members]
    chosen[1]["id"] = known
    refused = ngo.post("/v1/families", family_body(members=chosen))
    assert refused.json()["code"] == "id_taken"
    assert [pointer for pointer, _ in told(refused, 409)] == ["/members/1/id"]
    # Another organization's row is not sought, so of several ids it cannot be told which.
    chosen[0]["id"] = str(uuid.uuid4())
    refused = ngo.post("/v1/families", family_body(members=chosen))
    assert [pointer for pointer, _ in told(refused, 409)] == ["/members/0/id", "/members/1/id"]
    assert [pointer for pointer, _ in told(ngo.post("/v1/families", family_body(id=family["id"], note="x")), 409)] == ["/id"]
    member = {"relationship_to_head": "child", "person": person_body(id=known)}
    assert [pointer for pointer, _ in told(ngo.post(f"/v1/families/{family['id']}/members", member), 409)] == ["/person/id"]
    assert [pointer for pointer, _ in told(ngo.post("/v1/beneficiaries", beneficiary_body(id=known)), 409)] == ["/id"]


def test_any_uuid_is_taken_as_an_id(callers: Callers) -> None:
    chosen = str(uuid.uuid4())
    assert make_beneficiary(callers.ngo("1733"), id=chosen)["id"] == chosen


# --- who may, and who belongs where -----------------------------------------------------------------------------------------
def test_out_of_scope_says_what_the_scope_is(callers: Callers) -> None:
    refused = callers.ngo("1718").post("/v1/beneficiaries", beneficiary_body())
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert "territory" in refused.json()["detail"]
    assert "organization" in refused.json()["detail"]


def test_already_a_member_says_how_to_find_the_family(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    first, second = make_family(ngo), make_family(ngo)
    person = first["members"][-1]["id"]
    refused = ngo.post(f"/v1/families/{second['id']}/members", {"relationship_to_head": "child", "beneficiary_id": person})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_member")
    assert "/v1/families?beneficiary_id=" in refused.json()["detail"]
    assert [one["id"] for one in ngo.get(f"/v1/families?beneficiary_id={person}").json()["items"]] == [first["id"]]


def test_a_dissolved_family_takes_nobody_in(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[])
    url = f"/v1/families/{family['id']}"
    body = {"relationship_to_head": "head", "person": person_body()}
    dissolved = ngo.patch(url, {"status": "dissolved"}, version=family["version"]).json()
    refused = ngo.post(f"{url}/members", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert ngo.patch(url, {"status": "active"}, version=dissolved["version"]).status_code == 200
    assert ngo.post(f"{url}/members", body).status_code == 201


@pytest.mark.parametrize("query", ["q=%ff", "q=a%C3", "level=mahalla&q=%ED%A0%80"])
def test_a_query_that_is_no_utf8(callers: Callers, query: str) -> None:
    found = callers.ngo().get(f"/v1/places?{query}")
    assert (found.status_code, found.json()["code"]) == (422, "invalid")
    assert {"place": "query", "pointer": "/q", "code": "not_utf8", "message": "Is no text in UTF-8."} in found.json()["errors"]
    assert callers.ngo().get("/v1/places?q=%D1%88%D0%BE").status_code == 200
