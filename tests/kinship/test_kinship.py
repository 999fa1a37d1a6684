"""Who is whose relative, across families."""

import uuid
from itertools import pairwise
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.access.transaction import as_system, begin
from app.kinship.models import Kinship
from app.problems import AlreadyExists, Invalid
from tests.beneficiaries.test_races import outcomes, together
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import SHOVOT, URGANCH, make_beneficiary
from tests.factories.consents import born
from tests.factories.duplicates import undo
from tests.factories.grants import grant
from tests.factories.kinship import KINSHIPS, kinship_body, make_kinship, make_parent


def test_anonymous_and_those_without_permission(client: Client, callers: Callers) -> None:
    ngo = callers.ngo()
    parent, child = make_parent(ngo), make_beneficiary(ngo)
    body = kinship_body(parent, child)
    one = f"{KINSHIPS}/{make_kinship(ngo, parent, child)['id']}"
    assert client.get(KINSHIPS).status_code == client.get(one).status_code == 401
    assert client.post(KINSHIPS, json=body).status_code == client.patch(one, json={}).status_code == 401
    assert client.post(f"{one}/end", json={}).status_code == 401
    for caller in (callers.state(), callers.ngo(duty="viewer", organization_id=ngo.organization_id)):
        assert caller.post(KINSHIPS, body).status_code == 403
        assert caller.patch(one, {}, version=1).status_code == 403
        assert caller.post(f"{one}/end", {}, version=1).status_code == 403
    for stranger in (callers.ngo(), callers.committee("17"), callers.state("17")):
        assert stranger.get(one).status_code == 404
        assert stranger.get(KINSHIPS).json()["items"] == []
    assert callers.ngo().patch(one, {}, version=1).status_code == 404
    assert callers.ngo().post(f"{one}/end", {}, version=1).status_code == 404


def test_a_mother_and_her_daughter(callers: Callers) -> None:
    ngo = callers.ngo()
    parent, child = make_parent(ngo), make_beneficiary(ngo)
    body = kinship_body(parent, child, started_on="2012-05-17", note="Guvohnoma koʻrildi")
    made = ngo.post(KINSHIPS, body, key="one")
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    found = made.json()
    assert made.headers["location"] == f"{KINSHIPS}/{found['id']}"
    assert found["person"] == {"id": parent["id"], "names": parent["names"]}
    assert found["relative"] == {"id": child["id"], "names": child["names"]}
    assert [found[name] for name in ("kind", "is_legal", "started_on", "ended_on", "note", "organization_id")] == [
        *("parent", True, "2012-05-17", None, "Guvohnoma koʻrildi", ngo.organization_id)
    ]
    assert ngo.get(f"{KINSHIPS}/{found['id']}").json() == found
    assert ngo.post(KINSHIPS, body, key="one").headers["idempotent-replayed"] == "true"
    assert ngo.post(KINSHIPS, body).json()["code"] == "already_exists"


def test_the_same_again(callers: Callers) -> None:
    ngo, chosen = callers.ngo(), str(uuid.uuid4())
    parent, child = make_parent(ngo), make_beneficiary(ngo)
    body = kinship_body(parent, child, id=chosen)
    made = ngo.post(KINSHIPS, body)
    again = ngo.post(KINSHIPS, body)
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json())
    assert ngo.post(KINSHIPS, body | {"is_legal": False}).json()["code"] == "id_taken"


@pytest.mark.parametrize("kind", ["sibling", "spouse"])
def test_what_goes_both_ways_is_stored_once(callers: Callers, kind: str) -> None:
    ngo = callers.ngo()
    first, second = sorted((make_parent(ngo), make_parent(ngo, given_name="Anvar")), key=lambda one: str(one["id"]))
    found = make_kinship(ngo, second, first, kind=kind)
    assert (found["person"]["id"], found["relative"]["id"]) == (first["id"], second["id"])
    for pair in ((first, second), (second, first)):
        assert ngo.post(KINSHIPS, kinship_body(*pair, kind=kind)).json()["code"] == "already_exists"
    # Once it has ended it can begin again.
    assert ngo.post(f"{KINSHIPS}/{found['id']}/end", {"ended_on": "2020-01-01"}, version=1).status_code == 200
    make_kinship(ngo, first, second, kind=kind)


def test_lists(callers: Callers) -> None:
    ngo = callers.ngo()
    grandmother, mother, child = make_parent(ngo, birth_date="1955-01-01"), make_parent(ngo), make_beneficiary(ngo)
    upper, lower = make_kinship(ngo, grandmother, mother), make_kinship(ngo, mother, child)
    guardian = make_kinship(ngo, grandmother, child, kind="guardian")

    def ids(**params: Any) -> list[str]:
        return [one["id"] for one in ngo.get(KINSHIPS, params=params).json()["items"]]

    assert ids() == [guardian["id"], lower["id"], upper["id"]]
    assert ids(beneficiary_id=mother["id"], sort="created_at") == [upper["id"], lower["id"]]
    assert ids(beneficiary_id=child["id"]) == [guardian["id"], lower["id"]]
    assert ids(beneficiary_id=grandmother["id"], kind="guardian") == [guardian["id"]]
    assert ids(beneficiary_id=str(uuid.uuid4())) == []
    assert ngo.get(KINSHIPS, params={"kind": "aunt"}).status_code == 422
    page = ngo.get(KINSHIPS, params={"limit": 2, "include": "total"}).json()
    assert (len(page["items"]), page["total"]) == (2, 3)
    assert ids(limit=2, cursor=page["next"]) == [upper["id"]]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"kind": "aunt"}, "/kind"),
        ({"person_id": str(uuid.uuid4())}, "/person_id"),
        ({"relative_id": str(uuid.uuid4())}, "/relative_id"),
        ({"started_on": "2012-05-16"}, "/started_on"),
        ({"started_on": "2999-01-01"}, "/started_on"),
        ({"is_legal": "yes"}, "/is_legal"),
        ({"ended_on": "2020-01-01"}, "/ended_on"),
    ],
)
def test_a_wrong_kinship_is_refused(callers: Callers, changed: dict[str, Any], found: str) -> None:
    ngo = callers.ngo()
    assert pointers(ngo.post(KINSHIPS, kinship_body(make_parent(ngo), make_beneficiary(ngo)) | changed)) == [found]
    assert ngo.get(KINSHIPS).json()["items"] == []


def test_nobody_is_its_own_relative(callers: Callers) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo)
    for kind in ("parent", "spouse"):
        assert pointers(ngo.post(KINSHIPS, kinship_body(person, person, kind=kind))) == ["/relative_id"]


def test_anothers_person_is_unknown(callers: Callers) -> None:
    ngo = callers.ngo()
    child, foreign = make_beneficiary(ngo), make_parent(callers.ngo())
    refused = ngo.post(KINSHIPS, kinship_body(foreign, child))
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/person_id"], "unknown")
    here = callers.ngo("1733217", organization_id=ngo.organization_id)
    assert pointers(here.post(KINSHIPS, kinship_body(make_parent(here, territory=URGANCH), child))) == ["/relative_id"]


def test_a_parent_is_older_than_the_child(callers: Callers) -> None:
    ngo = callers.ngo()
    child = make_beneficiary(ngo)
    for day in ("2012-05-18", "2012-05-17"):
        refused = ngo.post(KINSHIPS, kinship_body(make_parent(ngo, birth_date=day), child))
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/person_id"], "not_older")
    # Where only the year is known, who may be older is not refused; and a sibling may be younger.
    unsure = make_beneficiary(ngo, birth_date="2012-01-01", birth_precision="year")
    make_kinship(ngo, make_parent(ngo, birth_date="2012-05-17"), unsure)
    make_kinship(ngo, make_parent(ngo, birth_date="2012-05-18"), child, kind="sibling")


def test_a_guardian_by_law_is_of_age(callers: Callers) -> None:
    ngo = callers.ngo()
    child, sister, grown = make_beneficiary(ngo), make_parent(ngo, birth_date=born(17)), make_parent(ngo, birth_date=born(18))
    refused = ngo.post(KINSHIPS, kinship_body(sister, child, kind="guardian"))
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/person_id"], "not_of_age")
    made = make_kinship(ngo, sister, child, kind="guardian", is_legal=False)
    assert pointers(ngo.patch(f"{KINSHIPS}/{made['id']}", {"is_legal": True}, version=1)) == ["/person_id"]
    make_kinship(ngo, grown, child, kind="guardian")


def test_nobody_is_married_by_law_as_a_child(callers: Callers) -> None:
    ngo = callers.ngo()
    man, girl, grown = make_parent(ngo), make_beneficiary(ngo, birth_date=born(16)), make_beneficiary(ngo, birth_date=born(17))
    refused = ngo.post(KINSHIPS, kinship_body(man, girl, kind="spouse"))
    assert [one["code"] for one in refused.json()["errors"]] == ["not_of_age"]
    # That it happened all the same can be told.
    make_kinship(ngo, man, girl, kind="spouse", is_legal=False)
    make_kinship(ngo, man, grown, kind="spouse")


@pytest.mark.parametrize(
    ("first", "second"), [("parent", "sibling"), ("sibling", "spouse"), ("spouse", "parent"), ("spouse", "sibling"), ("sibling", "parent")]
)
@pytest.mark.parametrize("turned", [False, True])
def test_two_are_one_thing_to_each_other(callers: Callers, first: str, second: str, turned: bool) -> None:
    ngo = callers.ngo()
    one, other = make_parent(ngo, birth_date="1960-01-01"), make_parent(ngo)
    made = make_kinship(ngo, one, other, kind=first)
    again = kinship_body(*((other, one) if turned and second != "parent" else (one, other)), kind=second)
    refused = ngo.post(KINSHIPS, again)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/kind"], "contradicts")
    assert ngo.post(f"{KINSHIPS}/{made['id']}/end", {}, version=1).status_code == 200
    assert ngo.post(KINSHIPS, again).status_code == 201


def test_a_grown_sibling_may_be_the_guardian(callers: Callers) -> None:
    ngo = callers.ngo()
    sister, child = make_parent(ngo), make_beneficiary(ngo)
    make_kinship(ngo, sister, child, kind="sibling")
    make_kinship(ngo, sister, child, kind="guardian")


def test_a_corrected_birth_makes_no_parent_younger_than_the_child(callers: Callers) -> None:
    ngo = callers.ngo()
    parent, child = make_parent(ngo), make_beneficiary(ngo)
    made = make_kinship(ngo, parent, child)
    for person, day in ((parent, "2012-05-17"), (child, "1984-03-02")):
        refused = ngo.patch(f"/v1/beneficiaries/{person['id']}", {"birth_date": day}, version=person["version"])
        assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/birth_date"], "not_older")
    assert ngo.post(f"{KINSHIPS}/{made['id']}/end", {}, version=1).status_code == 200
    assert ngo.patch(f"/v1/beneficiaries/{child['id']}", {"birth_date": "1984-03-02"}, version=child["version"]).status_code == 200


def test_a_merge_makes_no_parent_younger_than_the_child(callers: Callers) -> None:
    """The winner is younger by its own date than the child of the row that goes."""
    ngo = callers.ngo()
    child = make_beneficiary(ngo, birth_date="2000-01-01")
    winner = make_parent(ngo, given_name="Malika", birth_date="2003-05-17")
    loser = make_parent(ngo, given_name="Malika", birth_date="1973-05-17")
    made = make_kinship(ngo, loser, child)
    pair = ngo.post("/v1/duplicate-candidates", {"a_id": winner["id"], "b_id": loser["id"]}).json()
    body = {"winner_id": winner["id"], "fields": {}}
    refused = ngo.post(f"/v1/duplicate-candidates/{pair['id']}/merge", body, version=pair["version"])
    assert refused.json()["errors"][0]["code"] == "not_older"
    assert ngo.get(f"{KINSHIPS}/{made['id']}").json()["version"] == 1


def test_a_merge_makes_nobody_two_things_to_another(callers: Callers) -> None:
    """The winner is the parent of whose sibling the loser is recorded to be."""
    ngo = callers.ngo()
    child = make_beneficiary(ngo)
    winner, loser = (make_parent(ngo, given_name="Malika", birth_date="1973-05-17") for _ in range(2))
    make_kinship(ngo, winner, child)
    wrong = make_kinship(ngo, loser, child, kind="sibling")
    pair = next(one for one in ngo.get("/v1/duplicate-candidates").json()["items"])
    url, body = f"/v1/duplicate-candidates/{pair['id']}/merge", {"winner_id": winner["id"], "fields": {}}
    refused = ngo.post(url, body, version=pair["version"])
    assert (refused.json()["code"], refused.json()["errors"][0]["code"]) == ("settle_first", "kinship")
    assert ngo.post(f"{KINSHIPS}/{wrong['id']}/end", {}, version=1).status_code == 200
    assert ngo.post(url, body, version=pair["version"]).status_code == 201


def test_undoing_a_merge_makes_no_parent_younger_than_the_child(callers: Callers) -> None:
    ngo = callers.ngo()
    winner = make_parent(ngo, given_name="Malika", birth_date="2003-05-17")
    loser = make_parent(ngo, given_name="Malika", birth_date="1973-05-17")
    pair = ngo.post("/v1/duplicate-candidates", {"a_id": winner["id"], "b_id": loser["id"]}).json()
    side = "a" if pair["a"]["id"] == loser["id"] else "b"
    body = {"winner_id": winner["id"], "fields": {"birth_date": side}}
    merged = ngo.post(f"/v1/duplicate-candidates/{pair['id']}/merge", body, version=pair["version"])
    assert merged.status_code == 201, merged.text
    made = make_kinship(ngo, winner, make_beneficiary(ngo, birth_date="2000-01-01"))
    refused = undo(ngo, merged.json())
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_older")
    assert ngo.post(f"{KINSHIPS}/{made['id']}/end", {}, version=1).status_code == 200
    assert undo(ngo, merged.json()).status_code == 200


def imprecise(caller: Any) -> dict[str, Any]:
    return make_beneficiary(caller, birth_date="1980-01-01", birth_precision="year")


def test_parents_make_no_cycle(callers: Callers) -> None:
    ngo = callers.ngo()
    people = [imprecise(ngo) for _ in range(5)]
    links = [make_kinship(ngo, above, below) for above, below in pairwise(people)]
    for ancestor in people[:-1]:
        refused = ngo.post(KINSHIPS, kinship_body(people[-1], ancestor))
        assert (refused.status_code, refused.json()["code"]) == (409, "cycle_of_parents")
    # A guardian may be a descendant, and a kinship that has ended counts no more.
    make_kinship(ngo, people[-1], people[0], kind="guardian")
    assert ngo.post(f"{KINSHIPS}/{links[1]['id']}/end", {}, version=1).status_code == 200
    make_kinship(ngo, people[-1], people[0])


def test_two_at_once_do_not_close_a_cycle(callers: Callers) -> None:
    ngo = callers.ngo()
    for _ in range(4):
        one, other = imprecise(ngo), imprecise(ngo)
        bodies = [kinship_body(one, other), kinship_body(other, one)] * 2
        answers = outcomes(together([lambda body=body: ngo.post(KINSHIPS, body) for body in bodies]))
        assert answers == {(201, ""): 1, (409, "already_exists"): 1, (409, "cycle_of_parents"): 2}


def test_eight_spouses_at_once(callers: Callers) -> None:
    ngo = callers.ngo()
    one, other = make_parent(ngo), make_parent(ngo)
    bodies = [kinship_body(one, other, kind="spouse"), kinship_body(other, one, kind="spouse")] * 4
    answers = outcomes(together([lambda body=body: ngo.post(KINSHIPS, body) for body in bodies]))
    assert answers == {(201, ""): 1, (409, "already_exists"): 7}


def test_more_than_two_legal_parents_are_not_refused(callers: Callers) -> None:
    ngo = callers.ngo()
    child = make_beneficiary(ngo)
    for _ in range(3):
        make_kinship(ngo, make_parent(ngo), child)


def test_it_is_corrected_and_ends(callers: Callers) -> None:
    ngo = callers.ngo()
    found = make_kinship(ngo, make_parent(ngo), make_beneficiary(ngo), kind="guardian", note="Hokim qarori")
    one = f"{KINSHIPS}/{found['id']}"
    assert ngo.patch(one, {"is_legal": False}).status_code == 428
    changed = ngo.patch(one, {"is_legal": False, "started_on": "2015-01-01"}, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (changed.json()["is_legal"], changed.json()["note"]) == (False, "Hokim qarori")
    assert ngo.patch(one, {"note": None}, version=1).status_code == 412
    assert ngo.patch(one, {"note": None}, version=2).json()["note"] is None
    assert pointers(ngo.patch(one, {"is_legal": None}, version=3)) == ["/is_legal"]
    assert pointers(ngo.patch(one, {"kind": "parent"}, version=3)) == ["/kind"]
    assert pointers(ngo.patch(one, {"started_on": "2012-05-16"}, version=3)) == ["/started_on"]
    assert ngo.post(f"{one}/end", {}).status_code == 428
    assert ngo.post(f"{one}/end", {}, version=2).status_code == 412
    for day in ("2014-12-31", "2999-01-01"):
        assert pointers(ngo.post(f"{one}/end", {"ended_on": day}, version=3)) == ["/ended_on"]
    ended = ngo.post(f"{one}/end", {"ended_on": "2020-01-01"}, version=3, key="end")
    assert (ended.status_code, ended.json()["ended_on"]) == (200, "2020-01-01")
    assert ngo.post(f"{one}/end", {"ended_on": "2020-01-01"}, version=3, key="end").headers["idempotent-replayed"] == "true"
    assert ngo.post(f"{one}/end", {}, version=4).json()["code"] == "wrong_state"
    assert pointers(ngo.patch(one, {"started_on": "2020-01-02"}, version=4)) == ["/started_on"]
    assert ngo.patch(f"{KINSHIPS}/{uuid.uuid4()}", {}, version=1).status_code == 404


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_both_persons_must_be_open(callers: Callers, kind: str) -> None:
    ngo, partner = callers.ngo(), getattr(callers, kind)("17")
    parent, child = make_parent(ngo), make_beneficiary(ngo)
    one = f"{KINSHIPS}/{make_kinship(ngo, parent, child, note='Ichki')['id']}"
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, DataCategory.IDENTITY, beneficiary_id=child["id"])
    assert partner.get(one).status_code == 404
    assert partner.get(KINSHIPS, params={"beneficiary_id": child["id"]}).json()["items"] == []
    assert partner.get(KINSHIPS, params={"include": "total"}).json()["total"] == 0
    opened = grant(ngo, mine, *DataCategory, beneficiary_id=parent["id"])
    shown = partner.get(one).json()
    assert (shown["person"]["id"], "note" in shown) == (parent["id"], False)
    assert len(partner.get(KINSHIPS, params={"beneficiary_id": child["id"]}).json()["items"]) == 1
    if kind == "committee":
        for refused in (
            partner.patch(one, {"is_legal": False}, version=1),
            partner.post(KINSHIPS, kinship_body(parent, child, kind="guardian")),
        ):
            assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    with begin(as_system("test")) as db:
        db.add(opened)
        opened.close()
    assert partner.get(one).status_code == 404


def test_the_database_itself(callers: Callers) -> None:
    ngo = callers.ngo()
    first, second = sorted((uuid.UUID(make_beneficiary(ngo)["id"]) for _ in range(2)), key=str)
    owner: dict[str, Any] = {"organization_id": uuid.UUID(ngo.organization_id), "territory": SHOVOT, "is_legal": True}
    with pytest.raises(AlreadyExists), begin(as_system("test")) as db:
        db.add_all([Kinship(**owner, person_id=first, relative_id=second, kind="spouse") for _ in range(2)])
    for pair in ((second, first), (first, first)):
        with pytest.raises(Invalid), begin(as_system("test")) as db:
            db.add(Kinship(**owner, person_id=pair[0], relative_id=pair[1], kind="spouse"))
