"""Reads of rules, holds, requests and runs, and of the people whose time is over."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import Single
from app.access.transaction import Rows
from app.listing import Found, Keyset, by_age, filters_of
from app.retention.models import ErasureRequest, LegalHold, RetentionRule, RetentionRun
from app.retention.schemas import (
    ErasureRequestListing,
    ErasureRequestRead,
    LegalHoldListing,
    LegalHoldRead,
    RetentionRuleListing,
    RetentionRuleRead,
    RetentionRunListing,
    RetentionRunRead,
)


def _columns(model: type[Any], read: type[Any]) -> sa.Select[Any]:
    return sa.select(*(getattr(model, name) for name in read.model_fields))


_rules, _runs = _columns(RetentionRule, RetentionRuleRead), _columns(RetentionRun, RetentionRunRead)
_holds, _requests = _columns(LegalHold, LegalHoldRead), _columns(ErasureRequest, ErasureRequestRead)
_RULE, _RUN = Single("retention_rule.one", _rules, RetentionRule.id), Single("retention_run.one", _runs, RetentionRun.id)
_HOLD, _REQUEST = Single("legal_hold.one", _holds, LegalHold.id), Single("erasure_request.one", _requests, ErasureRequest.id)
_RULES = Keyset("retention_rule.list", _rules, key=RetentionRule.id, sorts=by_age(RetentionRule), filters={})
_RUNS = Keyset("retention_run.list", _runs, key=RetentionRun.id, sorts=by_age(RetentionRun), filters={})
_HOLDS = Keyset(
    "legal_hold.list",
    _holds,
    key=LegalHold.id,
    sorts=by_age(LegalHold),
    filters={
        "beneficiary_id": col(LegalHold.beneficiary_id) == bindparam("beneficiary_id"),
        "open": col(LegalHold.released_at).is_(None),
        "released": col(LegalHold.released_at).is_not(None),
    },
)
_REQUESTS = Keyset(
    "erasure_request.list",
    _requests,
    key=ErasureRequest.id,
    sorts=by_age(ErasureRequest),
    filters={
        "beneficiary_id": col(ErasureRequest.beneficiary_id) == bindparam("beneficiary_id"),
        "status": col(ErasureRequest.status) == bindparam("status"),
    },
)


def rule(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One rule; NotFound."""
    return _RULE.one(db, key)


def rules(db: Rows, listing: RetentionRuleListing) -> Found:
    """The rules."""
    return _RULES.page(db, listing, {})


def run(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One run; NotFound."""
    return _RUN.one(db, key)


def runs(db: Rows, listing: RetentionRunListing) -> Found:
    """A page of runs."""
    return _RUNS.page(db, listing, {})


def hold(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One hold; NotFound."""
    return _HOLD.one(db, key)


def holds(db: Rows, listing: LegalHoldListing) -> Found:
    """A page of holds."""
    values = filters_of(listing, "beneficiary_id")
    if listing.is_open is not None:
        values["open" if listing.is_open else "released"] = {}
    return _HOLDS.page(db, listing, values)


def request(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One request; NotFound."""
    return _REQUEST.one(db, key)


def requests(db: Rows, listing: ErasureRequestListing) -> Found:
    """A page of requests."""
    return _REQUESTS.page(db, listing, filters_of(listing, "beneficiary_id", "status"))
