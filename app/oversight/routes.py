"""HTTP of who looked, of emergency accesses, and of what waits for a manager."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.actor import Visit
from app.access.guard import OutOfScope
from app.access.transaction import as_system_for, begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_file, answer_if_changed, answer_page, created, file
from app.beneficiaries.routes.beneficiaries import BeneficiaryId
from app.beneficiaries.routes.families import FamilyId
from app.identifiers.models import IdentifierKeyMissing
from app.identity.door import Caller, allow
from app.languages import Language, choose
from app.listing import Page
from app.oversight import actions, by_number, looks, policy, queries, report
from app.oversight.looks import FAMILY, PERSON, Subject
from app.oversight.models import NotNeeded, ReviewOverdue
from app.oversight.schemas import (
    AccessListing,
    AccessRead,
    AlertsRead,
    BreakGlassByNumber,
    BreakGlassCreate,
    BreakGlassListing,
    BreakGlassRead,
    BreakGlassReview,
    ReportQuery,
)
from app.problems import Forbidden, IdTaken, Invalid, NotFound, Stale, TooManyRequests, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1", tags=["oversight"])
GlassId = Annotated[Id, Path(description="The emergency access.")]
_PDF = file("application/pdf", "The report, A4.")
_BREAK = problems(NotFound, NotNeeded, ReviewOverdue, IdTaken, TooManyRequests, Forbidden, Invalid)
_CLOSE = problems(NotFound, Stale, WrongState)
_REVIEW = problems(NotFound, Stale, WrongState, Forbidden, OutOfScope, Invalid)


def _accesses(caller: Visit, subject: Subject, key: Id, listing: AccessListing, request: Request) -> Response:
    with reading(caller) as db:
        return answer_page(request, looks.accesses(db, subject, key, listing, owner=caller.actor.organization_id))


def _printed(caller: Visit, subject: Subject, key: Id, asked: ReportQuery, request: Request) -> Response:
    with reading(caller) as db:
        found = report.gathered(db, subject, key, since=asked.since, until=asked.until, owner=caller.actor.organization_id)
    spoken = asked.language or choose(request.headers.get("accept-language"), Language.UZ_LATN)
    # From here on no connection is held: printing takes longer than reading.
    return answer_file(report.printed(found, spoken), "application/pdf", f"accesses-{spoken}.pdf", language=spoken)


@router.get(
    "/beneficiaries/{beneficiary_id}/accesses",
    response_model=Page[AccessRead],
    dependencies=[allow(policy.ACCESSES)],
    responses=problems(NotFound),
)
def list_beneficiary_accesses(
    caller: Caller, beneficiary_id: BeneficiaryId, listing: Annotated[AccessListing, Query()], request: Request
) -> Response:
    """Who looked at a person of one's own organization: when, how often, and what let them in. It is itself recorded as a look.

    With it is told who looked at the rows that were merged into this one, and at the certificates and enrollments that bear the person's
    name; `subject` says which. That anybody verified a certificate is not recorded: the name is masked there.

    What was looked at within the last second or two may be missing still.
    """
    return _accesses(caller, PERSON, beneficiary_id, listing, request)


@router.get(
    "/beneficiaries/{beneficiary_id}/accesses.pdf",
    response_class=Response,
    dependencies=[allow(policy.ACCESSES)],
    responses=problems(NotFound, Invalid, report.ReportNotPrintable) | _PDF,
)
def get_beneficiary_accesses_pdf(
    caller: Caller, beneficiary_id: BeneficiaryId, asked: Annotated[ReportQuery, Query()], request: Request
) -> Response:
    """The same for the family itself, as PDF: in plain words, day by day, with the staff's functions in place of their names."""
    return _printed(caller, PERSON, beneficiary_id, asked, request)


@router.get(
    "/families/{family_id}/accesses",
    response_model=Page[AccessRead],
    dependencies=[allow(policy.ACCESSES)],
    responses=problems(NotFound),
)
def list_family_accesses(caller: Caller, family_id: FamilyId, listing: Annotated[AccessListing, Query()], request: Request) -> Response:
    """Who looked at the row of a family of one's own organization; each of its members has a list as well."""
    return _accesses(caller, FAMILY, family_id, listing, request)


@router.get(
    "/families/{family_id}/accesses.pdf",
    response_class=Response,
    dependencies=[allow(policy.ACCESSES)],
    responses=problems(NotFound, Invalid, report.ReportNotPrintable) | _PDF,
)
def get_family_accesses_pdf(caller: Caller, family_id: FamilyId, asked: Annotated[ReportQuery, Query()], request: Request) -> Response:
    """Who looked at the family's row, its address and income, and at its members, as PDF for the family itself: of each member for the time
    in which it was one, present and former ones of one's own organization and territory. It is itself recorded as a look at all of them.
    """
    return _printed(caller, FAMILY, family_id, asked, request)


@router.post(
    "/beneficiaries/{beneficiary_id}/break-glass",
    response_model=BreakGlassRead,
    status_code=201,
    dependencies=[allow(policy.BREAK)],
    responses=_BREAK,
)
def break_glass(caller: Caller, beneficiary_id: BeneficiaryId, body: BreakGlassCreate) -> Response:
    """Open the data of a person in one's territory without a consent, to oneself alone and for three hours at most, since it cannot wait.

    The managers of the organization that registered the person see who did it and why, and review it. While it is open, asking again
    answers the same one (200). At most five within 24 hours; an access that nobody reviewed for seven days bars further ones.
    """
    with begin(as_system_for(caller)) as db:
        row, again = actions.break_glass(db, beneficiary_id, body=body, by=caller)
        return created(queries.break_glass_of(row), f"/v1/break-glass/{row.id}", again=again)


@router.post(
    "/break-glass",
    response_model=BreakGlassRead,
    status_code=201,
    dependencies=[allow(policy.BREAK)],
    responses=problems(NotFound, NotNeeded, ReviewOverdue, IdTaken, TooManyRequests, Forbidden, Invalid, IdentifierKeyMissing),
)
def break_glass_by_number(caller: Caller, body: BreakGlassByNumber) -> Response:
    """Open the data of a person who is known by the PINFL in its papers alone, as `POST /v1/beneficiaries/{beneficiary_id}/break-glass`
    does and by the same rules; the answer has the person's id.

    A number that nobody carries and one of somebody outside of one's territory are 404 alike. Each of these is recorded, without the
    number, for the managers of one's own organization, and after ten within 24 hours there is a 429: this is no way to find out whom a
    family's helpers know.
    """
    with begin(as_system_for(caller)) as db:
        row, again = by_number.break_glass_by_number(db, body=body, by=caller)
        return created(queries.break_glass_of(row), f"/v1/break-glass/{row.id}", again=again)


@router.get("/break-glass", response_model=Page[BreakGlassRead], dependencies=[allow(policy.READ)])
def list_break_glass_accesses(caller: Caller, listing: Annotated[BreakGlassListing, Query()], request: Request) -> Response:
    """Emergency accesses: for managers those to people of their organization and those of their staff, for the others their own."""
    with reading(caller) as db:
        return answer_page(request, queries.break_glasses(db, listing))


@router.get("/break-glass/{access_id}", response_model=BreakGlassRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_break_glass_access(caller: Caller, access_id: GlassId, known: IfNoneMatch) -> Response:
    """One emergency access."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.break_glass(db, access_id))


@router.post("/break-glass/{access_id}/close", response_model=BreakGlassRead, dependencies=[allow(policy.CLOSE)], responses=_CLOSE)
def close_break_glass_access(caller: Caller, access_id: GlassId, version: IfMatch) -> Response:
    """End an emergency access before its time: who opened it, their manager, or a manager of the person's organization. Nothing is open
    through it from then on.
    """
    with begin(caller) as db:
        row = actions.close_break_glass(db, access_id, version=version, by=caller)
        return answer(queries.break_glass_of(row))


@router.post("/break-glass/{access_id}/review", response_model=BreakGlassRead, dependencies=[allow(policy.REVIEW)], responses=_REVIEW)
def review_break_glass_access(caller: Caller, access_id: GlassId, version: IfMatch, body: BreakGlassReview) -> Response:
    """Say whether an emergency access to a person of one's own organization was justified; once, and never about one's own.

    One that was not justified and is open still is closed at once.
    """
    with begin(caller) as db:
        row = actions.review_break_glass(db, access_id, version=version, body=body, by=caller)
        return answer(queries.break_glass_of(row))


@router.get("/alerts", response_model=AlertsRead, dependencies=[allow(policy.ALERTS)])
def get_alerts(caller: Caller) -> Response:
    """What waits for a manager: emergency accesses to review, and consents that end within 30 days."""
    with reading(caller) as db:
        return answer(queries.alerts(db))
