"""Members come and leave, and the head changes."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest

from app.access.transaction import as_system, begin
from app.beneficiaries.models import AlreadyMember, FamilyMembership, HeadExists
from app.days import today
from tests.callers import Caller, Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import SHOVOT, daughter, father, make_beneficiary, make_family, mother, person_body

TODAY = today()


def url(family: dict[str, Any], *rest: str) -> str:
    return "/".join(("/v1/families", family["id"], *rest))


def membership_of(family: dict[str, Any], relationship: str) -> str:
    return next(str(one["membership_id"]) for one in family["members"] if one["relationship_to_head"] == relationship)


def member_of(family: dict[str, Any], relationship: str) -> str:
    return next(str(one["id"]) for one in family["members"] if one["relationship_to_head"] == relationship)


def test_anonymous_and_those_without_permission(client: Client, callers: Callers) -> None:
    family = make_family(callers.ngo("1733"))
    one = url(family, "memberships", membership_of(family, "head"))
    assert client.get(url(family, "memberships")).status_code == 401
    assert client.get(one).status_code == 401
    assert client.post(url(family, "members"), json={}).status_code == 401
    assert client.patch(one, json={}).status_code == 401
    assert client.post(f"{one}/end", json={}).status_code == 401
    state, viewer = callers.state("1733"), callers.ngo("1733", duty="viewer")
    assert state.get(url(family, "memberships")).status_code == 404
    assert state.get(one).status_code == 404
    for caller in (state, viewer):
        assert caller.post(url(family, "members"), {}).status_code == 403
        assert caller.patch(one, {}, version=1).status_code == 403
        assert caller.post(f"{one}/end", {}, version=1).status_code == 403


def test_strangers_find_nothing(callers: Callers) -> None:
    family, stranger = make_family(callers.ngo("1733")), callers.ngo("1733")
    one = url(family, "memberships", membership_of(family, "head"))
    assert stranger.get(url(family, "memberships")).status_code == 404
    assert stranger.get(one).status_code == 404
    assert stranger.post(url(family, "members"), {"person": person_body(), "relationship_to_head": "child"}).status_code == 404
    assert stranger.patch(one, {"started_on": "2019-01-01"}, version=1).status_code == 404
    assert stranger.post(f"{one}/end", {"reason": "other"}, version=1).status_code == 404
    body = {"beneficiary_id": member_of(family, "child"), "relationships": []}
    assert stranger.post(url(family, "change-head"), body, version=1).status_code == 404


def test_someone_known_becomes_a_member(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family, person = make_family(ngo), make_beneficiary(ngo, given_name="Нодир", sex="male")
    body = {"beneficiary_id": person["id"], "relationship_to_head": "child", "started_on": "2012-05-17"}
    made = ngo.post(url(family, "members"), body)
    assert made.status_code == 201
    membership = made.json()
    assert made.headers["location"] == url(family, "memberships", membership["id"])
    assert made.headers["etag"] == '"1"'
    assert (membership["family_id"], membership["beneficiary_id"], membership["names"]) == (family["id"], person["id"], person["names"])
    read = ngo.get(made.headers["location"])
    assert membership.pop("possible_duplicates") == []
    assert read.json() == membership
    ngo.patch(f"/v1/beneficiaries/{person['id']}", {"given_name": "Нодирбек"}, version=1)
    renamed = ngo.get(made.headers["location"], headers={"If-None-Match": '"1"'})
    assert (renamed.status_code, renamed.headers["etag"]) == (200, '"1"')
    assert "Nodirbek" in renamed.json()["names"]["latin"]
    after = ngo.get(url(family)).json()
    assert after["version"] == family["version"] + 1
    assert person["id"] in [one["id"] for one in after["members"]]
    again = ngo.post(url(family, "members"), body)
    assert (again.status_code, again.json()["code"]) == (409, "already_member")
    other = make_family(ngo)
    assert ngo.post(url(other, "members"), body).json()["code"] == "already_member"


def test_someone_new_becomes_a_member(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    chosen = {"id": str(uuid.uuid4()), "person": person_body(given_name="Нодир"), "relationship_to_head": "child"}
    made = ngo.post(url(family, "members"), chosen)
    assert made.status_code == 201
    person = ngo.get(f"/v1/beneficiaries/{made.json()['beneficiary_id']}").json()
    assert (person["territory"], person["given_name"]) == (SHOVOT, "Нодир")
    again = ngo.post(url(family, "members"), chosen)
    assert (again.status_code, again.json()) == (200, made.json())
    assert ngo.post(url(family, "members"), {**chosen, "is_primary_caregiver": True}).json()["code"] == "id_taken"
    # The same body at another family is another membership, for which the id is no longer free.
    assert ngo.post(url(make_family(ngo), "members"), chosen).json()["code"] == "id_taken"
    assert len(ngo.get(url(family)).json()["members"]) == 4


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"relationship_to_head": "child"}, ["/beneficiary_id"]),
        ({"relationship_to_head": "child", "beneficiary_id": str(uuid.uuid4())}, ["/beneficiary_id"]),
        ({"relationship_to_head": "child", "beneficiary_id": str(uuid.uuid4()), "person": person_body()}, ["/beneficiary_id"]),
        ({"relationship_to_head": "kid", "person": person_body()}, ["/relationship_to_head"]),
        ({"relationship_to_head": "child", "person": person_body(birth_date="2999-01-01")}, ["/person/birth_date"]),
        ({"relationship_to_head": "child", "person": person_body(deceased_on="2012-05-16")}, ["/person/deceased_on"]),
        ({"relationship_to_head": "child", "person": person_body(), "started_on": "2012-05-16"}, ["/started_on"]),
        ({"relationship_to_head": "child", "person": person_body(), "is_head": True}, ["/is_head"]),
        ({"relationship_to_head": "child", "person": person_body(), "started_on": "2999-01-01"}, ["/started_on"]),
    ],
)
def test_a_wrong_member_is_refused(callers: Callers, body: dict[str, Any], found: list[str]) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    assert pointers(ngo.post(url(family, "members"), body)) == found
    assert ngo.get(url(family)).json() == family


def test_anothers_person_is_unknown(callers: Callers) -> None:
    ngo, foreign = callers.ngo("1733"), make_beneficiary(callers.ngo("1733"))
    body = {"relationship_to_head": "child", "beneficiary_id": foreign["id"]}
    refused = ngo.post(url(make_family(ngo), "members"), body)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/beneficiary_id"], "unknown")


def test_one_head_and_never_none(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    head = {"person": person_body(birth_date="1984-03-02"), "relationship_to_head": "head"}
    assert ngo.post(url(family, "members"), head).json()["code"] == "head_exists"
    empty = make_family(ngo, members=[])
    child = {"person": person_body(), "relationship_to_head": "child"}
    assert ngo.post(url(empty, "members"), child).json()["code"] == "head_needed"
    assert ngo.post(url(empty, "members"), head).status_code == 201
    assert ngo.post(url(empty, "members"), child).status_code == 201


@pytest.mark.parametrize(
    ("relationship", "wrong", "right", "code"),
    [
        ("child", "1980-01-01", "1980-01-02", "older_than_head"),
        ("grandchild", "1979-12-31", "2015-01-01", "older_than_head"),
        ("parent", "1980-01-01", "1979-12-31", "younger_than_head"),
    ],
)
def test_who_is_older_than_the_head_and_who_is_younger(callers: Callers, relationship: str, wrong: str, right: str, code: str) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father(birth_precision="day")])
    body = {"person": person_body(birth_date=wrong), "relationship_to_head": relationship}
    refused = ngo.post(url(family, "members"), body)
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/relationship_to_head"], code)
    made = ngo.post(url(family, "members"), body | {"person": person_body(birth_date=right)})
    assert made.status_code == 201, made.text
    person = ngo.get(f"/v1/beneficiaries/{made.json()['beneficiary_id']}").json()
    corrected = ngo.patch(f"/v1/beneficiaries/{person['id']}", {"birth_date": wrong}, version=person["version"])
    assert (pointers(corrected), corrected.json()["errors"][0]["code"]) == (["/birth_date"], code)


def test_a_parent_whose_year_alone_is_known_may_be_older(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father()])
    parent = {"person": person_body(birth_date="1980-01-01", birth_precision="year"), "relationship_to_head": "parent"}
    assert ngo.post(url(family, "members"), parent).status_code == 201


def test_a_family_has_at_most_sixty_members(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father(), *[daughter()] * 59])
    assert len(ngo.get(url(family)).json()["members"]) == 60
    assert ngo.post(url(family, "members"), {"person": person_body(), "relationship_to_head": "child"}).status_code == 409


def test_a_membership_is_corrected(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    one = url(family, "memberships", membership_of(family, "child"))
    assert ngo.patch(one, {"started_on": "2013-01-01"}).status_code == 428
    changed = ngo.patch(one, {"relationship_to_head": "stepchild", "started_on": "2013-01-01", "is_primary_caregiver": True}, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (changed.json()["relationship_to_head"], changed.json()["started_on"]) == ("stepchild", "2013-01-01")
    assert ngo.get(url(family)).json()["version"] == 2
    assert ngo.patch(one, {"started_on": None}, version=1).status_code == 412
    assert pointers(ngo.patch(one, {"started_on": "2012-01-01"}, version=2)) == ["/started_on"]
    assert pointers(ngo.patch(one, {"relationship_to_head": "head"}, version=2)) == ["/relationship_to_head"]
    assert pointers(ngo.patch(one, {"relationship_to_head": None}, version=2)) == ["/relationship_to_head"]
    head = url(family, "memberships", membership_of(family, "head"))
    assert pointers(ngo.patch(head, {"relationship_to_head": "spouse"}, version=1)) == ["/relationship_to_head"]
    # Under another family's address the membership is not there.
    other = make_family(ngo)
    assert ngo.patch(url(other, "memberships", membership_of(family, "child")), {}, version=2).status_code == 404
    assert ngo.get(url(other, "memberships", membership_of(family, "child"))).status_code == 404


def test_a_member_leaves(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father(), mother(started_on="2010-06-01"), daughter()])
    one = url(family, "memberships", membership_of(family, "spouse"))
    body = {"reason": "divorce", "note": "Ajrashdi", "ended_on": "2020-01-31"}
    assert ngo.post(f"{one}/end", body).status_code == 428
    assert ngo.post(f"{one}/end", body, version=2).status_code == 412
    assert pointers(ngo.post(f"{one}/end", {"ended_on": "2020-01-31"}, version=1)) == ["/reason"]
    for reason in ("Ajrashdi", "split", "merged"):
        assert pointers(ngo.post(f"{one}/end", {**body, "reason": reason}, version=1)) == ["/reason"]
    assert pointers(ngo.post(f"{one}/end", {**body, "ended_on": "2010-05-31"}, version=1)) == ["/ended_on"]
    assert pointers(ngo.post(f"{one}/end", {**body, "ended_on": (TODAY + timedelta(days=2)).isoformat()}, version=1)) == ["/ended_on"]
    ended = ngo.post(f"{one}/end", body, version=1, key="one")
    assert (ended.status_code, ended.headers["etag"]) == (200, '"2"')
    assert [ended.json()[name] for name in ("ended_on", "end_reason", "end_note")] == ["2020-01-31", "divorce", "Ajrashdi"]
    assert ngo.post(f"{one}/end", body, version=1, key="one").headers["idempotent-replayed"] == "true"
    assert ngo.post(f"{one}/end", body, version=2).json()["code"] == "wrong_state"
    assert pointers(ngo.patch(one, {"started_on": "2020-02-01"}, version=2)) == ["/started_on"]
    after = ngo.get(url(family)).json()
    assert [member["relationship_to_head"] for member in after["members"]] == ["head", "child"]
    assert after["version"] == 2
    history = ngo.get(url(family, "memberships")).json()["items"]
    assert [one["ended_on"] for one in history if one["ended_on"]] == ["2020-01-31"]
    assert len(history) == 3
    # Who left can belong to another family, and is no longer found in this one.
    assert ngo.get("/v1/families", params={"q": "zuhra"}).json()["items"] == []
    person = {"beneficiary_id": member_of(family, "spouse"), "relationship_to_head": "head"}
    assert ngo.post(url(make_family(ngo, members=[]), "members"), person).status_code == 201


def test_a_member_leaves_today_unless_a_day_is_given(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    ended = ngo.post(url(family, "memberships", membership_of(family, "child"), "end"), {"reason": "moved_away"}, version=1)
    assert TODAY <= date.fromisoformat(ended.json()["ended_on"]) <= TODAY + timedelta(days=1)


def test_the_head_leaves_last(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[father(), daughter()])
    head, child = (url(family, "memberships", membership_of(family, one), "end") for one in ("head", "child"))
    refused = ngo.post(head, {"reason": "death"}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "head_needed")
    assert ngo.get(url(family)).json() == family
    assert ngo.post(child, {"reason": "other"}, version=1).status_code == 200
    assert ngo.post(head, {"reason": "other"}, version=1).status_code == 200
    assert ngo.get(url(family)).json()["members"] == []


def told(family: dict[str, Any], **relationships: str) -> dict[str, Any]:
    """The spouse becomes the head; the others as told, by what they were."""
    others = [{"beneficiary_id": member_of(family, was), "relationship_to_head": becomes} for was, becomes in relationships.items()]
    return {"beneficiary_id": member_of(family, "spouse"), "relationships": others}


def test_the_head_changes(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    body = told(family, head="spouse", child="stepchild")
    assert ngo.post(url(family, "change-head"), body).status_code == 428
    changed = ngo.post(url(family, "change-head"), body, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert [(one["names"]["latin"], one["relationship_to_head"], one["is_head"]) for one in changed.json()["members"]] == [
        ("Yoʻldosheva Zuhra", "head", True),
        ("Yoʻldoshev Karim", "spouse", False),
        ("Yoʻldosheva Dilnoza Karim qizi", "stepchild", False),
    ]
    assert changed.json() == ngo.get(url(family)).json()
    assert ngo.post(url(family, "change-head"), body, version=1).status_code == 412


@pytest.mark.parametrize(
    ("relationships", "found"),
    [
        ({}, ["/relationships"]),
        ({"head": "spouse"}, ["/relationships"]),
        ({"head": "spouse", "child": "head"}, ["/relationships/1/relationship_to_head"]),
        ({"head": "spouse", "child": "child", "spouse": "spouse"}, ["/relationships/2/beneficiary_id"]),
        ({"head": "husband", "child": "child"}, ["/relationships/0/relationship_to_head"]),
    ],
)
def test_what_the_others_are_must_be_told(callers: Callers, relationships: dict[str, str], found: list[str]) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    assert pointers(ngo.post(url(family, "change-head"), told(family, **relationships), version=1)) == found
    assert ngo.get(url(family)).json() == family


def test_a_wrong_head_is_refused(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family, other = make_family(ngo), make_family(ngo)
    body = told(family, head="spouse", child="child")
    assert pointers(ngo.post(url(family, "change-head"), body | {"beneficiary_id": member_of(family, "head")}, version=1)) == [
        "/beneficiary_id"
    ]
    assert pointers(ngo.post(url(family, "change-head"), body | {"beneficiary_id": member_of(other, "spouse")}, version=1)) == [
        "/beneficiary_id"
    ]
    twice = body | {"relationships": body["relationships"] + body["relationships"][:1]}
    assert pointers(ngo.post(url(family, "change-head"), twice, version=1)) == ["/relationships/2/beneficiary_id"]


def _membership(caller: Caller, family: dict[str, Any], person: str, **other: Any) -> FamilyMembership:
    owner = {"organization_id": uuid.UUID(caller.organization_id), "territory": SHOVOT, "family_id": uuid.UUID(family["id"])}
    return FamilyMembership(**owner, beneficiary_id=uuid.UUID(person), **other)


def test_the_database_itself_admits_one_head_and_one_membership(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family, other, person = make_family(ngo), make_family(ngo, members=[]), make_beneficiary(ngo)["id"]
    with pytest.raises(HeadExists), begin(as_system("test")) as db:
        db.add(_membership(ngo, family, person, relationship_to_head="head", is_head=True))
    with pytest.raises(AlreadyMember), begin(as_system("test")) as db:
        db.add(_membership(ngo, other, member_of(family, "child"), relationship_to_head="child"))


@pytest.mark.parametrize("command", ["change-head", "change-caregivers"])
def test_nobody_came_after_what_was_so_of_it(callers: Callers, command: str) -> None:
    """Until the change of the head she was his wife, and until that of the caregivers one of them: by then she was there."""
    ngo = callers.ngo()
    family = make_family(ngo, members=[one | {"started_on": "2020-01-01"} for one in (father(), mother(), daughter())])
    head, wife, child = (
        next(one["id"] for one in family["members"] if one["relationship_to_head"] == kind) for kind in ("head", "spouse", "child")
    )
    others = [{"beneficiary_id": head, "relationship_to_head": "spouse"}, {"beneficiary_id": child, "relationship_to_head": "child"}]
    body = {"caregivers": []} if command == "change-caregivers" else {"beneficiary_id": wife, "relationships": others}
    url = f"/v1/families/{family['id']}"
    changed = ngo.post(f"{url}/{command}", {**body, "on": "2020-03-01"}, version=family["version"])
    assert changed.status_code == 200, changed.text
    one = f"{url}/memberships/{next(one['membership_id'] for one in family['members'] if one['id'] == wife)}"
    version = ngo.get(one).json()["version"]
    for day in ("2020-03-01", "2020-04-01"):
        assert pointers(ngo.patch(one, {"started_on": day}, version=version)) == ["/started_on"]
    assert ngo.patch(one, {"started_on": "2020-02-29"}, version=version).status_code == 200
