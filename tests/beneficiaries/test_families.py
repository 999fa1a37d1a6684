"""Registering families and correcting what is known of them."""

import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.beneficiaries import numbers
from app.beneficiaries.actions import families as actions
from app.database import Database
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import (
    ANDIJON,
    SHOVOT,
    URGANCH,
    daughter,
    family_body,
    father,
    make_beneficiary,
    make_family,
    mother,
)

URL = "/v1/families"


def test_anonymous_gets_nowhere(client: Client) -> None:
    one = f"{URL}/{uuid.uuid4()}"
    assert client.get(URL).status_code == 401
    assert client.get(one).status_code == 401
    assert client.post(URL, json=family_body()).status_code == 401
    assert client.patch(one, json={}).status_code == 401
    assert client.post(f"{one}/change-head", json={}).status_code == 401


def test_who_has_no_permission_is_refused(callers: Callers) -> None:
    family = make_family(callers.ngo("1733"))
    state = callers.state("1733")
    assert state.get(URL).json()["items"] == []
    assert state.get(f"{URL}/{family['id']}").status_code == 404
    assert state.post(URL, family_body()).status_code == 403
    viewer = callers.ngo("1733", duty="viewer")
    assert viewer.post(URL, family_body()).status_code == 403
    assert viewer.patch(f"{URL}/{family['id']}", {}, version=1).status_code == 403
    assert viewer.post(f"{URL}/{family['id']}/change-head", {}, version=1).status_code == 403


def test_a_family_is_registered_with_its_members(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    made = ngo.post(URL, family_body(housing="rented", monthly_income=1_200_000, size=4, note="Uy taʼmirtalab"))
    assert made.status_code == 201
    family = made.json()
    assert made.headers["location"] == f"{URL}/{family['id']}"
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", family["number"])
    assert (family["status"], family["territory"], family["organization_id"]) == ("active", SHOVOT, ngo.organization_id)
    assert [member["relationship_to_head"] for member in family["members"]] == ["head", "spouse", "child"]
    assert [member["is_head"] for member in family["members"]] == [True, False, False]
    assert [member["is_primary_caregiver"] for member in family["members"]] == [False, True, False]
    assert family["members"][0]["names"] == {"latin": "Yoʻldoshev Karim", "cyrillic": "Йўлдошев Карим"}
    read = ngo.get(f"{URL}/{family['id']}")
    assert family.pop("possible_duplicates") == []
    assert read.json() == family
    assert read.headers["etag"] == '"1"'
    assert ngo.get(URL).json()["items"] == [{name: value for name, value in family.items() if name != "members"}]
    head = ngo.get(f"/v1/beneficiaries/{family['members'][0]['id']}").json()
    assert (head["territory"], head["organization_id"], head["names"]) == (SHOVOT, ngo.organization_id, family["members"][0]["names"])


def test_a_family_may_come_without_members(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    assert make_family(ngo, members=[])["members"] == []
    assert ngo.post(URL, {"territory": SHOVOT}).status_code == 201


def test_a_family_in_a_mahalla(callers: Callers) -> None:
    mahalla = callers.administrator().post("/v1/places", {"district": SHOVOT, "names": {"uz_latn": "Guliston"}}).json()["soato"]
    ngo = callers.ngo(mahalla)
    family = make_family(ngo, territory=mahalla)
    assert ngo.get(f"{URL}/{family['id']}").json()["members"] == family["members"]
    # A list narrows down to it through every level.
    assert [
        len(callers.ngo(organization_id=ngo.organization_id).get(f"{URL}?territory={mahalla[:n]}").json()["items"]) for n in (2, 4, 7, 12)
    ] == [1] * 4


def members(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    people = (father(), mother(), daughter())
    return [{**person, **change} for person, change in zip(people, changes, strict=False)]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"members": members({}, {}, {"birth_date": "2999-01-01"})}, ["/members/2/birth_date"]),
        ({"members": members({"sex": "m"}, {"surname": ""}, {"x": 1})}, ["/members/0/sex", "/members/1/surname", "/members/2/x"]),
        (
            {"members": members({}, {"deceased_on": "1980-01-01"}, {"started_on": "2012-05-16"})},
            ["/members/1/deceased_on", "/members/1/is_primary_caregiver", "/members/2/started_on"],
        ),
        ({"members": members({}, {"given_name": "Zuh\u202era"})}, ["/members/1/given_name"]),
        ({"members": members({"relationship_to_head": "other_relative"}, {})}, ["/members"]),
        ({"members": members({}, {"relationship_to_head": "head"})}, ["/members"]),
        ({"members": members({"is_head": False}, {})}, ["/members/0/is_head", "/members"]),
        ({"members": members({}, {"is_head": True})}, ["/members/1/is_head", "/members"]),
        ({"members": members({}, {"is_head": "yes"})}, ["/members/1/is_head"]),
        (
            {"members": members({"id": "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"}, {"id": "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17"})},
            ["/members"],
        ),
        ({"members": [father(), *[daughter()] * 60]}, ["/members"]),
        ({"members": [father(territory=URGANCH)]}, ["/members/0/territory"]),
        ({"territory": "1733"}, ["/territory"]),
        ({"territory": "1733999"}, ["/territory"]),
        ({"monthly_income": -1}, ["/monthly_income"]),
        ({"monthly_income": 1.5}, ["/monthly_income"]),
        ({"monthly_income": 10**19}, ["/monthly_income"]),
        ({"size": 0}, ["/size"]),
        ({"housing": "castle"}, ["/housing"]),
        ({"number": "7K3M-9QXR"}, ["/number"]),
        ({"status": "moved"}, ["/status"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(callers: Callers, changed: dict[str, Any], found: list[str]) -> None:
    ngo = callers.ngo()
    assert pointers(ngo.post(URL, family_body(**changed))) == found
    assert ngo.get(URL).json()["items"] == []
    assert ngo.get("/v1/beneficiaries").json()["items"] == []


def test_a_member_that_cannot_be_stored_takes_the_family_along(callers: Callers) -> None:
    ngo = callers.ngo()
    taken = make_beneficiary(ngo)["id"]
    refused = ngo.post(URL, family_body(members=[father(), daughter(id=taken)]))
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")
    assert ngo.get(URL).json()["items"] == []
    assert len(ngo.get("/v1/beneficiaries").json()["items"]) == 1


def test_a_number_that_is_taken_asks_for_another_try(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo()
    draws = iter([(number := numbers.new_number()), number, numbers.new_number()])
    monkeypatch.setattr(actions, "new_number", lambda: next(draws))
    assert make_family(ngo)["number"] == number
    refused = ngo.post(URL, family_body(), key="one")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert ngo.post(URL, family_body(), key="one").status_code == 201


def test_the_same_registration_again(callers: Callers) -> None:
    ngo, chosen = callers.ngo(), str(uuid.uuid4())
    made = ngo.post(URL, family_body(id=chosen), key="one")
    replayed = ngo.post(URL, family_body(id=chosen), key="one")
    assert (replayed.status_code, replayed.json(), replayed.headers["idempotent-replayed"]) == (201, made.json(), "true")
    again = ngo.post(URL, family_body(id=chosen))
    assert (again.status_code, again.json()) == (200, made.json())
    assert ngo.post(URL, family_body(id=chosen, size=5)).json()["code"] == "id_taken"
    assert ngo.post(URL, family_body(size=5), key="one").json()["code"] == "idempotency_key_reused"
    assert len(ngo.get("/v1/beneficiaries").json()["items"]) == 3


def test_a_family_is_corrected_with_its_version(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, size=3)
    url = f"{URL}/{family['id']}"
    assert ngo.patch(url, {"size": 4}).status_code == 428
    changed = ngo.patch(url, {"size": None, "status": "moved", "monthly_income": 0}, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (changed.json()["size"], changed.json()["status"], changed.json()["monthly_income"]) == (None, "moved", 0)
    assert changed.json()["address"] == family["address"]
    assert changed.json() == ngo.get(url).json()
    assert ngo.patch(url, {"size": 4}, version=1).status_code == 412
    assert pointers(ngo.patch(url, {"status": None}, version=2)) == ["/status"]
    assert pointers(ngo.patch(url, {"territory": None}, version=2)) == ["/territory"]
    assert pointers(ngo.patch(url, {"territory": "1733999"}, version=2)) == ["/territory"]
    assert pointers(ngo.patch(url, {"members": []}, version=2)) == ["/members"]
    assert ngo.patch(f"{URL}/{uuid.uuid4()}", {}, version=1).status_code == 404


def test_memberships_lie_where_the_family_lies(callers: Callers) -> None:
    ngo = callers.ngo()
    family = make_family(ngo)
    elsewhere, *others = (member["id"] for member in family["members"])
    assert ngo.patch(f"/v1/beneficiaries/{elsewhere}", {"territory": URGANCH}, version=1).status_code == 200
    assert ngo.patch(f"{URL}/{family['id']}", {"territory": ANDIJON}, version=1).status_code == 200
    there = callers.ngo("1703", organization_id=ngo.organization_id)
    assert [one["id"] for one in there.get(f"{URL}/{family['id']}").json()["members"]] == others, (
        "who was where it was is corrected with it"
    )
    places = {member["id"]: ngo.get(f"/v1/beneficiaries/{member['id']}").json()["territory"] for member in family["members"]}
    assert places == {elsewhere: URGANCH, **dict.fromkeys(others, ANDIJON)}
    here = callers.ngo("1733", organization_id=ngo.organization_id)
    assert here.get(f"{URL}/{family['id']}").status_code == 404


def test_filters(callers: Callers) -> None:
    ngo = callers.ngo()
    first = make_family(ngo)
    second = make_family(ngo, territory=ANDIJON, members=[])

    def ids(**params: Any) -> list[str]:
        found = ngo.get(URL, params=params)
        assert found.status_code == 200, found.text
        return [one["id"] for one in found.json()["items"]]

    assert ids(sort="created_at") == [first["id"], second["id"]]
    assert ids() == [second["id"], first["id"]]
    assert ids(territory="1703") == [second["id"]]
    assert ids(number=first["number"]) == [first["id"]]
    assert ids(beneficiary_id=first["members"][1]["id"]) == [first["id"]]
    assert ids(beneficiary_id=str(uuid.uuid4())) == []
    assert ngo.patch(f"{URL}/{second['id']}", {"status": "dissolved"}, version=1).status_code == 200
    changed = ngo.patch(f"{URL}/{first['id']}", {"status": "moved"}, version=1).json()
    assert ids(status="dissolved") == [second["id"]]
    assert ids(status="moved") == [first["id"]]
    assert ids(status="active") == []
    assert ids(sort="updated_at", updated_since=changed["updated_at"]) == [first["id"]]
    assert ids(sort="updated_at") == [second["id"], first["id"]]
    assert ngo.get(URL, params={"number": "7K3M-9QXI"}).status_code == 422
    assert ngo.get(URL, params={"status": "gone"}).status_code == 422


def test_a_family_is_read_in_two_statements_and_a_list_in_one(callers: Callers, statements: list[str], db: Database) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)

    def asked() -> int:
        found = sum("family" in one and not one.startswith("INSERT") for one in statements)
        statements.clear()
        return found

    asked()
    assert ngo.get(f"{URL}/{family['id']}").status_code == 200
    assert asked() == 2
    assert ngo.get(URL, params={"q": "karim dilnoza", "status": "active"}).status_code == 200
    assert asked() == 1


def test_the_database_keeps_the_head_and_its_word_together(callers: Callers, db: Database) -> None:
    family = make_family(callers.ngo())
    membership = uuid.UUID(family["members"][1]["membership_id"])
    from app.beneficiaries.models import FamilyMembership

    table = FamilyMembership.__table__
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == membership).values(relationship_to_head="head"))
