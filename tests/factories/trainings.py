"""Trainings, made and moved over HTTP."""

from typing import Any

from tests.callers import Caller

Body = dict[str, Any]
URL = "/v1/trainings"


def training_body(**other: Any) -> Body:
    """The parents' training in Shovot, known to the month as the published record has it."""
    return {
        "territory": "1733230",
        "title": {"uz_cyrl": "Ота-оналик кўникмалари", "en": "Parenting skills"},
        "starts_on": {"date": "2019-10-01", "precision": "month"},
        "hours": 24,
        **other,
    }


def make_training(caller: Caller, **other: Any) -> Body:
    """A draft."""
    made = caller.post(URL, training_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def move(caller: Caller, training: Body, verb: str, body: Body | None = None) -> Body:
    """Publish, start, complete or cancel."""
    moved = caller.post(f"{URL}/{training['id']}/{verb}", body, version=caller.get(f"{URL}/{training['id']}").json()["version"])
    assert moved.status_code == 200, moved.text
    return dict(moved.json())


def make_open_training(caller: Caller, **other: Any) -> Body:
    """A published training."""
    return move(caller, make_training(caller, **other), "publish")


def make_ongoing_training(caller: Caller, **other: Any) -> Body:
    """A training that has begun."""
    return move(caller, make_open_training(caller, **other), "start")


def read(caller: Caller, training: Body) -> Body:
    """The training as it is now."""
    found = caller.get(f"{URL}/{training['id']}")
    assert found.status_code == 200, found.text
    return dict(found.json())
