"""Reads of emergency accesses, and of what waits for a manager."""

import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.declare import ORGANIZATION
from app.access.fetch import Single
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.audit.models import AuditEntry
from app.consents.models import Consent, ConsentStatus
from app.database import UtcDateTime, now
from app.days import today
from app.listing import Found, Keyset, by_age, filters_of
from app.oversight.models import MOST_MISSES, NOT_FOUND, BreakGlass
from app.oversight.schemas import BreakGlassListing, BreakGlassRead

_DAY = timedelta(days=1)
EXPIRES_WITHIN = timedelta(days=30)
_glass = sa.select(*(getattr(BreakGlass, name) for name in BreakGlassRead.model_fields))
_GLASS_ONE = Single("break_glass.one", _glass, BreakGlass.id)
_waits: sa.ColumnElement[bool] = col(BreakGlass.reviewed_at).is_(None)
_GLASSES = Keyset(
    "break_glass.list",
    _glass,
    key=BreakGlass.id,
    sorts=by_age(BreakGlass),
    filters={
        "reviewed": sa.not_(_waits),
        "unreviewed": _waits,
        "beneficiary_id": col(BreakGlass.beneficiary_id) == bindparam("beneficiary_id"),
        "account_id": col(BreakGlass.account_id) == bindparam("account_id"),
        "accessor_organization_id": col(BreakGlass.accessor_organization_id) == bindparam("accessor_organization_id"),
        "category": col(BreakGlass.category) == bindparam("category"),
    },
)


def break_glass(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One emergency access; NotFound."""
    return _GLASS_ONE.one(db, key)


def break_glass_of(row: BreakGlass) -> dict[str, Any]:
    """The same answer about one that was just written."""
    return {name: getattr(row, name) for name in BreakGlassRead.model_fields}


def break_glasses(db: Rows, listing: BreakGlassListing) -> Found:
    """A page of emergency accesses."""
    values = filters_of(listing, "beneficiary_id", "account_id", "accessor_organization_id", "category")
    if listing.reviewed is not None:
        values["reviewed" if listing.reviewed else "unreviewed"] = {}
    return _GLASSES.page(db, listing, values)


_MISSES = prebuilt(
    sa.select(func.count(), func.min(AuditEntry.at)).where(
        col(AuditEntry.actor_id) == bindparam("actor_id"),
        col(AuditEntry.action) == NOT_FOUND,
        col(AuditEntry.at) > bindparam("since", type_=UtcDateTime()),
    ),
    "break_glass.misses",
)


def seconds_to_wait(db: Rows, actor_id: uuid.UUID) -> int:
    """0 unless the actor named nobody too often within a day, in whatever process: the trail has every time. What is sent at the same
    moment may pass together, which is as many as there are worker threads.
    """
    since = now() - _DAY
    count, first = db.rows(_MISSES, {"actor_id": actor_id, "since": since})[0]
    return max(1, int((first - since).total_seconds()) + 1) if count >= MOST_MISSES else 0


# --- what waits ---------------------------------------------------------------------------------------------------------------
_WAITING = prebuilt(
    sa.select(func.count(col(BreakGlass.id)), func.min(col(BreakGlass.opened_at))).where(
        col(BreakGlass.organization_id) == ORGANIZATION, _waits
    ),
    "break_glass.waiting",
)
_EXPIRING = prebuilt(
    sa.select(func.count(col(Consent.id)), func.min(col(Consent.last_day))).where(
        col(Consent.organization_id) == ORGANIZATION,
        col(Consent.status) == ConsentStatus.GIVEN,
        col(Consent.last_day) >= bindparam("from_day", type_=sa.Date()),
        col(Consent.last_day) <= bindparam("until_day", type_=sa.Date()),
    ),
    "consent.expiring",
)


def alerts(db: Rows) -> dict[str, Any]:
    """What waits for a manager of the caller's own organization."""
    day = today()
    (unreviewed, oldest), (expiring, earliest) = (
        db.rows(_WAITING)[0],
        db.rows(_EXPIRING, {"from_day": day, "until_day": day + EXPIRES_WITHIN})[0],
    )
    names = ("break_glass_unreviewed", "break_glass_oldest", "consents_expiring", "consents_earliest")
    return dict(zip(names, (unreviewed, oldest, expiring, earliest), strict=True))
