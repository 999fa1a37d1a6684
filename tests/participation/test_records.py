"""What is recorded of participants: sheets of attendance, test results, and the completion that follows from them."""

from typing import Any

import pytest

from app.database import uuid7
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.participation import (
    Body,
    cost,
    make_enrollment,
    make_session,
    make_specialist,
    put_sheet,
    record_results,
    roster_counts,
)
from tests.factories.trainings import URL, make_ongoing_training, make_open_training, make_training, move, read


def unmet(caller: Caller, training: Body) -> dict[str, list[dict[str, Any]]]:
    """What each enrollment lacks."""
    found = caller.get(f"{URL}/{training['id']}/completions")
    assert found.status_code == 200, found.text
    for item in found.json()["items"]:
        assert item["is_complete"] == (not item["unmet"])
    return {item["enrollment_id"]: item["unmet"] for item in found.json()["items"]}


def sheet_of(count: int, ids: list[str], presence: str = "present") -> dict[str, str]:
    return dict.fromkeys(ids[:count], presence)


def test_anonymous_reads_nothing(client: Client) -> None:
    base = f"{URL}/{uuid7()}"
    for path in ("test-results", "completions", f"sessions/{uuid7()}/attendance"):
        assert client.get(f"{base}/{path}").status_code == 401
    assert client.put(f"{base}/sessions/{uuid7()}/attendance", json={"items": []}).status_code == 401
    assert client.post(f"{base}/test-results", json={"items": []}).status_code == 401


# --- attendance -------------------------------------------------------------------------------------------------------------
def test_nobody_was_present_at_what_has_not_begun(callers: Callers) -> None:
    """A certificate would rest on it."""
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    session = make_session(ngo, training["id"], starts_at="2150-01-01T09:00:00+05:00", ends_at="2150-01-01T12:00:00+05:00")
    enrolled = make_enrollment(ngo, training["id"])["id"]
    body = {"items": [{"enrollment_id": enrolled, "presence": "present"}]}
    refused = ngo.put(f"{URL}/{training['id']}/sessions/{session['id']}/attendance", body, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_a_sheet_replaces_the_one_before(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    session = make_session(ngo, training["id"])
    first, second, third = sorted(make_enrollment(ngo, training["id"])["id"] for _ in range(3))
    url = f"{URL}/{training['id']}/sessions/{session['id']}/attendance"
    empty = ngo.get(url)
    assert (empty.json(), empty.headers["etag"]) == ({"session_id": session["id"], "version": 1, "items": []}, '"1"')
    put = ngo.put(
        url,
        {"items": [{"enrollment_id": key, "presence": presence} for key, presence in ((first, "present"), (second, "late"))]},
        version=1,
    )
    assert (put.status_code, put.headers["etag"]) == (200, '"2"')
    put = ngo.put(
        url,
        {"items": [{"enrollment_id": key, "presence": presence} for key, presence in ((third, "excused"), (first, "absent"))]},
        version=2,
    )
    assert put.json()["items"] == [{"enrollment_id": first, "presence": "absent"}, {"enrollment_id": third, "presence": "excused"}]
    assert ngo.get(url).json() == put.json() == {"session_id": session["id"], "version": 3, "items": put.json()["items"]}
    assert ngo.get(url, headers={"If-None-Match": '"3"'}).status_code == 304
    assert ngo.get(url.removesuffix("/attendance")).json()["version"] == 3
    assert ngo.put(url, {"items": []}).status_code == 428
    assert ngo.put(url, {"items": []}, version=2).status_code == 412
    assert ngo.put(url, {"items": []}, version=3).json()["items"] == []


def test_what_is_wrong_on_a_sheet_is_named(callers: Callers) -> None:
    ngo = callers.ngo()
    training, other = make_ongoing_training(ngo, capacity=1), make_ongoing_training(ngo)
    session = make_session(ngo, training["id"])
    seated, waiting = (make_enrollment(ngo, training["id"])["id"] for _ in range(2))
    elsewhere = make_enrollment(ngo, other["id"])["id"]
    url = f"{URL}/{training['id']}/sessions/{session['id']}/attendance"
    items = [{"enrollment_id": key, "presence": "present"} for key in (seated, elsewhere, waiting, str(uuid7()), seated)]
    refused = ngo.put(url, {"items": items}, version=1)
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/items/1/enrollment_id", "unknown"),
        ("/items/2/enrollment_id", "not_seated"),
        ("/items/3/enrollment_id", "unknown"),
        ("/items/4/enrollment_id", "repeated"),
    ]
    for item, pointer in (
        ({"enrollment_id": seated, "presence": "here"}, "/items/0/presence"),
        ({"enrollment_id": seated}, "/items/0/presence"),
        ({"enrollment_id": 3, "presence": "present"}, "/items/0/enrollment_id"),
    ):
        assert ngo.put(url, {"items": [item]}, version=1).json()["errors"][0]["pointer"] == pointer
    assert ngo.get(url).json() == {"session_id": session["id"], "version": 1, "items": []}


def test_who_withdrew_half_way_stays_on_the_sheets_of_before(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    session = make_session(ngo, training["id"])
    row = make_enrollment(ngo, training["id"])
    assert ngo.post(f"{URL}/{training['id']}/enrollments/{row['id']}/withdraw", {"reason": "Moved"}, version=1).status_code == 200
    assert put_sheet(ngo, training["id"], session, {row["id"]: "present"})["items"] == [{"enrollment_id": row["id"], "presence": "present"}]


def test_a_draft_or_canceled_training_has_no_sheets(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    session = make_session(ngo, training["id"])
    url = f"{URL}/{training['id']}/sessions/{session['id']}/attendance"
    assert ngo.put(url, {"items": []}, version=1).json()["code"] == "wrong_state"
    move(ngo, training, "cancel", {"reason": "No room"})
    assert ngo.put(url, {"items": []}, version=1).json()["code"] == "wrong_state"


@pytest.mark.parametrize("role", ["committee", "state", "ngo"])
def test_nobody_else_keeps_the_sheet(callers: Callers, role: str) -> None:
    ngo, other = callers.ngo(), getattr(callers, role)()
    training = make_ongoing_training(ngo)
    session = make_session(ngo, training["id"])
    own = make_enrollment(ngo, training["id"], specialist_id=make_specialist(other))
    stranger = make_enrollment(ngo, training["id"])
    put_sheet(ngo, training["id"], session, {own["id"]: "present", stranger["id"]: "late"})
    url = f"{URL}/{training['id']}/sessions/{session['id']}/attendance"
    assert other.put(url, {"items": []}, version=2).status_code == 403
    assert other.post(
        f"{URL}/{training['id']}/test-results", {"items": [{"enrollment_id": own["id"], "kind": "pre", "score": 1}]}
    ).status_code in (403, 422)
    shown = [] if role == "ngo" else [{"enrollment_id": own["id"], "presence": "present"}]
    assert other.get(url).json()["items"] == shown
    assert len(ngo.get(url).json()["items"]) == 2


def test_a_sheet_costs_the_same_for_few_and_for_many(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    sessions = [make_session(ngo, training["id"], day) for day in (1, 2)]
    ids = [make_enrollment(ngo, training["id"])["id"] for _ in range(12)]
    put_sheet(ngo, training["id"], make_session(ngo, training["id"], 3), sheet_of(1, ids))
    costs = []
    for session, count in zip(sessions, (2, 12), strict=True):
        url = f"{URL}/{training['id']}/sessions/{session['id']}/attendance"
        items = [{"enrollment_id": key, "presence": "present"} for key in ids[:count]]
        statements.clear()
        assert ngo.put(url, {"items": items}, version=1).status_code == 200
        put = cost(statements)
        statements.clear()
        assert len(ngo.get(url).json()["items"]) == count
        costs.append((put, cost(statements)))
    assert costs[0] == costs[1]
    assert costs[0][1] == 3
    assert costs[0][0] <= 15


# --- test results -----------------------------------------------------------------------------------------------------------
def test_results_are_recorded_and_replaced(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    url = f"{URL}/{training['id']}/test-results"
    first, second = (make_enrollment(ngo, training["id"])["id"] for _ in range(2))
    items = [
        {"enrollment_id": first, "kind": "pre", "score": 40, "taken_on": "2019-10-01"},
        {"enrollment_id": first, "kind": "post", "score": 80},
        {"enrollment_id": second, "kind": "pre", "score": 0},
    ]
    made = ngo.post(url, {"items": items})
    assert made.status_code == 200
    assert [(row["enrollment_id"], row["kind"], row["score"], row["version"]) for row in made.json()["items"]] == [
        (first, "pre", 40, 1),
        (first, "post", 80, 1),
        (second, "pre", 0, 1),
    ]
    again = ngo.post(url, {"items": [{"enrollment_id": first, "kind": "post", "score": 90, "taken_on": "2019-10-31"}]}).json()["items"]
    assert [(row["id"], row["score"], row["version"]) for row in again] == [(made.json()["items"][1]["id"], 90, 2)]
    assert ngo.get(f"{url}?kind=post").json()["items"] == again
    assert {row["score"] for row in ngo.get(f"{url}?enrollment_id={first}").json()["items"]} == {40, 90}
    assert ngo.get(f"{url}?include=total&limit=1").json()["total"] == 3


def test_all_results_or_none(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo, capacity=1)
    url = f"{URL}/{training['id']}/test-results"
    seated, waiting = (make_enrollment(ngo, training["id"])["id"] for _ in range(2))
    good = {"enrollment_id": seated, "kind": "pre", "score": 40}
    refused = ngo.post(
        url, {"items": [good, {**good, "kind": "post"}, {**good, "enrollment_id": waiting}, good, {**good, "enrollment_id": str(uuid7())}]}
    )
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/items/2/enrollment_id", "not_seated"),
        ("/items/3/enrollment_id", "repeated"),
        ("/items/4/enrollment_id", "unknown"),
    ]
    for wrong, pointer in (
        ({"score": 101}, "/items/0/score"),
        ({"score": -1}, "/items/0/score"),
        ({"score": "40"}, "/items/0/score"),
        ({"score": 40.5}, "/items/0/score"),
        ({"kind": "final"}, "/items/0/kind"),
        ({"taken_on": "2999-01-01"}, "/items/0/taken_on"),
    ):
        assert ngo.post(url, {"items": [{**good, **wrong}]}).json()["errors"][0]["pointer"] == pointer
    assert ngo.post(url, {"items": []}).status_code == 422
    assert ngo.get(url).json()["items"] == []


def test_a_draft_has_no_results(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    body = {"items": [{"enrollment_id": str(uuid7()), "kind": "pre", "score": 40}]}
    assert ngo.post(f"{URL}/{training['id']}/test-results", body).json()["code"] == "wrong_state"


# --- completions ------------------------------------------------------------------------------------------------------------
def test_each_participant_is_explained(callers: Callers) -> None:
    ngo = callers.ngo()
    rule = {"min_attendance_percent": 75, "min_post_test": 60}
    training = make_ongoing_training(ngo, completion_rule=rule, capacity=6)
    sessions = [make_session(ngo, training["id"], day, mandatory=day == 4) for day in (1, 2, 3, 4)]
    keys = [make_enrollment(ngo, training["id"])["id"] for _ in range(7)]
    good, rare, missed, untested, weak, gone, waiting = keys
    there = {good: "present late excused present", rare: "present absent absent present", missed: "present present present absent"}
    there |= dict.fromkeys((untested, weak), "present present present present")
    for place, session in enumerate(sessions):
        put_sheet(ngo, training["id"], session, {key: words.split()[place] for key, words in there.items()})
    record_results(ngo, training["id"], {good: 60, rare: 100, missed: 61, weak: 59})
    record_results(ngo, training["id"], {untested: 100}, kind="pre")
    assert ngo.post(f"{URL}/{training['id']}/enrollments/{gone}/withdraw", {"reason": "Moved"}, version=1).status_code == 200
    expected = {
        good: [],
        rare: [{"code": "attendance_too_low", "details": {"required_percent": 75, "attended_percent": 50}}],
        missed: [{"code": "mandatory_session_missed", "details": {"session_numbers": [4]}}],
        untested: [{"code": "post_test_missing", "details": {"required": 60}}],
        weak: [{"code": "post_test_too_low", "details": {"required": 60, "score": 59}}],
        gone: [{"code": "not_seated", "details": {"status": "withdrawn"}}],
        # A place fell free for the one who waited, who was never there.
        waiting: [
            {"code": "attendance_too_low", "details": {"required_percent": 75, "attended_percent": 0}},
            {"code": "mandatory_session_missed", "details": {"session_numbers": [4]}},
            {"code": "post_test_missing", "details": {"required": 60}},
        ],
    }
    assert unmet(ngo, training) == expected
    assert list(unmet(ngo, training)) == keys
    before = ngo.get(f"{URL}/{training['id']}/completions").json()
    assert (before["is_settled"], before["completion_rule"], before["sessions"]) == (False, rule, 4)

    done = move(ngo, training, "complete")
    assert done["counts"] == {"capacity": 6, "seated": 6, "waitlisted": 0, "completed": 1}
    assert unmet(ngo, training) == expected
    after = ngo.get(f"{URL}/{training['id']}/completions").json()
    assert after["is_settled"]
    assert [item["status"] for item in after["items"]] == ["completed", *["not_completed"] * 4, "withdrawn", "not_completed"]


def test_a_late_correction_settles_again(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo, completion_rule={"min_attendance_percent": 100, "min_post_test": 50})
    session = make_session(ngo, training["id"])
    row = make_enrollment(ngo, training["id"])
    move(ngo, training, "complete")

    def state() -> tuple[str, int]:
        status = ngo.get(f"{URL}/{training['id']}/enrollments/{row['id']}").json()["status"]
        assert roster_counts(training["roster_id"])[1] == {status: 1}
        return status, read(ngo, training)["counts"]["completed"]

    assert state() == ("not_completed", 0)
    put_sheet(ngo, training["id"], session, {row["id"]: "late"})
    assert state() == ("not_completed", 0)
    record_results(ngo, training["id"], {row["id"]: 50})
    assert state() == ("completed", 1)
    record_results(ngo, training["id"], {row["id"]: 49})
    assert state() == ("not_completed", 0)
    assert ngo.patch(f"{URL}/{training['id']}", {"completion_rule": {"min_post_test": 49}}, version=4).status_code == 200
    assert state() == ("completed", 1)
    second = make_session(ngo, training["id"], 2)
    assert state() == ("not_completed", 0)
    url = f"{URL}/{training['id']}/sessions/{second['id']}"
    assert ngo.delete(url, version=1).status_code == 204
    assert state() == ("completed", 1)
    assert ngo.patch(f"{URL}/{training['id']}", {"completion_rule": {"min_attendance_percent": 0}}, version=5).status_code == 200
    third = make_session(ngo, training["id"], 3)
    assert state() == ("completed", 1)
    assert ngo.patch(f"{URL}/{training['id']}/sessions/{third['id']}", {"mandatory": True}, version=1).status_code == 200
    assert state() == ("not_completed", 0)


def test_without_sessions_nobody_completes(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    row = make_enrollment(ngo, training["id"])
    move(ngo, training, "complete")
    assert unmet(ngo, training) == {row["id"]: [{"code": "no_sessions", "details": {}}]}


def test_completions_cost_five_statements_however_many(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    session = make_session(ngo, training["id"])
    for count in (1, 6):
        for _ in range(count):
            put_sheet(ngo, training["id"], session, {make_enrollment(ngo, training["id"])["id"]: "present"})
        statements.clear()
        assert len(unmet(ngo, training)) >= count
        # The activity, its roster, sessions, attendance, and enrollments with names and results.
        assert cost(statements) == 5
