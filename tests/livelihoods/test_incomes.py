"""What a family lived on, month by month."""

import uuid
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from tests.beneficiaries.test_races import outcomes, together
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import ANDIJON, make_family
from tests.factories.grants import grant
from tests.factories.lives import merge_body, move_body, url

WAGES, BENEFIT = {"source": "wages", "amount": 1_200_000}, {"source": "benefit", "amount": 300_000, "note": "Bolalar nafaqasi"}
BODY = {"sources": [WAGES, BENEFIT]}


def test_anonymous_and_those_without_permission(client: Client, callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    month = url(family, "incomes", "2026-01")
    for path in (month, url(family, "incomes"), url(family, "per-capita-income")):
        assert client.get(path).status_code == 401
        for stranger in (callers.ngo(), callers.committee("17"), callers.state("17")):
            assert stranger.get(path).status_code == 404
    assert client.put(month, json=BODY).status_code == 401
    for caller in (callers.state(), callers.ngo(duty="viewer", organization_id=ngo.organization_id)):
        assert caller.put(month, BODY, version=0).status_code == 403
    assert callers.ngo().put(month, BODY, version=0).status_code == 404
    assert ngo.put(url({"id": str(uuid.uuid4())}, "incomes", "2026-01"), BODY, version=0).status_code == 404


def test_a_month_is_recorded_and_recorded_anew(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    month = url(family, "incomes", "2026-01")
    empty = ngo.get(month)
    assert (empty.status_code, empty.headers["etag"]) == (200, '"0"')
    assert [empty.json()[name] for name in ("month", "version", "total", "sources")] == ["2026-01", 0, None, []]
    assert ngo.put(month, BODY).status_code == 428
    assert ngo.put(month, BODY, version=1).status_code == 412
    made = ngo.put(month, BODY, version=0)
    assert (made.status_code, made.headers["etag"], made.headers["location"]) == (201, '"1"', month)
    assert made.json()["total"] == 1_500_000
    assert made.json()["sources"] == [BENEFIT, WAGES | {"note": None}]
    assert ngo.get(month).json() == made.json()
    # The same again changes nothing, whichever version it names: the answer may have been lost.
    for version in (0, 1):
        again = ngo.put(month, {"sources": [BENEFIT, WAGES]}, version=version)
        assert (again.status_code, again.json()) == (200, made.json())
    other = {"sources": [WAGES | {"amount": 0}, {"source": "alimony", "amount": 5}]}
    assert ngo.put(month, other, version=0).status_code == 412
    changed = ngo.put(month, other, version=1)
    assert (changed.status_code, changed.headers["etag"], changed.json()["total"]) == (200, '"2"', 5)
    assert [one["source"] for one in changed.json()["sources"]] == ["alimony", "wages"]
    none = ngo.put(month, {"sources": []}, version=2)
    assert (none.status_code, none.json()["total"], none.json()["sources"]) == (200, 0, [])
    assert ngo.put(month, {"sources": []}, version=1).json() == none.json()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"sources": [WAGES, WAGES]}, "/sources"),
        ({"sources": [WAGES | {"amount": -1}]}, "/sources/0/amount"),
        ({"sources": [WAGES | {"amount": 1.5}]}, "/sources/0/amount"),
        ({"sources": [WAGES | {"amount": 10**13}]}, "/sources/0/amount"),
        ({"sources": [WAGES | {"source": "lottery"}]}, "/sources/0/source"),
        ({"sources": [WAGES | {"currency": "USD"}]}, "/sources/0/currency"),
        ({}, "/sources"),
    ],
)
def test_what_is_wrong_is_named(callers: Callers, body: dict[str, Any], found: str) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    assert pointers(ngo.put(url(family, "incomes", "2026-01"), body, version=0)) == [found]
    assert ngo.get(url(family, "incomes")).json()["items"] == []


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "2026-01-01", "1899-12", "2099-01", "202٠-01"])
def test_a_month_that_is_none_or_has_not_begun(callers: Callers, month: str) -> None:
    ngo = callers.ngo()
    assert pointers(ngo.put(url(make_family(ngo), "incomes", month), BODY, version=0)) == ["/month"]


def test_lists(callers: Callers) -> None:
    ngo = callers.ngo()
    family, other = make_family(ngo), make_family(ngo)
    for month in ("2025-11", "2026-01", "2025-12"):
        assert ngo.put(url(family, "incomes", month), BODY, version=0).status_code == 201
    assert ngo.put(url(other, "incomes", "2026-01"), BODY, version=0).status_code == 201

    def months(**params: Any) -> list[str]:
        return [one["month"] for one in ngo.get(url(family, "incomes"), params=params).json()["items"]]

    assert months() == ["2026-01", "2025-12", "2025-11"]
    assert months(sort="month") == ["2025-11", "2025-12", "2026-01"]
    page = ngo.get(url(family, "incomes"), params={"limit": 2}).json()
    assert months(limit=2, cursor=page["next"]) == ["2025-11"]
    assert page["items"][0] == ngo.get(url(family, "incomes", "2026-01")).json()


def test_incomes_go_where_the_family_goes(callers: Callers) -> None:
    ngo = callers.ngo()
    family, into = make_family(ngo), make_family(ngo)
    month = url(family, "incomes", "2021-03")
    assert ngo.put(month, BODY, version=0).status_code == 201
    assert ngo.post(url(family, "move"), move_body(), version=1).status_code == 200
    there, here = (callers.ngo(place, organization_id=ngo.organization_id) for place in (ANDIJON, "1733"))
    assert there.get(month).json()["total"] == 1_500_000
    assert here.get(month).status_code == 404
    assert there.put(month, {"sources": []}, version=1).status_code == 200
    assert ngo.post(url(family, "merge"), merge_body(family, into), version=2).status_code == 200
    assert ngo.get(month).status_code == 200
    assert ngo.put(month, BODY, version=2).json()["code"] == "merged"


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_what_partners_see(callers: Callers, kind: str) -> None:
    ngo, partner = callers.ngo(), getattr(callers, kind)("17")
    family = make_family(ngo)
    month = url(family, "incomes", "2026-01")
    ngo.put(month, BODY, version=0)
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, *(one for one in DataCategory if one != DataCategory.HOUSEHOLD), family_id=family["id"])
    assert partner.get(month).status_code == 404
    grant(ngo, mine, DataCategory.HOUSEHOLD, family_id=family["id"])
    shown = partner.get(month).json()
    assert (shown["total"], shown["sources"][0]) == (1_500_000, {"source": "benefit", "amount": 300_000})
    assert partner.get(url(family, "incomes")).json()["items"] == [shown]
    if kind == "committee":
        for body in (BODY, {"sources": []}):
            refused = partner.put(month, body, version=1)
            assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")


def test_eight_record_a_month_at_once(callers: Callers) -> None:
    ngo = callers.ngo()
    month = url(make_family(ngo), "incomes", "2026-01")
    bodies = [{"sources": [WAGES | {"amount": amount}]} for amount in range(8)]
    answers = together([lambda body=body: ngo.put(month, body, version=0) for body in bodies])
    assert outcomes(answers) == {(201, ""): 1, (412, "stale"): 7}
    assert together([lambda: ngo.put(month, {"sources": []}, version=1)] * 8)[0].status_code == 200
    assert ngo.get(month).json()["version"] == 2
