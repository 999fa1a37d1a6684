"""What was decided about a pair outlasts every scan for which the two are still alike, or are not both there to be compared."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.models import Beneficiary
from app.database import Database
from app.duplicates import blocking, scanning
from tests.callers import Caller, Callers
from tests.factories.duplicates import PAIRS, Body, make_twice, merge, read_pair, register, undo

NOTE = "ZAGSdan soʻrash kerak"


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def defer(ngo: Caller, pair: Body) -> Body:
    told = ngo.post(f"{PAIRS}/{pair['id']}/defer", {"note": NOTE}, version=pair["version"])
    assert told.status_code == 200, told.text
    return dict(told.json())


def test_two_who_meet_in_no_block_any_more(ngo: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many were born on that day that it is not looked at; the names begin with other letters."""
    register(ngo)
    second = register(ngo, surname="Yuldashova", given_name="Dilnosa", patronymic=None)
    (found,) = second["possible_duplicates"]
    pair = defer(ngo, read_pair(ngo, found["candidate_id"]))
    monkeypatch.setattr(blocking, "LARGEST", 1)
    monkeypatch.setattr(blocking, "match_key_of", lambda one: one.id)
    assert scanning.scan() == {"people": 2, "pairs": 1, "new": 0}
    assert read_pair(ngo, pair["id"]) == pair


def test_a_pair_of_whom_one_was_merged(ngo: Caller) -> None:
    """An undo of that merge gives the two back, and with them what was said of them."""
    first, second, pair = make_twice(ngo)
    third = register(ngo)
    pairs = {frozenset((one["a"]["id"], one["b"]["id"])): one for one in ngo.get(PAIRS).json()["items"]}
    left = defer(ngo, pairs[frozenset((second["id"], third["id"]))])
    made = merge(ngo, pair, first)
    scanning.scan()
    assert undo(ngo, made).status_code == 200
    scanning.scan()
    after = read_pair(ngo, left["id"])
    assert (after["status"], after["note"]) == ("deferred", NOTE)


def test_two_who_are_alike_no_longer_are_no_pair(db: Database, ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    defer(ngo, pair)
    correct(db, first, given_name="Zuhra")
    assert scanning.scan()["pairs"] == 0
    assert ngo.get(f"{PAIRS}/{pair['id']}").status_code == 404


@pytest.mark.parametrize("what", ["the person", "the pair"])
def test_what_is_written_while_it_scans(db: Database, ngo: Caller, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    first, _, pair = make_twice(ngo)
    defer(ngo, pair)
    correct(db, first, given_name="Zuhra")
    remove = scanning._remove

    def meanwhile(pairs: Any) -> None:
        if what == "the person":
            correct(db, first, given_name="Дилноза")
        else:
            with db.engine.begin() as connection:
                one = sa.update(DuplicateCandidate).where(DuplicateCandidate.id == uuid.UUID(pair["id"]))
                connection.execute(one.values(version=DuplicateCandidate.version + 1))
        remove(pairs)

    monkeypatch.setattr(scanning, "_remove", meanwhile)
    scanning.scan()
    assert read_pair(ngo, pair["id"])["note"] == NOTE


def correct(db: Database, person: Body, **values: Any) -> None:
    """As somebody does it who does not see the other one."""
    with db.engine.begin() as connection:
        connection.execute(sa.update(Beneficiary).where(Beneficiary.id == uuid.UUID(person["id"])).values(**values))
