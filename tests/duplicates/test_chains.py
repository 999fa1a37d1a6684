"""Merges upon merges, parted again: the latest first, and then everything is as it was."""

from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import father, make_family
from tests.factories.duplicates import PAIRS, Body, merge, read_pair, register, undo
from tests.factories.grants import grant
from tests.factories.participation import make_enrollment
from tests.factories.trainings import make_open_training
from tests.factories.vulnerability import make_record

SPELLINGS = [("Йўлдошева", "Дилноза"), ("Yuldasheva", "Dilnoza"), ("Yoʻldosheva", "Dilnoza"), ("Yoldosheva", "Dilnoza")]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    load_schemes()
    return callers.ngo()


class World:
    """Rows of one person, each with things of its own, and all that is told of them."""

    def __init__(self, ngo: Caller, state: Caller, count: int) -> None:
        self.ngo, self.state = ngo, state
        self.people = [register(ngo, surname=surname, given_name=given, patronymic=None) for surname, given in SPELLINGS[:count]]
        self.kin = [register(ngo, given_name=name, birth_date="1980-01-02") for name in ("Zuhra", "Munisa", "Sabina", "Gulnora")]
        self.training = make_open_training(ngo)["id"]
        # Some of it only one of them has, and what all have cannot be one person's twice.
        for place, person in enumerate(self.people):
            url = f"/v1/beneficiaries/{person['id']}"
            self.done(ngo.post(f"{url}/identifiers", {"kind": "project_number", "value": f"P-{place}"}))
            self.done(ngo.post("/v1/kinships", self.parent(self.kin[place], person)))
            if place:
                self.done(ngo.put(f"{url}/circumstances", CIRCUMSTANCES[place], version=0))
        last = self.people[-1]
        self.family = make_family(ngo, members=[father(given_name="Olim")])
        member = {"beneficiary_id": last["id"], "relationship_to_head": "other_relative"}
        self.done(ngo.post(f"/v1/families/{self.family['id']}/members", member))
        make_record(ngo, last, "child_with_disability")
        make_enrollment(ngo, self.training, beneficiary_id=last["id"])
        grant(ngo, to_organization(state.organization_id), DataCategory.IDENTITY, beneficiary_id=last["id"])

    @staticmethod
    def done(made: Any) -> None:
        assert made.status_code in (200, 201), made.text

    @staticmethod
    def parent(person: Body, child: Body) -> Body:
        return {"person_id": person["id"], "relative_id": child["id"], "kind": "parent", "is_legal": True}

    def told(self) -> list[Any]:
        """All that is told of each of them, without versions and moments of change."""
        return [self._told_of(person["id"]) for person in self.people]

    def _told_of(self, key: str) -> dict[str, Any]:
        url = f"/v1/beneficiaries/{key}"
        lists = {
            "kin": f"/v1/kinships?beneficiary_id={key}",
            "numbers": f"{url}/identifiers",
            "records": f"/v1/vulnerability-records?beneficiary_id={key}",
            "families": f"/v1/families?beneficiary_id={key}",
        }
        found = {name: [clean(one) for one in self.ngo.get(path).json()["items"]] for name, path in lists.items()}
        read = self.ngo.get(url, follow_redirects=False)
        enrolled = self.ngo.get(f"/v1/trainings/{self.training}/enrollments").json()["items"]
        return {
            "person": clean(read.json()) if read.status_code == 200 else read.headers["location"],
            "circumstances": clean(self.ngo.get(f"{url}/circumstances").json()),
            "enrolled": [one["participant"]["id"] for one in enrolled if one["participant"]["id"] == key],
            "seen": self.state.get(url, follow_redirects=False).status_code,
            **found,
        }

    def merge(self, loser: int, winner: int) -> Body:
        a, b = sorted((self.people[loser]["id"], self.people[winner]["id"]))
        pairs = self.ngo.get(f"{PAIRS}?beneficiary_id={a}").json()["items"]
        pair = next(one for one in pairs if {one["a"]["id"], one["b"]["id"]} == {a, b})
        return merge(self.ngo, read_pair(self.ngo, pair["id"]), self.people[winner])


CIRCUMSTANCES = [
    {},
    {"school": "12-maktab", "school_status": "in_school"},
    {"polyclinic": "2-poliklinika", "missing_documents": ["passport"]},
    {"school": "30-maktab", "school_status": "in_school", "citizenship": "UZ"},
]


def clean(row: Body) -> Body:
    return {name: value for name, value in row.items() if name not in ("version", "updated_at")}


# (loser, winner), the first merge first.
CHAINS = {
    "along": [(2, 1), (1, 0)],
    "along four": [(3, 2), (2, 1), (1, 0)],
    "to one": [(2, 0), (1, 0)],
    "to one, the other way": [(1, 0), (2, 0)],
    "both": [(3, 2), (1, 2), (2, 0)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_undone_the_latest_first(callers: Callers, ngo: Caller, name: str) -> None:
    chain = CHAINS[name]
    world = World(ngo, callers.state("17"), 1 + max(max(pair) for pair in chain))
    states, merges = [world.told()], []
    for loser, winner in chain:
        merges.append(world.merge(loser, winner))
        states.append(world.told())
    for before, made in zip(states[-2::-1], reversed(merges), strict=True):
        undone = undo(ngo, made)
        assert undone.status_code == 200, undone.text
        assert world.told() == before
    # And once more, since what was undone leads on as well.
    again = [world.merge(loser, winner) for loser, winner in chain]
    assert [undo(ngo, made).status_code for made in reversed(again)] == [200] * len(chain)
    assert world.told() == states[0]


def test_the_wrong_order_is_refused(callers: Callers, ngo: Caller) -> None:
    world = World(ngo, callers.state("17"), 3)
    first = world.merge(2, 1)
    second = world.merge(1, 0)
    before = world.told()
    for changed in ("refuse", "keep"):
        refused = undo(ngo, first, changed=changed)
        assert (refused.status_code, refused.json()["code"]) == (409, "merged")
        assert "undo that merge first" in refused.json()["detail"]
        assert refused.json()["merged_into_id"] == world.people[0]["id"]
    assert world.told() == before
    assert [undo(ngo, one).status_code for one in (second, first)] == [200, 200]


def test_what_was_changed_in_between_is_named(callers: Callers, ngo: Caller) -> None:
    """After the second merge was undone, and before the first is."""
    world = World(ngo, callers.state("17"), 3)
    first = world.merge(2, 1)
    assert undo(ngo, world.merge(1, 0)).status_code == 200
    key = world.people[1]["id"]
    (record,) = ngo.get(f"/v1/vulnerability-records?beneficiary_id={key}").json()["items"]
    assert ngo.patch(f"/v1/vulnerability-records/{record['id']}", {"evidence": "X"}, version=record["version"]).status_code == 200
    refused = undo(ngo, first)
    assert (refused.status_code, [one["code"] for one in refused.json()["errors"]]) == (409, ["vulnerability_record"])
    assert undo(ngo, first, changed="keep").status_code == 200
    assert [one["id"] for one in ngo.get(f"/v1/vulnerability-records?beneficiary_id={key}").json()["items"]] == [record["id"]]


def test_what_was_changed_while_both_stood_is_named(callers: Callers, ngo: Caller) -> None:
    world = World(ngo, callers.state("17"), 3)
    first, second = world.merge(2, 1), world.merge(1, 0)
    (record,) = ngo.get(f"/v1/vulnerability-records?beneficiary_id={world.people[0]['id']}").json()["items"]
    assert ngo.patch(f"/v1/vulnerability-records/{record['id']}", {"evidence": "X"}, version=record["version"]).status_code == 200
    assert undo(ngo, second).json()["code"] == "changed_since"
    assert undo(ngo, second, changed="keep").status_code == 200
    refused = undo(ngo, first)
    assert (refused.status_code, [one["code"] for one in refused.json()["errors"]]) == (409, ["vulnerability_record"])
