"""What is known of a person: recorded as a whole or in parts, by version, from the empty record on."""

import uuid
from typing import Any

import pytest

from app.access.fetch import fetch
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.circumstances import HEALTH, PAPERS, SCHOOLING, WHOLE, make_circumstances, url_of

Body = dict[str, Any]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def girl(ngo: Caller) -> Body:
    return make_beneficiary(ngo)


def fault(response: Any) -> tuple[int, str, str]:
    """Status, and the first pointer and code."""
    first = (response.json()["errors"] or [{"pointer": "", "code": response.json()["code"]}])[0]
    return response.status_code, first["pointer"], first["code"]


# --- doors and versions ----------------------------------------------------------------------------------------------------------
def test_anonymous_does_nothing(client: Client) -> None:
    url = url_of({"id": uuid.uuid4()})
    for method, path in (("GET", url), ("PUT", url), ("PATCH", url), ("GET", "/v1/circumstances")):
        assert client.request(method, path, json={} if method[0] == "P" else None).status_code == 401


def test_viewers_and_state_partners_do_not_write(callers: Callers, ngo: Caller, girl: Body) -> None:
    viewer = callers.ngo("1733", organization_id=ngo.organization_id, duty="viewer")
    assert viewer.get(url_of(girl)).status_code == 200
    for one in (viewer, callers.state()):
        assert one.put(url_of(girl), WHOLE, version=0).status_code == 403
        assert one.patch(url_of(girl), SCHOOLING, version=0).status_code == 403


def test_before_anything_is_recorded_the_record_is_empty(ngo: Caller, girl: Body) -> None:
    found = ngo.get(url_of(girl))
    assert (found.status_code, found.headers["etag"]) == (200, '"0"')
    shown = found.json()
    assert shown["beneficiary_id"] == girl["id"]
    assert shown["names"] == girl["names"]
    assert shown["missing_documents"] == []
    assert shown["version"] == 0
    assert all(shown[name] is None for name in {*HEALTH, *SCHOOLING, *PAPERS, "has_disability", "created_at"} - {"missing_documents"})
    assert ngo.get("/v1/circumstances").json()["items"] == []


def test_the_whole_is_recorded_and_read(ngo: Caller, girl: Body) -> None:
    made = ngo.put(url_of(girl), WHOLE, version=0)
    assert (made.status_code, made.headers["etag"], made.headers["location"]) == (201, '"1"', url_of(girl))
    assert made.json() == ngo.get(url_of(girl)).json()
    assert {name: made.json()[name] for name in WHOLE} == WHOLE
    assert made.json()["territory"] == girl["territory"]
    assert "has_disability" in made.json()


def test_put_empties_what_is_left_out(ngo: Caller, girl: Body) -> None:
    make_circumstances(ngo, girl)
    put = ngo.put(url_of(girl), SCHOOLING, version=1).json()
    assert put["version"] == 2
    assert {name: put[name] for name in SCHOOLING} == SCHOOLING
    assert all(put[name] is None for name in {*HEALTH, "has_disability", "citizenship", "papers_note"})
    assert put["missing_documents"] == []


def test_patch_keeps_what_is_left_out(ngo: Caller, girl: Body) -> None:
    first = ngo.patch(url_of(girl), {"citizenship": "KZ"}, version=0)
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    second = ngo.patch(url_of(girl), SCHOOLING, version=1).json()
    assert (second["citizenship"], second["grade"], second["version"]) == ("KZ", 7, 2)
    third = ngo.patch(url_of(girl), {"citizenship": None, "missing_documents": []}, version=2).json()
    assert (third["citizenship"], third["grade"], third["version"]) == (None, 7, 3)


@pytest.mark.parametrize("method", ["put", "patch"])
def test_nobodys_record_is_overwritten_unseen(ngo: Caller, girl: Body, method: str) -> None:
    write = getattr(ngo, method)
    assert write(url_of(girl), SCHOOLING).status_code == 428
    assert write(url_of(girl), SCHOOLING, version=1).status_code == 412
    assert write(url_of(girl), SCHOOLING, version=0).status_code == 201
    assert write(url_of(girl), SCHOOLING, version=0).status_code == 412
    assert write(url_of(girl), SCHOOLING, version=9).status_code == 412
    # The same again changes nothing, is no new version, and is not the first.
    again = write(url_of(girl), SCHOOLING, version=1)
    assert (again.status_code, again.json()["version"], "location" in again.headers) == (200, 1, False)


def test_of_nobody_there_is_nothing(ngo: Caller) -> None:
    url = url_of({"id": uuid.uuid4()})
    assert ngo.get(url).status_code == 404
    assert ngo.put(url, WHOLE, version=0).status_code == 404
    assert ngo.patch(url, {}, version=0).status_code == 404


def test_of_a_person_who_was_merged_nothing_is_recorded(ngo: Caller, girl: Body) -> None:
    other = make_beneficiary(ngo, given_name="Барно")
    with begin(as_system("test")) as db:
        fetch(db, Beneficiary, uuid.UUID(girl["id"])).merged_into_id = uuid.UUID(other["id"])
    refused = ngo.put(url_of(girl), WHOLE, version=0)
    assert (refused.status_code, refused.json()["code"]) == (409, "merged")


# --- the short set ---------------------------------------------------------------------------------------------------------------
ASKED = {"functioning_assessed_on": "2020-02-03"}


@pytest.mark.parametrize(
    ("answers", "has"),
    [
        ({"seeing": "no_difficulty"}, False),
        ({"seeing": "some_difficulty", "hearing": "some_difficulty"}, False),
        ({"walking": "a_lot_of_difficulty"}, True),
        ({"communicating": "cannot_do_at_all", "seeing": "no_difficulty"}, True),
        ({"self_care": "a_lot_of_difficulty", "remembering": "cannot_do_at_all"}, True),
        (dict.fromkeys(("seeing", "hearing", "walking", "remembering", "self_care", "communicating"), "some_difficulty"), False),
    ],
)
def test_disability_follows_the_recommended_cutoff(ngo: Caller, girl: Body, answers: Body, has: bool) -> None:
    assert ngo.put(url_of(girl), answers | ASKED, version=0).json()["has_disability"] is has
    # It is derived: nobody writes it, and it goes with the answers.
    assert ngo.patch(url_of(girl), {"has_disability": not has}, version=1).status_code == 422
    empty = dict.fromkeys((*answers, "functioning_assessed_on"))
    assert ngo.patch(url_of(girl), empty, version=1).json()["has_disability"] is None


def test_the_set_is_not_for_children_under_five(ngo: Caller) -> None:
    child = make_beneficiary(ngo, birth_date="2019-03-10")
    answers = {"seeing": "no_difficulty", "walking": "no_difficulty"}
    refused = ngo.put(url_of(child), answers | {"functioning_assessed_on": "2024-03-09"}, version=0)
    assert {(one["pointer"], one["code"]) for one in refused.json()["errors"]} == {("/seeing", "too_young"), ("/walking", "too_young")}
    assert ngo.put(url_of(child), {"disability_status": "child_with_disability"}, version=0).status_code == 201
    assert ngo.put(url_of(child), answers | {"functioning_assessed_on": "2024-03-10"}, version=1).status_code == 200


def test_who_may_be_five_is_not_refused(ngo: Caller) -> None:
    child = make_beneficiary(ngo, birth_date="2019-01-01", birth_precision="year")
    asked = {"seeing": "no_difficulty", "functioning_assessed_on": "2024-02-01"}
    assert ngo.put(url_of(child), asked, version=0).status_code == 201
    asked["functioning_assessed_on"] = "2023-12-31"
    assert fault(ngo.put(url_of(child), asked, version=1)) == (422, "/seeing", "too_young")


# --- what contradicts itself ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"seeing": "no_difficulty"}, "/functioning_assessed_on", "missing"),
        ({"functioning_assessed_on": "2020-01-01"}, "/functioning_assessed_on", "nothing_asked"),
        ({"seeing": "no_difficulty", "functioning_assessed_on": "2012-05-16"}, "/functioning_assessed_on", "before_birth"),
        ({"school_since": "2012-05-16"}, "/school_since", "before_birth"),
        ({"school_status": "never_enrolled", "grade": 3}, "/grade", "not_at_school"),
        ({"school_status": "preschool", "grade": 1}, "/grade", "not_at_school"),
        ({"missing_documents": ["passport", "passport"]}, "/missing_documents", "repeated"),
    ],
)
def test_what_cannot_be_is_refused(ngo: Caller, girl: Body, body: Body, pointer: str, code: str) -> None:
    assert fault(ngo.put(url_of(girl), body, version=0)) == (422, pointer, code)
    assert fault(ngo.patch(url_of(girl), body, version=0)) == (422, pointer, code)
    assert ngo.get(url_of(girl)).json()["version"] == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"seeing": "a bit", "functioning_assessed_on": "2020-01-01"}, "/seeing"),
        ({"functioning_assessed_on": "2999-01-01"}, "/functioning_assessed_on"),
        ({"grade": 12}, "/grade"),
        ({"grade": 0}, "/grade"),
        ({"grade": "7"}, "/grade"),
        ({"immunization_up_to_date": "yes"}, "/immunization_up_to_date"),
        ({"citizenship": "uz"}, "/citizenship"),
        ({"citizenship": "ZZ"}, "/citizenship"),
        ({"citizenship": "XK"}, "/citizenship"),
        ({"citizenship": "EU"}, "/citizenship"),
        ({"citizenship": "UZB"}, "/citizenship"),
        ({"missing_documents": None}, "/missing_documents"),
        ({"missing_documents": ["driving_licence"]}, "/missing_documents/0"),
        ({"school": ""}, "/school"),
        ({"is_pregnant": True}, "/is_pregnant"),
        ({"version": 3}, "/version"),
    ],
)
def test_a_body_that_is_wrong(ngo: Caller, girl: Body, body: Body, pointer: str) -> None:
    for write in (ngo.put, ngo.patch):
        response = write(url_of(girl), body, version=0)
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("code", ["UZ", "RU", "KG", "TJ", "KZ", "AF", "DE"])
def test_countries_are_known(ngo: Caller, girl: Body, code: str) -> None:
    assert ngo.put(url_of(girl), {"citizenship": code}, version=0).json()["citizenship"] == code


# --- the lists that an organization works through -----------------------------------------------------------------------------------
def listed(caller: Caller, **params: Any) -> list[str]:
    found = caller.get("/v1/circumstances", params=params)
    assert found.status_code == 200, found.text
    return [one["beneficiary_id"] for one in found.json()["items"]]


def test_people_are_found_by_their_circumstances(ngo: Caller, girl: Body) -> None:
    make_circumstances(ngo, girl)
    boy = make_beneficiary(ngo, surname="Алиев", given_name="Анвар", patronymic=None, sex="male", territory="1733217")
    plain = {"seeing": "no_difficulty", "functioning_assessed_on": "2021-01-01", "school_status": "dropped_out", "grade": 8}
    ngo.put(url_of(boy), plain | {"missing_documents": ["passport"], "immunization_up_to_date": True}, version=0)
    assert listed(ngo) == [boy["id"], girl["id"]]
    assert listed(ngo, sort="created_at") == [girl["id"], boy["id"]]
    assert listed(ngo, sort="name") == [boy["id"], girl["id"]]
    assert listed(ngo, school_status="dropped_out") == [boy["id"]]
    assert listed(ngo, has_disability=True) == [girl["id"]]
    assert listed(ngo, has_disability=False) == [boy["id"]]
    assert listed(ngo, disability_status="child_with_disability") == [girl["id"]]
    assert listed(ngo, immunization_up_to_date=False) == [girl["id"]]
    assert listed(ngo, missing_document="id_card") == [girl["id"]]
    assert listed(ngo, missing_document="passport") == [boy["id"]]
    assert listed(ngo, missing_document="other") == []
    assert listed(ngo, territory="1733217") == [boy["id"]]
    assert listed(ngo, territory="1733", school_status="in_school") == [girl["id"]]
    assert listed(ngo, territory="1718") == []
    assert listed(ngo, updated_since="2999-01-01T00:00:00Z") == []
    whole = ngo.get("/v1/circumstances", params={"include": "total", "limit": 1, "sort": "name"}).json()
    assert (whole["total"], whole["items"][0]["names"]) == (2, boy["names"])
    assert listed(ngo, limit=1, sort="name", cursor=whole["next"]) == [girl["id"]]


def test_a_filter_that_is_not_there(ngo: Caller) -> None:
    assert ngo.get("/v1/circumstances?grade=7").json()["errors"][0]["pointer"] == "/grade"
    assert ngo.get("/v1/circumstances?school_status=asleep").status_code == 422


def test_reading_costs_one_statement(ngo: Caller, girl: Body, statements: list[str]) -> None:
    """Two where nothing is recorded yet: the record, and then the person."""
    for count in (2, 1):
        ngo.get(url_of(girl))
        statements.clear()
        ngo.get(url_of(girl))
        assert len([one for one in statements if "access_entry" not in one]) == count
        if count == 2:
            make_circumstances(ngo, girl)
    statements.clear()
    ngo.get("/v1/circumstances")
    assert len([one for one in statements if "access_entry" not in one]) == 1


def test_it_moves_with_the_person(callers: Callers, ngo: Caller, girl: Body) -> None:
    make_circumstances(ngo, girl)
    there = callers.ngo("1733217", organization_id=ngo.organization_id)
    here = callers.ngo("1733230", organization_id=ngo.organization_id)
    assert (listed(here), listed(there)) == ([girl["id"]], [])
    ngo.patch(f"/v1/beneficiaries/{girl['id']}", {"territory": "1733217"}, version=1)
    assert (listed(here), listed(there)) == ([], [girl["id"]])
    assert here.get(url_of(girl)).status_code == 404
    assert there.patch(url_of(girl), {"grade": 8}, version=1).json()["grade"] == 8
