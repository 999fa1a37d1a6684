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
from app.consents.models import Consent, ConsentStatus
from app.days import today
from app.listing import Found, Keyset, by_age, filters_of
from app.oversight.models import BreakGlass
from app.oversight.schemas import BreakGlassListing, BreakGlassRead

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
