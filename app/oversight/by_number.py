"""Breaking the glass of a person who is known by the PINFL in its papers alone."""

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.actor import Visit
from app.access.guard import GuardedSession, prebuilt
from app.audit import trail
from app.audit.queries import require_seldom
from app.beneficiaries.models import Beneficiary
from app.identifiers import sealing, values
from app.identifiers.bearers import CARRIERS
from app.identifiers.models import Identifier, IdentifierKind
from app.oversight.actions import TERRITORY, break_glass
from app.oversight.models import A_DAY, MOST_MISSES, NOT_FOUND, BreakGlass
from app.oversight.schemas import BreakGlassByNumber, BreakGlassCreate
from app.problems import NotFound

# Who carries a number now and is there to be looked at; of several who do, another organization's row that was written last.
_BY_NUMBER = prebuilt(
    sa.select(col(Beneficiary.id))
    .where(
        col(Beneficiary.id).in_(CARRIERS.where(col(Identifier.ended_on).is_(None))),
        col(Beneficiary.anonymized_at).is_(None),
        col(Beneficiary.merged_into_id).is_(None),
        func.substr(Beneficiary.territory, 1, func.length(TERRITORY)) == TERRITORY,
    )
    .order_by(
        col(Beneficiary.organization_id) == bindparam("own", type_=sa.Uuid()), col(Beneficiary.updated_at).desc(), col(Beneficiary.id)
    )
    .limit(1),
    "beneficiary.behind_glass_by_number",
)


def break_glass_by_number(db: GuardedSession, *, body: BreakGlassByNumber, by: Visit) -> tuple[BreakGlass, bool]:
    """The same for a person who is named by the PINFL. A number that nobody carries is refused as one of somebody elsewhere is, and not
    before what speaks of the account; it is told in the trail without the number, and after `MOST_MISSES` of these there is no answer to
    any number. Raises IdentifierKeyMissing beside.
    """
    actor, value = by.actor, values.read(IdentifierKind.PINFL, body.pinfl)
    require_seldom(db, actor.id, NOT_FOUND, most=MOST_MISSES, within=A_DAY)
    named = {"kind": value.kind, "blinds": sealing.blinds(value), "territory": actor.territory, "own": actor.organization_id}
    # Whom it finds is nobody's look: that is told where something is opened.
    found = db.rows(_BY_NUMBER, named, shown=0) if actor.territory else []
    # The number itself is kept nowhere, nor a digest by which it could be tried.
    plain = BreakGlassCreate(**body.model_dump(exclude={"pinfl"}))
    try:
        return break_glass(db, found[0][0] if found else None, body=plain, by=by, guessed=True)
    except NotFound:
        trail.note_anyway(NOT_FOUND, subject_type="break_glass", details={})
        raise
