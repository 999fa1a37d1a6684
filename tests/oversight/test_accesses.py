"""Who looked: told to the managers of the organization whose people were looked at, with what let each viewer in."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization, to_role
from app.database import now
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import make_beneficiary, make_family
from tests.factories.grants import grant
from tests.factories.oversight import FAMILIES, PEOPLE, age, age_looks, break_glass, consent_of, looked

IDENTITY, HOUSEHOLD = DataCategory.IDENTITY, DataCategory.HOUSEHOLD


def accesses(owner: Caller, row: dict[str, Any], of: str = PEOPLE, **params: Any) -> list[dict[str, Any]]:
    looked()
    found = owner.get(f"{of}/{row['id']}/accesses", params=params)
    assert found.status_code == 200, found.text
    return list(found.json()["items"])


def told(item: dict[str, Any]) -> tuple[str, str, int, list[str]]:
    return item["viewer"]["id"], item["operation"], item["times"], [ground["kind"] for ground in item["grounds"]]


# --- who looked and why -------------------------------------------------------------------------------------------------------
def test_the_organization_itself(callers: Callers) -> None:
    ngo = callers.ngo("17")
    specialist = callers.ngo("1733", duty="specialist", organization_id=ngo.organization_id)
    person = make_beneficiary(ngo)
    assert accesses(ngo, person) == []
    looked()
    for _ in range(3):
        specialist.get(f"{PEOPLE}/{person['id']}")
    specialist.get(PEOPLE)
    found = accesses(ngo, person)
    mine = str(specialist.account.id)
    # What waits is written at least once a second, so that the same look may stand in two rows.
    counts: Counter[str] = Counter()
    for one in found:
        if one["viewer"]["id"] == mine:
            counts[one["operation"]] += one["times"]
    assert counts == {"get_beneficiary": 3, "list_beneficiaries": 1}
    one = next(one for one in found if one["operation"] == "get_beneficiary")
    assert one["viewer"]["name"] == "Test"
    assert (one["viewer"]["kind"], one["viewer"]["duty"]) == ("account", "specialist")
    assert one["viewer"]["organization_id"] == ngo.organization_id
    assert one["viewer"]["organization_names"]["en"].startswith("ngo")
    assert [ground["kind"] for ground in one["grounds"]] == ["own_organization"]
    assert {value for ground in one["grounds"] for name, value in ground.items() if name != "kind"} == {None}


def test_reading_it_is_a_look_itself(callers: Callers) -> None:
    ngo = callers.ngo("17")
    person, family = make_beneficiary(ngo), make_family(ngo)
    for of, row, operation in ((PEOPLE, person, "list_beneficiary_accesses"), (FAMILIES, family, "list_family_accesses")):
        assert operation not in {one["operation"] for one in accesses(ngo, row, of)}
        assert (str(ngo.account.id), operation) in {told(one)[:2] for one in accesses(ngo, row, of)}
    ngo.get(f"{PEOPLE}/{person['id']}/accesses.pdf")
    assert "get_beneficiary_accesses_pdf" in {one["operation"] for one in accesses(ngo, person)}


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_another_organization_through_a_consent(callers: Callers, kind: str) -> None:
    ngo, partner = callers.ngo("17"), getattr(callers, kind)(duty="viewer")
    person = make_beneficiary(ngo)
    consent = consent_of(ngo, person)
    given = grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"], source_id=consent)
    # Grants to others, on others, of parts that open no row, and of another time are no ground.
    grant(ngo, to_organization(callers.state().organization_id), IDENTITY, beneficiary_id=person["id"])
    grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=make_beneficiary(ngo)["id"])
    grant(ngo, to_organization(partner.organization_id), DataCategory.CONTACT, beneficiary_id=person["id"])
    past = {"opens_at": now() - timedelta(days=2), "closes_at": now() - timedelta(days=1)}
    grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"], **past)
    grant(ngo, to_role(str(partner.account.role)), IDENTITY, beneficiary_id=person["id"], opens_at=now() + timedelta(days=1))
    partner.get(f"{PEOPLE}/{person['id']}")
    (one,) = [one for one in accesses(ngo, person) if one["viewer"]["id"] == str(partner.account.id)]
    assert (one["viewer"]["name"], one["viewer"]["duty"]) == ("Test", "viewer")
    assert one["viewer"]["organization_id"] == partner.organization_id
    (ground,) = one["grounds"]
    assert (ground["kind"], ground["grant_id"]) == ("consent", str(given.id))
    assert (ground["consent_id"], ground["consent_purpose"]) == (str(consent), "information_sharing")
    assert ground["break_glass_id"] is ground["break_glass_category"] is ground["break_glass_reason"] is None


def test_through_a_consent_for_a_kind_of_organizations(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person, family = make_beneficiary(ngo), make_family(ngo)
    given = grant(ngo, to_role("state_partner"), IDENTITY, beneficiary_id=person["id"], source_id=consent_of(ngo, person))
    grant(ngo, to_role("womens_committee"), IDENTITY, beneficiary_id=person["id"])
    partner.get(f"{PEOPLE}/{person['id']}")
    (one,) = [one for one in accesses(ngo, person) if one["viewer"]["id"] == str(partner.account.id)]
    assert [ground["grant_id"] for ground in one["grounds"]] == [str(given.id)]
    opened = grant(ngo, to_role("state_partner"), HOUSEHOLD, family_id=family["id"], source_id=consent_of(ngo, person))
    partner.get(f"{FAMILIES}/{family['id']}")
    (one,) = [one for one in accesses(ngo, family, FAMILIES) if one["viewer"]["id"] == str(partner.account.id)]
    assert [ground["grant_id"] for ground in one["grounds"]] == [str(opened.id)]


def test_through_a_broken_glass(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee()
    family = make_family(ngo)
    person, other = family["members"][:2]
    glass = break_glass(partner, person)
    partner.get(f"{PEOPLE}/{person['id']}")
    partner.get(f"{FAMILIES}/{family['id']}")
    mine = [one for one in accesses(ngo, person) if one["viewer"]["id"] == str(partner.account.id)]
    # The breaking itself is told as well.
    assert {one["operation"] for one in mine} == {"break_glass", "get_beneficiary", "get_family"}
    for one in (*mine, *[one for one in accesses(ngo, family, FAMILIES) if one["viewer"]["id"] == str(partner.account.id)]):
        (ground,) = one["grounds"]
        assert (ground["kind"], ground["break_glass_id"]) == ("break_glass", glass["id"])
        assert (ground["break_glass_category"], ground["break_glass_reason"]) == (glass["category"], glass["reason"])
        assert ground["consent_id"] is ground["consent_purpose"] is None
    assert not [one for one in accesses(ngo, other) if one["viewer"]["id"] == str(partner.account.id)]


def test_all_that_let_somebody_in_is_told(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"], source_id=consent_of(ngo, person))
    glass = break_glass(partner, person)
    partner.get(f"{PEOPLE}/{person['id']}")
    (one,) = accesses(ngo, person, organization_id=partner.organization_id)[-1:]
    assert sorted(ground["kind"] for ground in one["grounds"]) == ["break_glass", "consent"]
    # A day later the same looks are told the same, and a look of today only by what is open today.
    age(glass, timedelta(days=1))
    age_looks(timedelta(days=1))
    partner.get(f"{PEOPLE}/{person['id']}")
    newest, *_, oldest = accesses(ngo, person, organization_id=partner.organization_id)
    assert [ground["kind"] for ground in newest["grounds"]] == ["consent"]
    assert [ground["kind"] for ground in oldest["grounds"]] == ["break_glass"]


def test_what_closed_before_the_look_was_written_down_is_told(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    glass = break_glass(partner, person)
    partner.get(f"{PEOPLE}/{person['id']}")
    partner.post(f"/v1/break-glass/{glass['id']}/close", version=1)
    found = accesses(ngo, person, organization_id=partner.organization_id)
    assert {tuple(ground["kind"] for ground in one["grounds"]) for one in found} == {("break_glass",)}
    # Long before: then it was not that which let the viewer in, and nothing is made up.
    age(glass, timedelta(minutes=10))
    found = accesses(ngo, person, organization_id=partner.organization_id)
    assert {tuple(ground["kind"] for ground in one["grounds"]) for one in found} == {()}


def test_a_script_is_told_by_its_name(callers: Callers, client: Client) -> None:
    administrator, ngo = callers.administrator(), callers.ngo("17")
    person = make_beneficiary(ngo)
    asked = {"name": "Statistika", "organization_id": ngo.organization_id, "territory": "17", "scopes": ["beneficiaries:read"]}
    script = administrator.post("/v1/service-clients", asked).json()
    given = {"grant_type": "client_credentials", "client_id": script["client_id"], "client_secret": script["client_secret"]}
    token = client.post("/v1/oauth/token", data=given).json()["access_token"]
    client.get(f"{PEOPLE}/{person['id']}", headers={"Authorization": f"Bearer {token}"})
    (one,) = accesses(ngo, person)
    assert (one["viewer"]["id"], one["viewer"]["kind"]) == (script["id"], "client")
    assert (one["viewer"]["name"], one["viewer"]["duty"]) == ("Statistika", None)


# --- to whom it is told -------------------------------------------------------------------------------------------------------
def test_it_is_told_to_managers_of_the_organization_alone(callers: Callers, client: Client) -> None:
    ngo, partner = callers.ngo("17"), callers.committee()
    person, family = make_beneficiary(ngo), make_family(ngo)
    grant(ngo, to_organization(partner.organization_id), *DataCategory, beneficiary_id=person["id"])
    grant(ngo, to_organization(partner.organization_id), *DataCategory, family_id=family["id"])
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 200
    for url in (f"{PEOPLE}/{person['id']}/accesses", f"{FAMILIES}/{family['id']}/accesses", f"{PEOPLE}/{person['id']}/accesses.pdf"):
        assert client.get(url).status_code == 401
        for duty in ("specialist", "viewer"):
            assert callers.ngo("17", duty=duty, organization_id=ngo.organization_id).get(url).status_code == 403
        assert callers.state().get(url).status_code == 403
        # Even whoever sees the person is not told who else does.
        for stranger in (partner, callers.ngo("17"), callers.administrator(), callers.ngo("1703", organization_id=ngo.organization_id)):
            assert stranger.get(url).status_code == 404
        assert callers.ngo("1733", organization_id=ngo.organization_id).get(url).status_code == 200
    assert ngo.get(f"{PEOPLE}/{uuid.uuid4()}/accesses").status_code == 404
    assert ngo.get(f"{PEOPLE}/{family['id']}/accesses").status_code == 404
    assert ngo.get(f"{FAMILIES}/{person['id']}/accesses").status_code == 404


def test_a_committee_is_told_of_its_own_people(callers: Callers) -> None:
    committee, other = callers.committee(), callers.committee()
    person = make_beneficiary(committee)
    grant(committee, to_organization(other.organization_id), IDENTITY, beneficiary_id=person["id"])
    other.get(f"{PEOPLE}/{person['id']}")
    assert [told(one)[0] for one in accesses(committee, person)] == [str(other.account.id)]


# --- the list -----------------------------------------------------------------------------------------------------------------
def test_filters_and_pages(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"])
    for _ in range(2):
        for caller in (ngo, partner):
            caller.get(f"{PEOPLE}/{person['id']}")
            looked()
        age_looks(timedelta(hours=1))
    everything = accesses(ngo, person)
    assert len(everything) == 4
    assert [one["at"] for one in everything] == sorted((one["at"] for one in everything), reverse=True)
    age_looks(timedelta(0))
    params: dict[str, Any] = {"until": everything[0]["at"]}
    assert [one["id"] for one in accesses(ngo, person, **params)] == [one["id"] for one in everything[1:]]
    params = {"since": everything[1]["at"], "until": (datetime.now(UTC) - timedelta(minutes=30)).isoformat()}
    assert [one["id"] for one in accesses(ngo, person, **params)] == [one["id"] for one in everything[:2]]
    assert {told(one)[0] for one in accesses(ngo, person, organization_id=partner.organization_id)} == {str(partner.account.id)}
    assert accesses(ngo, person, organization_id=str(uuid.uuid4())) == []
    until = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    found: list[int] = []
    for sort in ("-at", "at"):
        found.clear()
        target: str = f"{PEOPLE}/{person['id']}/accesses"
        response = ngo.get(target, params={"limit": 1, "sort": sort, "include": "total", "until": until})
        assert response.json()["total"] == 4
        while True:
            found += [one["id"] for one in response.json()["items"]]
            if "link" not in response.headers:
                break
            response = ngo.get(response.links["next"]["url"])
        assert found == [one["id"] for one in everything][:: 1 if sort == "-at" else -1]
    for wrong in ({"since": "yesterday"}, {"until": "2026-01-01"}, {"organization_id": "1"}, {"sort": "times"}, {"q": "x"}):
        assert ngo.get(f"{PEOPLE}/{person['id']}/accesses", params=wrong).status_code == 422
    for wrong_cursor in ("abc", "W10"):
        assert ngo.get(f"{PEOPLE}/{person['id']}/accesses", params={"cursor": wrong_cursor}).status_code == 400


def test_what_it_costs(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)
    costs = []
    for _ in range(2):
        for _ in range(3):
            partner = callers.state()
            grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"], source_id=consent_of(ngo, person))
            partner.get(f"{PEOPLE}/{person['id']}")
        accesses(ngo, person)
        looked()
        statements.clear()
        assert len(ngo.get(f"{PEOPLE}/{person['id']}/accesses").json()["items"]) > 2
        costs.append(len([one for one in statements if not one.startswith(("INSERT", "COPY", "BEGIN"))]))
    # The person, the rows that tell of it, the page, its organizations, the grants, and the viewers' names.
    assert costs == [6, 6]
