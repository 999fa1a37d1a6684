"""The income per head, by the rule that was in force."""

from datetime import date
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.livelihoods.rules import Rule, in_force, rules
from tests.callers import Caller, Callers
from tests.client import pointers
from tests.factories.beneficiaries import URGANCH, daughter, father, make_family, mother
from tests.factories.grants import grant
from tests.factories.lives import member_of, membership_of, url

AMOUNTS = {"2025-12": 1_000_000, "2026-01": 1_000_001, "2026-02": 999_999}


def recorded(ngo: Caller, family: dict[str, Any], amounts: dict[str, int]) -> None:
    for month, amount in amounts.items():
        body = {"sources": [{"source": "wages", "amount": amount}]}
        assert ngo.put(url(family, "incomes", month), body, version=0).status_code == 201


def per_head(caller: Caller, family: dict[str, Any], on: str = "2026-03-31") -> dict[str, Any]:
    found = caller.get(url(family, "per-capita-income"), params={"on": on})
    assert found.status_code == 200, found.text
    return dict(found.json())


def test_three_months_by_members_by_three(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[father(), mother(), daughter(), daughter(given_name="Nodira")])
    recorded(ngo, family, AMOUNTS | {"2025-11": 7, "2026-03": 7})
    found = per_head(ngo, family)
    assert found["months"] == [{"month": month, "total": amount} for month, amount in AMOUNTS.items()]
    assert (found["total"], found["members"], found["per_capita"]) == (3_000_000, 4, 250_000)
    assert (found["missing_months"], found["complete"], found["on"]) == ([], True, "2026-03-31")
    assert found["rule"]["code"] == "social_register_2026"
    assert found["rule"]["in_force_from"] == "2026-02-01"
    assert all(found["rule"]["title"].values())
    assert "to be confirmed" in found["rule"]["source"]
    # The first day of the month has the same months; that of the next one has others.
    assert per_head(ngo, family, "2026-03-01")["total"] == 3_000_000
    assert [one["month"] for one in per_head(ngo, family, "2026-04-01")["months"]] == ["2026-01", "2026-02", "2026-03"]


def test_it_is_rounded_down(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    recorded(ngo, family, AMOUNTS | {"2026-02": 999_998})
    assert per_head(ngo, family)["per_capita"] == 333_333


def test_those_who_belonged_to_it_and_lived(callers: Callers) -> None:
    ngo = callers.ngo()
    gone = mother(
        given_name="Oysha", relationship_to_head="parent", birth_date="1950-01-01", started_on="2010-01-01", deceased_on="2026-02-10"
    )
    late = daughter(given_name="Nodira", started_on="2026-03-10")
    family = make_family(ngo, members=[father(), mother(), daughter(), gone, late])
    recorded(ngo, family, AMOUNTS)
    end = url(family, "memberships", membership_of(family, "spouse"), "end")
    assert ngo.post(end, {"reason": "divorce", "ended_on": "2026-03-20"}, version=1).status_code == 200
    days = {"2026-02-09": 4, "2026-02-10": 3, "2026-03-09": 3, "2026-03-10": 4, "2026-03-19": 4, "2026-03-20": 3}
    assert {day: per_head(ngo, family, day)["members"] for day in days} == days
    assert per_head(ngo, family, "2026-03-20")["per_capita"] == 333_333
    # One who lies out of the caller's sight belongs to it all the same.
    assert ngo.patch(f"/v1/beneficiaries/{member_of(family, 'child')}", {"territory": URGANCH}, version=1).status_code == 200
    here = callers.ngo("1733230", organization_id=ngo.organization_id)
    assert per_head(here, family, "2026-03-20")["members"] == 3


def test_what_is_not_recorded_is_not_nothing(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    recorded(ngo, family, {"2026-01": 900})
    found = per_head(ngo, family)
    assert (found["missing_months"], found["complete"], found["total"], found["per_capita"]) == (["2025-12", "2026-02"], False, 900, None)
    assert [one["total"] for one in found["months"]] == [None, 900, None]
    for month in ("2025-12", "2026-02"):
        assert ngo.put(url(family, "incomes", month), {"sources": []}, version=0).status_code == 201
    found = per_head(ngo, family)
    assert (found["complete"], found["per_capita"], [one["total"] for one in found["months"]]) == (True, 100, [0, 900, 0])


def test_without_members_there_is_no_head_to_count(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[])
    recorded(ngo, family, AMOUNTS)
    assert (per_head(ngo, family)["members"], per_head(ngo, family)["per_capita"]) == (0, None)


@pytest.mark.parametrize(("size", "differs", "by_size"), [(None, False, None), (3, False, 333_333), (4, True, 250_000), (2, True, 500_000)])
def test_a_size_that_is_not_the_number_of_members_is_told(callers: Callers, size: int | None, differs: Any, by_size: int | None) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, **({"size": size} if size else {}))
    recorded(ngo, family, AMOUNTS)
    found = per_head(ngo, family)
    assert (found["members"], found["per_capita"]) == (3, 333_333)
    assert (found["size"], found["size_differs"], found["per_capita_by_size"]) == (size, differs, by_size)
    # Of another day it is told as well, by the size that is known today; and of neither while a month is missing.
    before = per_head(ngo, family, "2020-05-16")
    assert (before["members"], before["size_differs"], before["per_capita_by_size"]) == (3, differs, None)


def test_a_household_of_which_nobody_is_registered(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[], size=4)
    recorded(ngo, family, AMOUNTS)
    found = per_head(ngo, family)
    assert (found["members"], found["per_capita"], found["size_differs"], found["per_capita_by_size"]) == (0, None, True, 250_000)


def test_the_rule_is_that_of_the_day(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    assert per_head(ngo, family, "2026-01-31")["rule"]["code"] == "project_three_months"
    assert per_head(ngo, family, "2018-01-01")["rule"]["code"] == "project_three_months"
    for day in ("2017-12-31", "2999-01-01", "x"):
        assert pointers(ngo.get(url(family, "per-capita-income"), params={"on": day})) == ["/on"]
    assert ngo.get(url(family, "per-capita-income")).status_code == 200


def test_a_partner_is_not_told_a_number_of_those_it_happens_to_see(callers: Callers) -> None:
    ngo, partner = callers.ngo(), callers.state("17")
    family = make_family(ngo)
    recorded(ngo, family, AMOUNTS)
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, DataCategory.HOUSEHOLD, family_id=family["id"])
    grant(ngo, mine, DataCategory.IDENTITY, beneficiary_id=member_of(family, "head"))
    found = per_head(partner, family)
    assert (found["total"], found["complete"]) == (3_000_000, True)
    assert not {"members", "per_capita", "size", "size_differs", "per_capita_by_size"} & found.keys()


@pytest.mark.parametrize(
    ("on", "months"),
    [
        (date(2026, 3, 31), [(2025, 12), (2026, 1), (2026, 2)]),
        (date(2026, 1, 1), [(2025, 10), (2025, 11), (2025, 12)]),
        (date(2026, 4, 30), [(2026, 1), (2026, 2), (2026, 3)]),
    ],
)
def test_months_before(on: date, months: list[tuple[int, int]]) -> None:
    rule = in_force(on)
    assert rule is not None
    assert rule.months_before(on) == [date(year, month, 1) for year, month in months]


def test_rules_are_whole() -> None:
    assert len({rule.code for rule in rules()}) == len({rule.in_force_from for rule in rules()}) == len(rules())
    for rule in rules():
        assert isinstance(rule, Rule)
        assert rule.title.keys() == {"uz_latn", "uz_cyrl", "ru", "en"}
        assert all(rule.title.values())
        assert rule.months > 0
        assert 0 < len(rule.source) <= 500
    assert in_force(date(2017, 12, 31)) is None
