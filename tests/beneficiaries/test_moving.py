"""A family moves; where it lived is kept."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.access.transaction import as_system, begin
from app.beneficiaries.history import FamilyResidence
from app.days import today
from app.problems import Conflict
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, URGANCH, make_family
from tests.factories.grants import grant
from tests.factories.lives import member_of, membership_of, memberships, move_body, url

TODAY = today()


def test_who_may_not_move_a_family(client: Client, callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    assert client.post(url(family, "move"), json=move_body()).status_code == 401
    assert client.get(url(family, "residences")).status_code == 401
    for caller in (callers.state(), callers.ngo(duty="viewer", organization_id=ngo.organization_id)):
        assert caller.post(url(family, "move"), move_body(), version=1).status_code == 403
    for stranger in (callers.ngo(), callers.committee("17")):
        assert stranger.post(url(family, "move"), move_body(), version=1).status_code == 404
        assert stranger.get(url(family, "residences")).status_code == 404
    assert ngo.post(url(family, "move"), move_body()).status_code == 428
    assert ngo.post(url(family, "move"), move_body(), version=2).status_code == 412
    assert ngo.post(url({"id": str(uuid.uuid4())}, "move"), move_body(), version=1).status_code == 404
    # A committee that a consent lets in reads where the family lives, and moves it nowhere.
    partner = callers.committee("17")
    grant(ngo, to_organization(partner.organization_id), DataCategory.HOUSEHOLD, family_id=family["id"])
    refused = partner.post(url(family, "move"), move_body(), version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")


def test_a_family_moves_with_its_members(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    # The husband lies elsewhere already; the daughter left before.
    husband, wife, child = (member_of(family, one) for one in ("head", "spouse", "child"))
    assert ngo.patch(f"/v1/beneficiaries/{husband}", {"territory": URGANCH}, version=1).status_code == 200
    end = url(family, "memberships", membership_of(family, "child"), "end")
    assert ngo.post(end, {"reason": "marriage", "ended_on": "2020-01-01"}, version=1).status_code == 200
    moved = ngo.post(url(family, "move"), move_body(note="Ijara"), version=2, key="one")
    assert (moved.status_code, moved.headers["etag"]) == (200, '"3"')
    assert (moved.json()["territory"], moved.json()["address"]) == (ANDIJON, "Bogʻiston 7")
    assert moved.json() == ngo.get(url(family)).json()
    again = ngo.post(url(family, "move"), move_body(note="Ijara"), version=2, key="one")
    assert (again.json(), again.headers["idempotent-replayed"]) == (moved.json(), "true")
    lies = {one: ngo.get(f"/v1/beneficiaries/{one}").json()["territory"] for one in (husband, wife, child)}
    assert lies == {husband: URGANCH, wife: ANDIJON, child: SHOVOT}
    there = callers.ngo("1703", organization_id=ngo.organization_id)
    assert [one["id"] for one in there.get(url(family)).json()["members"]] == [wife]
    assert len(memberships(ngo, family)) == 3
    here, left = ngo.get(url(family, "residences")).json()["items"]
    assert [here[name] for name in ("territory", "address", "started_on", "ended_on", "note")] == [
        *(ANDIJON, "Bogʻiston 7", "2021-04-01", None, "Ijara")
    ]
    assert [left[name] for name in ("territory", "address", "started_on", "ended_on", "note")] == [
        *(SHOVOT, "Guliston koʻchasi 4", None, "2021-04-01", None)
    ]
    assert [one["id"] for one in ngo.get(url(family, "residences"), params={"sort": "created_at"}).json()["items"]] == [
        left["id"],
        here["id"],
    ]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"territory": "1733"}, "/territory"),
        ({"territory": "1733999"}, "/territory"),
        ({"territory": SHOVOT, "address": "Guliston koʻchasi 4"}, "/territory"),
        ({"moved_on": (TODAY + timedelta(days=2)).isoformat()}, "/moved_on"),
        ({"moved_on": 0}, "/moved_on"),
        ({"address": ""}, "/address"),
        ({"x": 1}, "/x"),
    ],
)
def test_a_wrong_move_is_refused(callers: Callers, changed: dict[str, Any], found: str) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    before = ngo.get(url(family)).json()
    assert pointers(ngo.post(url(family, "move"), move_body(**changed), version=1)) == [found]
    assert ngo.get(url(family)).json() == before
    assert len(ngo.get(url(family, "residences")).json()["items"]) == 1


def test_residences_do_not_overlap(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    assert ngo.post(url(family, "move"), move_body(), version=1).status_code == 200
    for day in ("2021-04-01", "2021-03-31"):
        body = move_body(territory=URGANCH, moved_on=day)
        assert pointers(ngo.post(url(family, "move"), body, version=2)) == ["/moved_on"]
    assert ngo.post(url(family, "move"), move_body(territory=URGANCH, moved_on="2021-04-02"), version=2).status_code == 200
    periods = [(one["started_on"], one["ended_on"]) for one in ngo.get(url(family, "residences")).json()["items"]]
    assert periods == [("2021-04-02", None), ("2021-04-01", "2021-04-02"), (None, "2021-04-01")]


def test_nobody_moves_a_family_out_of_sight(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    refused = ngo.post(url(family, "move"), move_body(), version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert ngo.get(url(family)).json()["version"] == 1
    assert ngo.post(url(family, "move"), move_body(territory=URGANCH), version=1).status_code == 200


def test_a_correction_corrects_where_the_family_lives_now(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    assert ngo.post(url(family, "move"), move_body(), version=1).status_code == 200
    assert ngo.patch(url(family), {"territory": URGANCH, "address": None}, version=2).status_code == 200
    here, left = ngo.get(url(family, "residences")).json()["items"]
    assert (here["territory"], here["address"], here["started_on"]) == (URGANCH, None, "2021-04-01")
    assert (left["territory"], left["address"]) == (SHOVOT, "Guliston koʻchasi 4")


def test_what_partners_see_of_residences(callers: Callers) -> None:
    ngo, partner = callers.ngo(), callers.state("17")
    family = make_family(ngo)
    ngo.post(url(family, "move"), move_body(note="Ijara"), version=1)
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, DataCategory.HOUSEHOLD, family_id=family["id"])
    shown = partner.get(url(family, "residences")).json()["items"]
    assert [one["territory"] for one in shown] == [ANDIJON, SHOVOT]
    assert not {"address", "note"} & shown[0].keys()
    grant(ngo, mine, DataCategory.CONTACT, family_id=family["id"])
    shown = partner.get(url(family, "residences")).json()["items"]
    assert [one["address"] for one in shown] == ["Bogʻiston 7", "Guliston koʻchasi 4"]
    assert "note" not in shown[0]


def test_the_database_itself_admits_one_open_residence(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    row = FamilyResidence(organization_id=uuid.UUID(ngo.organization_id), territory=SHOVOT, family_id=uuid.UUID(family["id"]))
    with pytest.raises(Conflict), begin(as_system("test")) as db:
        db.add(row)
