"""Whose time is over, who asked to be forgotten, and what holds it up: what the runs ask."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import Rows
from app.beneficiaries.history import FamilyResidence
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, FamilyStatus, LeavingReason
from app.circumstances.models import Circumstances
from app.consents.models import Consent, ConsentStatus, ConsentSubject
from app.database import UtcDateTime
from app.identifiers.models import Identifier
from app.kinship.models import Kinship
from app.livelihoods.models import IncomeMonth, IncomeRecord
from app.oversight.models import BreakGlass
from app.participation.models import Enrollment
from app.retention.models import ErasureRequest, ErasureStatus, LegalHold, RetentionBasis, RetentionRule, RetentionRun
from app.vulnerability.models import VulnerabilityRecord

_mine: sa.ColumnElement[bool] = col(FamilyMembership.beneficiary_id) == col(Beneficiary.id)
_day, _moment = bindparam("day", type_=sa.Date()), bindparam("moment", type_=UtcDateTime())


def _exists(model: type[Any], *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists(sa.select(model.id).where(*conditions).correlate(Beneficiary))


_is_open = col(FamilyMembership.ended_on).is_(None)
_left_later = _exists(FamilyMembership, _mine, sa.or_(_is_open, col(FamilyMembership.ended_on) > _day))
_lives_here = _exists(
    FamilyMembership,
    _mine,
    _is_open,
    col(FamilyMembership.family_id).in_(
        sa.select(col(Family.id)).where(sa.or_(col(Family.status) != FamilyStatus.DISSOLVED, col(Family.updated_at) > _moment))
    ),
)
_in_earnest = sa.func.coalesce(col(FamilyMembership.end_reason), "") != LeavingReason.ENTERED_IN_ERROR.value
_left_all = sa.and_(_exists(FamilyMembership, _mine, _in_earnest), ~_left_later)
_dissolved = sa.and_(_exists(FamilyMembership, _mine, _is_open), ~_lives_here)
_OF_PERSON: tuple[tuple[type[Any], str], ...] = (
    *((model, "beneficiary_id") for model in (FamilyMembership, Enrollment, Circumstances, VulnerabilityRecord, Identifier)),
    *((model, "beneficiary_id") for model in (Consent, ConsentSubject, AccessGrant, BreakGlass)),
    *((Consent, key) for key in ("given_by_id", "withdrawn_by_id")),
    *((Kinship, key) for key in ("person_id", "relative_id")),
)
# What is written of a family is written of everybody who belongs to it: its own row, where and of what it lives.
_OF_FAMILY: tuple[tuple[type[Any], str], ...] = (
    (Family, "id"),
    *((model, "family_id") for model in (FamilyResidence, IncomeMonth, IncomeRecord, VulnerabilityRecord, Consent, AccessGrant)),
)
TOLD_BY: tuple[type[Any], ...] = tuple(dict.fromkeys(model for model, _ in (*_OF_PERSON, *_OF_FAMILY)))
"""Tables whose rows about a person, or about the family that it belongs to, tell that somebody still works with that person."""
# That a consent lapsed, or what it opened was closed, be it that whoever gave it was forgotten, is nobody's work with the person.
_BY_ITSELF: dict[type[Any], sa.ColumnElement[bool]] = {
    Consent: sa.and_(col(Consent.status) == ConsentStatus.EXPIRED, sa.func.coalesce(col(Consent.given_at), _moment) <= _moment),
    AccessGrant: col(AccessGrant.closes_at) <= col(AccessGrant.updated_at),
}


def _lately(model: Any) -> sa.ColumnElement[bool]:
    return sa.and_(model.updated_at > _moment, ~_BY_ITSELF.get(model, sa.false()))


def _told_of_person(model: Any, key: str) -> sa.ColumnElement[bool]:
    return _exists(model, getattr(model, key) == col(Beneficiary.id), _lately(model))


def _told_of_family(model: Any, key: str) -> sa.ColumnElement[bool]:
    """From the person's one open membership to the rows of that family, each by an index. How a family lives on tells nothing of its dead,
    whose memberships need not have been ended.
    """
    of_home = getattr(model, key) == col(FamilyMembership.family_id)
    return _exists(model, _mine, _is_open, of_home, _lately(model), col(Beneficiary.deceased_on).is_(None))


_still = sa.and_(
    col(Beneficiary.updated_at) <= _moment,
    *(~_told_of_person(model, key) for model, key in _OF_PERSON),
    *(~_told_of_family(model, key) for model, key in _OF_FAMILY),
)
_CONDITIONS = {
    # Whoever left every family may well be helped on, in care for instance, so nothing may have been written since.
    RetentionBasis.CLOSURE: sa.and_(sa.or_(col(Beneficiary.deceased_on) <= _day, _left_all, _dissolved), _still),
    RetentionBasis.LAST_ACTIVITY: _still,
}
_held = _exists(LegalHold, col(LegalHold.beneficiary_id) == col(Beneficiary.id), col(LegalHold.released_at).is_(None))
_DUE = {
    basis: prebuilt(
        sa.select(col(Beneficiary.id), _held.label("is_held"))
        # A row that was merged into another goes when that one goes.
        .where(col(Beneficiary.anonymized_at).is_(None), col(Beneficiary.merged_into_id).is_(None), condition)
        .where(col(Beneficiary.id) > bindparam("after", type_=sa.Uuid()))
        .order_by(col(Beneficiary.id))
        .limit(bindparam("most")),
        f"retention.due.{basis}",
    )
    for basis, condition in _CONDITIONS.items()
}
_STILL_DUE = {
    basis: prebuilt(sa.select(col(Beneficiary.id)).where(col(Beneficiary.id) == bindparam("id"), condition), f"retention.still_due.{basis}")
    for basis, condition in _CONDITIONS.items()
}
_had_members = sa.exists(
    sa.select(col(FamilyMembership.id)).where(col(FamilyMembership.family_id) == col(Family.id), _in_earnest).correlate(Family)
)
_written_of = (
    sa.exists(sa.select(model.id).where(getattr(model, key) == col(Family.id), _lately(model)).correlate(Family))
    for model, key in _OF_FAMILY
    if model is not Family
)
_EMPTY = prebuilt(
    sa.select(col(Family.id))
    .where(col(Family.anonymized_at).is_(None), col(Family.merged_into_id).is_(None), col(Family.updated_at) <= _moment)
    .where(~_had_members, *(~one for one in _written_of))
    .order_by(col(Family.id)),
    "retention.empty_families",
)
_APPROVED = prebuilt(
    sa.select(col(ErasureRequest.id), col(ErasureRequest.beneficiary_id))
    .where(col(ErasureRequest.status) == ErasureStatus.APPROVED)
    .order_by(col(ErasureRequest.id)),
    "erasure_request.approved",
)
_ACTIVE = prebuilt(
    sa.select(RetentionRule).where(col(RetentionRule.is_active).is_(True)).order_by(col(RetentionRule.created_at), col(RetentionRule.id)),
    "retention_rule.active",
)
_LAST = prebuilt(sa.select(sa.func.max(col(RetentionRun.finished_at))).where(col(RetentionRun.is_dry_run).is_(False)), "retention_run.last")
_HELD = prebuilt(
    sa.select(col(LegalHold.id)).where(col(LegalHold.beneficiary_id) == bindparam("beneficiary_id"), col(LegalHold.released_at).is_(None)),
    "legal_hold.of_person",
)


def active_rules(db: GuardedSession) -> list[RetentionRule]:
    """The rules that act, the oldest first."""
    return list(db.execute(_ACTIVE).scalars())


def last_run(db: Rows) -> datetime | None:
    """When the rules were last run, in earnest and to the end."""
    found: datetime | None
    ((found,),) = db.rows(_LAST)
    return found


def people(db: Rows, basis: RetentionBasis, *, moment: datetime, after: uuid.UUID, most: int) -> Sequence[tuple[uuid.UUID, bool]]:
    """(person, held) for the next people whose basis lies at or before a moment, in the order of their ids."""
    return [(row[0], bool(row[1])) for row in db.rows(_DUE[basis], {**_values(moment), "after": after, "most": most})]


def is_still_due(db: Rows, person_id: uuid.UUID, basis: RetentionBasis, *, moment: datetime) -> bool:
    """Whether a person whose time was over is not worked with again."""
    return bool(db.rows(_STILL_DUE[basis], {"id": person_id, **_values(moment)}))


def empty_families(db: Rows, *, moment: datetime) -> list[uuid.UUID]:
    """Families to which nobody ever belonged and of which nothing was written since a moment: they go with none of their members."""
    return [row[0] for row in db.rows(_EMPTY, {"moment": moment})]


def _values(moment: datetime) -> dict[str, Any]:
    return {"moment": moment, "day": date(moment.year, moment.month, moment.day)}


def approved(db: Rows) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(request, person) for each that is approved and not carried out."""
    return [(row[0], row[1]) for row in db.rows(_APPROVED)]


def is_held(db: Rows, beneficiary_id: uuid.UUID) -> bool:
    """Whether a legal hold keeps this person's data."""
    return bool(db.rows(_HELD, {"beneficiary_id": beneficiary_id}))
