"""Into which row somebody was merged is told to those who see that row, and to nobody else."""

import uuid
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, father, make_family
from tests.factories.duplicates import PAIRS, Body, make_twice, merge, read_pair, register, side_of
from tests.factories.grants import grant


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def get(caller: Caller, url: str) -> Any:
    return caller.get(url, follow_redirects=False)


def merged_far(ngo: Caller) -> tuple[Body, Body]:
    """(winner in Shovot, loser in Andijon)."""
    winner, loser, pair = make_twice(ngo, territory=ANDIJON)
    merge(ngo, pair, winner)
    return winner, loser


def test_a_colleague_elsewhere(callers: Callers, ngo: Caller) -> None:
    winner, loser = merged_far(ngo)
    url = f"/v1/beneficiaries/{loser['id']}"
    moved = get(ngo, url)
    assert (moved.status_code, moved.headers["location"]) == (308, f"/v1/beneficiaries/{winner['id']}")
    there = callers.ngo("1703", organization_id=ngo.organization_id)
    mother = register(there, given_name="Zuhra", birth_date="1980-01-02", territory=ANDIJON)
    family = make_family(there, territory=ANDIJON, members=[father()])
    kinship = {"person_id": mother["id"], "relative_id": loser["id"], "kind": "parent", "is_legal": True}
    refusals = [
        (get(there, url), 404),
        (there.patch(url, {"note": "X"}, version=2), 404),
        (there.put(f"{url}/circumstances", {"school": "5-maktab"}, version=0), 404),
        (there.post(f"{url}/identifiers", {"kind": "project_number", "value": "P-1"}), 404),
        (there.post("/v1/kinships", kinship), 422),
        (there.post(f"/v1/families/{family['id']}/members", {"beneficiary_id": loser["id"], "relationship_to_head": "child"}), 422),
        (there.post(PAIRS, {"a_id": mother["id"], "b_id": loser["id"]}), 422),
    ]
    for refused, status in refusals:
        assert refused.status_code == status, refused.text
        assert "location" not in refused.headers
        assert winner["id"] not in refused.text
    assert ngo.post("/v1/kinships", kinship).json()["merged_into_id"] == winner["id"]


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_a_partner_whom_a_grant_shows_the_loser_alone(callers: Callers, ngo: Caller, kind: str) -> None:
    winner, loser, pair = make_twice(ngo)
    merge(ngo, pair, winner)
    partner: Caller = getattr(callers, kind)("17")
    url = f"/v1/beneficiaries/{loser['id']}"
    grant(ngo, to_organization(partner.organization_id), *DataCategory, beneficiary_id=loser["id"])
    refusals = [get(partner, url)]
    if kind == "committee":
        refusals += [partner.patch(url, {"note": "X"}, version=2), partner.put(f"{url}/circumstances", {"school": "X"}, version=0)]
    for refused in refusals:
        assert refused.status_code == 404, refused.text
        assert "location" not in refused.headers
        assert winner["id"] not in refused.text
    grant(ngo, to_organization(partner.organization_id), DataCategory.IDENTITY, beneficiary_id=winner["id"])
    assert get(partner, url).headers["location"] == f"/v1/beneficiaries/{winner['id']}", "who sees the winner is led on"


def test_a_partner_of_the_losers_territory(callers: Callers, ngo: Caller) -> None:
    winner, loser = merged_far(ngo)
    partner = callers.state("1703")
    for person in (winner, loser):
        grant(ngo, to_organization(partner.organization_id), DataCategory.IDENTITY, beneficiary_id=person["id"])
    refused = get(partner, f"/v1/beneficiaries/{loser['id']}")
    assert (refused.status_code, "location" in refused.headers) == (404, False), "the winner lies elsewhere"


def test_a_chain_that_leads_elsewhere(callers: Callers, ngo: Caller) -> None:
    """The winner that one sees is merged into a third, whom one does not see."""
    first, second, pair = make_twice(ngo)
    merge(ngo, pair, first)
    third = register(ngo, territory=ANDIJON)
    (found,) = third["possible_duplicates"]
    merge(ngo, read_pair(ngo, found["candidate_id"]), third)
    near = callers.ngo("1733", organization_id=ngo.organization_id)
    assert third["id"] not in near.get(PAIRS).text
    assert get(near, f"/v1/beneficiaries/{second['id']}").headers["location"].endswith(first["id"])
    assert get(near, f"/v1/beneficiaries/{first['id']}").status_code == 404


def test_a_pair_with_somebody_who_was_merged_elsewhere(callers: Callers, ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    third = register(ngo, territory=ANDIJON)
    pairs = {frozenset((one["a"]["id"], one["b"]["id"])): one for one in ngo.get(PAIRS).json()["items"]}
    # The pair of the second and the third is known, so that of the first and the second stays with the second.
    merge(ngo, pairs[frozenset((second["id"], third["id"]))], third)
    near = callers.ngo("1733", organization_id=ngo.organization_id)
    assert read_pair(ngo, pair["id"])[side_of(pair, second)]["merged_into_id"] == third["id"]
    shown = read_pair(near, pair["id"])
    assert {shown["a"]["id"], shown["b"]["id"]} == {first["id"], second["id"]}
    assert (shown["a"]["merged_into_id"], shown["b"]["merged_into_id"]) == (None, None)
    refused = near.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"]}, version=shown["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "merged")
    assert third["id"] not in refused.text


def test_families(callers: Callers, ngo: Caller) -> None:
    family, into = make_family(ngo), make_family(ngo, territory=ANDIJON, members=[father(given_name="Olim")])
    told = [{"beneficiary_id": one["id"], "relationship_to_head": "other_relative"} for one in family["members"]]
    gone = ngo.post(f"/v1/families/{family['id']}/merge", {"into": into["id"], "on": "2022-01-01", "relationships": told}, version=1)
    assert gone.status_code == 200, gone.text
    near, url = callers.ngo("1733", organization_id=ngo.organization_id), f"/v1/families/{family['id']}"
    assert (ngo.get(url).json()["merged_into_id"], near.get(url).json()["status"]) == (into["id"], "dissolved")
    assert "merged_into_id" not in near.get(url).json()
    for caller, shown in ((ngo, into["id"]), (near, "absent")):
        (one,) = [one for one in caller.get("/v1/families").json()["items"] if one["id"] == family["id"]]
        assert one.get("merged_into_id", "absent") == shown
    partner = callers.committee("1733")
    grant(ngo, to_organization(partner.organization_id), *DataCategory, family_id=family["id"])
    grant(ngo, to_organization(partner.organization_id), *DataCategory, family_id=into["id"])
    assert "merged_into_id" not in partner.get(url).json()
    for caller, shown in ((ngo, into["id"]), (near, None), (partner, None)):
        refused = caller.patch(url, {"size": 4}, version=ngo.get(url).json()["version"])
        assert (refused.status_code, refused.json()["code"], refused.json().get("merged_into_id")) == (409, "merged", shown)


def test_nobody_is_told_of_a_row_that_never_was(ngo: Caller) -> None:
    assert get(ngo, f"/v1/beneficiaries/{uuid.uuid4()}").status_code == 404
