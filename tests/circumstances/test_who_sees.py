"""Circumstances and consent: the row goes with the person, each field with its category; the trail tells of it and not what."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import chain, combinations
from typing import Any

import pytest

from app.access.declare import DECLARED
from app.access.grants import DataCategory, to_account, to_organization, to_role
from app.access.permissions import Permission
from app.circumstances.models import HEALTH, PAPERS, SCHOOLING, Circumstances
from app.database import now
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.circumstances import WHOLE, make_circumstances, url_of
from tests.factories.grants import grant
from tests.factories.oversight import looks_of

Body = dict[str, Any]
IDENTITY = DataCategory.IDENTITY
FIELDS = {DataCategory.HEALTH: HEALTH, DataCategory.EDUCATION: SCHOOLING, DataCategory.DOCUMENTS: PAPERS}
ALL = {*HEALTH, *SCHOOLING, *PAPERS}
SETS = list(chain.from_iterable(combinations(FIELDS, size) for size in range(1, len(FIELDS) + 1)))
LIST = "/v1/circumstances"


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def girl(ngo: Caller) -> Body:
    person = make_beneficiary(ngo)
    make_circumstances(ngo, person)
    return person


def partner_of(callers: Callers, kind: str, territory: str = "1733") -> Caller:
    caller: Caller = getattr(callers, kind)(territory)
    return caller


def shown(caller: Caller, person: Body) -> Body | None:
    """The record as the caller gets it by its address and in the list, which must agree; None where there is none."""
    one = caller.get(url_of(person))
    items = caller.get(LIST, params={"include": "total"}).json()
    if one.status_code == 404:
        assert (items["items"], items["total"]) == ([], 0)
        return None
    assert (items["items"], items["total"]) == ([one.json()], 1)
    return dict(one.json())


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_without_a_grant_there_is_nothing(callers: Callers, girl: Body, kind: str) -> None:
    partner = partner_of(callers, kind)
    assert shown(partner, girl) is None
    assert girl["surname"] not in partner.get(LIST).text
    assert partner.get(url_of(girl)).json()["code"] == "not_found"


def test_another_ngo_sees_nothing_and_writes_nothing(callers: Callers, girl: Body) -> None:
    for stranger in (callers.ngo("1733"), callers.administrator()):
        assert shown(stranger, girl) is None
        assert stranger.put(url_of(girl), WHOLE, version=1).status_code == 404
        assert stranger.patch(url_of(girl), {"grade": 1}, version=1).status_code == 404


@pytest.mark.parametrize("kind", ["committee", "state"])
@pytest.mark.parametrize("categories", SETS, ids="+".join)
def test_each_category_opens_its_fields_and_no_other(callers: Callers, ngo: Caller, girl: Body, kind: str, categories: Any) -> None:
    partner = partner_of(callers, kind)
    grant(ngo, to_organization(partner.organization_id), IDENTITY, *categories, beneficiary_id=girl["id"])
    found = shown(partner, girl)
    assert found is not None
    open_to_it = {name for category in categories for name in FIELDS[category]}
    assert found.keys() & ALL == open_to_it
    whole = ngo.get(url_of(girl)).json()
    assert found == {name: value for name, value in whole.items() if name not in ALL or name in open_to_it}


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_an_empty_record_shows_what_is_open_in_it(callers: Callers, ngo: Caller, kind: str) -> None:
    person, partner = make_beneficiary(ngo), partner_of(callers, kind)
    grant(ngo, to_organization(partner.organization_id), IDENTITY, DataCategory.DOCUMENTS, beneficiary_id=person["id"])
    found = partner.get(url_of(person)).json()
    assert found.keys() & ALL == set(PAPERS)
    assert (found["version"], found["missing_documents"]) == (0, [])


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_whoever_sees_no_part_of_it_is_not_told_of_it(callers: Callers, ngo: Caller, girl: Body, kind: str, looked: Any) -> None:
    """What is recorded of whom says something about a person, and what is not recorded as well."""
    partner, untouched = partner_of(callers, kind), make_beneficiary(ngo)
    others = [one for one in DataCategory if one not in FIELDS]
    for person in (girl, untouched):
        grant(ngo, to_organization(partner.organization_id), *others, beneficiary_id=person["id"])
        assert partner.get(f"/v1/beneficiaries/{person['id']}").status_code == 200
    looked(partner)
    assert shown(partner, girl) is None
    assert partner.get(url_of(girl)).json()["code"] == partner.get(url_of(untouched)).json()["code"] == "not_found"
    # Nothing was shown, so nobody looked.
    assert looked(partner) == set()


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_health_without_identity_opens_no_row(callers: Callers, ngo: Caller, girl: Body, kind: str) -> None:
    partner = partner_of(callers, kind)
    grant(ngo, to_organization(partner.organization_id), *FIELDS, beneficiary_id=girl["id"])
    assert shown(partner, girl) is None


def test_two_grants_add_up(callers: Callers, ngo: Caller, girl: Body) -> None:
    partner = callers.state("1733")
    grant(ngo, to_role("state_partner"), IDENTITY, beneficiary_id=girl["id"])
    grant(ngo, to_account(partner.account.id), DataCategory.EDUCATION, beneficiary_id=girl["id"])
    found, colleague = shown(partner, girl), shown(callers.state("1733", organization_id=partner.organization_id), girl)
    assert found is not None
    assert found.keys() & ALL == set(SCHOOLING)
    assert colleague is None


CLOSED: list[Callable[[], Body]] = [
    lambda: {"closes_at": now() - timedelta(minutes=1)},
    lambda: {"opens_at": now() + timedelta(hours=1)},
]


@pytest.mark.parametrize("days", CLOSED, ids=["closed", "not open yet"])
def test_a_grant_that_is_not_open_opens_nothing(callers: Callers, ngo: Caller, girl: Body, days: Callable[[], Body]) -> None:
    partner = callers.committee("1733")
    grant(ngo, to_organization(partner.organization_id), IDENTITY, *FIELDS, beneficiary_id=girl["id"], **days())
    assert shown(partner, girl) is None


def test_a_grant_ends_at_the_partners_territory(callers: Callers, ngo: Caller, girl: Body) -> None:
    partner = callers.committee("1718")
    grant(ngo, to_role("womens_committee"), IDENTITY, *FIELDS, beneficiary_id=girl["id"])
    assert shown(partner, girl) is None
    ngo_of_all = callers.ngo("17", organization_id=ngo.organization_id)
    moved = ngo_of_all.patch(f"/v1/beneficiaries/{girl['id']}", {"territory": "1718224"}, version=1)
    assert moved.status_code == 200
    assert shown(partner, girl) is not None
    assert shown(callers.committee("1733"), girl) is None


@pytest.mark.parametrize(
    "query",
    [
        "school_status=in_school",
        "has_disability=true",
        "disability_status=none",
        "missing_document=passport",
        "immunization_up_to_date=true",
    ],
)
def test_nobody_filters_by_what_it_does_not_always_see(callers: Callers, ngo: Caller, girl: Body, query: str) -> None:
    assert ngo.get(f"{LIST}?{query}").status_code == 200
    for partner in (callers.committee("1733"), callers.state("1733")):
        grant(ngo, to_organization(partner.organization_id), IDENTITY, *FIELDS, beneficiary_id=girl["id"])
        refused = partner.get(f"{LIST}?{query}")
        assert (refused.status_code, refused.json()["code"]) == (403, "field_concealed")
        assert len(partner.get(f"{LIST}?territory=1733").json()["items"]) == 1


def test_who_sees_through_a_consent_does_not_write(callers: Callers, ngo: Caller, girl: Body) -> None:
    committee, other = callers.committee("1733"), make_beneficiary(ngo)
    for person in (girl, other):
        grant(ngo, to_organization(committee.organization_id), IDENTITY, *FIELDS, beneficiary_id=person["id"])
    for person, version in ((girl, 1), (other, 0)):
        for refused in (
            committee.put(url_of(person), WHOLE, version=version),
            committee.patch(url_of(person), {}, version=version),
            committee.patch(url_of(person), {"grade": 1}, version=version),
        ):
            assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert ngo.get(url_of(girl)).json()["version"] == 1
    assert ngo.get(url_of(other)).json()["version"] == 0


def test_a_committee_keeps_its_own(callers: Callers, ngo: Caller) -> None:
    committee = callers.committee("1733")
    person = make_beneficiary(committee)
    made = make_circumstances(committee, person)
    assert made.keys() >= ALL
    assert shown(committee, person) == made
    assert shown(ngo, person) is None
    assert shown(callers.committee("1733"), person) is None


# --- what is written down of it -----------------------------------------------------------------------------------------------------
@pytest.fixture
def looked() -> Any:
    def found(caller: Caller) -> set[tuple[str, str, str]]:
        return {(kind, subject, through) for kind, subject, through, _ in looks_of(caller)}

    return found


def test_reading_it_is_looking_at_the_person(callers: Callers, ngo: Caller, girl: Body, looked: Any) -> None:
    looked(ngo)
    ngo.get(url_of(girl))
    assert looked(ngo) == {("beneficiary", girl["id"], "get_circumstances")}
    ngo.get(LIST)
    assert looked(ngo) == {("beneficiary", girl["id"], "list_circumstances")}
    untouched = make_beneficiary(ngo)
    looked(ngo)
    ngo.get(url_of(untouched))
    assert looked(ngo) == {("beneficiary", untouched["id"], "get_circumstances")}
    stranger = callers.ngo("1733")
    stranger.get(url_of(girl))
    assert looked(stranger) == set()


def test_the_trail_tells_that_and_not_what(ngo: Caller, girl: Body) -> None:
    ngo.patch(url_of(girl), {"chronic_conditions": "Astma", "grade": 8, "seeing": "cannot_do_at_all"}, version=1)
    text = ngo.get("/v1/audit-entries", params={"limit": 200}).text
    assert "circumstances" in text
    for secret in ("Astma", "Qandli", "12-maktab", "cannot_do_at_all", "disability_certificate", "child_with_disability"):
        assert secret not in text


def test_the_record_before_there_is_one_follows_every_rule(ngo: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever decides of a field in a row that is read decides of it in one that is made: a permission as well as a category."""
    person = make_beneficiary(ngo)
    assert ngo.get(url_of(person)).json().keys() >= ALL
    nobodys = Permission("circumstances:nobody", "For nobody.", {}, administrator=False)
    declared = DECLARED[Circumstances]
    stricter = {name: replace(rule, permission=nobodys) if name in HEALTH else rule for name, rule in declared.fields.items()}
    monkeypatch.setitem(DECLARED, Circumstances, replace(declared, fields=stricter))
    found = ngo.get(url_of(person)).json()
    assert found["version"] == 0
    assert not found.keys() & {*HEALTH}
    assert found.keys() >= {*SCHOOLING, *PAPERS}
    hidden = {name: replace(rule, permission=nobodys) for name, rule in declared.fields.items()}
    monkeypatch.setitem(DECLARED, Circumstances, replace(declared, fields=hidden))
    assert ngo.get(url_of(person)).status_code == 404
