"""Looking numbers up: who carries one, how often one may ask, and what the trail is told of it.

Adding a number to a person asks the same of everybody else, and whether it is this person's already, so it counts as a look-up: otherwise
whoever has one person of its own could try numbers on it.
"""

import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import Rows
from app.audit import trail
from app.audit.queries import require_seldom
from app.beneficiaries.models import Beneficiary
from app.identifiers import sealing, values
from app.identifiers.bearers import CARRIERS
from app.identifiers.models import LOOKED_UP
from app.identifiers.policy import LOOKUP
from app.identifiers.schemas import MOST_HOLDERS, LookUp
from app.identifiers.values import Value

OFTEN = 30
"""Look-ups of one account in a minute: enough for a desk with a queue, too few to try numbers."""
_WINDOW = timedelta(minutes=1)
_PERSON_SHOWN = (
    *(Beneficiary.id, Beneficiary.name_latin, Beneficiary.name_cyrillic),
    *(Beneficiary.birth_date, Beneficiary.territory, Beneficiary.organization_id),
)
_HOLDERS = prebuilt(
    sa.select(*_PERSON_SHOWN)  # type: ignore[call-overload]
    .where(
        col(Beneficiary.id).in_(CARRIERS),
        col(Beneficiary.id) != bindparam("but", type_=sa.Uuid()),
        # A number that stayed with a row that was merged into another is that one's as well.
        col(Beneficiary.merged_into_id).is_(None),
    )
    .order_by(col(Beneficiary.id))
    .limit(MOST_HOLDERS),
    "identifier.holders",
)
_NO_ONE = uuid.UUID(int=0)


def look_up(db: Rows, body: LookUp, *, by: Visit) -> list[dict[str, Any]]:
    """The persons who carry or once carried a number, as far as the actor may see both; they count as looked at. It is told in the trail
    when the reading has ended.

    Raises Invalid, TooManyRequests, IdentifierKeyMissing.
    """
    value = values.read(body.kind, body.value)
    require_few(db, by=by)
    found = _holders(db, value, but=_NO_ONE)
    trail.note_anyway(LOOKED_UP, subject_type="identifier", details=_told(value, len(found)))
    return found


def _holders(db: Rows, value: Value, *, but: uuid.UUID) -> list[dict[str, Any]]:
    found = db.rows(_HOLDERS, {"kind": value.kind, "blinds": sealing.blinds(value), "but": but})
    return [
        {
            "beneficiary_id": key,
            "names": {"latin": latin, "cyrillic": cyrillic},
            "birth_year": born.year,
            "territory": territory,
            "organization_id": organization,
        }
        for key, latin, cyrillic, born, territory, organization in found
    ]


def _told(value: Value, hits: int) -> dict[str, Any]:
    """What kind of number it was and how many persons were found, never the number."""
    return {"kind": value.kind, "hits": hits}


# --- by adding one ------------------------------------------------------------------------------------------------------------
def hold(db: GuardedSession, *, by: Visit) -> None:
    """Until this transaction ends, no other one of this account adds a number: those that come together are counted one after the other.
    It is asked for before any row is, so that whoever waits for it keeps nothing from anybody.
    """
    db.hold(f"look-ups of {by.actor.id}")


def require_few(db: Rows, *, by: Visit) -> None:
    """Raises TooManyRequests for an account that looked up as many numbers as it may."""
    require_seldom(db, by.actor.id, LOOKED_UP, most=OFTEN, within=_WINDOW)


def others(db: Rows, value: Value, *, but: uuid.UUID, by: Visit) -> list[dict[str, Any]] | None:
    """Who else carries a number that was added to a person; None for whoever may not look numbers up."""
    return _holders(db, value, but=but) if LOOKUP.name in by.actor.permissions else None


def note_added(db: GuardedSession, value: Value, *, hits: int) -> None:
    """Tell in the trail that a number was looked up by being added."""
    trail.note_within(db, LOOKED_UP, subject_type="identifier", details=_told(value, hits))


def note_tried(value: Value, *, hits: int) -> None:
    """The same where it was not added: the refusal tells what a number is, or is not, to whoever sees no more of it than a mask."""
    trail.note_anyway(LOOKED_UP, subject_type="identifier", details=_told(value, hits))
