"""Emergency accesses, opened over HTTP, and moved to another time as rows; looks, written down as they would be a second later."""

import uuid
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.transaction import as_system, begin
from app.audit.models import AccessEntry
from app.audit.views import views
from app.consents.models import Consent, ConsentCapacity, ConsentPurpose, ConsentStatus
from app.database import current
from app.oversight.models import BreakGlass
from tests.callers import Caller

Body = dict[str, Any]
PEOPLE, FAMILIES, GLASSES = "/v1/beneficiaries", "/v1/families", "/v1/break-glass"


def break_body(**other: Any) -> Body:
    """A reason to break the glass."""
    return {"category": "child_alone", "reason": "Qoʻshnilar bola yigʻisini eshitgan.", **other}


def break_glass(caller: Caller, person: Body, **other: Any) -> Body:
    """A broken glass."""
    made = caller.post(f"{PEOPLE}/{person['id']}/break-glass", break_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def consent_of(owner: Caller, person: Body, **other: Any) -> uuid.UUID:
    """The id of a consent as a row: given, for sharing, without grants, unless `other` columns say otherwise."""
    key = uuid.UUID(person["id"])
    terms = {"purpose": ConsentPurpose.INFORMATION_SHARING, "notice_version": "1", "capacity": ConsentCapacity.SELF}
    known = {**terms, "organization_id": uuid.UUID(owner.organization_id), "beneficiary_id": key, "given_by_id": key}
    made = Consent(**{**known, "status": ConsentStatus.GIVEN, **other})
    with begin(as_system("test")) as db:
        db.add(made)
    return made.id


def grants_of(glass: Body) -> list[AccessGrant]:
    """The grants that it made."""
    with begin(as_system("test")) as db:
        return list(db.execute(sa.select(AccessGrant).where(col(AccessGrant.source_id) == uuid.UUID(glass["id"]))).scalars())


def age(glass: Body, by: timedelta) -> None:
    """Let it have been opened so much earlier, with its grants."""
    with begin(as_system("test")) as db:
        row = db.execute(sa.select(BreakGlass).where(col(BreakGlass.id) == uuid.UUID(glass["id"]))).scalar_one()
        row.opened_at, row.closes_at = row.opened_at - by, row.closes_at - by
        for grant in db.execute(sa.select(AccessGrant).where(col(AccessGrant.source_id) == row.id)).scalars():
            grant.opens_at, grant.closes_at = grant.opens_at - by, grant.closes_at - by


def looked() -> None:
    """Write down the looks that wait."""
    views.flush()


def age_looks(by: timedelta) -> None:
    """Let all that was looked at so far have been looked at so much earlier."""
    looked()
    table: sa.Table = AccessEntry.__table__  # type: ignore[attr-defined]
    with current().engine.begin() as connection:
        for key, at in connection.execute(sa.select(table.c.id, table.c.at)).all():
            connection.execute(table.update().where(table.c.id == key).values(at=at - by))


def looks_of(caller: Caller) -> set[tuple[str, str, str, int]]:
    """What was written down of the caller's looks since the last time it was asked of anybody: (table, subject, through, times)."""
    looked()
    table: sa.Table = AccessEntry.__table__  # type: ignore[attr-defined]
    columns = (table.c.subject_type, table.c.subject_id, table.c.through, table.c.times)
    with current().engine.begin() as connection:
        rows = connection.execute(sa.select(*columns).where(table.c.actor_id == caller.account.id)).all()
        connection.execute(table.delete())
    return {(kind, str(subject), through, times) for kind, subject, through, times in rows}
