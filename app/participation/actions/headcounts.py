"""What was reported without names."""

import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import made_before
from app.access.guard import GuardedSession, prebuilt
from app.database import uuid7
from app.participation.models import ReportedHeadcount, ReportedHeadcountRoster, Roster, RosterStatus
from app.participation.schemas import HeadcountCreate
from app.problems import Fault, Invalid

_ROSTERS = prebuilt(
    sa.select(col(Roster.id), col(Roster.territory), col(Roster.status)).where(
        col(Roster.id).in_(bindparam("ids", type_=sa.Uuid(), expanding=True))
    ),
    "roster.reported_on",
)
_LEVELS = (12, 7, 4, 2)


def _common(territories: Collection[str]) -> str:
    """The smallest place that holds all of them."""
    for level in _LEVELS:
        if len(found := {territory[:level] for territory in territories}) == 1 and len(place := found.pop()) in _LEVELS:
            return place
    raise AssertionError("every territory lies in the country")


def report_headcount(db: GuardedSession, *, body: HeadcountCreate, by: Visit) -> tuple[uuid.UUID, bool]:
    """(id, made before). Raises Invalid for an unknown roster and a draft's, IdTaken, OutOfScope for a roster of another organization."""
    if before := made_before(db, ReportedHeadcount, body.id, body.origin()):
        return before.id, True
    rosters = {key: (territory, status) for key, territory, status in db.rows(_ROSTERS, {"ids": body.roster_ids})}
    faults = []
    for place, roster_id in enumerate(body.roster_ids):
        if roster_id not in rosters:
            faults.append(Fault(f"/roster_ids/{place}", "unknown", "There is no such roster."))
        elif rosters[roster_id][1] == RosterStatus.DRAFT:
            # Whoever sees the total is told what it covers, and a draft is nobody else's to know of.
            faults.append(Fault(f"/roster_ids/{place}", "draft", "The activity is not published yet."))
        elif roster_id in body.roster_ids[:place]:
            faults.append(Fault(f"/roster_ids/{place}", "repeated", "Stands here twice."))
    if faults:
        raise Invalid(faults=faults)
    owner: dict[str, Any] = {"organization_id": by.actor.organization_id}
    headcount = ReportedHeadcount(
        id=body.id or uuid7(),
        origin=body.origin(),
        **owner,
        territory=_common([territory for territory, _ in rosters.values()]),
        participants=body.participants,
        certificates=body.certificates,
        audience=body.audience,
        source=body.source,
    )
    db.add(headcount)
    # The rows that say what it covers need it to be there.
    db.flush()
    db.add_all(ReportedHeadcountRoster(headcount_id=headcount.id, roster_id=roster_id) for roster_id in body.roster_ids)
    db.flush()
    return headcount.id, False
