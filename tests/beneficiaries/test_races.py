"""Many at once: one wins, the others are told why they did not, and nobody breaks anything."""

from tests.callers import Callers
from tests.factories.beneficiaries import beneficiary_body, family_body, make_beneficiary, make_family, person_body
from tests.racing import outcomes, together


def test_sixteen_with_one_etag(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    url = f"/v1/beneficiaries/{make_beneficiary(ngo)['id']}"
    answers = together([lambda n=n: ngo.patch(url, {"note": f"{n}"}, version=1) for n in range(16)])
    assert outcomes(answers) == {(200, ""): 1, (412, "stale"): 15}
    winner = next(one for one in answers if one.status_code == 200)
    assert {**ngo.get(url).json(), "possible_duplicates": []} == winner.json()


def test_sixteen_heads_with_one_etag(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    head, wife, child = (one["id"] for one in family["members"])
    others = [{"beneficiary_id": head, "relationship_to_head": "spouse"}, {"beneficiary_id": child, "relationship_to_head": "child"}]
    url = f"/v1/families/{family['id']}"
    body = {"beneficiary_id": wife, "relationships": others}
    answers = together([lambda: ngo.post(f"{url}/change-head", body, version=1)] * 16)
    assert outcomes(answers) == {(200, ""): 1, (412, "stale"): 15}
    assert [one["is_head"] for one in ngo.get(url).json()["members"]] == [True, False, False]


def test_twenty_four_with_one_key(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    answers = together([lambda: ngo.post("/v1/beneficiaries", beneficiary_body(), key="one")] * 24)
    assert {one.status_code for one in answers} <= {201, 409}
    made = {one.json()["id"] for one in answers if one.status_code == 201}
    assert [one["id"] for one in ngo.get("/v1/beneficiaries").json()["items"]] == list(made)
    assert sum("idempotent-replayed" not in one.headers for one in answers if one.status_code == 201) == 1


def test_twelve_families_with_one_key(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    answers = together([lambda: ngo.post("/v1/families", family_body(), key="one")] * 12)
    assert {one.status_code for one in answers} <= {201, 409}
    assert len(ngo.get("/v1/families").json()["items"]) == 1
    assert len(ngo.get("/v1/beneficiaries").json()["items"]) == 3


def test_eight_families_want_one_person(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo)["id"]
    families = [make_family(ngo)["id"] for _ in range(8)]
    body = {"beneficiary_id": person, "relationship_to_head": "child"}
    answers = together([lambda one=one: ngo.post(f"/v1/families/{one}/members", body) for one in families])
    assert outcomes(answers) == {(201, ""): 1, (409, "already_member"): 7}


def test_eight_want_to_be_the_head(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo, members=[])
    body = {"person": person_body(), "relationship_to_head": "head"}
    answers = together([lambda: ngo.post(f"/v1/families/{family['id']}/members", body)] * 8)
    assert outcomes(answers) == {(201, ""): 1, (409, "head_exists"): 7}
    assert len(ngo.get("/v1/beneficiaries").json()["items"]) == 1


def test_the_head_and_a_child_leave_at_once(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    for _ in range(4):
        family = make_family(ngo)
        url = f"/v1/families/{family['id']}"
        ends = [f"{url}/memberships/{one['membership_id']}/end" for one in family["members"]]
        together([lambda end=end: ngo.post(end, {"reason": "other"}, version=1) for end in ends])
        left = ngo.get(url).json()["members"]
        assert not left or left[0]["is_head"]
