"""How old people are today, and were on a day."""

from datetime import timedelta
from typing import Any

import pytest

from app.days import today
from tests.callers import Callers
from tests.client import pointers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.duplicates import make_twice, merge

URL = "/v1/beneficiaries"


@pytest.mark.parametrize(
    ("known", "ages"),
    [
        ({"birth_date": "2012-05-17"}, {"2012-05-16": None, "2012-05-17": 0, "2020-05-16": 7, "2020-05-17": 8}),
        ({"birth_date": "2012-05-01", "birth_precision": "month"}, {"2012-04-30": None, "2012-05-01": 0, "2020-05-30": 7, "2020-05-31": 8}),
        ({"birth_date": "2012-01-01", "birth_precision": "year"}, {"2011-12-31": None, "2012-01-01": 0, "2020-12-30": 7, "2020-12-31": 8}),
        ({"birth_date": "2012-05-17", "deceased_on": "2020-05-16"}, {"2019-05-17": 7, "2020-05-16": 7, "2022-01-01": 7}),
    ],
)
def test_the_age_on_a_day(callers: Callers, known: dict[str, str], ages: dict[str, int | None]) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo, **known)
    for day, age in ages.items():
        one = ngo.get(f"{URL}/{person['id']}", params={"as_of": day})
        # All else is today's.
        assert (one.status_code, one.json()) == (200, person | {"age": age}), day
        # Nobody is left out for not being born.
        assert [found["age"] for found in ngo.get(URL, params={"as_of": day}).json()["items"]] == [age]


def test_today_is_the_day_where_none_is_told(callers: Callers) -> None:
    ngo = callers.ngo()
    # Some days ago, since a date of birth that is today's in UTC would be found in every line of the log.
    person = make_beneficiary(ngo, birth_date=str(today() - timedelta(days=3)))
    for params in ({}, {"as_of": str(today())}):
        assert ngo.get(f"{URL}/{person['id']}", params=params).json() == person
        assert ngo.get(URL, params=params).json()["items"] == [person]


def test_the_day_goes_along_from_page_to_page(callers: Callers) -> None:
    ngo = callers.ngo()
    for _ in range(3):
        make_beneficiary(ngo)
    params: dict[str, Any] = {"as_of": "2020-05-17", "limit": 2, "include": "total"}
    first = ngo.get(URL, params=params)
    assert [one["age"] for one in first.json()["items"]] == [8, 8]
    assert "as_of=2020-05-17" in first.headers["link"]
    second = ngo.get(URL, params=params | {"cursor": first.json()["next"]}).json()
    assert ([one["age"] for one in second["items"]], second["total"]) == ([8], 3)


@pytest.mark.parametrize("day", ["2999-01-01", "2026-02-30", "0", ""])
def test_a_day_that_is_none(callers: Callers, day: str) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo)
    for address in (URL, f"{URL}/{person['id']}"):
        assert pointers(ngo.get(address, params={"as_of": day})) == ["/as_of"]


def test_whoever_was_merged_redirects_with_the_day(callers: Callers) -> None:
    ngo = callers.ngo()
    first, second, pair = make_twice(ngo)
    merge(ngo, pair, first)
    moved = ngo.get(f"{URL}/{second['id']}", params={"as_of": "2020-05-17"}, follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, f"{URL}/{first['id']}?as_of=2020-05-17")
    assert ngo.get(moved.headers["location"]).json()["age"] == 8
