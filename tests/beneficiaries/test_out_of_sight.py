"""What contradicts itself is refused whoever writes it: to a specialist of one district, too, who does not see the row that tells."""

from typing import Any

import pytest

from tests.callers import Caller, Callers
from tests.client import pointers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, Body, daughter, father, make_beneficiary, make_family, mother, person_body
from tests.factories.kinship import KINSHIPS, kinship_body, make_kinship, make_parent
from tests.factories.lives import member_of, membership_of, merge_body, split_body, told, url

PEOPLE = "/v1/beneficiaries"


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    """Who sees all of it."""
    return callers.ngo()


@pytest.fixture(params=["everywhere", "district"])
def writer(request: pytest.FixtureRequest, callers: Callers, ngo: Caller) -> Caller:
    """Who writes the contradiction."""
    if request.param == "everywhere":
        return ngo
    return callers.ngo(SHOVOT, organization_id=ngo.organization_id, duty="specialist")


def put_out_of_sight(ngo: Caller, person: str) -> None:
    """The person is registered elsewhere from now on."""
    found = ngo.get(f"{PEOPLE}/{person}").json()
    assert ngo.patch(f"{PEOPLE}/{person}", {"territory": ANDIJON}, version=found["version"]).status_code == 200


def born_some_time_in_1990(ngo: Caller, given_name: str, territory: str) -> Body:
    return make_beneficiary(ngo, given_name=given_name, birth_date="1990-01-01", birth_precision="year", territory=territory)


def test_a_circle_of_parents(ngo: Caller, writer: Caller) -> None:
    first, last = (born_some_time_in_1990(ngo, name, SHOVOT) for name in ("Aziza", "Charos"))
    between = born_some_time_in_1990(ngo, "Barno", ANDIJON)
    make_kinship(ngo, first, between)
    make_kinship(ngo, between, last)
    refused = writer.post(KINSHIPS, kinship_body(last, first))
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_of_parents")


def test_a_mother_younger_than_her_child(ngo: Caller, writer: Caller) -> None:
    parent, child = make_parent(ngo, territory=SHOVOT), make_beneficiary(ngo, territory=ANDIJON)
    make_kinship(ngo, parent, child)
    refused = writer.patch(f"{PEOPLE}/{parent['id']}", {"birth_date": "2014-01-01"}, version=parent["version"])
    assert (refused.status_code, pointers(refused)) == (422, ["/birth_date"])
    assert child["id"] not in refused.text


@pytest.fixture
def elsewhere_before(ngo: Caller) -> str:
    """A girl of Shovot who lived in a family of Andijon from 2015 to 2018."""
    family = make_family(ngo, territory=ANDIJON, members=[father(), daughter(started_on="2015-01-01")])
    left = {"reason": "adopted", "ended_on": "2018-01-01"}
    assert ngo.post(url(family, "memberships", membership_of(family, "child"), "end"), left, version=1).status_code == 200
    girl = member_of(family, "child")
    found = ngo.get(f"{PEOPLE}/{girl}").json()
    assert ngo.patch(f"{PEOPLE}/{girl}", {"territory": SHOVOT}, version=found["version"]).status_code == 200
    return girl


def test_two_families_at_a_time(ngo: Caller, writer: Caller, elsewhere_before: str) -> None:
    family = make_family(ngo, territory=SHOVOT, members=[father(given_name="Botir")])
    ward: dict[str, Any] = {"beneficiary_id": elsewhere_before, "relationship_to_head": "ward"}
    refused = writer.post(url(family, "members"), {**ward, "started_on": "2016-01-01"})
    assert (refused.status_code, pointers(refused)) == (422, ["/started_on"])
    came = writer.post(url(family, "members"), {**ward, "started_on": "2018-01-01"})
    assert came.status_code == 201, came.text
    one = url(family, "memberships", came.json()["id"])
    refused = writer.patch(one, {"started_on": "2017-01-01"}, version=1)
    assert (refused.status_code, pointers(refused)) == (422, ["/started_on"])


def test_who_comes_since_nobody_knows_when_came_when_that_ended(ngo: Caller, writer: Caller, elsewhere_before: str) -> None:
    family = make_family(ngo, territory=SHOVOT, members=[father(given_name="Botir")])
    came = writer.post(url(family, "members"), {"beneficiary_id": elsewhere_before, "relationship_to_head": "ward"})
    assert (came.status_code, came.json()["started_on"]) == (201, "2018-01-01")


def test_a_child_older_than_the_head(ngo: Caller, writer: Caller) -> None:
    family = make_family(ngo, territory=SHOVOT, members=[father(birth_date="2000-01-01")])
    put_out_of_sight(ngo, member_of(family, "head"))
    old = {"relationship_to_head": "child", "person": person_body(given_name="Kampir", birth_date="1940-02-02")}
    refused = writer.post(url(family, "members"), old)
    assert (refused.status_code, pointers(refused)) == (422, ["/relationship_to_head"])


def test_a_new_head_younger_than_the_child(ngo: Caller, writer: Caller) -> None:
    family = make_family(ngo, territory=SHOVOT, members=[father(), mother(birth_date="1995-01-01"), daughter(birth_date="2012-01-01")])
    child = member_of(family, "child")
    assert ngo.patch(f"{PEOPLE}/{child}", {"birth_date": "1996-01-01"}, version=1).status_code == 200
    put_out_of_sight(ngo, child)
    body = {
        "beneficiary_id": child,
        "relationships": told((member_of(family, "head"), "child"), (member_of(family, "spouse"), "other_relative")),
    }
    now = ngo.get(url(family)).json()
    refused = writer.post(url(family, "change-head"), body, version=now["version"])
    assert (refused.status_code, pointers(refused)) == (422, ["/relationships/0/relationship_to_head"])


def test_a_merge_that_makes_a_child_older_than_the_head(ngo: Caller, writer: Caller) -> None:
    into = make_family(ngo, territory=SHOVOT, members=[father(given_name="Botir", birth_date="2000-01-01")])
    put_out_of_sight(ngo, member_of(into, "head"))
    family = make_family(ngo, territory=SHOVOT, members=[father(birth_date="1960-01-01")])
    body = merge_body(family, into, relationships=told((member_of(family, "head"), "child")))
    refused = writer.post(url(family, "merge"), body, version=family["version"])
    assert (refused.status_code, pointers(refused)) == (422, ["/relationships/0/relationship_to_head"])


def test_a_split_that_makes_a_child_older_than_the_head(ngo: Caller, writer: Caller) -> None:
    family = make_family(ngo, territory=SHOVOT)
    child = member_of(family, "child")
    put_out_of_sight(ngo, child)
    members = told((member_of(family, "spouse"), "child"), (child, "head"))
    now = ngo.get(url(family)).json()
    refused = writer.post(url(family, "split"), split_body(family, members=members), version=now["version"])
    assert (refused.status_code, pointers(refused)) == (422, ["/members/0/relationship_to_head"])


def test_nothing_is_found_out_by_what_is_refused_anyway(ngo: Caller, callers: Callers) -> None:
    family = make_family(ngo, territory=SHOVOT, members=[father(birth_date="1980-06-15", birth_precision="day"), daughter()])
    head, child = member_of(family, "head"), ngo.get(f"{PEOPLE}/{member_of(family, 'child')}").json()
    put_out_of_sight(ngo, head)
    make_kinship(ngo, {"id": head}, child)
    local = callers.ngo(SHOVOT, organization_id=ngo.organization_id, duty="specialist")
    assert local.get(f"{PEOPLE}/{head}").status_code == 404
    for born in ("1980-06-14", "1980-06-16"):
        taken = {"person": person_body(id=child["id"], birth_date=born, birth_precision="day"), "relationship_to_head": "child"}
        assert local.post(url(family, "members"), taken).json()["code"] == "id_taken", born
        beyond = {"birth_date": born, "territory": ANDIJON}
        assert local.patch(f"{PEOPLE}/{child['id']}", beyond, version=child["version"]).json()["code"] == "out_of_scope", born
