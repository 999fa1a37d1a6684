"""HTTP of consents."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_file, answer_page, created, file
from app.beneficiaries.models import Merged, WasForgotten
from app.consents import policy, queries
from app.consents.actions import consents as actions
from app.consents.form import FormNotPrintable, printed
from app.consents.models import TermsFrozen
from app.consents.schemas import (
    ConsentCreate,
    ConsentListing,
    ConsentRead,
    ConsentRefuse,
    ConsentRenew,
    ConsentUpdate,
    ConsentWithdraw,
    Giving,
)
from app.identity.door import Caller, allow
from app.languages import Language, choose
from app.listing import Page
from app.problems import IdTaken, Invalid, NotFound, Stale, WrongState, problems
from app.schemas import Id

router = APIRouter(prefix="/v1/consents", tags=["consents"])
ConsentId = Annotated[Id, Path(description="The consent.")]
_MOVE = problems(NotFound, Merged, WasForgotten, Stale, WrongState, Invalid, OutOfScope)
_PDF = file("application/pdf", "The form and the notice, A4.")


@router.post(
    "",
    response_model=ConsentRead,
    status_code=201,
    dependencies=[allow(policy.WRITE)],
    responses=problems(IdTaken, Merged, WasForgotten, Invalid, OutOfScope),
)
def request_consent(caller: Caller, body: ConsentCreate) -> Response:
    """Ask a family for a consent. With `giving` it is recorded as given at once, and the recipients are let in; without, it is only
    requested until `give` or `refuse`. The answer says whom it covers, and whom not and why.
    """
    with begin(caller) as db:
        consent, again = actions.request_consent(db, body=body, by=caller)
        return created(queries.consent(db, consent.id), f"/v1/consents/{consent.id}", again=again)


@router.get("", response_model=Page[ConsentRead], dependencies=[allow(policy.READ)])
def list_consents(caller: Caller, listing: Annotated[ConsentListing, Query()], request: Request) -> Response:
    """Consents by person, family, state, purpose and recipient; `expires_before` with `sort=last_day` lists what is to be renewed."""
    with reading(caller) as db:
        return answer_page(request, queries.consents(db, listing))


@router.get("/{consent_id}", response_model=ConsentRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_consent(caller: Caller, consent_id: ConsentId) -> Response:
    """One consent. An organization that is let in through it reads it as long as it opens something, without the notes and the witness;
    afterwards it is not there.

    It expires, whom it covers are renamed, and for one of them it ends before the others, without a new version of it; so this is always
    answered in full, whatever `If-None-Match` says.
    """
    with reading(caller) as db:
        return answer(queries.consent(db, consent_id))


@router.get(
    "/{consent_id}/form.pdf",
    response_class=Response,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound, FormNotPrintable) | _PDF,
)
def get_consent_form(
    caller: Caller,
    consent_id: ConsentId,
    request: Request,
    language: Annotated[Language | None, Query(description="Language of the form; else that of `Accept-Language`, else Uzbek.")] = None,
) -> Response:
    """The form to be signed and the notice for the family to keep, as PDF: A4, archival. What was not said yet is left blank. There is
    one for the organization's own consents alone.
    """
    with reading(caller) as db:
        found = queries.print_of(db, consent_id)
    spoken = language or choose(request.headers.get("accept-language"), Language.UZ_LATN)
    # From here on no connection is held: printing takes longer than reading.
    return answer_file(printed(found, spoken), "application/pdf", f"consent-{consent_id}-{spoken}.pdf", language=spoken)


@router.patch(
    "/{consent_id}",
    response_model=ConsentRead,
    dependencies=[allow(policy.WRITE)],
    responses=problems(NotFound, Merged, WasForgotten, Stale, TermsFrozen, Invalid, OutOfScope),
)
def update_consent(caller: Caller, consent_id: ConsentId, version: IfMatch, body: ConsentUpdate) -> Response:
    """Change the terms of a consent that is only requested; once it is given they are frozen."""
    with begin(caller) as db:
        consent = actions.update_consent(db, consent_id, version=version, body=body)
        return answer(queries.consent(db, consent.id))


@router.post("/{consent_id}/give", response_model=ConsentRead, dependencies=[allow(policy.WRITE)], responses=_MOVE)
def give_consent(caller: Caller, consent_id: ConsentId, version: IfMatch, body: Giving) -> Response:
    """Record that the family agreed: the terms are frozen and the recipients are let in, in one transaction."""
    with begin(caller) as db:
        consent = actions.give_consent(db, consent_id, version=version, body=body)
        return answer(queries.consent(db, consent.id))


@router.post("/{consent_id}/refuse", response_model=ConsentRead, dependencies=[allow(policy.WRITE)], responses=_MOVE)
def refuse_consent(caller: Caller, consent_id: ConsentId, version: IfMatch, body: ConsentRefuse) -> Response:
    """Record that the family said no to what was requested."""
    with begin(caller) as db:
        consent = actions.refuse_consent(db, consent_id, version=version, body=body)
        return answer(queries.consent(db, consent.id))


@router.post("/{consent_id}/withdraw", response_model=ConsentRead, dependencies=[allow(policy.WRITE)], responses=_MOVE)
def withdraw_consent(caller: Caller, consent_id: ConsentId, version: IfMatch, body: ConsentWithdraw) -> Response:
    """Record that the consent was withdrawn. Whoever was let in through it sees nothing more from this moment on."""
    with begin(caller) as db:
        consent = actions.withdraw_consent(db, consent_id, version=version, body=body)
        return answer(queries.consent(db, consent.id))


@router.post(
    "/{consent_id}/renew",
    response_model=ConsentRead,
    status_code=201,
    dependencies=[allow(policy.WRITE)],
    responses=problems(NotFound, Merged, WasForgotten, Stale, WrongState, Invalid, IdTaken, OutOfScope),
)
def renew_consent(caller: Caller, consent_id: ConsentId, version: IfMatch, body: ConsentRenew) -> Response:
    """Follow a consent that is in force or has expired by a new one, which is given at once and covers who belongs to the family now."""
    with begin(caller) as db:
        consent, again = actions.renew_consent(db, consent_id, version=version, body=body)
        return created(queries.consent(db, consent.id), f"/v1/consents/{consent.id}", again=again)
