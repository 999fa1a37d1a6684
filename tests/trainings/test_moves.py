"""The moves of a training's life, each from its own states, and what each does to the roster."""

import pytest

from app.database import uuid7
from tests.callers import Callers
from tests.factories.participation import make_enrollment
from tests.factories.trainings import URL, make_open_training, make_training, move, read

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
    training = make_training(ngo, title={})
    url = f"{URL}/{training['id']}"
    refused = ngo.post(f"{url}/publish", version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
    assert refused.json()["errors"][0]["pointer"] == "/title"
    assert ngo.patch(url, {"title": {"en": "Parenting"}}, version=1).status_code == 200
    assert ngo.post(f"{url}/publish", version=2).status_code == 200
    assert ngo.patch(url, {"title": {"en": None}}, version=3).json()["code"] == "not_ready"
    assert ngo.patch(url, {"title": {"en": None, "ru": "Навыки"}}, version=3).status_code == 200


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
