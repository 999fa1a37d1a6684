"""Parting again what was merged: as it was, unless something was changed since."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import worker
from app.access.transaction import as_system, begin
from app.database import now
from app.duplicates.models import BeneficiaryMerge
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import make_family
from tests.factories.duplicates import Body, make_twice, merge, read_pair, register, side_of, undo
from tests.factories.identifiers import make_identifier
from tests.factories.kinship import make_kinship, make_parent


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def told(caller: Caller, person: Body) -> Body:
    """What is told of a person, without what every change changes."""
    found = caller.get(f"/v1/beneficiaries/{person['id']}", follow_redirects=False)
    assert found.status_code == 200, found.text
    return {name: value for name, value in found.json().items() if name not in ("version", "updated_at")}


def member_of_a_family(caller: Caller) -> tuple[Body, Body, Body, Body]:
    """(family, its girl, a second row of the girl, the pair)."""
    family = make_family(caller)
    girl = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    second = register(caller, surname="Yuldasheva", phone="90 123-45-67")
    (found,) = second["possible_duplicates"]
    return family, girl, second, read_pair(caller, found["candidate_id"])


def test_both_are_as_they_were(ngo: Caller) -> None:
    family, girl, second, pair = member_of_a_family(ngo)
    before = [told(ngo, one) for one in (girl, second)]
    theirs = side_of(pair, girl)
    made = merge(ngo, pair, second, fields={"surname": theirs, "phone": theirs})
    assert told(ngo, second)["surname"] == before[0]["surname"]
    undone = undo(ngo, made)
    assert undone.status_code == 200, undone.text
    assert undone.json()["undone_by"] == str(ngo.account.id)
    assert [told(ngo, one) for one in (girl, second)] == before
    assert girl["id"] in {one["id"] for one in ngo.get(f"/v1/families/{family['id']}").json()["members"]}
    assert read_pair(ngo, pair["id"])["status"] == "open"
    assert {one["id"] for one in ngo.get("/v1/beneficiaries?q=dilnoza").json()["items"]} == {girl["id"], second["id"]}


def test_what_was_kept_for_it_goes_when_its_time_is_over(ngo: Caller) -> None:
    _, girl, second, pair = member_of_a_family(ngo)
    theirs = side_of(pair, girl)
    made = merge(ngo, pair, second, fields={"surname": theirs})
    assert worker.forget_former_values() == 0, "it can still be undone"
    shown = ngo.get(f"/v1/merges/{made['id']}").json()["moved"]
    with begin(as_system("test")) as db:
        row = db.execute(select(BeneficiaryMerge)).scalar_one()
        assert row.replaced
        assert any(entry.get("before") for entry in row.moved)
        row.created_at = now() - timedelta(days=31)
    assert [worker.forget_former_values() for _ in range(2)] == [1, 0]
    with begin(as_system("test")) as db:
        row = db.execute(select(BeneficiaryMerge)).scalar_one()
        assert row.replaced == {}
        assert not any("before" in entry for entry in row.moved)
    after = ngo.get(f"/v1/merges/{made['id']}").json()
    assert after["moved"] == shown, "how many rows were moved is still told"
    assert undo(ngo, {**made, "version": after["version"]}).json()["code"] == "wrong_state"


def test_it_can_be_merged_and_undone_again(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    assert undo(ngo, merge(ngo, pair, first)).status_code == 200
    assert undo(ngo, merge(ngo, read_pair(ngo, pair["id"]), second)).status_code == 200
    merges = ngo.get(f"/v1/merges?beneficiary_id={first['id']}").json()["items"]
    assert len(merges) == 2
    assert all(one["undone_at"] for one in merges)
    assert ngo.get(f"/v1/merges?beneficiary_id={uuid.uuid4()}").json()["items"] == []


def test_what_was_changed_since_is_named(ngo: Caller) -> None:
    family, girl, second, pair = member_of_a_family(ngo)
    made = merge(ngo, pair, second, fields={"surname": side_of(pair, girl)})
    version = ngo.get(f"/v1/beneficiaries/{second['id']}").json()["version"]
    assert ngo.patch(f"/v1/beneficiaries/{second['id']}", {"surname": "Karimova", "note": "X"}, version=version).status_code == 200
    membership = next(one for one in ngo.get(f"/v1/families/{family['id']}").json()["members"] if one["id"] == second["id"])[
        "membership_id"
    ]
    url = f"/v1/families/{family['id']}/memberships/{membership}"
    assert ngo.patch(url, {"is_primary_caregiver": True}, version=ngo.get(url).json()["version"]).status_code == 200
    refused = undo(ngo, made)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_since")
    assert {fault["code"] for fault in refused.json()["errors"]} == {"beneficiary", "family_membership"}
    assert "Karimova" not in refused.text
    assert ngo.get(f"/v1/beneficiaries/{girl['id']}", follow_redirects=False).status_code == 308, "nothing was done"
    undone = undo(ngo, made, changed="keep")
    assert undone.status_code == 200, undone.text
    assert told(ngo, second)["surname"] == "Karimova"
    assert told(ngo, girl)["surname"] == "Йўлдошева"
    assert ngo.get(url).json()["beneficiary_id"] == second["id"]


def test_what_came_later_is_the_winners(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    made = merge(ngo, pair, first)
    family = make_family(ngo, members=[])
    added = {"beneficiary_id": first["id"], "relationship_to_head": "head"}
    assert ngo.post(f"/v1/families/{family['id']}/members", added).status_code == 201
    assert ngo.patch(f"/v1/beneficiaries/{first['id']}", {"note": "X"}, version=told_version(ngo, first)).status_code == 200
    assert undo(ngo, made).status_code == 200
    assert told(ngo, first)["note"] == "X"
    assert [one["id"] for one in ngo.get(f"/v1/families/{family['id']}").json()["members"]] == [first["id"]]
    assert told(ngo, second)["patronymic"] is None


def told_version(caller: Caller, person: Body) -> int:
    return int(caller.get(f"/v1/beneficiaries/{person['id']}").json()["version"])


def test_thirty_days(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    made = merge(ngo, pair, first)
    with begin(as_system("test")) as db:
        row = db.execute(select(BeneficiaryMerge)).scalar_one()
        row.created_at = now() - timedelta(days=30, minutes=1)
    refused = undo(ngo, {**made, "version": 2})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_once(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    made = merge(ngo, pair, first)
    replies = [ngo.post(f"/v1/merges/{made['id']}/undo", {}, version=1, key="u") for _ in range(2)]
    assert [one.status_code for one in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    again = undo(ngo, replies[0].json())
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_who_may(callers: Callers, client: Client, ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    made = merge(ngo, pair, first)
    one = f"/v1/merges/{made['id']}"
    specialist = callers.ngo(organization_id=ngo.organization_id, duty="specialist")
    viewer = callers.ngo(organization_id=ngo.organization_id, duty="viewer")
    assert client.get(one).status_code == client.post(f"{one}/undo", json={}).status_code == 401
    assert (specialist.get(one).status_code, viewer.get(one).status_code) == (200, 403)
    assert (callers.ngo().get(one).status_code, callers.committee("17").get(one).status_code) == (404, 404)
    assert ngo.get(one).json()["id"] == made["id"]
    assert ngo.get(one, headers={"If-None-Match": '"1"'}).status_code == 304
    cases: list[tuple[Caller, Any, int | None, int]] = [
        (specialist, {}, 1, 403),
        (callers.state("17"), {}, 1, 403),
        (callers.ngo(), {}, 1, 404),
        (callers.ngo("1703", organization_id=ngo.organization_id), {}, 1, 404),
        (ngo, {}, None, 428),
        (ngo, {}, 7, 412),
        (ngo, {"changed": "overwrite"}, 1, 422),
        (ngo, {"x": 1}, 1, 422),
    ]
    for caller, body, version, status in cases:
        assert caller.post(f"{one}/undo", body, version=version).status_code == status


@pytest.mark.parametrize("undoes", [False, True], ids=["merging", "undoing"])
def test_it_costs_the_same_however_much_hangs_on_the_loser(callers: Callers, statements: list[str], undoes: bool) -> None:
    """Rows are read a table at a time, never one by one; what is written is written row by row, each with its version. Of parents alone it
    is asked one by one whether they go round in a circle.
    """
    costs = []
    for many in (1, 4):
        ngo = callers.ngo()
        first, second, pair = make_twice(ngo)
        for place in range(many):
            make_identifier(ngo, second, kind="project_number", value=f"P-{place}")
            make_kinship(ngo, make_parent(ngo, given_name=f"Zuhra {place}"), second, kind="sibling")
        ngo.get("/v1/me")
        statements.clear()
        made = merge(ngo, pair, first)
        if undoes:
            statements.clear()
            assert undo(ngo, made).status_code == 200
        costs.append([one for one in statements if one.startswith("SELECT")])
    assert len(costs[0]) == len(costs[1]), "\n".join(costs[1])


def test_a_membership_that_stays_behind_is_told_in_no_history(callers: Callers) -> None:
    """Two families at a time, both ended: the one goes on with the winner, the other with nobody until the merge is undone."""
    ngo = callers.ngo()
    first, second, pair = make_twice(ngo)
    home, other = make_family(ngo), make_family(ngo)
    for family, person in ((home, first), (other, second)):
        came = {"beneficiary_id": person["id"], "relationship_to_head": "child", "started_on": "2020-01-01"}
        added = ngo.post(f"/v1/families/{family['id']}/members", came).json()
        one = f"/v1/families/{family['id']}/memberships/{added['id']}"
        assert ngo.post(f"{one}/end", {"reason": "other", "ended_on": "2021-01-01"}, version=added["version"]).status_code == 200

    def then(family: Body) -> set[str]:
        found = ngo.get(f"/v1/families/{family['id']}", params={"as_of": "2020-06-01"}).json()["members"]
        return {one["id"] for one in found} & {first["id"], second["id"]}

    assert (then(home), then(other)) == ({first["id"]}, {second["id"]})
    merged = merge(ngo, read_pair(ngo, pair["id"]), first)
    assert (then(home), then(other)) == ({first["id"]}, set())
    assert undo(ngo, merged).status_code == 200
    assert (then(home), then(other)) == ({first["id"]}, {second["id"]})
