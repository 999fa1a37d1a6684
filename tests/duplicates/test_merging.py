"""Making two rows of one person one: what the winner takes over, what moves, what stands in the way."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.access.grants import FOREVER, AccessGrant, DataCategory, GrantSource, bits_of, to_role
from app.access.transaction import as_system, begin
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.models import Beneficiary
from app.duplicates.models import BeneficiaryMerge
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, father, make_family
from tests.factories.duplicates import PAIRS, make_twice, merge, read_pair, register, side_of, undo
from tests.racing import together

Body = dict[str, Any]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def read(caller: Caller, person: Body) -> Body:
    return dict(caller.get(f"/v1/beneficiaries/{person['id']}").json())


def get_without_following(caller: Caller, person: Body) -> Any:
    return caller.get(f"/v1/beneficiaries/{person['id']}", follow_redirects=False)


def circumstances(caller: Caller, person: Body, school: str) -> str:
    made = caller.put(f"/v1/beneficiaries/{person['id']}/circumstances", {"school": school, "school_status": "in_school"}, version=0)
    assert made.status_code in (200, 201), made.text
    return str(made.json()["school"])


# --- fields -----------------------------------------------------------------------------------------------------------------
def test_the_winner_stays_as_it_is(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo, phone="90 123-45-67")
    made = merge(ngo, pair, first)
    assert (made["winner_id"], made["loser_id"], made["choices"], made["warnings"]) == (first["id"], second["id"], {}, [])
    assert made["candidate_id"] == pair["id"]
    kept = {name: value for name, value in read(ngo, first).items() if name not in ("version", "updated_at")}
    assert kept == {name: first[name] for name in kept}
    assert read_pair(ngo, pair["id"])["status"] == "merged"


def test_field_by_field(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo, phone="90 123-45-67", birth_date="2012-05-18", patronymic="Karimovna")
    theirs = side_of(pair, second)
    made = merge(ngo, pair, first, fields={"surname": theirs, "phone": theirs, "patronymic": side_of(pair, first), "birth_date": theirs})
    found = read(ngo, first)
    assert (found["surname"], found["phone"], found["phone_e164"]) == ("Yuldasheva", "90 123-45-67", "+998901234567")
    assert (found["patronymic"], found["birth_date"]) == (first["patronymic"], "2012-05-18")
    assert found["names"]["latin"] == "Yuldasheva Dilnoza Karim qizi", "what follows from the name follows"
    assert made["choices"]["surname"] == theirs
    assert made["warnings"] == ["other_birth_date"]
    assert [one["id"] for one in ngo.get("/v1/beneficiaries?q=yuldasheva").json()["items"]] == [first["id"]]


def test_what_is_empty_is_filled_if_asked(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo, phone="90 123-45-67", note="Eslatma")
    merge(ngo, pair, second, absent="fill", fields={"note": side_of(pair, first)})
    found = read(ngo, second)
    assert (found["surname"], found["patronymic"]) == ("Yuldasheva", first["patronymic"])
    assert found["note"] is None, "what was chosen is not filled"


def test_the_result_must_hold_together(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo, birth_date="2012-05-18", patronymic="Karimovna")
    ngo.patch(f"/v1/beneficiaries/{first['id']}", {"deceased_on": "2012-05-17"}, version=1)
    theirs = side_of(pair, second)
    refused = ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"], "fields": {"birth_date": theirs}}, version=1)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/deceased_on")
    assert get_without_following(ngo, second).status_code == 200


def test_the_deceased_and_the_living(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo, deceased_on="2020-01-01")
    assert merge(ngo, pair, first)["warnings"] == ["deceased_and_living"]


# --- the loser --------------------------------------------------------------------------------------------------------------
def test_the_loser_redirects_and_is_in_no_list(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    merge(ngo, pair, first)
    moved = get_without_following(ngo, second)
    assert (moved.status_code, moved.headers["location"], moved.content) == (308, f"/v1/beneficiaries/{first['id']}", b"")
    assert read(ngo, second)["id"] == first["id"]
    for query in ("", "?q=dilnoza", "?q=yuldasheva", "?include=total"):
        assert second["id"] not in {one["id"] for one in ngo.get(f"/v1/beneficiaries{query}").json()["items"]}
    assert ngo.get("/v1/beneficiaries?include=total").json()["total"] == 1


def test_nothing_is_done_with_the_loser(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    family = make_family(ngo, members=[father()])
    merge(ngo, pair, first)
    changed = ngo.patch(f"/v1/beneficiaries/{second['id']}", {"note": "X"}, version=2)
    assert (changed.status_code, changed.json()["code"], changed.json()["merged_into_id"]) == (409, "merged", first["id"])
    added = ngo.post(f"/v1/families/{family['id']}/members", {"beneficiary_id": second["id"], "relationship_to_head": "child"})
    assert (added.status_code, added.json()["code"]) == (409, "merged")
    third = register(ngo)
    assert [one["beneficiary_id"] for one in third["possible_duplicates"]] == [first["id"]], "it is not proposed any more"
    assert ngo.post(PAIRS, {"a_id": second["id"], "b_id": third["id"]}).json()["code"] == "merged"


def test_a_chain_of_merges(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    merged = merge(ngo, pair, first)
    third = register(ngo)
    (found,) = third["possible_duplicates"]
    merge(ngo, read_pair(ngo, found["candidate_id"]), third)
    assert read(ngo, second)["id"] == third["id"], "redirects lead on"
    refused = undo(ngo, merged)
    assert (refused.status_code, refused.json()["code"]) == (409, "merged"), "the later one is undone first"


# --- what hangs on it -------------------------------------------------------------------------------------------------------
def test_memberships_move(ngo: Caller) -> None:
    family = make_family(ngo)
    girl = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    second = register(ngo)
    (found,) = second["possible_duplicates"]
    made = merge(ngo, read_pair(ngo, found["candidate_id"]), second)
    assert {"table": "family_membership", "rows": 1} in made["moved"]
    members = ngo.get(f"/v1/families/{family['id']}").json()["members"]
    assert second["id"] in {one["id"] for one in members}
    assert girl["id"] not in {one["id"] for one in members}


def test_two_families_are_settled_first(ngo: Caller) -> None:
    one, other = make_family(ngo), make_family(ngo, members=[father(given_name="Olim"), {**child()}])
    girls = [next(member for member in family["members"] if member["relationship_to_head"] == "child") for family in (one, other)]
    pair = ngo.get(f"{PAIRS}?beneficiary_id={girls[1]['id']}").json()["items"][0]
    refused = ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": girls[0]["id"]}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "settle_first")
    assert [fault["code"] for fault in refused.json()["errors"]] == ["family_membership"]
    assert read_pair(ngo, pair["id"])["status"] == "open"
    membership = f"/v1/families/{other['id']}/memberships/{girls[1]['membership_id']}"
    assert ngo.post(f"{membership}/end", {"reason": "entered_in_error"}, version=1).status_code == 200
    merge(ngo, pair, girls[0])
    history = ngo.get(f"/v1/families/{other['id']}/memberships").json()["items"]
    assert {one["beneficiary_id"] for one in history if one["ended_on"]} == {girls[0]["id"]}, "what is over moves as well"


def child() -> Body:
    return {**beneficiary(), "relationship_to_head": "child"}


def beneficiary() -> Body:
    return {"surname": "Yuldasheva", "given_name": "Dilnoza", "sex": "female", "birth_date": "2012-05-17"}


def test_what_both_have_stays_with_the_loser(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    for person, school in ((first, "12-maktab"), (second, "30-maktab")):
        circumstances(ngo, person, school)
    made = merge(ngo, pair, first)
    assert made["stayed"] == [{"table": "circumstances", "rows": 1}]
    assert ngo.get(f"/v1/beneficiaries/{first['id']}/circumstances").json()["school"] == "12-maktab"


def test_what_the_loser_alone_has_moves(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    school = circumstances(ngo, second, "30-maktab")
    assert {"table": "circumstances", "rows": 1} in merge(ngo, pair, first)["moved"]
    assert ngo.get(f"/v1/beneficiaries/{first['id']}/circumstances").json()["school"] == school


def test_grants_move_so_that_partners_follow(callers: Callers, ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    state = callers.state("1733")
    with begin(as_system("test")) as db:
        db.add(
            AccessGrant(
                organization_id=ngo.account.organization_id,
                beneficiary_id=uuid.UUID(second["id"]),
                grantee=to_role("state_partner"),
                categories=bits_of([DataCategory.IDENTITY]),
                source=GrantSource.CONSENT,
                source_id=uuid.UUID(first["id"]),
                opens_at=datetime.now(UTC) - timedelta(days=1),
                closes_at=FOREVER,
            )
        )
    assert (state.get(f"/v1/beneficiaries/{first['id']}").status_code, read(state, second)["id"]) == (404, second["id"])
    merge(ngo, pair, first)
    assert read(state, first)["id"] == first["id"]


def test_decisions_about_the_loser_hold_for_the_winner(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    third = register(ngo)
    pairs = {one["b" if one["a"]["id"] == third["id"] else "a"]["id"]: one for one in ngo.get(PAIRS).json()["items"] if one != pair}
    told = ngo.post(f"{PAIRS}/{pairs[second['id']]['id']}/distinct", {}, version=1)
    assert told.status_code == 200
    with begin(as_system("test")) as db:
        key = uuid.UUID(pairs[first["id"]]["id"])
        db.delete(db.execute(select(DuplicateCandidate).where(DuplicateCandidate.id == key)).scalar_one())
    merge(ngo, pair, first)
    again = ngo.patch(f"/v1/beneficiaries/{third['id']}", {"birth_date": "2012-05-17"}, version=1)
    assert again.json()["possible_duplicates"] == [], "they were told apart"


def test_what_its_author_does_not_see_moves_too(callers: Callers, ngo: Caller) -> None:
    """A family in another region, to which the second row belonged."""
    first, second, pair = make_twice(ngo)
    family = make_family(ngo, territory=ANDIJON, members=[father()])
    added = ngo.post(f"/v1/families/{family['id']}/members", {"beneficiary_id": second["id"], "relationship_to_head": "child"})
    assert added.status_code == 201
    near = callers.ngo("1733", organization_id=ngo.organization_id)
    assert near.get(f"/v1/families/{family['id']}").status_code == 404
    merge(near, pair, first)
    assert first["id"] in {one["id"] for one in ngo.get(f"/v1/families/{family['id']}").json()["members"]}
    entries = ngo.get("/v1/audit-entries?limit=200").json()["items"]
    moved = next(one for one in entries if one["action"] == "family_membership.updated")
    assert moved["actor_id"] == str(near.account.id), "the trail says who did it"


def relative(caller: Caller, person: Body, other: Body, kind: str = "parent") -> Any:
    return caller.post("/v1/kinships", {"person_id": person["id"], "relative_id": other["id"], "kind": kind, "is_legal": True})


def kin(caller: Caller, person: Body) -> list[tuple[str, str, str]]:
    found = caller.get(f"/v1/kinships?beneficiary_id={person['id']}").json()["items"]
    return sorted((one["kind"], one["person"]["id"], one["relative"]["id"]) for one in found)


def test_relatives_move_and_come_back(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    named = {"patronymic": None, "birth_date": "1980-01-02"}
    mother = register(ngo, given_name="Zuhra", **named)
    sisters = [register(ngo, given_name=name, birth_date="2009-03-04") for name in ("Munisa", "Gulnora", "Sabina")]
    for person in (first, second):
        assert relative(ngo, mother, person).status_code == 201
    for sister in sisters:
        assert relative(ngo, second, sister, "sibling").status_code == 201
    before = kin(ngo, first), kin(ngo, second)
    made = merge(ngo, pair, first)
    assert {"table": "kinship", "rows": 3} in made["moved"]
    assert made["stayed"] == [{"table": "kinship", "rows": 1}], "the same mother"
    siblings = [("sibling", *sorted((first["id"], sister["id"]))) for sister in sisters]
    assert kin(ngo, first) == sorted([("parent", mother["id"], first["id"]), *siblings])
    assert undo(ngo, made).status_code == 200
    assert (kin(ngo, first), kin(ngo, second)) == before


def test_nobody_becomes_its_own_relative(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    assert relative(ngo, first, second, "sibling").status_code == 201
    refused = ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"]}, version=1)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "kinship")


def test_nobody_becomes_its_own_ancestor(ngo: Caller) -> None:
    """Grandmother and granddaughter, taken for one."""
    grandmother, mother, girl = (register(ngo, birth_date=f"{year}-05-17", patronymic=None) for year in (1950, 1975, 2000))
    for person, child_of_hers in ((grandmother, mother), (mother, girl)):
        assert relative(ngo, person, child_of_hers).status_code == 201
    pair = ngo.post(PAIRS, {"a_id": grandmother["id"], "b_id": girl["id"]}).json()
    refused = ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": grandmother["id"]}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_of_parents")
    assert ngo.get(f"/v1/beneficiaries/{girl['id']}", follow_redirects=False).status_code == 200


def test_a_membership_that_is_over_and_overlaps_stays(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    for person, ended in ((first, None), (second, "2019-05-01")):
        family = make_family(ngo, members=[father(given_name="Olim" if ended else "Anvar", birth_date="1975-01-01")])
        body = {"beneficiary_id": person["id"], "relationship_to_head": "child", "started_on": "2018-01-01"}
        added = ngo.post(f"/v1/families/{family['id']}/members", body)
        assert added.status_code == 201, added.text
        if ended:
            url = f"/v1/families/{family['id']}/memberships/{added.json()['id']}/end"
            assert ngo.post(url, {"reason": "moved_away", "ended_on": ended}, version=1).status_code == 200
    assert merge(ngo, pair, first)["stayed"] == [{"table": "family_membership", "rows": 1}]


# --- refusals ---------------------------------------------------------------------------------------------------------------
def test_what_a_merge_refuses(callers: Callers, ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    stranger = register(ngo, given_name="Zuhra")
    one = f"{PAIRS}/{pair['id']}/merge"
    for body, pointer in (
        ({}, "/winner_id"),
        ({"winner_id": stranger["id"]}, "/winner_id"),
        ({"winner_id": first["id"], "fields": {"surname": "c"}}, "/fields/surname"),
        ({"winner_id": first["id"], "fields": {"x": "a"}}, "/fields/x"),
        ({"winner_id": first["id"], "absent": "other"}, "/absent"),
    ):
        refused = ngo.post(one, body, version=1)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    near = callers.ngo("1703", organization_id=ngo.organization_id)
    assert near.post(one, {"winner_id": first["id"]}, version=1).status_code == 404
    merge(ngo, pair, first)
    again = ngo.post(one, {"winner_id": second["id"]}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state"), "once"


def test_a_retry_replays(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    made, again = (ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"]}, version=1, key="m") for _ in range(2))
    assert (made.status_code, again.status_code, again.json()) == (201, 201, made.json())


def test_racing_merges(ngo: Caller) -> None:
    """Both ways at once: one of them wins, the other is refused, and nobody is merged into a loser."""
    first, second, pair = make_twice(ngo)

    def attempt(winner: str) -> int:
        return int(ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": winner}, version=1).status_code)

    statuses = sorted(together([lambda one=one: attempt(one["id"]) for one in (first, second) * 2]))
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 412}
    with begin(as_system("test")) as db:
        merged = [one.merged_into_id for one in db.execute(select(Beneficiary)).scalars()]
        assert sorted(one is None for one in merged) == [False, True]
        assert len(db.execute(select(BeneficiaryMerge)).scalars().all()) == 1


def test_racing_merges_of_a_chain(ngo: Caller) -> None:
    """A into B and B into C at once: whatever comes second meets a merged row, or follows it."""
    make_twice(ngo)
    register(ngo)
    pairs = ngo.get(PAIRS).json()["items"]
    assert len(pairs) == 3

    def attempt(pair: Body) -> int:
        return int(ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": pair["b"]["id"]}, version=1).status_code)

    statuses = together([lambda pair=pair: attempt(pair) for pair in pairs])
    assert set(statuses) <= {201, 409, 412}
    with begin(as_system("test")) as db:
        people = {one.id: one.merged_into_id for one in db.execute(select(Beneficiary)).scalars()}
    standing = [key for key, into in people.items() if into is None]
    assert len(standing) == len(people) - statuses.count(201)
    for start in people:
        here, steps = start, 0
        while (into := people[here]) is not None:
            here, steps = into, steps + 1
            assert steps < 4, "redirects end"
