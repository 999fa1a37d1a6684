"""Whoever was told to be distinct from the loser of a merge is distinct from the winner, be that pair known already."""

from typing import Any

import pytest

from tests.callers import Caller, Callers
from tests.factories.duplicates import PAIRS, Body, merge, read_pair, register, undo


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def three(ngo: Caller) -> tuple[list[Body], dict[frozenset[int], str]]:
    """Three rows that may be one, and the pair of each two of them, by their places."""
    people = [register(ngo, note=None) for _ in range(3)]
    places = {one["id"]: place for place, one in enumerate(people)}
    found = ngo.get(PAIRS).json()["items"]
    return people, {frozenset((places[one["a"]["id"]], places[one["b"]["id"]])): one["id"] for one in found}


def tell(ngo: Caller, pair: str, verb: str, note: str | None) -> None:
    told = ngo.post(f"{PAIRS}/{pair}/{verb}", {"note": note}, version=read_pair(ngo, pair)["version"])
    assert told.status_code == 200, told.text


def decision(ngo: Caller, pair: str) -> list[Any]:
    found = read_pair(ngo, pair)
    return [found[name] for name in ("status", "decided_by", "decided_at", "note")]


@pytest.mark.parametrize("note", [None, "Egizaklar"])
def test_an_open_pair_of_the_winner_is_decided_by_the_losers(ngo: Caller, note: str | None) -> None:
    (winner, loser, _), pairs = three(ngo)
    losers, winners = pairs[frozenset((1, 2))], pairs[frozenset((0, 2))]
    tell(ngo, losers, "distinct", note)
    before, told = decision(ngo, winners), decision(ngo, losers)
    made = merge(ngo, read_pair(ngo, pairs[frozenset((0, 1))]), winner)
    assert decision(ngo, winners) == told
    assert [one["id"] for one in ngo.get(PAIRS, params={"status": "open"}).json()["items"]] == []
    assert "duplicate_candidate" not in {one["table"] for one in made["moved"]}, "it was the winner's before"
    assert undo(ngo, made).status_code == 200
    assert decision(ngo, winners) == before == ["open", None, None, None]
    assert decision(ngo, losers) == told
    assert loser["id"] in {read_pair(ngo, losers)[side]["id"] for side in "ab"}


def test_what_was_left_for_later_is_decided_too_and_keeps_its_note(ngo: Caller) -> None:
    (winner, *_), pairs = three(ngo)
    losers, winners = pairs[frozenset((1, 2))], pairs[frozenset((0, 2))]
    tell(ngo, losers, "distinct", "Egizaklar")
    tell(ngo, winners, "defer", "ZAGSdan soʻrash kerak")
    before = decision(ngo, winners)
    made = merge(ngo, read_pair(ngo, pairs[frozenset((0, 1))]), winner)
    assert decision(ngo, winners) == [*decision(ngo, losers)[:3], "ZAGSdan soʻrash kerak"]
    assert undo(ngo, made).status_code == 200
    assert decision(ngo, winners) == before


def test_what_was_decided_about_the_winner_stays(ngo: Caller) -> None:
    (winner, *_), pairs = three(ngo)
    losers, winners = pairs[frozenset((1, 2))], pairs[frozenset((0, 2))]
    tell(ngo, losers, "distinct", "Egizaklar")
    tell(ngo, winners, "distinct", "Opa-singil")
    before = decision(ngo, winners)
    made = merge(ngo, read_pair(ngo, pairs[frozenset((0, 1))]), winner)
    assert decision(ngo, winners) == before
    assert undo(ngo, made).status_code == 200
    assert decision(ngo, winners) == before


def test_what_is_not_decided_decides_nothing(ngo: Caller) -> None:
    (winner, *_), pairs = three(ngo)
    tell(ngo, pairs[frozenset((1, 2))], "defer", "Keyin")
    merge(ngo, read_pair(ngo, pairs[frozenset((0, 1))]), winner)
    assert decision(ngo, pairs[frozenset((0, 2))])[0] == "open"
