"""The moves of a training's life, each from its own states, and what each does to the roster."""

from datetime import timedelta
from typing import Any

import pytest

from app.database import uuid7
from app.days import today
from tests.callers import Caller, Callers
from tests.factories.participation import make_enrollment
from tests.factories.trainings import URL, make_ongoing_training, make_open_training, make_training, move, read, training_body

PATHS = {
    "draft": [],
    "published": ["publish"],
    "ongoing": ["publish", "start"],
    "completed": ["publish", "start", "complete"],
    "canceled": ["cancel"],
}
ALLOWED = {
    "draft": {"publish", "cancel"},
    "published": {"start", "cancel"},
    "ongoing": {"complete", "cancel"},
    "completed": set(),
    "canceled": set(),
}
LEADS_TO = {"publish": "published", "start": "ongoing", "complete": "completed", "cancel": "canceled"}


@pytest.mark.parametrize("verb", LEADS_TO)
@pytest.mark.parametrize("state", PATHS)
def test_each_move_has_its_states(callers: Callers, state: str, verb: str) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    for step in PATHS[state]:
        training = move(ngo, training, step, {"reason": "No room"} if step == "cancel" else None)
    body = {"reason": "Flood"} if verb == "cancel" else None
    moved = ngo.post(f"{URL}/{training['id']}/{verb}", body, version=training["version"])
    if verb in ALLOWED[state]:
        assert (moved.status_code, moved.json()["status"], moved.json()["version"]) == (200, LEADS_TO[verb], training["version"] + 1)
        assert moved.json()["status_at"] > training["status_at"]
    else:
        assert (moved.status_code, moved.json()["code"]) == (409, "wrong_state")
        assert state in moved.json()["detail"]
        assert read(ngo, training) == training


def test_a_move_needs_the_version(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_training(ngo)['id']}"
    assert ngo.post(f"{url}/publish").status_code == 428
    assert ngo.post(f"{url}/publish", version=9).status_code == 412
    assert ngo.post(f"{URL}/{uuid7()}/publish", version=1).status_code == 404
    assert ngo.get(url).json()["status"] == "draft"


def test_what_is_announced_has_a_title(callers: Callers) -> None:
    ngo = callers.ngo()
    body = training_body()
    del body["title"]
    assert ngo.post(URL, {**body, "title": {}}).json()["errors"][0]["pointer"] == "/title"
    assert ngo.post(URL, {**body, "title": {"en": None}}).json()["errors"][0]["pointer"] == "/title"
    training = ngo.post(URL, body).json()
    url = f"{URL}/{training['id']}"
    refused = ngo.post(f"{url}/publish", version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
    assert refused.json()["errors"][0]["pointer"] == "/title"
    assert ngo.patch(url, {"title": {"en": "Parenting"}}, version=1).status_code == 200
    assert ngo.post(f"{url}/publish", version=2).status_code == 200
    assert ngo.patch(url, {"title": {"en": None}}, version=3).json()["code"] == "not_ready"
    assert ngo.patch(url, {"title": {"en": None, "ru": "Навыки"}}, version=3).status_code == 200


def days(offset: int) -> dict[str, str]:
    """A day so many days from now, in Uzbekistan."""
    return {"date": (today() + timedelta(days=offset)).isoformat(), "precision": "day"}


def month(offset: int) -> dict[str, str]:
    """The month of that day."""
    return {"date": days(offset)["date"][:8] + "01", "precision": "month"}


def too_early(caller: Caller, training: dict[str, Any], verb: str, day: str, pointer: str) -> None:
    before = read(caller, training)
    refused = caller.post(f"{URL}/{training['id']}/{verb}", version=before["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "too_early")
    assert day in refused.json()["detail"]
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert read(caller, training) == before


def test_nothing_starts_before_its_first_day(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, starts_on=days(1))
    too_early(ngo, training, "start", days(1)["date"], "/starts_on")
    # A wrong date can be corrected, and a training begins on the day itself.
    assert ngo.patch(f"{URL}/{training['id']}", {"starts_on": days(0)}, version=training["version"]).status_code == 200
    assert move(ngo, training, "start")["status"] == "ongoing"
    early = make_open_training(ngo, starts_on=month(40))
    too_early(ngo, early, "start", month(40)["date"], "/starts_on")
    # Of what is known to the month, the first day counts.
    assert move(ngo, make_open_training(ngo, starts_on=month(0)), "start")["status"] == "ongoing"


def test_nothing_is_over_before_its_last_day(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo, starts_on=days(-3), ends_on=days(1))
    too_early(ngo, training, "complete", days(1)["date"], "/ends_on")
    assert ngo.patch(f"{URL}/{training['id']}", {"ends_on": days(0)}, version=training["version"]).status_code == 200
    assert move(ngo, training, "complete")["status"] == "completed"
    long = make_ongoing_training(ngo, starts_on=month(0), ends_on=month(40))
    too_early(ngo, long, "complete", month(40)["date"], "/ends_on")
    this_month = make_ongoing_training(ngo, starts_on=month(0), ends_on=month(0))
    assert move(ngo, this_month, "complete")["status"] == "completed"
    # The end is in a month that has begun, the start to the day: it is over on neither before both.
    assert move(ngo, make_ongoing_training(ngo, starts_on=days(0), ends_on=month(0)), "complete")["status"] == "completed"


def test_what_is_under_way_or_over_is_not_moved_into_the_future(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo, starts_on=days(-3))
    url = f"{URL}/{training['id']}"
    refused = ngo.patch(url, {"starts_on": days(1)}, version=training["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "too_early")
    assert ngo.patch(url, {"ends_on": days(2)}, version=training["version"]).status_code == 200
    assert ngo.patch(url, {"ends_on": None}, version=training["version"] + 1).status_code == 200
    training = move(ngo, training, "complete")
    refused = ngo.patch(url, {"ends_on": days(2)}, version=training["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "too_early")
    assert read(ngo, training) == training


def test_a_replayed_move_is_not_made_twice(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_training(ngo)['id']}/publish"
    answers = [ngo.post(url, version=1, key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["idempotent-replayed"] == "true"


def test_only_a_manager_cancels_and_says_why(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    row = make_enrollment(ngo, training["id"])
    url = f"{URL}/{training['id']}/cancel"
    specialist = callers.ngo(duty="specialist", organization_id=ngo.organization_id)
    assert specialist.post(url, {"reason": "Flood"}, version=2).status_code == 403
    assert ngo.post(url, {}, version=2).json()["errors"][0]["pointer"] == "/reason"
    canceled = ngo.post(url, {"reason": "Flood"}, version=2)
    assert (canceled.json()["status"], canceled.json()["cancel_reason"]) == ("canceled", "Flood")
    assert ngo.get(f"{URL}/{training['id']}/enrollments").json()["items"] == [row]
    assert ngo.post(f"{URL}/{training['id']}/enrollments/{row['id']}/withdraw", {"reason": "x"}, version=1).json()["code"] == "wrong_state"
    assert ngo.patch(f"{URL}/{training['id']}", {"hours": 3}, version=3).json()["code"] == "wrong_state"
    assert ngo.put(f"{URL}/{training['id']}/co-hosts", {"organization_ids": []}, version=3).json()["code"] == "wrong_state"


def test_a_specialist_runs_a_training_from_start_to_end(callers: Callers) -> None:
    specialist = callers.ngo("1733", duty="specialist")
    training = make_training(specialist)
    for verb, state in (("publish", "published"), ("start", "ongoing"), ("complete", "completed")):
        assert move(specialist, training, verb)["status"] == state
    # What is over can still be corrected.
    assert specialist.patch(f"{URL}/{training['id']}", {"hours": 26}, version=4).json()["hours"] == 26
