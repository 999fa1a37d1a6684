"""HTTP of what is recorded of participants: attendance, test results, and what follows from them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page
from app.identity.door import Caller, allow
from app.listing import Page
from app.participation import policy, queries
from app.participation.actions import records as actions
from app.participation.queries import RosterOwner
from app.participation.schemas import (
    AttendanceSheet,
    AttendanceSheetRead,
    CompletionsRead,
    TestResultListing,
    TestResultRead,
    TestResults,
    TestResultsRead,
)
from app.problems import NotFound, Stale, WrongState, problems
from app.schemas import Id


def routes(owner: RosterOwner) -> APIRouter:
    """`/sessions/{session_id}/attendance`, `/test-results` and `/completions` below one kind of activity."""
    noun = owner.noun
    OwnerId = Annotated[Id, Path(alias=f"{noun}_id", description=f"The {noun.replace('_', ' ')}.")]  # noqa: N806 – a type.
    router = APIRouter()
    sheet = "/sessions/{session_id}/attendance"

    @router.get(
        sheet,
        operation_id=f"get_{noun}_attendance",
        response_model=AttendanceSheetRead,
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def get_attendance(caller: Caller, owner_id: OwnerId, session_id: Id, known: IfNoneMatch) -> Response:
        """The sheet of one session, as far as you may see the names. Its `ETag` is the session's."""
        with reading(caller) as db:
            return answer_if_changed(known, queries.sheet(db, owner.roster(db, owner_id), session_id))

    @router.put(
        sheet,
        operation_id=f"put_{noun}_attendance",
        response_model=AttendanceSheetRead,
        dependencies=[allow(policy.WRITE)],
        responses=problems(NotFound, Stale, WrongState, OutOfScope),
    )
    def put_attendance(caller: Caller, owner_id: OwnerId, session_id: Id, version: IfMatch, body: AttendanceSheet) -> Response:
        """Put the whole sheet at once; who is left out has no entry any more. `If-Match` takes the session's version, which grows.

        After the end it is a correction: completions are settled again.
        """
        with begin(caller) as db:
            roster_id = owner.roster(db, owner_id)
            actions.put_sheet(db, roster_id, session_id, version=version, body=body)
            return answer(queries.sheet(db, roster_id, session_id))

    @router.get(
        "/test-results",
        operation_id=f"list_{noun}_test_results",
        response_model=Page[TestResultRead],
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def list_test_results(caller: Caller, owner_id: OwnerId, listing: Annotated[TestResultListing, Query()], request: Request) -> Response:
        """Results of the tests before and after."""
        with reading(caller) as db:
            return answer_page(request, queries.results(db, owner.roster(db, owner_id), listing))

    @router.post(
        "/test-results",
        operation_id=f"record_{noun}_test_results",
        response_model=TestResultsRead,
        dependencies=[allow(policy.WRITE)],
        responses=problems(NotFound, WrongState, OutOfScope),
    )
    def record_test_results(caller: Caller, owner_id: OwnerId, body: TestResults) -> Response:
        """Record results, all of them or none; one that is there already for the same participant and kind is replaced.

        After the end it is a correction: completions are settled again.
        """
        with begin(caller) as db:
            return answer({"items": actions.put_results(db, owner.roster(db, owner_id), body=body)})

    @router.get(
        "/completions",
        operation_id=f"list_{noun}_completions",
        response_model=CompletionsRead,
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def list_completions(caller: Caller, owner_id: OwnerId) -> Response:
        """For each participant: complete or not, and each criterion that is not met, with its numbers."""
        with reading(caller) as db:
            return answer(queries.completions(db, owner.roster(db, owner_id)))

    return router
