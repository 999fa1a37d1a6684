"""What a merge wrote down to be undone, former names and dates of birth among it, goes when it can be undone no more."""

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.guard import GuardedSession, prebuilt
from app.database import UtcDateTime, now
from app.duplicates.models import UNDOABLE_FOR, BeneficiaryMerge

_BATCH = 200
_EXPIRED = prebuilt(
    sa.select(BeneficiaryMerge)
    .where(
        col(BeneficiaryMerge.created_at) < bindparam("before", type_=UtcDateTime()),
        sa.or_(
            sa.cast(col(BeneficiaryMerge.replaced), sa.Text()) != "{}",
            sa.cast(col(BeneficiaryMerge.moved), sa.Text()).contains('"before"', autoescape=True),
        ),
    )
    .order_by(col(BeneficiaryMerge.id))
    .limit(_BATCH)
    .with_for_update(skip_locked=True),
    "beneficiary_merge.expired",
)


def forget_former_values(db: GuardedSession) -> int:
    """Keep of merges that cannot be undone any more whose value each field took and which rows were moved; answers of how many."""
    found = db.execute(_EXPIRED, {"before": now() - UNDOABLE_FOR}).scalars().all()
    for merge in found:
        merge.replaced = {}
        merge.moved = [{name: value for name, value in entry.items() if name != "before"} for entry in merge.moved]
    db.flush()
    return len(found)
