"""An account and a service client act only while their organization exists: from its first day to its last one, both included.

The directory of organizations lies above this layer, so it is asked for by name.
"""

import threading
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.guard import GuardedSession, Statement, mapper_of, prebuilt
from app.access.transaction import Rows
from app.days import today
from app.identity.models import Account, Subject

T = TypeVar("T", bound=Subject)
_built: dict[str, Statement] = {}
_building = threading.Lock()


def _kept(name: str, build: Callable[[Any, Any], sa.Select[Any]]) -> Statement:
    """A statement made of (the directory's model, whether an organization exists on `day`); built on first use, when all are loaded."""
    with _building:
        if name not in _built:
            organization, day = mapper_of("organization").class_, bindparam("day", type_=sa.Date())
            exists = sa.and_(
                sa.func.coalesce(organization.valid_from, day) <= day,
                sa.func.coalesce(organization.valid_to, day) >= day,
            )
            _built[name] = prebuilt(build(organization, exists), name)
        return _built[name]


def admitted(db: GuardedSession, model: type[T], column: str, value: object) -> T | None:
    """The account or client whose unique `column` has this value, if its organization exists today. One that is disabled is found: what
    it may is for `active` to say.
    """

    def build(organization: Any, exists: Any) -> sa.Select[Any]:
        its_own = sa.select(organization.id).where(organization.id == model.organization_id, exists)
        return sa.select(model).where(getattr(model, column) == bindparam("value"), sa.exists(its_own))

    statement = _kept(f"{model.__tablename__}.admitted_by_{column}", build)
    found: T | None = db.execute(statement, {"value": value, "day": today()}).scalar_one_or_none()
    return found


def shut_out(db: Rows) -> frozenset[uuid.UUID]:
    """The organizations that do not exist today: not yet, or not any more."""
    statement = _kept("organization.shut_out", lambda organization, exists: sa.select(organization.id).where(sa.not_(exists)))
    return frozenset(row[0] for row in db.rows(statement, {"day": today()}))


def days_without(db: Rows, *, after: date) -> frozenset[date]:
    """The days, from `after` on, on which an organization exists no more that has an account which runs the installation."""

    def build(organization: Any, _exists: Any) -> sa.Select[Any]:
        account: Any = Account
        able = (account.administrator.is_(True), account.disabled_at.is_(None), organization.valid_to >= bindparam("day"))
        return sa.select(organization.valid_to).distinct().join(account, account.organization_id == organization.id).where(*able)

    return frozenset(row[0] + timedelta(days=1) for row in db.rows(_kept("organization.ending", build), {"day": after}))


def administering(db: Rows, *, on: date) -> frozenset[uuid.UUID]:
    """The organizations that exist on a day and have an account that runs the installation: an administrator's that is not disabled."""

    def build(organization: Any, exists: Any) -> sa.Select[Any]:
        account: Any = Account
        able = (account.administrator.is_(True), account.disabled_at.is_(None))
        return sa.select(organization.id).distinct().join(account, account.organization_id == organization.id).where(*able, exists)

    return frozenset(row[0] for row in db.rows(_kept("organization.administering", build), {"day": on}))
