"""The certificates of one training."""

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import PRIVATE, answer, file
from app.certificates import policy
from app.certificates.prospects import prospects_of
from app.certificates.queries import prints_of
from app.certificates.schemas import CertificatesIssue, CertificatesIssued
from app.certificates.sheets import archive
from app.identity.door import Caller, allow
from app.problems import NotFound, problems
from app.schemas import Id
from app.trainings import queries
from app.trainings.actions import certificates as actions

router = APIRouter(prefix="/v1/trainings", tags=["certificates"])
_ZIP = file("application/zip", "One PDF a certificate.", most=2**31 - 1)


@router.post(
    "/{training_id}/certificates",
    response_model=CertificatesIssued,
    dependencies=[allow(policy.ISSUE)],
    responses=problems(NotFound, OutOfScope),
)
def issue_certificates(caller: Caller, training_id: Id, body: CertificatesIssue) -> Response:
    """Issue the certificates of a completed training, or, with `dry_run`, learn what would be issued and why somebody gets none.

    Safe to repeat and to race: a participant has at most one valid certificate. One that was revoked as wrong is issued anew, with the
    details as they stand now; one that was revoked for `fraud` or at the holder's request is not. `warnings` name those that could not be
    printed; they are issued all the same.
    """
    with reading(caller) as db:
        prospects = prospects_of(db, actions.activity_of(queries.certified(db, training_id)))
    # Sheets are tried before the transaction: printing takes longer than writing.
    warnings = prospects.warnings()
    run = actions.foresee_certificates if body.dry_run else actions.issue_certificates
    with begin(caller) as db:
        return answer(run(db, training_id, warnings=warnings))


@router.get(
    "/{training_id}/certificates.zip",
    response_class=Response,
    dependencies=[allow(policy.READ)],
    responses=problems(NotFound) | _ZIP,
)
def get_training_certificates_zip(caller: Caller, training_id: Id) -> Response:
    """The training's valid certificates as PDFs, each named by its number; the same certificates give the same bytes.

    One that cannot be printed is named in `not-printed.txt`. Without any certificate the archive is empty.
    """
    with reading(caller) as db:
        found = prints_of(db, queries.training(db, training_id)["roster_id"])
    # The connection is given back before the first sheet is printed; the pieces are printed in worker threads while they are sent.
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="certificates-{training_id}.zip"'}
    return StreamingResponse(archive(found), headers=headers, media_type="application/zip")
