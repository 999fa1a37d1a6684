"""Certificates for those who are signed in."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_file, answer_if_changed, answer_page, file, not_changed
from app.certificates import actions, policy, queries
from app.certificates.number import shown
from app.certificates.schemas import CertificateListing, CertificateRead, CertificateRevoke
from app.certificates.sheets import NotPrintable, printed, tag_of
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/certificates", tags=["certificates"])

_PDF = file(
    "application/pdf",
    "The certificate, A4.",
    headers={
        "ETag": {"description": "Of these bytes; send it as `If-None-Match`.", "schema": {"type": "string", "maxLength": 100}},
        "Content-Disposition": {"description": "The file's name.", "schema": {"type": "string", "maxLength": 200}},
    },
)


@router.get(
    "",
    response_model=Page[CertificateRead],
    dependencies=[allow(policy.READ)],
    responses=problems(Invalid),
)
def list_certificates(caller: Caller, listing: Annotated[CertificateListing, Query()], request: Request) -> Response:
    """Certificates by activity, holder, state, number and date, newest first."""
    with reading(caller) as db:
        return answer_page(request, queries.certificates(db, listing))


# Before the certificate itself, whose address would take the ending for a part of the id.
@router.get(
    "/{certificate_id}.pdf",
    response_class=Response,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound, NotPrintable) | _PDF,
)
def get_certificate_pdf(caller: Caller, certificate_id: Id, known: IfNoneMatch) -> Response:
    """The certificate as PDF: A4, archival, in four languages. One that is revoked says so across the sheet."""
    with reading(caller) as db:
        found = queries.print_of(db, certificate_id)
    # From here on no connection is held: printing takes longer than reading.
    tag = tag_of(found)
    return not_changed(known, tag) or answer_file(printed(found), "application/pdf", f"{shown(found.number)}.pdf", tag=tag)


@router.get(
    "/{certificate_id}",
    response_model=CertificateRead,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound),
)
def get_certificate(caller: Caller, certificate_id: Id, known: IfNoneMatch) -> Response:
    """One certificate with all that is printed on it."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.certificate(db, certificate_id))


@router.post(
    "/{certificate_id}/revoke",
    response_model=CertificateRead,
    dependencies=[allow(policy.REVOKE)],
    responses=problems(NotFound, WrongState, Stale, Invalid),
)
def revoke_certificate(caller: Caller, certificate_id: Id, version: IfMatch, body: CertificateRevoke) -> Response:
    """Declare a certificate void. It is never deleted: whoever checks it learns since when it is void, and the category of the reason.

    Issuing again makes a new one, except after `fraud` and `holder_request`, which are meant for good.
    """
    with begin(caller) as db:
        actions.revoke(db, certificate_id, version=version, body=body)
        return answer(queries.certificate(db, certificate_id))
