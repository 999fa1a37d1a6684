"""Mahallas that an administrator adds and changes: their codes, names, dates and successors."""

from typing import Any

import pytest

from app.places import actions
from tests.callers import Caller, Callers
from tests.client import pointers
from tests.racing import together

PLACES, DISTRICT = "/v1/places", "1733230"


@pytest.fixture
def administrator(callers: Callers) -> Caller:
    return callers.administrator()


def body(**other: Any) -> dict[str, Any]:
    return {"district": DISTRICT, "names": {"uz_latn": "Guliston"}, **other}


def code(number: int) -> str:
    return f"{DISTRICT}-{number:04d}"


def added(administrator: Caller, **other: Any) -> str:
    made = administrator.post(PLACES, body(**other))
    assert made.status_code == 201, made.text
    return str(made.json()["soato"])


def test_the_first_free_code_is_taken(administrator: Caller) -> None:
    assert [added(administrator, soato=code(number)) for number in (9999, 2)] == [code(9999), code(2)]
    assert [added(administrator) for _ in range(2)] == [code(1), code(3)]


def test_codes_come_to_an_end(administrator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_LAST_CODE", 2)
    assert [added(administrator) for _ in range(2)] == [code(1), code(2)]
    refused = administrator.post(PLACES, body())
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/soato"], "exhausted")


def test_two_at_once_are_given_two_codes(administrator: Caller) -> None:
    found = together([lambda: administrator.post(PLACES, body())] * 6)
    assert sorted(one.json()["soato"] for one in found) == [code(number) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("wrong", "pointer", "told"),
    [
        ({"soato": "1733233-0001"}, "/soato", "foreign"),
        ({"valid_from": "2020-01-02", "valid_to": "2020-01-01"}, "/valid_to", "before_start"),
        ({"names": {}}, "/names", "value_error"),
    ],
)
def test_what_contradicts_itself(administrator: Caller, wrong: dict[str, Any], pointer: str, told: str) -> None:
    refused = administrator.post(PLACES, body(**wrong))
    assert pointers(refused) == [pointer]
    assert refused.json()["errors"][0]["code"] == told


def test_names_and_aliases_are_all_found_or_refused(administrator: Caller) -> None:
    long = [" ".join(f"{letter}{number}{'x' * 20}" for number in range(12)) for letter in "abcdefgh"]
    refused = administrator.post(PLACES, body(aliases=[*long, "Zarafshonlik"]))
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/aliases"], "too_long")
    assert administrator.get(PLACES, params={"q": "Zarafshonlik"}).json()["items"] == []
    here = added(administrator, aliases=[*long[:2], "Zarafshonlik"])
    assert [one["soato"] for one in administrator.get(PLACES, params={"q": "зарафшонлик"}).json()["items"]] == [here]
    refused = administrator.patch(f"{PLACES}/{here}", {"aliases": long}, version=1)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/aliases"], "too_long")


def test_aliases_are_changed_and_one_name_stays(administrator: Caller) -> None:
    here = f"{PLACES}/{added(administrator, aliases=['Gulzor'])}"
    changed = administrator.patch(here, {"aliases": ["Bogʻiston"]}, version=1)
    assert changed.json()["aliases"] == ["Bogʻiston"]
    assert administrator.get(PLACES, params={"q": "gulzor"}).json()["items"] == []
    assert len(administrator.get(PLACES, params={"q": "богистон"}).json()["items"]) == 1
    assert pointers(administrator.patch(here, {"names": {"uz_latn": None}}, version=2)) == ["/names"]


def test_who_existed_on_a_day(administrator: Caller) -> None:
    old = added(administrator, valid_from="2001-01-01", valid_to="2010-12-31")
    new = added(administrator, valid_from="2011-01-01")
    for day, there in (("2000-12-31", []), ("2001-01-01", [old]), ("2010-12-31", [old]), ("2011-01-01", [new])):
        found = administrator.get(PLACES, params={"parent": DISTRICT, "on": day}).json()["items"]
        assert [one["soato"] for one in found] == there, day


def test_a_successor_is_another_mahalla(administrator: Caller) -> None:
    first, second, third = (added(administrator) for _ in range(3))

    def succeed(one: str, by: str | None, version: int = 1) -> Any:
        return administrator.patch(f"{PLACES}/{one}", {"successor_soato": by}, version=version)

    for wrong, told in ((code(999), "unknown"), (DISTRICT, "not_a_mahalla"), (first, "circle")):
        refused = succeed(first, wrong)
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/successor_soato"], told)
    assert succeed(first, second).json()["successor_soato"] == second
    assert succeed(second, third).status_code == 200
    refused = succeed(third, first)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/successor_soato"], "circle")
    assert succeed(first, None, version=2).json()["successor_soato"] is None
    assert succeed(third, first).status_code == 200
