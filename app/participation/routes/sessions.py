"""HTTP of a roster's sessions."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created, no_content
from app.identity.door import Caller, allow
from app.listing import Page
from app.participation import policy, queries
from app.participation.actions import sessions as actions
from app.participation.models import SessionHasAttendance
from app.participation.queries import RosterOwner
from app.participation.schemas import SessionCreate, SessionListing, SessionRead, SessionUpdate
from app.problems import AlreadyExists, IdTaken, NotFound, Stale, WrongState, problems
from app.schemas import Id

_CHANGES = problems(NotFound, Stale, WrongState, OutOfScope, AlreadyExists)


def routes(owner: RosterOwner) -> APIRouter:
    """`/sessions` below one kind of activity."""
    noun = owner.noun
    OwnerId = Annotated[Id, Path(alias=f"{noun}_id", description=f"The {noun.replace('_', ' ')}.")]  # noqa: N806 – a type.
    router = APIRouter(prefix="/sessions")

    @router.get(
        "",
        operation_id=f"list_{noun}_sessions",
        response_model=Page[SessionRead],
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def list_sessions(caller: Caller, owner_id: OwnerId, listing: Annotated[SessionListing, Query()], request: Request) -> Response:
        """The sessions, by number."""
        with reading(caller) as db:
            return answer_page(request, queries.sessions(db, owner.roster(db, owner_id), listing))

    @router.post(
        "",
        operation_id=f"add_{noun}_session",
        response_model=SessionRead,
        status_code=201,
        dependencies=[allow(policy.WRITE)],
        responses=problems(NotFound, AlreadyExists, IdTaken, WrongState, OutOfScope),
    )
    def add_session(caller: Caller, owner_id: OwnerId, body: SessionCreate, request: Request) -> Response:
        """Add a session; it gets the next number unless one is given."""
        with begin(caller) as db:
            roster_id = owner.roster(db, owner_id)
            session_id, again = actions.add_session(db, roster_id, body=body)
            return created(queries.session(db, roster_id, session_id), f"{request.url.path}/{session_id}", again=again)

    @router.get(
        "/{session_id}",
        operation_id=f"get_{noun}_session",
        response_model=SessionRead,
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def get_session(caller: Caller, owner_id: OwnerId, session_id: Id, known: IfNoneMatch) -> Response:
        """One session."""
        with reading(caller) as db:
            return answer_if_changed(known, queries.session(db, owner.roster(db, owner_id), session_id))

    @router.patch(
        "/{session_id}",
        operation_id=f"update_{noun}_session",
        response_model=SessionRead,
        dependencies=[allow(policy.WRITE)],
        responses=_CHANGES,
    )
    def update_session(caller: Caller, owner_id: OwnerId, session_id: Id, version: IfMatch, body: SessionUpdate) -> Response:
        """Change a session. Whether it is mandatory counts at once, also after the end."""
        with begin(caller) as db:
            roster_id = owner.roster(db, owner_id)
            actions.update_session(db, roster_id, session_id, version=version, body=body)
            return answer(queries.session(db, roster_id, session_id))

    @router.delete(
        "/{session_id}",
        operation_id=f"remove_{noun}_session",
        status_code=204,
        dependencies=[allow(policy.WRITE)],
        responses=problems(NotFound, Stale, WrongState, SessionHasAttendance, OutOfScope),
    )
    def remove_session(caller: Caller, owner_id: OwnerId, session_id: Id, version: IfMatch) -> Response:
        """Take back a session at which no attendance was noted."""
        with begin(caller) as db:
            actions.remove_session(db, owner.roster(db, owner_id), session_id, version=version)
            return no_content()

    return router
