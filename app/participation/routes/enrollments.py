"""HTTP of enrollments."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page, created
from app.beneficiaries.models import Merged, WasForgotten
from app.identity.door import Caller, allow
from app.listing import Page
from app.participation import policy, queries
from app.participation.actions import enrollments as actions
from app.participation.models import AlreadyEnrolled, EnrollmentClosed, RosterFull
from app.participation.queries import RosterOwner
from app.participation.schemas import EnrollmentCreate, EnrollmentEnd, EnrollmentListing, EnrollmentRead
from app.problems import IdTaken, NotFound, Stale, WrongState, problems
from app.schemas import Id

_ENDS = problems(NotFound, Stale, WrongState, OutOfScope)


def routes(owner: RosterOwner) -> APIRouter:
    """`/enrollments` below one kind of activity."""
    noun = owner.noun
    OwnerId = Annotated[Id, Path(alias=f"{noun}_id", description=f"The {noun.replace('_', ' ')}.")]  # noqa: N806 – a type.
    router = APIRouter(prefix="/enrollments")

    @router.get(
        "",
        operation_id=f"list_{noun}_enrollments",
        response_model=Page[EnrollmentRead],
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def list_enrollments(caller: Caller, owner_id: OwnerId, listing: Annotated[EnrollmentListing, Query()], request: Request) -> Response:
        """The participants whose names you may see. Who sees counts only gets an empty list; the counts stand with the activity."""
        with reading(caller) as db:
            return answer_page(request, queries.enrollments(db, owner.roster(db, owner_id), listing))

    @router.post(
        "",
        operation_id=f"enroll_in_{noun}",
        response_model=EnrollmentRead,
        status_code=201,
        dependencies=[allow(policy.WRITE)],
        responses=problems(NotFound, EnrollmentClosed, RosterFull, AlreadyEnrolled, Merged, WasForgotten, IdTaken, OutOfScope),
    )
    def enroll(caller: Caller, owner_id: OwnerId, body: EnrollmentCreate, request: Request) -> Response:
        """Enroll a beneficiary or a specialist. `status` says whether there was a place or the waitlist holds one for later."""
        with begin(caller) as db:
            roster_id = owner.roster(db, owner_id)
            enrollment_id, again = actions.enroll(db, roster_id, body=body)
            return created(queries.enrollment(db, roster_id, enrollment_id), f"{request.url.path}/{enrollment_id}", again=again)

    @router.get(
        "/{enrollment_id}",
        operation_id=f"get_{noun}_enrollment",
        response_model=EnrollmentRead,
        dependencies=[allow(policy.READ)],
        responses=problems(NotFound),
    )
    def get_enrollment(caller: Caller, owner_id: OwnerId, enrollment_id: Id) -> Response:
        """One participant. The name is the present one, which may change without the enrollment's version."""
        with reading(caller) as db:
            return answer(queries.enrollment(db, owner.roster(db, owner_id), enrollment_id))

    @router.post(
        "/{enrollment_id}/withdraw",
        operation_id=f"withdraw_{noun}_enrollment",
        response_model=EnrollmentRead,
        dependencies=[allow(policy.WRITE)],
        responses=_ENDS,
    )
    def withdraw_enrollment(caller: Caller, owner_id: OwnerId, enrollment_id: Id, version: IfMatch, body: EnrollmentEnd) -> Response:
        """The participant leaves; the one who waited longest takes the place at once."""
        with begin(caller) as db:
            roster_id = owner.roster(db, owner_id)
            actions.withdraw(db, roster_id, enrollment_id, version=version, body=body)
            return answer(queries.enrollment(db, roster_id, enrollment_id))

    @router.post(
        "/{enrollment_id}/reject",
        operation_id=f"reject_{noun}_enrollment",
        response_model=EnrollmentRead,
        dependencies=[allow(policy.WRITE)],
        responses=_ENDS,
    )
    def reject_enrollment(caller: Caller, owner_id: OwnerId, enrollment_id: Id, version: IfMatch, body: EnrollmentEnd) -> Response:
        """Take a participant off the roster; the one who waited longest takes the place at once."""
        with begin(caller) as db:
            roster_id = owner.roster(db, owner_id)
            actions.reject(db, roster_id, enrollment_id, version=version, body=body)
            return answer(queries.enrollment(db, roster_id, enrollment_id))

    return router
