"""Breaking the glass, closing it again, and reviewing it. Who breaks is let to it by the service, since the person is another
organization's; so is who closes, once it is known that the row is the caller's to see.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlmodel import col

from app.access.actor import Actor, Visit
from app.access.fetch import fetch, kept, made_before
from app.access.grants import AccessGrant, DataCategory, GrantSource, bits_of, to_account
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import every_row
from app.audit import trail
from app.beneficiaries.actions.members import words_about
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.database import UtcDateTime, now, uuid7
from app.identity.models import Account
from app.oversight.models import A_DAY, LONGEST, MOST_A_DAY, REVIEW_WITHIN, BreakGlass, NotNeeded, ReviewOverdue, ReviewVerdict
from app.oversight.schemas import BreakGlassCreate, BreakGlassReview
from app.problems import Forbidden, IdTaken, NotFound, TooManyRequests, invalid

log = logging.getLogger("himoya.oversight")
TERRITORY = bindparam("territory", type_=sa.String())
"""The caller's own."""
# A person who is there to be looked at, in the caller's territory, with the present family where the same organization registered it. It is
# kept from being merged, so that what is opened is opened of the row that stands.
_PERSON = prebuilt(
    kept(
        sa.select(col(Beneficiary.id), col(Beneficiary.organization_id), col(Family.id))
        .select_from(Beneficiary)
        .outerjoin(
            FamilyMembership, sa.and_(col(FamilyMembership.beneficiary_id) == col(Beneficiary.id), col(FamilyMembership.ended_on).is_(None))
        )
        .outerjoin(
            Family,
            sa.and_(col(Family.id) == col(FamilyMembership.family_id), col(Family.organization_id) == col(Beneficiary.organization_id)),
        )
        .where(
            col(Beneficiary.id) == bindparam("id"),
            col(Beneficiary.anonymized_at).is_(None),
            col(Beneficiary.merged_into_id).is_(None),
            func.substr(Beneficiary.territory, 1, func.length(TERRITORY)) == TERRITORY,
        ),
        Beneficiary,
    ),
    "beneficiary.behind_glass",
)
_RECENT = prebuilt(
    sa.select(*(getattr(BreakGlass, name) for name in ("id", "beneficiary_id", "reason", "opened_at", "closes_at", "reviewed_at")))
    .where(
        col(BreakGlass.account_id) == bindparam("account_id"),
        sa.or_(
            col(BreakGlass.opened_at) > bindparam("since", type_=UtcDateTime()),
            col(BreakGlass.reviewed_at).is_(None),
            col(BreakGlass.beneficiary_id) == bindparam("beneficiary_id"),
        ),
    )
    .order_by(col(BreakGlass.opened_at).desc(), col(BreakGlass.id).desc()),
    "break_glass.recent",
)
_GRANTS = prebuilt(sa.select(AccessGrant).where(col(AccessGrant.source_id) == bindparam("source_id")), "access_grant.of_glass")


class _Before(NamedTuple):
    """An earlier access of the same account, as `_RECENT` has it."""

    id: uuid.UUID
    beneficiary_id: uuid.UUID
    reason: str
    opened_at: datetime
    closes_at: datetime
    reviewed_at: datetime | None


def break_glass(
    db: GuardedSession, beneficiary_id: uuid.UUID | None, *, body: BreakGlassCreate, by: Visit, guessed: bool = False
) -> tuple[BreakGlass, bool]:
    """(access, made before): a person whom the caller cannot see is opened to it, with the family's row and without the other members.
    One that is open still is answered as it is; `guessed`, not before what speaks of the account, since that would tell whose number it is.
    Nobody is found without an id.

    Raises Forbidden for a script, NotFound for whoever is not there in the caller's territory, NotNeeded, ReviewOverdue, TooManyRequests,
    IdTaken, and Invalid for the words of the last time.
    """
    actor = by.actor
    if actor.kind != "account":
        raise Forbidden("A person breaks the glass and answers for it; a script cannot.")
    # Two at once would both find that none is open yet.
    db.hold(f"break_glass {actor.id}")
    if before := made_before(db, BreakGlass, body.id, body.origin()):
        if (before.account_id, before.beneficiary_id) != (actor.id, beneficiary_id):
            raise IdTaken
        return before, True
    moment = now()
    recent = [
        _Before(*row) for row in db.rows(_RECENT, {"account_id": actor.id, "beneficiary_id": beneficiary_id, "since": moment - A_DAY})
    ]
    if guessed:
        _refuse_too_many(recent, moment)
    if still_open := next((one for one in recent if one.beneficiary_id == beneficiary_id and one.closes_at > moment), None):
        return fetch(db, BreakGlass, still_open.id), True
    # What speaks of the account comes first: it says nothing about whether there is such a person.
    _refuse_too_many(recent, moment)
    found = db.rows(_PERSON, {"id": beneficiary_id, "territory": actor.territory}) if beneficiary_id and actor.territory else []
    if beneficiary_id is None or not found:
        raise NotFound
    _, owner, family_id = found[0]
    if owner == actor.organization_id:
        raise NotNeeded
    if any(_alike(one.reason, body.reason) for one in recent if one.beneficiary_id == beneficiary_id):
        raise invalid("/reason", "repeated", "You gave this reason before; say what is new.")
    row = _opened(db, body, actor, beneficiary_id=beneficiary_id, owner=owner, moment=moment)
    _grant(db, row, family_id=family_id)
    _tell(db, row, "created", to=row.organization_id)
    db.flush()
    # Before the commit: rather a warning too many than one too few.
    about = {"request_id": by.request_id, "operation": by.operation, "actor": str(actor.id), "organization": str(owner)}
    log.warning("glass broken; the organization's managers have to review it", extra=about)
    return row, False


def _refuse_too_many(recent: Sequence[_Before], moment: datetime) -> None:
    if any(one.reviewed_at is None and one.opened_at < moment - REVIEW_WITHIN for one in recent):
        raise ReviewOverdue
    of_the_day = [one.opened_at for one in recent if one.opened_at > moment - A_DAY]
    if len(of_the_day) >= MOST_A_DAY:
        wait = of_the_day[MOST_A_DAY - 1] + A_DAY - moment
        raise TooManyRequests.after(wait.total_seconds(), f"At most {MOST_A_DAY} emergency accesses within 24 hours.")


def _alike(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def _opened(
    db: GuardedSession, body: BreakGlassCreate, actor: Actor, *, beneficiary_id: uuid.UUID, owner: uuid.UUID, moment: datetime
) -> BreakGlass:
    account = fetch(db, Account, actor.id)
    row = BreakGlass(
        id=body.id or uuid7(),
        origin=body.origin(),
        organization_id=owner,
        beneficiary_id=beneficiary_id,
        account_id=account.id,
        account_name=account.name,
        account_duty=account.duty,
        accessor_organization_id=account.organization_id,
        category=body.category,
        reason=body.reason,
        opened_at=moment,
        closes_at=moment + min(timedelta(minutes=body.minutes), LONGEST),
    )
    db.add(row)
    return row


def _grant(db: GuardedSession, row: BreakGlass, *, family_id: uuid.UUID | None) -> None:
    """All that a consent could open, of the person and of the family's own row; the organization's own notes stay closed."""
    subjects: list[tuple[uuid.UUID | None, uuid.UUID | None]] = [(row.beneficiary_id, None)]
    subjects += [(None, family_id)] if family_id else []
    for person, family in subjects:
        db.add(
            AccessGrant(
                organization_id=row.organization_id,
                beneficiary_id=person,
                family_id=family,
                grantee=to_account(row.account_id),
                categories=bits_of(DataCategory),
                source=GrantSource.BREAK_GLASS,
                source_id=row.id,
                opens_at=row.opened_at,
                closes_at=row.closes_at,
            )
        )


def _tell(db: GuardedSession, row: BreakGlass, what: str, *, to: uuid.UUID) -> None:
    """The other organization's trail; that of the caller's own is written by itself. Why stands in the row, not in the trail."""
    details: dict[str, Any] = {
        "beneficiary_id": row.beneficiary_id,
        "account_id": row.account_id,
        "accessor_organization_id": row.accessor_organization_id,
        "category": row.category,
        "closes_at": row.closes_at,
    }
    trail.tell(db, to, action=f"break_glass.{what}", subject_type="break_glass", subject_id=row.id, details=details)


def close_break_glass(db: GuardedSession, key: uuid.UUID, *, version: int, by: Visit) -> BreakGlass:
    """End it before its time; whoever sees it may. Raises NotFound, Stale, WrongState."""
    row = fetch(db, BreakGlass, key, version=version)
    is_owner = row.organization_id == by.actor.organization_id
    with every_row():
        row.close(by=by.actor.id)
        _close_grants(db, row)
        _tell(db, row, "updated", to=row.accessor_organization_id if is_owner else row.organization_id)
        db.flush()
    return row


def _close_grants(db: GuardedSession, row: BreakGlass) -> None:
    for grant in db.execute(_GRANTS, {"source_id": row.id}).scalars():
        grant.close()


def review_break_glass(db: GuardedSession, key: uuid.UUID, *, version: int, body: BreakGlassReview, by: Visit) -> BreakGlass:
    """Say whether it was justified. One that was not, and is open still, is closed at once.

    Raises NotFound, Stale, WrongState, Forbidden for whoever did it, and OutOfScope where the person is another organization's.
    """
    row = fetch(db, BreakGlass, key, version=version)
    if row.account_id == by.actor.id:
        raise Forbidden("Nobody reviews an access of one's own.")
    row.review(by=by.actor.id, verdict=body.verdict, note=words_about(db, [row.beneficiary_id], body.note))
    if body.verdict == ReviewVerdict.NOT_JUSTIFIED and row.closes_at > now():
        row.close(by=by.actor.id)
        _close_grants(db, row)
    db.flush()
    return row
