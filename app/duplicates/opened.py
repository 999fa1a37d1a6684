"""What was opened of the loser is open of the winner.

A grant tells for all time through what somebody looked at a row, so it is not turned to another one: the loser's ends, and an equal one on
the winner begins. An undo gives back to the loser what of that is open still.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.guard import GuardedSession, prebuilt
from app.beneficiaries.models import Beneficiary
from app.database import UtcDateTime, now

_OPEN = prebuilt(
    sa.select(AccessGrant)
    .where(col(AccessGrant.beneficiary_id) == bindparam("person"), col(AccessGrant.closes_at) > bindparam("moment", type_=UtcDateTime()))
    .order_by(col(AccessGrant.id))
    .with_for_update(),
    "merge.open_grants",
)
_SAME = ("organization_id", "grantee", "categories", "source", "source_id", "membership_id", "closes_at")


def open_of_winner(db: GuardedSession, loser: Beneficiary, *, winner: Beneficiary) -> list[dict[str, Any]]:
    """End the loser's grants, those that were to open later too, and begin the winner's; answers them as a merge writes them down."""
    entries, moment = [], now()
    for grant in db.execute(_OPEN, {"person": loser.id, "moment": moment}).scalars():
        opened = AccessGrant(
            **{name: getattr(grant, name) for name in _SAME}, beneficiary_id=winner.id, opens_at=max(moment, grant.opens_at)
        )
        grant.close()
        db.add(opened)
        entries.append({"table": "access_grant", "id": str(opened.id), "stayed": False, "instead_of": str(grant.id)})
    return entries


def open_again(opened: AccessGrant | None, former: AccessGrant | None) -> None:
    """Give back to the loser's grant what is open of the winner in its place. What was closed meanwhile is closed for both."""
    if opened is not None and former is not None and opened.closes_at > now():
        former.closes_at = opened.closes_at
        opened.close()
