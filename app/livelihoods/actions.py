"""Recording what families live on."""

import uuid
from datetime import date

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import fetch
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.models import Family
from app.constraints import refuse
from app.days import today
from app.livelihoods.models import IncomeMonth, IncomeRecord
from app.livelihoods.schemas import IncomeMonthPut
from app.problems import Fault, Invalid, Stale, invalid

_MONTH = prebuilt(
    sa.select(IncomeMonth).where(col(IncomeMonth.family_id) == bindparam("family_id"), col(IncomeMonth.month) == bindparam("month")),
    "income_month.of",
)
_RECORDS = prebuilt(
    sa.select(IncomeRecord)
    .where(col(IncomeRecord.family_id) == bindparam("family_id"), col(IncomeRecord.month) == bindparam("month"))
    .order_by(col(IncomeRecord.id)),
    "income_record.of",
)
# The family's row is held meanwhile; this says the same when something passes that by.
refuse("uq_income_month_family_id_month", Stale)


def put_incomes(db: GuardedSession, family_id: uuid.UUID, month: date, *, version: int, body: IncomeMonthPut) -> bool:
    """Record all incomes of a month; whether it is the first that is known of it. `version` is 0 the first time. What is there already
    in the same words is left as it is, whatever the version, so that it can be sent again.

    Raises NotFound, Merged, WasForgotten, OutOfScope, Stale, Invalid.
    """
    if month > today():
        raise Invalid(faults=[Fault("/month", "in_future", "The month has not begun.", "path")])
    if len({one.source for one in body.sources}) != len(body.sources):
        raise invalid("/sources", "repeated", "Names a source twice.")
    family = fetch(db, Family, family_id, lock=True)
    # Whoever sees a family through a consent must not write about it, be it nothing that is written.
    require_writable(db, family)
    key = {"family_id": family.id, "month": month}
    found: IncomeMonth | None = db.execute(_MONTH, key).scalar_one_or_none()
    records: dict[str, IncomeRecord] = {one.source: one for one in db.execute(_RECORDS, key).scalars()}
    told = {one.source: (one.amount, one.note) for one in body.sources}
    if found is not None and told == {source: (one.amount, one.note) for source, one in records.items()}:
        return False
    if version != (found.version if found else 0):
        raise Stale
    known = found or IncomeMonth(organization_id=family.organization_id, territory=family.territory, family_id=family.id, month=month)
    known.touch()
    db.add(known)
    for source, (amount, note) in told.items():
        record = records.pop(source, None) or IncomeRecord(
            organization_id=family.organization_id,
            territory=family.territory,
            family_id=family.id,
            month=month,
            source=source,
            amount=amount,
        )
        record.amount, record.note = amount, note
        db.add(record)
    for record in records.values():
        db.delete(record)
    db.flush()
    return found is None
