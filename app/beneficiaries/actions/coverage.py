"""What a membership covered: a family's consent opens its members' data through their memberships, and no longer than these last."""

import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.guard import GuardedSession, prebuilt
from app.database import now

_THROUGH = prebuilt(
    sa.select(AccessGrant)
    .where(col(AccessGrant.membership_id).in_(bindparam("memberships", expanding=True)), col(AccessGrant.closes_at) > bindparam("moment"))
    .order_by(col(AccessGrant.id)),
    "access_grant.through",
)


_ON_FAMILY = prebuilt(
    sa.select(AccessGrant)
    .where(col(AccessGrant.family_id) == bindparam("family"), col(AccessGrant.closes_at) > bindparam("moment"))
    .order_by(col(AccessGrant.id)),
    "access_grant.on_family",
)


def close_on(db: GuardedSession, family_id: uuid.UUID) -> None:
    """Close every grant on a family's own row, which is no family any more."""
    for grant in db.execute(_ON_FAMILY, {"family": family_id, "moment": now()}).scalars():
        grant.close()
    db.flush()


def close_through(db: GuardedSession, memberships: Iterable[uuid.UUID]) -> None:
    """Close every grant that stands on one of these memberships: at once, in the transaction that ends them."""
    for grant in db.execute(_THROUGH, {"memberships": list(memberships), "moment": now()}).scalars():
        grant.close()
    db.flush()
