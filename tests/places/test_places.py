"""Places: everybody reads them, in any script; an administrator adds mahallas."""

import pytest

from tests.callers import Callers
from tests.client import Client


def test_anonymous_reads_nothing(client: Client) -> None:
    assert client.get("/v1/places").status_code == 401


def test_the_official_list_is_there(callers: Callers) -> None:
    state = callers.state()
    assert state.get("/v1/places?include=total&limit=1").json()["total"] == 221
    assert state.get("/v1/places?level=region&include=total").json()["total"] == 14
    assert state.get("/v1/places/1733230").json()["names"]["uz_latn"] == "Shovot tumani"


@pytest.mark.parametrize("q", ["Шовот", "shovot", "Shavat", "Шават", "SHOVOT tum"])
def test_a_place_is_found_however_it_is_spelt(callers: Callers, q: str) -> None:
    found = callers.ngo().get("/v1/places", params={"q": q}).json()["items"]
    assert [place["soato"] for place in found] == ["1733230"]


def test_a_search_of_marks_finds_nothing(callers: Callers) -> None:
    assert callers.ngo().get("/v1/places", params={"q": "%"}).json()["items"] == []


def test_only_an_administrator_adds_a_mahalla(callers: Callers) -> None:
    body = {"district": "1733230", "names": {"uz_latn": "Guliston"}, "aliases": ["Gulzor"], "is_pilot": True}
    for caller in (callers.ngo(), callers.committee(), callers.state()):
        assert caller.post("/v1/places", body).status_code == 403
    administrator = callers.administrator()
    made = administrator.post("/v1/places", body)
    assert made.status_code == 201
    assert made.json()["soato"] == "1733230-0001"
    assert administrator.post("/v1/places", body).json()["soato"] == "1733230-0002"
    found = callers.state().get("/v1/places?q=гулзор&sort=soato").json()["items"]
    assert [place["soato"] for place in found] == ["1733230-0001", "1733230-0002"]
    assert administrator.post("/v1/places", {**body, "soato": "1733230-0002"}).json()["code"] == "already_exists"


def test_a_mahalla_is_changed_with_its_version(callers: Callers) -> None:
    administrator = callers.administrator()
    administrator.post("/v1/places", {"district": "1733230", "names": {"uz_latn": "Guliston"}, "valid_from": "2020-01-01"})
    url = "/v1/places/1733230-0001"
    assert administrator.patch(url, {"is_pilot": True}).status_code == 428
    changed = administrator.patch(url, {"is_pilot": True}, version=1)
    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert administrator.patch(url, {"is_pilot": False}, version=1).status_code == 412
    assert administrator.patch(url, {"valid_to": "2019-01-01"}, version=2).json()["errors"][0]["pointer"] == "/valid_to"
    assert administrator.patch("/v1/places/1733230", {"is_pilot": True}, version=1).json()["code"] == "not_a_mahalla"
    assert callers.ngo().patch(url, {"is_pilot": False}, version=2).status_code == 403


def test_what_is_wrong_is_named(callers: Callers) -> None:
    administrator = callers.administrator()
    assert administrator.post("/v1/places", {"district": "1733999", "names": {"en": "X"}}).json()["errors"][0]["pointer"] == "/district"
    assert administrator.post("/v1/places", {"district": "1733230", "names": {}}).status_code == 422
    assert administrator.get("/v1/places?lvl=region").json()["errors"] == [
        {"place": "query", "pointer": "/lvl", "code": "unknown", "message": "There is no such parameter here."}
    ]
    assert administrator.get("/v1/places?limit=999").json()["errors"][0]["pointer"] == "/limit"
