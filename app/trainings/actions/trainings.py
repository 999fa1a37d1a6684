"""Planning trainings and the moves of their lives. A training and its roster change in one transaction."""

import uuid
from collections.abc import Mapping
from typing import Any

from app.access.actor import Visit
from app.access.fetch import check_territory, fetch, find, made_before
from app.access.guard import GuardedSession, require_writable
from app.database import uuid7
from app.participation.actions import rosters
from app.participation.schemas import CoHosts, last_day
from app.partners.models import Venue
from app.problems import Fault, WrongState, invalid
from app.schemas import Precision
from app.trainings.models import NotReady, Training, TrainingStatus
from app.trainings.schemas import TrainingCancel, TrainingCreate, TrainingUpdate
from app.uzbek.keys import search_text

_TITLES = ("title_uz_latn", "title_uz_cyrl", "title_ru", "title_en")


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """A body's values as columns of Training; those of the roster are left out."""
    found = {name: value for name, value in values.items() if name not in rosters.ROSTER_FIELDS | {"id", "title", "starts_on", "ends_on"}}
    found |= {f"title_{language}": value for language, value in (values.get("title") or {}).items()}
    for end in ("starts", "ends"):
        if f"{end}_on" in values:
            given = values[f"{end}_on"]
            # An update holds what was sent alone, and a date sent without its precision is a day.
            precision = given and given.get("precision", Precision.DAY)
            found |= {f"{end}_on": given and given["date"], f"{end}_precision": precision}
    return found


def _known(db: GuardedSession, values: Mapping[str, Any]) -> None:
    """Invalid for a place or a venue that is not there for the caller."""
    for name in ("territory", "place"):
        if code := values.get(name):
            check_territory(db, code, f"/{name}")
    if (venue_id := values.get("venue_id")) and find(db, Venue, venue_id) is None:
        raise invalid("/venue_id", "unknown", "There is no such venue.")


def _holds_together(training: Training) -> None:
    """Bring the search column up to date; Invalid when it ends before it starts."""
    if training.ends_on and last_day(training.ends_on, training.ends_precision or "") < training.starts_on:
        raise invalid("/ends_on", "before_start", "Lies before starts_on.")
    training.search = search_text(*(getattr(training, name) for name in _TITLES))[:2000]


def create_training(db: GuardedSession, *, body: TrainingCreate, by: Visit) -> tuple[uuid.UUID, bool]:
    """(id, made before). Raises Invalid, IdTaken."""
    if before := made_before(db, Training, body.id, body.origin()):
        return before.id, True
    values = _columns(body.model_dump())
    _known(db, values)
    roster = rosters.make_roster(db, plan=body, by=by, territory=body.territory)
    values |= {"roster_id": roster.id, "organization_id": by.actor.organization_id}
    training = Training(id=body.id or uuid7(), origin=body.origin(), **values)
    _holds_together(training)
    db.add(training)
    db.flush()
    return training.id, False


def update_training(db: GuardedSession, training_id: uuid.UUID, *, version: int, body: TrainingUpdate) -> None:
    """Change it. Its target territory is fixed once it is published: rosters and rights follow it.

    Raises NotFound, Stale, WrongState, TooEarly, Invalid, CapacityBelowSeated.
    """
    training = fetch(db, Training, training_id, version=version)
    require_writable(db, training)
    if training.status == TrainingStatus.CANCELED:
        raise WrongState("It is canceled.")
    given = body.model_dump(exclude_unset=True)
    values = _columns(given)
    _known(db, values)
    if values.get("territory", training.territory) != training.territory:
        if training.status != TrainingStatus.DRAFT:
            raise WrongState(f"It is {training.status}; its territory can change while it is a draft.")
        rosters.relocate(db, training.roster_id, territory=values["territory"])
    for name, value in values.items():
        setattr(training, name, value)
    _holds_together(training)
    if training.status != TrainingStatus.DRAFT:
        _ready(training)
    training.check_days()
    if of_roster := {name: given[name] for name in given.keys() & rosters.ROSTER_FIELDS}:
        training.touch()
        rosters.change_roster(db, training.roster_id, values=of_roster)
    db.flush()


def set_co_hosts(db: GuardedSession, training_id: uuid.UUID, *, version: int, body: CoHosts) -> None:
    """These organizations, and no others, run it too. Raises NotFound, Stale, WrongState, Invalid."""
    training = fetch(db, Training, training_id, version=version)
    if training.status == TrainingStatus.CANCELED:
        raise WrongState("It is canceled.")
    training.touch()
    rosters.set_co_hosts(db, training.roster_id, organization_ids=body.organization_ids)


def _ready(training: Training) -> None:
    if not any(getattr(training, name) for name in _TITLES):
        raise NotReady(faults=[Fault("/title", "missing", "What is announced needs a title in at least one language.")])


def publish_training(db: GuardedSession, training_id: uuid.UUID, *, version: int) -> None:
    """Announce it and open its roster. Raises NotFound, Stale, WrongState, NotReady."""
    training = fetch(db, Training, training_id, version=version)
    training.publish()
    _ready(training)
    rosters.open_roster(db, training.roster_id)
    db.flush()


def start_training(db: GuardedSession, training_id: uuid.UUID, *, version: int) -> None:
    """It has begun; people can still be enrolled. Raises NotFound, Stale, WrongState, TooEarly."""
    training = fetch(db, Training, training_id, version=version)
    training.start()
    rosters.open_roster(db, training.roster_id)
    db.flush()


def complete_training(db: GuardedSession, training_id: uuid.UUID, *, version: int) -> None:
    """It is over: each seated participant has completed or has not. Raises NotFound, Stale, WrongState, TooEarly."""
    training = fetch(db, Training, training_id, version=version)
    training.complete()
    rosters.settle_roster(db, training.roster_id)
    db.flush()


def cancel_training(db: GuardedSession, training_id: uuid.UUID, *, version: int, body: TrainingCancel) -> None:
    """It will not be held. Raises NotFound, Stale, WrongState."""
    training = fetch(db, Training, training_id, version=version)
    training.cancel(body.reason)
    rosters.cancel_roster(db, training.roster_id)
    db.flush()
