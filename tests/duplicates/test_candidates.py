"""Pairs of people who may be one: found on every way in, listed, decided."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.database import Database
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import ANDIJON, SHOVOT, URGANCH, beneficiary_body, family_body, make_family
from tests.factories.duplicates import PAIRS, make_twice, merge, read_pair, register
from tests.racing import together


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def colleague(callers: Callers, ngo: Caller, territory: str = "17", **options: Any) -> Caller:
    return callers.ngo(territory, organization_id=ngo.organization_id, **options)


# --- found on every way in --------------------------------------------------------------------------------------------------
def test_a_create_tells_who_may_be_the_same(ngo: Caller) -> None:
    first = register(ngo)
    assert first["possible_duplicates"] == []
    made = ngo.post("/v1/beneficiaries", beneficiary_body(surname="Yuldasheva", given_name="Dilnoza", patronymic=None), key="once")
    (found,) = made.json()["possible_duplicates"]
    assert found["beneficiary_id"] == first["id"]
    assert found["registered_id"] == made.json()["id"]
    assert found["names"] == first["names"]
    assert found["birth_date"] == first["birth_date"]
    assert found["score"] > 0.9
    assert {"names_match_nearly", "same_birth_date"} <= set(found["reasons"])
    replay = ngo.post("/v1/beneficiaries", beneficiary_body(surname="Yuldasheva", given_name="Dilnoza", patronymic=None), key="once")
    assert replay.headers["idempotent-replayed"] == "true"
    assert replay.json() == made.json()


def test_the_same_create_again_answers_the_same(ngo: Caller) -> None:
    register(ngo)
    body = beneficiary_body(id=str(uuid.uuid4()), surname="Yuldasheva")
    made, again = ngo.post("/v1/beneficiaries", body), ngo.post("/v1/beneficiaries", body)
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == made.json()
    assert len(made.json()["possible_duplicates"]) == 1
    family = family_body(id=str(uuid.uuid4()))
    made, again = ngo.post("/v1/families", family), ngo.post("/v1/families", family)
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == made.json()
    assert len(made.json()["possible_duplicates"]) == 2


def test_a_family_is_looked_through_at_once(ngo: Caller) -> None:
    girl = register(ngo)
    family = ngo.post("/v1/families", family_body()).json()
    (found,) = family["possible_duplicates"]
    assert found["beneficiary_id"] == girl["id"]
    assert found["registered_id"] in {member["id"] for member in family["members"]}


def test_a_new_member_is_looked_for(ngo: Caller) -> None:
    girl = register(ngo)
    family = make_family(ngo, members=[])
    head = {
        "person": {"surname": "Aliyev", "given_name": "Olim", "sex": "male", "birth_date": "1980-02-02"},
        "relationship_to_head": "head",
    }
    assert ngo.post(f"/v1/families/{family['id']}/members", head).json()["possible_duplicates"] == []
    person = {name: value for name, value in beneficiary_body().items() if name != "territory"}
    body = {"id": str(uuid.uuid4()), "person": person, "relationship_to_head": "child"}
    made, again = (ngo.post(f"/v1/families/{family['id']}/members", body) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert [one["beneficiary_id"] for one in made.json()["possible_duplicates"]] == [girl["id"]]
    known = register(ngo, given_name="Zuhra")
    added = ngo.post(f"/v1/families/{family['id']}/members", {"beneficiary_id": known["id"], "relationship_to_head": "child"})
    assert added.json()["possible_duplicates"] == [], "who is registered already was looked for then"


@pytest.mark.parametrize(
    "change",
    [
        {"surname": "Йўлдошева", "given_name": "Дилноза", "patronymic": "Карим қизи"},
        {"given_name": "Dilnoza", "patronymic": None},
    ],
)
def test_a_correction_is_looked_for(ngo: Caller, change: dict[str, Any]) -> None:
    girl, other = register(ngo), register(ngo, given_name="Zuhra")
    assert other["possible_duplicates"] == []
    changed = ngo.patch(f"/v1/beneficiaries/{other['id']}", change, version=1)
    assert [one["beneficiary_id"] for one in changed.json()["possible_duplicates"]] == [girl["id"]]
    untouched = ngo.patch(f"/v1/beneficiaries/{other['id']}", {"note": "X"}, version=2)
    assert untouched.json()["possible_duplicates"] == []


def test_a_corrected_date_and_telephone_are_looked_for(ngo: Caller) -> None:
    register(ngo, phone="90 123-45-67")
    other = register(ngo, birth_date="2010-02-03", patronymic=None)
    assert other["possible_duplicates"] == []
    changed = ngo.patch(f"/v1/beneficiaries/{other['id']}", {"birth_date": "2012-05-18"}, version=1)
    (found,) = changed.json()["possible_duplicates"]
    again = ngo.patch(f"/v1/beneficiaries/{other['id']}", {"phone": "+998 90 123 45 67"}, version=2)
    (better,) = again.json()["possible_duplicates"]
    assert better["candidate_id"] == found["candidate_id"]
    assert better["score"] > found["score"], "what is undecided has the score of today"
    assert "same_phone" in read_pair(ngo, found["candidate_id"])["reasons"]


def test_nobody_is_told_of_whom_it_does_not_see(callers: Callers, ngo: Caller) -> None:
    register(ngo, territory=ANDIJON)
    near = colleague(callers, ngo, "1733")
    assert register(near)["possible_duplicates"] == []
    assert register(callers.ngo())["possible_duplicates"] == [], "another organization"
    assert register(callers.committee("17"))["possible_duplicates"] == []


def registered(near: Caller, ngo: Caller, how: str) -> Any:
    """The girl once more, in Shovot, by somebody of that region."""
    person = {name: value for name, value in beneficiary_body().items() if name != "territory"}
    if how == "create":
        return near.post("/v1/beneficiaries", beneficiary_body())
    if how == "family":
        return near.post("/v1/families", family_body())
    if how == "member":
        family = make_family(ngo, members=[{**person, "given_name": "Olim", "sex": "male", "relationship_to_head": "head"}])
        return near.post(f"/v1/families/{family['id']}/members", {"person": person, "relationship_to_head": "other_relative"})
    other = register(ngo, given_name="Zuhra", surname="Aliyeva", birth_date="1999-03-04")
    if how == "correction":
        corrected = {name: person[name] for name in ("surname", "given_name", "birth_date")}
        return near.patch(f"/v1/beneficiaries/{other['id']}", corrected, version=1)
    return near.post(f"/v1/beneficiaries/{other['id']}/identifiers", {"kind": "passport", "value": "AA1234567"})


@pytest.mark.parametrize("how", ["create", "family", "member", "correction", "number"])
def test_somebody_whom_its_author_does_not_see_is_found_and_not_told(callers: Callers, ngo: Caller, how: str) -> None:
    """The pair is for those who see both."""
    far = register(ngo, territory=ANDIJON)
    passport = {"kind": "passport", "value": "AA1234567"}
    assert ngo.post(f"/v1/beneficiaries/{far['id']}/identifiers", passport).status_code == 201
    near = colleague(callers, ngo, "1733", duty="specialist")
    answer = registered(near, ngo, how)
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["possible_duplicates"] == []
    assert far["id"] not in answer.text
    (found,) = ngo.get(PAIRS, params={"beneficiary_id": far["id"]}).json()["items"]
    assert (found["status"], found["territory"]) == ("open", "17")
    assert near.get(PAIRS).json()["items"] == []
    assert near.get(f"{PAIRS}/{found['id']}").status_code == 404


def test_of_several_those_are_told_whom_one_sees(callers: Callers, ngo: Caller) -> None:
    near, far = register(ngo), register(ngo, territory=ANDIJON)
    assert [one["beneficiary_id"] for one in far["possible_duplicates"]] == [near["id"]]
    made = register(colleague(callers, ngo, "1733"), surname="Yuldasheva")
    assert [one["beneficiary_id"] for one in made["possible_duplicates"]] == [near["id"]]
    assert len(ngo.get(PAIRS, params={"beneficiary_id": made["id"]}).json()["items"]) == 2


def test_what_was_told_apart_far_away_stays_so(callers: Callers, ngo: Caller) -> None:
    far, girl = register(ngo, territory=ANDIJON), register(ngo)
    (found,) = girl["possible_duplicates"]
    assert ngo.post(f"{PAIRS}/{found['candidate_id']}/distinct", {}, version=1).status_code == 200
    near = colleague(callers, ngo, "1733")
    assert near.patch(f"/v1/beneficiaries/{girl['id']}", {"surname": "Yuldasheva"}, version=1).json()["possible_duplicates"] == []
    assert read_pair(ngo, found["candidate_id"])["status"] == "distinct"
    assert far["id"]


def test_looking_costs_one_statement(ngo: Caller, statements: list[str]) -> None:
    register(ngo)
    ngo.get("/v1/me")
    statements.clear()
    made = ngo.post("/v1/beneficiaries", beneficiary_body(surname="Aliyeva", given_name="Zuhra", birth_date="1999-01-02"), key="k")
    assert made.status_code == 201
    found = [one for one in statements if not one.startswith("BEGIN") and "access_entry" not in one]
    assert len(found) == 6, "the key, the person, the check, the entry, the look, the answer"
    statements.clear()
    make_family(ngo)
    assert len([one for one in statements if "UNION ALL" in one]) == 1, "for all members together"


# --- the list ---------------------------------------------------------------------------------------------------------------
def test_a_pair_is_read_side_by_side(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo, phone="90 123-45-67")
    assert {pair["a"]["id"], pair["b"]["id"]} == {first["id"], second["id"]}
    assert pair["a"]["id"] < pair["b"]["id"]
    assert set(pair["differences"]) == {"surname", "given_name", "patronymic", "phone_e164"}
    assert (pair["status"], pair["territory"], pair["decided_by"]) == ("open", SHOVOT, None)


def test_the_list_is_ranked_and_filtered(ngo: Caller) -> None:
    _, _, near = make_twice(ngo, territory=URGANCH)
    strict = register(ngo)
    page = ngo.get(PAIRS).json()["items"]
    scores = [one["score"] for one in page]
    assert len(page) == 3
    assert scores == sorted(scores, reverse=True)
    assert {one["id"] for one in ngo.get(f"{PAIRS}?beneficiary_id={strict['id']}").json()["items"]} == {one["id"] for one in page} - {
        near["id"]
    }
    best = ngo.get(f"{PAIRS}?min_score={scores[0]}").json()["items"]
    assert [one["id"] for one in best] == [page[0]["id"]]
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        part = ngo.get(f"{PAIRS}?limit=1{cursor}").json()
        seen += [one["id"] for one in part["items"]]
        cursor = f"&cursor={part['next']}"
    assert seen == [one["id"] for one in page]
    assert ngo.get(f"{PAIRS}?status=distinct").json()["items"] == []
    assert ngo.get(f"{PAIRS}?min_score=2").status_code == 422


def test_who_sees_a_pair(callers: Callers, client: Client, ngo: Caller) -> None:
    _, _, pair = make_twice(ngo, territory=URGANCH)
    one = f"{PAIRS}/{pair['id']}"
    assert client.get(PAIRS).status_code == client.get(one).status_code == 401
    assert colleague(callers, ngo, "1733", duty="specialist").get(one).status_code == 200
    assert colleague(callers, ngo, SHOVOT, duty="specialist").get(one).status_code == 404, "sees one of the two"
    assert colleague(callers, ngo, SHOVOT, duty="specialist").get(PAIRS).json()["items"] == []
    assert colleague(callers, ngo, duty="viewer").get(one).status_code == 403
    assert callers.ngo().get(one).status_code == 404
    assert callers.committee("17").get(one).status_code == 404
    assert callers.state("17").get(PAIRS).status_code == 403


# --- decisions --------------------------------------------------------------------------------------------------------------
def test_distinct_never_comes_back(callers: Callers, ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    specialist = colleague(callers, ngo, duty="specialist")
    told = specialist.post(f"{PAIRS}/{pair['id']}/distinct", {"note": "Egizaklar"}, version=1)
    assert (told.status_code, told.json()["status"], told.json()["note"]) == (200, "distinct", "Egizaklar")
    assert told.json()["decided_by"] == str(specialist.account.id)
    renamed = ngo.patch(f"/v1/beneficiaries/{second['id']}", {"surname": first["surname"], "given_name": first["given_name"]}, version=1)
    assert renamed.json()["possible_duplicates"] == []
    assert read_pair(ngo, pair["id"])["status"] == "distinct"
    reported = ngo.post(PAIRS, {"a_id": first["id"], "b_id": second["id"]})
    assert (reported.status_code, reported.json()["code"]) == (409, "wrong_state")
    again = ngo.post(f"{PAIRS}/{pair['id']}/defer", {}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    merged = ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"]}, version=2)
    assert (merged.status_code, merged.json()["code"]) == (409, "wrong_state")


def test_deferred_is_decided_later(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    deferred = ngo.post(f"{PAIRS}/{pair['id']}/defer", {}, version=1, key="d")
    assert deferred.json()["status"] == "deferred"
    assert ngo.post(f"{PAIRS}/{pair['id']}/defer", {}, version=1, key="d").json() == deferred.json()
    assert [one["id"] for one in ngo.get(f"{PAIRS}?status=deferred").json()["items"]] == [pair["id"]]
    merge(ngo, deferred.json(), first)


@pytest.mark.parametrize("verb", ["distinct", "defer", "merge"])
def test_what_a_decision_refuses(callers: Callers, client: Client, ngo: Caller, verb: str) -> None:
    first, _, pair = make_twice(ngo)
    one, body = f"{PAIRS}/{pair['id']}/{verb}", {"winner_id": first["id"]} if verb == "merge" else {}
    assert client.post(one, json=body, headers={"If-Match": '"1"'}).status_code == 401
    assert colleague(callers, ngo, duty="viewer").post(one, body, version=1).status_code == 403
    assert callers.state("17").post(one, body, version=1).status_code == 403
    assert callers.ngo().post(one, body, version=1).status_code == 404
    assert ngo.post(one, body).status_code == 428
    assert ngo.post(one, body, version=9).status_code == 412
    wrong = ngo.post(one, {**body, "note": 7}, version=1)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/note")
    assert ngo.post(one, {**body, "x": 1}, version=1).status_code == 422
    assert read_pair(ngo, pair["id"])["status"] == "open"


def test_only_managers_merge(callers: Callers, ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    specialist = colleague(callers, ngo, duty="specialist")
    assert specialist.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"]}, version=1).status_code == 403


# --- by hand ----------------------------------------------------------------------------------------------------------------
def test_a_worker_reports_a_pair(ngo: Caller) -> None:
    one, other = register(ngo), register(ngo, given_name="Gulnora", birth_date="2001-01-02")
    body = {"id": str(uuid.uuid4()), "a_id": one["id"], "b_id": other["id"], "note": "Onasi aytdi"}
    made = ngo.post(PAIRS, body)
    assert made.status_code == 201, made.text
    assert "reported_by_hand" in made.json()["reasons"]
    assert made.json()["score"] >= 0.9
    assert made.headers["location"] == f"{PAIRS}/{made.json()['id']}"
    again = ngo.post(PAIRS, body)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    reversed_pair = ngo.post(PAIRS, {"a_id": other["id"], "b_id": one["id"]})
    assert (reversed_pair.status_code, reversed_pair.json()["id"]) == (200, made.json()["id"]), "a pair stands once"
    assert ngo.post(PAIRS, {**body, "note": "another"}).json()["code"] == "id_taken"


def test_what_a_report_refuses(callers: Callers, client: Client, ngo: Caller) -> None:
    one, foreign = register(ngo), register(callers.ngo())
    assert client.post(PAIRS, json={"a_id": one["id"], "b_id": one["id"]}).status_code == 401
    assert callers.state("17").post(PAIRS, {"a_id": one["id"], "b_id": one["id"]}).status_code == 403
    for b_id, pointer in ((one["id"], "/b_id"), (foreign["id"], "/b_id"), (str(uuid.uuid4()), "/b_id"), (7, "/b_id")):
        refused = ngo.post(PAIRS, {"a_id": one["id"], "b_id": b_id})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert ngo.post(PAIRS, {"a_id": foreign["id"], "b_id": one["id"]}).json()["errors"][0]["pointer"] == "/a_id"


@pytest.mark.sqlite
@pytest.mark.parametrize("phone", [None, "90 123-45-67"])
def test_looking_reads_three_indexes(callers: Callers, db: Database, phone: str | None) -> None:
    """Without statistics SQLite chooses by the forms of the indexes alone, and would rather read a whole region."""
    near, seen = callers.ngo("1733"), []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    register(near, phone=phone)
    sa.event.remove(db.engine, "before_cursor_execute", note)
    look, values = next(one for one in seen if "UNION ALL" in one[0])
    with db.engine.connect() as connection:
        plan = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {look}", values)]
    used = [line for line in plan if "beneficiary USING" in line]
    names = ("match_key", "phone_e164", "birth_date")
    assert [line.partition("USING INDEX ")[2].partition(" ")[0] for line in used] == [f"ix_beneficiary_{name}" for name in names]


def test_two_who_find_one_pair_at_once(ngo: Caller) -> None:
    """Each corrects one of the two persons into the other; the pair stands once and nobody is refused."""
    people = [register(ngo, given_name=name, birth_date="1990-01-02") for name in ("Zuhra", "Munisa")]

    def correct(person: dict[str, Any]) -> int:
        change = {"given_name": "Dilnoza", "birth_date": "2012-05-17"}
        return int(ngo.patch(f"/v1/beneficiaries/{person['id']}", change, version=1).status_code)

    assert together([lambda person=person: correct(person) for person in people]) == [200, 200]
    # Corrected at the very same time, neither saw the other yet; the next one who looks sees both.
    third = register(ngo)
    assert {one["beneficiary_id"] for one in third["possible_duplicates"]} == {person["id"] for person in people}
    assert len(ngo.get(PAIRS).json()["items"]) in (2, 3)
