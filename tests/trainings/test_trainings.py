"""Trainings: planned with their roster, found, changed; place and target apart, dates as exactly as they are known."""

import pytest

from app.database import uuid7
from tests.callers import Callers
from tests.client import Client
from tests.factories.participation import cost, make_enrollment
from tests.factories.trainings import URL, make_open_training, make_training, move, read, training_body

FULL = {
    "territory": "1733230",
    "title": {
        "uz_latn": "Ota-onalik koʻnikmalari",
        "uz_cyrl": "Ота-оналик кўникмалари",
        "ru": "Навыки родительства",
        "en": "Parenting skills",
    },
    "description": "Five mornings.\nFor parents.",
    "competencies": ["Talks with the child without violence"],
    "languages": ["uz", "kaa"],
    "starts_on": {"date": "2019-10-07", "precision": "day"},
    "ends_on": {"date": "2019-10-01", "precision": "month"},
    "hours": 24,
    "place": "1733217",
    "signers": [{"name": "Nilufar Kamalova", "post": "Loyiha menejeri"}],
    "completion_rule": {"min_attendance_percent": 80, "min_post_test": 60},
    "capacity": 20,
    "has_waitlist": False,
    "enrollment_opens_on": "2019-09-01",
    "enrollment_closes_on": "2019-10-06",
}


def test_anonymous_gets_nothing(client: Client) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{uuid7()}"), ("PATCH", f"/{uuid7()}"), ("PUT", f"/{uuid7()}/co-hosts")):
        assert client.request(method, f"{URL}{path}", json=None if method == "GET" else {}).status_code == 401
    for verb in ("publish", "start", "complete", "cancel"):
        assert client.post(f"{URL}/{uuid7()}/{verb}", json={}).status_code == 401


def test_a_training_is_kept_as_it_was_planned(callers: Callers) -> None:
    ngo = callers.ngo()
    made = ngo.post(URL, FULL)
    assert made.status_code == 201
    assert made.headers["location"] == f"{URL}/{made.json()['id']}"
    assert made.headers["etag"] == '"1"'
    kept = made.json()
    assert {name: kept[name] for name in FULL if name != "capacity"} == {name: value for name, value in FULL.items() if name != "capacity"}
    assert kept["counts"] == {"capacity": 20, "seated": 0, "waitlisted": 0, "completed": 0}
    assert (kept["status"], kept["organization_id"], kept["venue_id"]) == ("draft", ngo.organization_id, None)
    assert ngo.get(made.headers["location"]).json() == kept


def test_little_is_needed_to_plan_one(callers: Callers) -> None:
    ngo = callers.ngo()
    made = ngo.post(URL, {"territory": "17", "starts_on": {"date": "2019-01-01", "precision": "year"}})
    assert made.status_code == 201
    assert made.json()["completion_rule"] == {"min_attendance_percent": 0, "min_post_test": None}
    assert (made.json()["ends_on"], made.json()["hours"], made.json()["counts"]["capacity"]) == (None, None, None)


def test_what_is_wrong_is_named(callers: Callers) -> None:
    ngo = callers.ngo()
    for wrong, pointer in (
        ({"ends_on": {"date": "2019-10-06"}}, "/ends_on"),
        ({"ends_on": {"date": "2019-09-01", "precision": "month"}}, "/ends_on"),
        ({"starts_on": {"date": "2019-10-07", "precision": "month"}}, "/starts_on"),
        ({"starts_on": {"date": "2019-02-30"}}, "/starts_on/date"),
        ({"starts_on": {"date": 0}}, "/starts_on/date"),
        ({"starts_on": "2019-10-07"}, "/starts_on"),
        ({"starts_on": {"date": "2019-10-07", "precision": "week"}}, "/starts_on/precision"),
        ({"territory": "1799"}, "/territory"),
        ({"territory": "Shovot"}, "/territory"),
        ({"place": "1733999"}, "/place"),
        ({"venue_id": str(uuid7())}, "/venue_id"),
        ({"hours": 0}, "/hours"),
        ({"hours": "24"}, "/hours"),
        ({"capacity": 0}, "/capacity"),
        ({"completion_rule": {"min_attendance_percent": 101}}, "/completion_rule/min_attendance_percent"),
        ({"completion_rule": {"min_post_test": True}}, "/completion_rule/min_post_test"),
        ({"enrollment_closes_on": "2019-08-31"}, "/enrollment_closes_on"),
        ({"signers": [{"name": "A", "post": "B"}] * 4}, "/signers"),
        ({"signers": [{"name": "A"}]}, "/signers/0/post"),
        ({"languages": ["Uzbek"]}, "/languages/0"),
        ({"title": {"de": "Training"}}, "/title/de"),
        ({"title": {"en": "two\nlines"}}, "/title/en"),
        ({"organization_id": ngo.organization_id}, "/organization_id"),
        ({"status": "completed"}, "/status"),
    ):
        refused = ngo.post(URL, {**FULL, **wrong})
        assert refused.status_code == 422, wrong
        assert refused.json()["errors"][0]["pointer"] == pointer, refused.json()
    assert ngo.get(URL).json()["items"] == []


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (("2019-10-01", "month"), ("2019-10-01", "month")),
        (("2019-10-31", "day"), ("2019-10-01", "month")),
        (("2019-12-31", "day"), ("2019-01-01", "year")),
    ],
)
def test_a_month_ends_with_its_last_day(callers: Callers, starts: tuple[str, str], ends: tuple[str, str]) -> None:
    dates = {name: {"date": date, "precision": precision} for name, (date, precision) in (("starts_on", starts), ("ends_on", ends))}
    assert callers.ngo().post(URL, training_body(**dates)).status_code == 201


def test_the_same_create_again_is_recognized(callers: Callers) -> None:
    ngo = callers.ngo()
    body = training_body(id=str(uuid7()))
    assert [ngo.post(URL, body).status_code for _ in range(2)] == [201, 200]
    assert ngo.post(URL, {**body, "hours": 25}).json()["code"] == "id_taken"
    assert ngo.post(f"{URL}/{body['id']}/publish", version=1).status_code == 200
    other = callers.ngo()
    assert other.get(f"{URL}/{body['id']}").status_code == 200
    assert other.post(URL, body).json()["code"] == "id_taken", "read by all, made by one"
    keyed = [ngo.post(URL, training_body(), key="once") for _ in range(2)]
    assert keyed[0].json() == keyed[1].json()
    assert keyed[1].headers["idempotent-replayed"] == "true"
    assert ngo.post(URL, training_body(hours=1), key="once").json()["code"] == "idempotency_key_reused"
    assert len(ngo.get(URL).json()["items"]) == 2


@pytest.mark.parametrize(("role", "duty"), [("committee", "manager"), ("state", "manager"), ("ngo", "viewer")])
def test_who_may_not_plan(callers: Callers, role: str, duty: str) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    other = getattr(callers, role)(duty=duty)
    url = f"{URL}/{training['id']}"
    for refused in (
        other.post(URL, training_body()),
        other.patch(url, {"hours": 1}, version=2),
        other.put(f"{url}/co-hosts", {"organization_ids": []}, version=2),
        other.post(f"{url}/publish", version=2),
        other.post(f"{url}/start", version=2),
        other.post(f"{url}/complete", version=2),
        other.post(f"{url}/cancel", {"reason": "x"}, version=2),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert read(ngo, training) == training


def test_nobody_plans_beyond_their_own_territory_or_for_others(callers: Callers) -> None:
    local = callers.ngo("1733")
    assert local.post(URL, training_body(territory="1718")).json()["code"] == "out_of_scope"
    training = make_open_training(callers.ngo())
    url = f"{URL}/{training['id']}"
    assert local.get(url).status_code == 200
    for refused in (
        local.patch(url, {"hours": 1}, version=2),
        local.patch(url, {}, version=2),
        local.put(f"{url}/co-hosts", {"organization_ids": []}, version=2),
        local.post(f"{url}/start", version=2),
        local.post(f"{url}/cancel", {"reason": "x"}, version=2),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert local.get(f"{URL}/{make_open_training(callers.ngo(), territory='1718')['id']}").status_code == 404


def test_a_draft_is_seen_by_its_own_organization_alone(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    others = (callers.committee(), callers.state(), callers.ngo())
    for other in others:
        assert other.get(f"{URL}/{training['id']}").status_code == 404
        assert other.get(URL).json()["items"] == []
    move(ngo, training, "publish")
    for other in others:
        assert [row["id"] for row in other.get(URL).json()["items"]] == [training["id"]]
    assert callers.committee("1718").get(URL).json()["items"] == []


def test_a_change_leaves_the_rest_as_it_is(callers: Callers) -> None:
    ngo = callers.ngo()
    training = ngo.post(URL, FULL).json()
    url = f"{URL}/{training['id']}"
    assert ngo.patch(url, {"hours": 30}).status_code == 428
    changed = ngo.patch(
        url, {"title": {"ru": None, "en": "Positive parenting"}, "completion_rule": {"min_post_test": None}, "place": None}, version=1
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    expected = {
        **training,
        "title": {**FULL["title"], "ru": None, "en": "Positive parenting"},  # type: ignore[dict-item]
        "completion_rule": {"min_attendance_percent": 80, "min_post_test": None},
        "place": None,
        "version": 2,
        "updated_at": changed.json()["updated_at"],
    }
    assert changed.json() == expected
    assert ngo.patch(url, {"hours": 31}, version=1).status_code == 412
    for name in ("title", "territory", "starts_on", "competencies", "languages", "signers", "completion_rule", "has_waitlist"):
        assert ngo.patch(url, {name: None}, version=2).json()["errors"][0]["pointer"] == f"/{name}"
    assert ngo.patch(url, {"ends_on": {"date": "2019-10-01"}}, version=2).json()["errors"][0]["pointer"] == "/ends_on"
    assert ngo.patch(url, {"enrollment_opens_on": "2019-10-07"}, version=2).json()["errors"][0]["pointer"] == "/enrollment_closes_on"
    assert ngo.patch(url, {"venue_id": str(uuid7())}, version=2).json()["errors"][0]["pointer"] == "/venue_id"
    assert ngo.get(url).json() == expected
    assert ngo.patch(url, {"ends_on": None, "hours": None, "capacity": 21}, version=2).json()["ends_on"] is None
    assert [row["id"] for row in ngo.get(f"{URL}?q=позитив positive").json()["items"]] == []
    assert [row["id"] for row in ngo.get(f"{URL}?q=positive").json()["items"]] == [training["id"]]


def test_a_change_of_the_roster_alone_is_a_new_version(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    url = f"{URL}/{training['id']}"
    assert ngo.patch(url, {"capacity": 7}, version=1).json()["version"] == 2
    assert ngo.patch(url, {"capacity": 8}, version=1).status_code == 412
    assert read(ngo, training)["counts"]["capacity"] == 7


def test_the_territory_is_fixed_once_it_is_announced(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    url = f"{URL}/{training['id']}"
    ngo.post(f"{url}/sessions", {"starts_at": "2019-10-07T09:00:00Z", "ends_at": "2019-10-07T12:00:00Z"})
    assert ngo.patch(url, {"territory": "1718"}, version=1).json()["territory"] == "1718"
    move(ngo, training, "publish")
    assert callers.committee("1733").get(url).status_code == 404
    assert len(callers.committee("1718").get(f"{url}/sessions").json()["items"]) == 1
    refused = ngo.patch(url, {"territory": "1733"}, version=3)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert ngo.patch(url, {"territory": "1718", "hours": 8}, version=3).status_code == 200


def test_co_hosts_are_set_as_a_whole(callers: Callers) -> None:
    ngo, first, second = callers.ngo(), callers.committee(), callers.committee("1718")
    training = make_open_training(ngo)
    url = f"{URL}/{training['id']}/co-hosts"
    assert ngo.put(url, {"organization_ids": []}).status_code == 428
    unknown = str(uuid7())
    ids = [first.organization_id, unknown, ngo.organization_id, first.organization_id]
    assert [(fault["pointer"], fault["code"]) for fault in ngo.put(url, {"organization_ids": ids}, version=2).json()["errors"]] == [
        ("/organization_ids/1", "unknown"),
        ("/organization_ids/2", "own"),
        ("/organization_ids/3", "repeated"),
    ]
    put = ngo.put(url, {"organization_ids": [first.organization_id]}, version=2)
    assert (put.status_code, put.json()["co_host_ids"], put.json()["version"]) == (200, [first.organization_id], 3)
    assert ngo.put(url, {"organization_ids": []}, version=2).status_code == 412
    put = ngo.put(url, {"organization_ids": [second.organization_id]}, version=3)
    assert put.json()["co_host_ids"] == [second.organization_id]
    # A committee of another region sees what it runs itself.
    assert [row["id"] for row in second.get(URL).json()["items"]] == [training["id"]]


def test_trainings_are_found_by_what_is_known_of_them(callers: Callers) -> None:
    ngo, other = callers.ngo(), callers.ngo()
    shovot = make_open_training(ngo)
    urgench = make_training(ngo, territory="1733401", starts_on={"date": "2019-11-05"}, title={"ru": "Навыки родительства"})
    samarkand = make_open_training(
        other, territory="1718", starts_on={"date": "2020-01-01", "precision": "year"}, title={"en": "Teenagers"}
    )

    def found(**filters: str) -> list[str]:
        names = {shovot["id"]: "shovot", urgench["id"]: "urgench", samarkand["id"]: "samarkand"}
        answer = ngo.get(URL, params=filters)
        assert answer.status_code == 200, answer.text
        return [names[row["id"]] for row in answer.json()["items"]]

    assert found() == ["samarkand", "urgench", "shovot"]
    assert found(sort="starts_on") == ["shovot", "urgench", "samarkand"]
    assert found(sort="-created_at") == ["samarkand", "urgench", "shovot"]
    assert found(territory="1733") == ["urgench", "shovot"]
    assert found(territory="1733230") == ["shovot"]
    assert found(status="draft") == ["urgench"]
    assert found(starts_from="2019-10-02", starts_until="2019-12-31") == ["urgench"]
    assert found(organization_id=other.organization_id) == ["samarkand"]
    assert found(q="koʻnikma") == ["shovot"]
    assert found(q="roditelstva") == ["urgench"]
    assert found(q="%") == []
    since = read(ngo, samarkand)["updated_at"]
    assert found(updated_since=since) == ["samarkand"]
    make_enrollment(ngo, shovot["id"])
    assert found(updated_since=since) == ["samarkand", "shovot"]
    page = ngo.get(f"{URL}?limit=2&include=total").json()
    assert page["total"] == 3
    assert found(limit="2", cursor=page["next"]) == ["shovot"]
    assert ngo.get(f"{URL}?limit=2&sort=starts_on&cursor={page['next']}").json()["code"] == "malformed"
    for query, pointer in (
        ("status=open", "/status"),
        ("territory=33", "/territory"),
        ("starts_from=0", "/starts_from"),
        ("from=2019-01-01", "/from"),
    ):
        assert ngo.get(f"{URL}?{query}").json()["errors"][0]["pointer"] == pointer


def test_a_list_costs_three_statements_however_long(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    for count in (1, 5):
        for _ in range(count):
            make_training(ngo)
        statements.clear()
        assert len(ngo.get(URL).json()["items"]) >= count
        # The trainings with their rosters, the co-hosts, the reported headcounts.
        assert cost(statements) == 3
