"""HTTP of trainings."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.identity.door import Caller, allow
from app.listing import Page
from app.participation.models import CapacityBelowSeated
from app.participation.schemas import CoHosts
from app.problems import IdTaken, NotFound, Stale, WrongState, problems
from app.schemas import Id
from app.trainings import policy, queries
from app.trainings.actions import trainings as actions
from app.trainings.models import NotReady, TooEarly
from app.trainings.schemas import TrainingCancel, TrainingCreate, TrainingListing, TrainingRead, TrainingUpdate

router = APIRouter(prefix="/v1/trainings", tags=["trainings"])
_MOVES = problems(NotFound, Stale, WrongState, OutOfScope)
_BY_DAY = problems(NotFound, Stale, WrongState, TooEarly, OutOfScope)


@router.get("", response_model=Page[TrainingRead], dependencies=[allow(policy.READ)])
def list_trainings(caller: Caller, listing: Annotated[TrainingListing, Query()], request: Request) -> Response:
    """Trainings of one's own organization, and what is announced in one's territory."""
    with reading(caller) as db:
        return answer_page(request, queries.trainings(db, listing))


@router.post(
    "",
    response_model=TrainingRead,
    status_code=201,
    dependencies=[allow(policy.WRITE)],
    responses=problems(IdTaken, OutOfScope),
)
def create_training(caller: Caller, body: TrainingCreate) -> Response:
    """Plan a training, with its roster. It is a draft, seen by one's own organization alone, until it is published."""
    with begin(caller) as db:
        training_id, again = actions.create_training(db, body=body, by=caller)
        return created(queries.training(db, training_id), f"/v1/trainings/{training_id}", again=again)


@router.get(
    "/{training_id}",
    response_model=TrainingRead,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound),
)
def get_training(caller: Caller, training_id: Id) -> Response:
    """One training. The `ETag` is for `If-Match`; the counts change without it, so there is no 304 here."""
    with reading(caller) as db:
        return answer(queries.training(db, training_id))


@router.patch(
    "/{training_id}",
    response_model=TrainingRead,
    dependencies=[allow(policy.WRITE)],
    responses=problems(NotFound, Stale, WrongState, TooEarly, NotReady, CapacityBelowSeated, OutOfScope),
)
def update_training(caller: Caller, training_id: Id, version: IfMatch, body: TrainingUpdate) -> Response:
    """Change a training. More places move the waitlist up at once; another rule settles a completed training again."""
    with begin(caller) as db:
        actions.update_training(db, training_id, version=version, body=body)
        return answer(queries.training(db, training_id))


@router.put(
    "/{training_id}/co-hosts",
    response_model=TrainingRead,
    dependencies=[allow(policy.WRITE)],
    responses=_MOVES,
)
def set_training_co_hosts(caller: Caller, training_id: Id, version: IfMatch, body: CoHosts) -> Response:
    """Name the organizations that run the training too. A co-hosting committee sees the names on the roster, not counts alone."""
    with begin(caller) as db:
        actions.set_co_hosts(db, training_id, version=version, body=body)
        return answer(queries.training(db, training_id))


@router.post(
    "/{training_id}/publish",
    response_model=TrainingRead,
    dependencies=[allow(policy.WRITE)],
    responses=problems(NotFound, Stale, WrongState, NotReady, OutOfScope),
)
def publish_training(caller: Caller, training_id: Id, version: IfMatch) -> Response:
    """Announce a draft to everybody in its territory and open its roster. It needs a title."""
    with begin(caller) as db:
        actions.publish_training(db, training_id, version=version)
        return answer(queries.training(db, training_id))


@router.post("/{training_id}/start", response_model=TrainingRead, dependencies=[allow(policy.WRITE)], responses=_BY_DAY)
def start_training(caller: Caller, training_id: Id, version: IfMatch) -> Response:
    """It has begun, on its first day or later. People can still be enrolled unless `enrollment_closes_on` says otherwise."""
    with begin(caller) as db:
        actions.start_training(db, training_id, version=version)
        return answer(queries.training(db, training_id))


@router.post(
    "/{training_id}/complete",
    response_model=TrainingRead,
    dependencies=[allow(policy.WRITE)],
    responses=_BY_DAY,
)
def complete_training(caller: Caller, training_id: Id, version: IfMatch) -> Response:
    """It is over, on its last day or later: by its rule each participant has completed or has not. Later corrections of attendance or
    results settle it again.
    """
    with begin(caller) as db:
        actions.complete_training(db, training_id, version=version)
        return answer(queries.training(db, training_id))


@router.post(
    "/{training_id}/cancel",
    response_model=TrainingRead,
    dependencies=[allow(policy.CANCEL)],
    responses=_MOVES,
)
def cancel_training(caller: Caller, training_id: Id, version: IfMatch, body: TrainingCancel) -> Response:
    """It will not be held. The roster stays as it is, as a record of who had hoped."""
    with begin(caller) as db:
        actions.cancel_training(db, training_id, version=version, body=body)
        return answer(queries.training(db, training_id))
