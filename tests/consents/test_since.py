"""Keeping a copy by `updated_since`: what a consent opens or closes is told by every list of what it speaks of, though no row changed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.grants import AccessGrant, DataCategory
from app.access.transaction import as_system, begin
from app.database import Database, now
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories.circumstances import make_circumstances
from tests.factories.consents import CONSENTS, given_consent, household, make_consent, withdraw
from tests.factories.identifiers import make_identifier
from tests.factories.kinship import make_kinship
from tests.factories.vulnerability import make_record

Home = dict[str, Any]
Told = dict[str, set[str]]
EVERYTHING = [str(category) for category in DataCategory]


@pytest.fixture
def ngo(callers: Callers, db: Database) -> Caller:
    load_schemes()
    return callers.ngo("1733")


@pytest.fixture
def home(ngo: Caller) -> Home:
    """A family of which everything is recorded that has a list of its own."""
    made = household(ngo)
    family = ngo.get(f"/v1/families/{made['family']['id']}").json()
    made["circumstances"] = make_circumstances(ngo, made["girl"], functioning_assessed_on="2026-01-05", school_since=None)
    made["records"] = [make_record(ngo, made["girl"], "orphan"), make_record(ngo, family, "low_income_family")]
    made["kinship"] = make_kinship(ngo, made["mother"], made["girl"])
    made["number"] = make_identifier(ngo, made["girl"])
    return made


@pytest.fixture(params=["committee", "state"])
def partner(request: pytest.FixtureRequest, callers: Callers) -> Caller:
    made: Caller = getattr(callers, request.param)("1733")
    return made


def told(caller: Caller, home: Home, since: str) -> Told:
    """What each list brings, by the name of the list; a list that brings nothing is left out. In either order it is the same."""
    lists = ("consents", "families", "beneficiaries", "circumstances", "vulnerability-records", "kinships")
    urls = {name: f"/v1/{name}" for name in lists} | {"identifiers": f"/v1/beneficiaries/{home['girl']['id']}/identifiers"}
    found: Told = {}
    for name, url in urls.items():
        answers = [
            caller.get(url, params={"updated_since": since, "sort": sort, "include": "total"}) for sort in ("updated_at", "created_at")
        ]
        if name == "identifiers" and answers[0].status_code == 404:
            continue
        first, second = ({one.get("id", one.get("beneficiary_id")) for one in answer.json()["items"]} for answer in answers)
        assert first == second, name
        assert answers[0].json()["total"] == len(first), name
        if first:
            found[name] = first
    return found


def whole(home: Home, consent: dict[str, Any]) -> Told:
    """All that a consent to everything opens."""
    return {
        "consents": {consent["id"]},
        "families": {home["family"]["id"]},
        "beneficiaries": {home[one]["id"] for one in ("mother", "girl", "boy")},
        "circumstances": {home["girl"]["id"]},
        "vulnerability-records": {one["id"] for one in home["records"]},
        "kinships": {home["kinship"]["id"]},
        "identifiers": {home["number"]["id"]},
    }


def moment() -> str:
    return now().isoformat()


def test_what_a_consent_opens_is_told_though_no_row_changed(callers: Callers, ngo: Caller, home: Home, partner: Caller) -> None:
    before = moment()
    consent = given_consent(ngo, home, to=partner, categories=EVERYTHING)
    assert told(partner, home, before) == whole(home, consent)
    # To whoever registered them nothing has changed but the consent, and to others nothing was opened.
    assert told(ngo, home, before) == {"consents": {consent["id"]}}
    for stranger in (
        *(callers.make(partner.account.role, territory) for territory in ("1733", "17")),
        callers.make(partner.account.role, "1703", organization_id=partner.organization_id),
        callers.ngo("1733"),
    ):
        assert told(stranger, home, before) == {}
    assert told(partner, home, moment()) == {}


def test_what_is_opened_to_others_is_not_told(callers: Callers, ngo: Caller, home: Home, partner: Caller) -> None:
    given_consent(ngo, home, to=partner, categories=EVERYTHING)
    before = moment()
    second = given_consent(ngo, home, to=callers.committee("1733"), categories=EVERYTHING)
    withdraw(ngo, second, home)
    assert told(partner, home, before) == {}


def test_what_opens_and_closes_by_the_calendar_is_told_in_its_time(ngo: Caller, home: Home, partner: Caller) -> None:
    consent = given_consent(ngo, home, to=partner, categories=EVERYTHING)
    # Given long ago, to begin later; and the boy's part is over before the others'.
    _move(lambda grant: {"opens_at": now() + timedelta(days=1)})
    before = moment()
    assert told(partner, home, before) == {}
    _move(lambda grant: {"opens_at": now()})
    assert told(partner, home, before) == whole(home, consent)
    after = moment()
    assert told(partner, home, after) == {}
    _move(lambda grant: {"closes_at": now()} if str(grant.beneficiary_id) == home["boy"]["id"] else {})
    assert told(partner, home, after) == {"consents": {consent["id"]}}
    [again] = partner.get(CONSENTS, params={"updated_since": after}).json()["items"]
    assert {one["beneficiary_id"] for one in again["covers"]} == {home["mother"]["id"], home["girl"]["id"]}
    # The row's version is the same, and the answer is not.
    assert partner.get(f"{CONSENTS}/{consent['id']}", headers={"If-None-Match": f'"{consent["version"]}"'}).json() == again
    assert partner.get(f"/v1/beneficiaries/{home['boy']['id']}").status_code == 404


def test_what_is_closed_in_part_is_told_and_what_is_closed_altogether_is_gone(ngo: Caller, home: Home, partner: Caller) -> None:
    first = given_consent(ngo, home, to=partner, categories=["identity", "household", "vulnerability"])
    second = given_consent(ngo, home, to=partner, categories=["contact", "education"])
    girl = f"/v1/beneficiaries/{home['girl']['id']}"
    assert "phone" in partner.get(girl).json()
    before = moment()
    withdraw(ngo, second, home)
    found = told(partner, home, before)
    assert found["beneficiaries"] == {home[one]["id"] for one in ("mother", "girl", "boy")}
    assert found["families"] == {home["family"]["id"]}
    assert "phone" not in partner.get("/v1/beneficiaries", params={"updated_since": before, "q": "dilnoza"}).json()["items"][0]
    assert not found.keys() & {"consents", "circumstances"}
    assert told(ngo, home, before) == {"consents": {second["id"]}}
    before = moment()
    withdraw(ngo, first, home)
    # Neither a row nor a hint: a copy of it is forgotten because it is not there.
    assert told(partner, home, before) == {}
    for url in (girl, f"/v1/families/{home['family']['id']}", *(f"{CONSENTS}/{one['id']}" for one in (first, second))):
        assert partner.get(url).status_code == 404
    assert told(ngo, home, before) == {"consents": {first["id"]}}


def test_who_is_forgotten_is_told_to_be_overwritten(ngo: Caller, home: Home, partner: Caller) -> None:
    consent = given_consent(ngo, home, to=partner, categories=EVERYTHING)
    before, girl = moment(), home["girl"]["id"]
    asked = ngo.post("/v1/erasure-requests", {"beneficiary_id": girl, "asked_by": "caregiver", "asked_on": "2026-01-31"}).json()
    assert ngo.post(f"/v1/erasure-requests/{asked['id']}/approve", version=1).status_code == 200
    assert ngo.get(f"/v1/erasure-requests/{asked['id']}").json()["status"] == "done"
    mine = told(ngo, home, before)
    assert mine["beneficiaries"] == {girl}
    [left] = ngo.get("/v1/beneficiaries", params={"updated_since": before}).json()["items"]
    assert (left["surname"], left["given_name"], left["birth_precision"]) == ("—", "—", "year")
    assert mine["circumstances"] == {girl}
    # What is deleted with the person is told by no list.
    assert not mine.keys() & {"kinships", "identifiers"}
    assert ngo.get(f"/v1/kinships/{home['kinship']['id']}").status_code == 404
    # To a partner the person is gone, and the consent comes without it.
    assert told(partner, home, before) == {"consents": {consent["id"]}}
    [again] = partner.get(CONSENTS, params={"updated_since": before}).json()["items"]
    assert {one["beneficiary_id"] for one in again["covers"]} == {home["mother"]["id"], home["boy"]["id"]}


def test_ones_own_lists_tell_what_changed(callers: Callers, ngo: Caller, home: Home) -> None:
    consent = make_consent(ngo, home)
    before = moment()
    assert told(ngo, home, before) == {}
    assert ngo.patch(f"{CONSENTS}/{consent['id']}", {"note": "Ertaga keladi"}, version=consent["version"]).status_code == 200
    assert ngo.post(f"/v1/kinships/{home['kinship']['id']}/end", {}, version=1).status_code == 200
    assert ngo.patch(f"/v1/identifiers/{home['number']['id']}", {"issuer": "IIB"}, version=1).status_code == 200
    changed = {"consents": {consent["id"]}, "kinships": {home["kinship"]["id"]}, "identifiers": {home["number"]["id"]}}
    assert told(ngo, home, before) == changed
    assert told(callers.ngo("1733"), home, before) == {}
    for url in (CONSENTS, "/v1/kinships", f"/v1/beneficiaries/{home['girl']['id']}/identifiers"):
        refused = ngo.get(url, params={"updated_since": "yesterday"})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/updated_since")


def test_a_page_goes_on_where_it_stopped(ngo: Caller, home: Home, partner: Caller) -> None:
    before = moment()
    given_consent(ngo, home, to=partner, categories=EVERYTHING)
    for url in (CONSENTS, "/v1/beneficiaries", "/v1/vulnerability-records"):
        params: dict[str, Any] = {"updated_since": before, "sort": "updated_at"}
        want = [one["id"] for one in partner.get(url, params=params).json()["items"]]
        found, cursor = [], None
        while True:
            page = partner.get(url, params={**params, "limit": 1, **({"cursor": cursor} if cursor else {})}).json()
            found += [one["id"] for one in page["items"]]
            if (cursor := page["next"]) is None:
                break
        assert found == want


def _move(moments: Callable[[AccessGrant], dict[str, Any]]) -> None:
    """Other moments for grants, as time would bring them."""
    with begin(as_system("test")) as db:
        for grant in db.execute(sa.select(AccessGrant)).scalars():
            for name, value in moments(grant).items():
                setattr(grant, name, value)
