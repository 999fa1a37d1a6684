"""Reads of what families live on. Reading it is looking at the family, so each begins with the family's own id."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fields import coverage
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.beneficiaries.queries import BELONGED
from app.listing import Found, Keyset, Sort
from app.livelihoods.models import IncomeMonth, IncomeRecord
from app.livelihoods.rules import Rule, in_force
from app.livelihoods.schemas import IncomeMonthListing
from app.problems import Fault, Invalid, NotFound

_FAMILY = prebuilt(
    sa.select(Family.id, Family.organization_id, Family.size).where(col(Family.id) == bindparam("id")),  # type: ignore[call-overload]
    "livelihoods.family",
)
_of_family: sa.ColumnElement[bool] = col(IncomeMonth.family_id) == bindparam("family_id")
_months = sa.select(*(getattr(IncomeMonth, name) for name in ("family_id", "month", "version", "updated_at")))
_ONE = prebuilt(_months.where(_of_family, col(IncomeMonth.month) == bindparam("month")), "income_month.one")
_MONTHS = Keyset(
    "income_month.list",
    _months,
    key=IncomeMonth.id,
    sorts={"month": Sort(IncomeMonth.month), "-month": Sort(IncomeMonth.month, descending=True)},
    filters={"family_id": _of_family},
)
_SOURCES = prebuilt(
    sa.select(
        *(getattr(IncomeRecord, name) for name in ("month", "source", "amount", "note")),
        coverage(IncomeRecord, family=IncomeRecord.family_id),
    )
    .where(col(IncomeRecord.family_id) == bindparam("family_id"), col(IncomeRecord.month).in_(bindparam("months", expanding=True)))
    .order_by(col(IncomeRecord.month), col(IncomeRecord.source)),
    "income_record.sources",
)
_same_month = sa.and_(col(IncomeRecord.family_id) == col(IncomeMonth.family_id), col(IncomeRecord.month) == col(IncomeMonth.month))
_TOTALS = prebuilt(
    sa.select(col(IncomeMonth.month), sa.func.coalesce(sa.func.sum(col(IncomeRecord.amount)), 0))
    .outerjoin(IncomeRecord, _same_month)
    .where(_of_family, col(IncomeMonth.month).in_(bindparam("months", expanding=True)))
    .group_by(col(IncomeMonth.month)),
    "income_month.totals",
)
_day: sa.BindParameter[Any] = bindparam("day", type_=sa.Date())
# A member whose own row lies out of sight belongs to the family all the same.
_lives = sa.and_(
    sa.or_(col(Beneficiary.birth_date).is_(None), col(Beneficiary.birth_date) <= _day),
    sa.or_(col(Beneficiary.deceased_on).is_(None), col(Beneficiary.deceased_on) > _day),
)
_MEMBERS = prebuilt(
    sa.select(sa.func.count(col(FamilyMembership.id)))
    .outerjoin(Beneficiary, col(Beneficiary.id) == col(FamilyMembership.beneficiary_id))
    .where(col(FamilyMembership.family_id) == bindparam("family_id"), BELONGED, _lives),
    "livelihoods.members",
)


def _family(db: Rows, key: uuid.UUID) -> Sequence[Any]:
    """(id, organization, size); NotFound."""
    found = db.rows(_FAMILY, {"id": key})
    if not found:
        raise NotFound
    return found[0]


def _filled(db: Rows, family_id: uuid.UUID, months: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Months with their sources and totals."""
    sources: dict[date, list[dict[str, Any]]] = {one["month"]: [] for one in months}
    if months:
        for row in db.rows(_SOURCES, {"family_id": family_id, "months": list(sources)}):
            sources[row[0]].append({"source": row[1], "amount": row[2], "note": row[3]})
    for one in months:
        one["sources"] = sources[one["month"]]
        one["total"] = sum(source["amount"] for source in one["sources"])
        one["month"] = _written(one["month"])
    return months


def _written(month: date) -> str:
    return f"{month:%Y-%m}"


def income_month(db: Rows, family_id: uuid.UUID, month: date) -> dict[str, Any]:
    """What is known of one month, be it nothing; NotFound for the family."""
    _family(db, family_id)
    if rows := db.rows(_ONE, {"family_id": family_id, "month": month}):
        return _filled(db, family_id, [dict(zip(_MONTHS.names, rows[0], strict=False))])[0]
    return {"family_id": family_id, "month": _written(month), "version": 0, "updated_at": None, "total": None, "sources": []}


def income_months(db: Rows, family_id: uuid.UUID, listing: IncomeMonthListing) -> Found:
    """A page of months; NotFound for the family."""
    _family(db, family_id)
    found = _MONTHS.page(db, listing, {"family_id": family_id})
    _filled(db, family_id, found.items)
    return found


def per_capita_income(db: Rows, family_id: uuid.UUID, on: date, *, by: Visit) -> dict[str, Any]:
    """The income per head by the rule of the day. Raises NotFound, and Invalid for a day before the first rule."""
    rule = in_force(on)
    if rule is None:
        raise Invalid(faults=[Fault("/on", "no_rule", "No rule was in force on that day.", "query")])
    _, owner, size = _family(db, family_id)
    months = rule.months_before(on)
    totals = {row[0]: int(row[1]) for row in db.rows(_TOTALS, {"family_id": family_id, "months": months})}
    missing = [_written(month) for month in months if month not in totals]
    total = sum(totals.values())
    shown = {
        "family_id": family_id,
        "on": on,
        "rule": {"code": rule.code, "title": rule.title, "in_force_from": rule.in_force_from, "source": rule.source},
        "months": [{"month": _written(month), "total": totals.get(month)} for month in months],
        "total": total,
        "missing_months": missing,
        "complete": not missing,
    }
    # Another organization sees the members that are opened to it, and a number made of those would be wrong.
    if owner != by.actor.organization_id:
        return shown
    members = db.rows(_MEMBERS, {"family_id": family_id, "day": on})[0][0]
    return shown | _per_head(rule, None if missing else total, members=members, size=size)


def _per_head(rule: Rule, total: int | None, *, members: int, size: int | None) -> dict[str, Any]:
    """By those who are registered, as the rule says, and by the household's size as the family tells it: which of two that differ is right
    nobody knows here, and by it a family may get support or not.
    """

    def among(heads: int | None) -> int | None:
        return rule.per_capita(total, heads) if total is not None and heads else None

    return {
        "members": members,
        "per_capita": among(members),
        "size": size,
        "size_differs": size is not None and size != members,
        "per_capita_by_size": among(size),
    }
