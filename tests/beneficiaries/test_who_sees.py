"""Whose rows are whose, and that it is recorded who looked."""

import uuid
from typing import Any

import pytest

from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, beneficiary_body, daughter, family_body, father, make_beneficiary, make_family
from tests.factories.oversight import looks_of

PEOPLE, FAMILIES = "/v1/beneficiaries", "/v1/families"


def seen(caller: Caller, url: str, **params: Any) -> list[str]:
    found = caller.get(url, params=params)
    assert found.status_code == 200, found.text
    return [one["id"] for one in found.json()["items"]]


def sees(caller: Caller, person: dict[str, Any], family: dict[str, Any]) -> set[bool]:
    """Every way to a row, each as whether it leads there."""
    total = caller.get(PEOPLE, params={"include": "total"}).json()["total"]
    return {
        caller.get(f"{PEOPLE}/{person['id']}").status_code == 200,
        caller.get(f"{FAMILIES}/{family['id']}").status_code == 200,
        caller.get(f"{FAMILIES}/{family['id']}/memberships").status_code == 200,
        person["id"] in seen(caller, PEOPLE),
        person["id"] in seen(caller, PEOPLE, q="dilnoza", sort="name"),
        family["id"] in seen(caller, FAMILIES),
        family["id"] in seen(caller, FAMILIES, q="dilnoza"),
        family["id"] in seen(caller, FAMILIES, number=family["number"]),
        bool(seen(caller, PEOPLE, family_id=family["id"])),
        total > 0,
    }


def test_an_ngo_sees_its_own_within_its_territory(callers: Callers) -> None:
    whole = callers.ngo("17")
    person, family = make_beneficiary(whole), make_family(whole)
    mine = whole.organization_id
    for level in ("17", "1733", SHOVOT):
        assert sees(callers.ngo(level, organization_id=mine), person, family) == {True}, level
    for level in ("1703", "1733217"):
        assert sees(callers.ngo(level, organization_id=mine), person, family) == {False}, level
    assert sees(callers.ngo("17"), person, family) == {False}
    assert sees(callers.administrator(), person, family) == {False}


def test_a_committee_sees_what_it_registered_itself(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    person, family = make_beneficiary(ngo), make_family(ngo)
    assert sees(committee, person, family) == {False}
    own_person, own_family = make_beneficiary(committee), make_family(committee)
    assert own_family["organization_id"] == committee.organization_id
    assert sees(committee, own_person, own_family) == {True}
    assert sees(callers.committee("1733"), own_person, own_family) == {False}
    assert own_person["id"] not in seen(ngo, PEOPLE)
    assert ngo.get(f"{PEOPLE}/{own_person['id']}").status_code == 404
    assert ngo.get(f"{FAMILIES}/{own_family['id']}").status_code == 404


def test_foreign_rows_cannot_be_changed(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    person, family = make_beneficiary(ngo), make_family(ngo)
    for stranger in (callers.ngo("1733"), callers.committee("1733"), callers.ngo("1703", organization_id=ngo.organization_id)):
        assert stranger.patch(f"{PEOPLE}/{person['id']}", {"sex": "male"}, version=1).status_code == 404
        assert stranger.patch(f"{FAMILIES}/{family['id']}", {"size": 9}, version=1).status_code == 404
    assert ngo.get(f"{PEOPLE}/{person['id']}").json().items() <= person.items()
    assert ngo.get(f"{FAMILIES}/{family['id']}").json().items() <= family.items()


def test_nothing_is_written_outside_ones_territory(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    person, family = make_beneficiary(ngo), make_family(ngo)
    for refused in (
        ngo.post(PEOPLE, beneficiary_body(territory=ANDIJON)),
        ngo.post(FAMILIES, family_body(territory=ANDIJON)),
        ngo.patch(f"{PEOPLE}/{person['id']}", {"territory": ANDIJON}, version=1),
        ngo.patch(f"{FAMILIES}/{family['id']}", {"territory": ANDIJON}, version=1),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert ngo.get(f"{PEOPLE}/{person['id']}").json().items() <= person.items()
    assert ngo.get(f"{FAMILIES}/{family['id']}").json().items() <= family.items()
    assert len(callers.ngo("17", organization_id=ngo.organization_id).get(PEOPLE).json()["items"]) == 4


def test_a_member_out_of_sight_is_neither_shown_nor_found(callers: Callers) -> None:
    whole = callers.ngo("17")
    family = make_family(whole)
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    whole.patch(f"{PEOPLE}/{child['id']}", {"territory": ANDIJON}, version=1)
    here = callers.ngo("1733", organization_id=whole.organization_id)
    assert child["id"] not in here.get(f"{FAMILIES}/{family['id']}").text
    assert child["id"] not in here.get(f"{FAMILIES}/{family['id']}/memberships").text
    assert seen(here, FAMILIES, q="Dilnoza") == []
    assert seen(here, FAMILIES, beneficiary_id=child["id"]) == []
    assert seen(whole, FAMILIES, q="Dilnoza") == [family["id"]]
    assert here.get(f"{FAMILIES}/{family['id']}/memberships/{child['membership_id']}").status_code == 404


@pytest.fixture
def looked() -> Any:
    return looks_of


def test_looking_at_a_person_is_recorded(callers: Callers, looked: Any) -> None:
    ngo = callers.ngo("1733")
    first, second = make_beneficiary(ngo)["id"], make_beneficiary(ngo, birth_date="2001-02-03")["id"]
    assert looked(ngo) == set()
    ngo.get(f"{PEOPLE}/{first}")
    assert looked(ngo) == {("beneficiary", first, "get_beneficiary", 1)}
    ngo.get(PEOPLE, params={"q": "dilnoza"})
    assert looked(ngo) == {("beneficiary", one, "list_beneficiaries", 1) for one in (first, second)}
    # The row behind the page is fetched to know that there is a next one; nobody saw it.
    ngo.get(PEOPLE, params={"limit": 1})
    assert looked(ngo) == {("beneficiary", second, "list_beneficiaries", 1)}
    stranger = callers.ngo("1733")
    stranger.get(f"{PEOPLE}/{first}")
    stranger.get(f"{PEOPLE}/{uuid.uuid4()}")
    assert looked(stranger) == set()


def test_looking_at_a_family_is_looking_at_its_members(callers: Callers, looked: Any) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father(), daughter()])
    people = [one["id"] for one in family["members"]]
    assert looked(ngo) == set()
    ngo.get(f"{FAMILIES}/{family['id']}")
    assert looked(ngo) == {("family", family["id"], "get_family", 1), *(("beneficiary", one, "get_family", 1) for one in people)}
    ngo.get(FAMILIES, params={"q": "karim"})
    assert looked(ngo) == {("family", family["id"], "list_families", 1)}
    ngo.get(f"{FAMILIES}/{family['id']}/memberships")
    assert {one[:3] for one in looked(ngo)} == {
        ("family", family["id"], "list_memberships"),
        *(("beneficiary", one, "list_memberships") for one in people),
    }
    ngo.get(f"{FAMILIES}/{family['id']}/memberships/{family['members'][1]['membership_id']}")
    assert looked(ngo) == {("beneficiary", people[1], "get_membership", 1)}


def test_an_answer_to_a_write_is_a_look_too(callers: Callers, looked: Any) -> None:
    """A change of nothing writes nothing into the trail, but answers the whole person; so does a create that is sent again."""
    ngo, key, membership = callers.ngo("1733"), str(uuid.uuid4()), str(uuid.uuid4())
    person = make_beneficiary(ngo, id=key, note="A note", phone="90 123-45-67")
    assert looked(ngo) == set()
    for unchanged in ({}, {"sex": person["sex"]}):
        assert ngo.patch(f"{PEOPLE}/{key}", unchanged, version=1).json()["note"] == "A note"
        assert looked(ngo) == {("beneficiary", key, "update_beneficiary", 1)}, unchanged
    assert ngo.post(PEOPLE, beneficiary_body(id=key, note="A note", phone="90 123-45-67")).status_code == 200
    assert looked(ngo) == {("beneficiary", key, "register_beneficiary", 1)}
    family = make_family(ngo, members=[father()])
    looked(ngo)
    body = {"id": membership, "beneficiary_id": key, "relationship_to_head": "child"}
    assert [ngo.post(f"{FAMILIES}/{family['id']}/members", body).status_code for _ in range(2)] == [201, 200]
    assert looked(ngo) == {("beneficiary", key, "add_member", 1)}
