"""The rows that tell of a person: its own, those that were merged into it, and the certificates and enrollments that bear its name. And who
belonged to a family, and when.
"""

import threading
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.declare import ORGANIZATION
from app.access.guard import Statement, mapper_of, prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary, FamilyMembership, LeavingReason
from app.days import begins


class SubjectKind(StrEnum):
    """What was looked at, as it is called where looks are written down."""

    BENEFICIARY = "beneficiary"
    FAMILY = "family"
    CERTIFICATE = "certificate"
    ENROLLMENT = "enrollment"


BEARING = (SubjectKind.CERTIFICATE, SubjectKind.ENROLLMENT)
"""Rows that bear a person's name and have rules of their own. Their rooms stand above this one, so they are asked for by name."""


class Row(NamedTuple):
    """One of the rows, since when it is there, and the person or family of whom it tells."""

    kind: SubjectKind
    id: uuid.UUID
    created_at: datetime
    of: uuid.UUID


class Member(NamedTuple):
    """A person who belongs to a family, or belonged to it: from a day on, if one is known, and before another one, if it has come."""

    id: uuid.UUID
    latin: str
    cyrillic: str
    started_on: date | None
    ended_on: date | None

    def belonged(self, moment: datetime) -> bool:
        """Whether it did at this moment."""
        return (self.started_on is None or begins(self.started_on) <= moment) and (self.ended_on is None or moment < begins(self.ended_on))


_building = threading.Lock()
_built: list[Statement] = []


def rows_of(db: Rows, people: Sequence[uuid.UUID]) -> list[Row]:
    """All of them, the persons' own among them: asked in the service's name, since they need not all lie where the asker may look. Nobody
    is looked at by it.
    """
    return [Row(SubjectKind(kind), key, since, of) for of, kind, key, since in db.rows(_statement(), {"people": list(people)}, shown=0)]


def _statement() -> Statement:
    """Built on first use, when the rooms above have their tables; two first users at once must not both name it."""
    with _building:
        if not _built:
            asked: sa.ColumnElement[bool] = col(Beneficiary.id).in_(bindparam("people", expanding=True))
            own = sa.select(col(Beneficiary.id).label("of"), col(Beneficiary.id).label("id")).where(asked).cte("merged", recursive=True)
            loser = aliased(Beneficiary)
            # UNION without ALL ends even where there is a circle.
            losers = sa.select(own.c.of, col(loser.id)).join(own, col(loser.merged_into_id) == own.c.id)
            # The second condition says what the first one means, so that the index on the few who were merged serves.
            merged = own.union(losers.where(col(loser.merged_into_id).is_not(None)))
            rows = [_part(Beneficiary, SubjectKind.BENEFICIARY, col(Beneficiary.id), merged)]
            for kind in BEARING:
                model = mapper_of(kind).class_
                rows.append(_part(model, kind, model.beneficiary_id, merged))
            found = sa.union_all(*rows).subquery("found")
            person = aliased(Beneficiary)
            statement: Statement = (
                sa.select(col(person.id), found.c.kind, found.c.key, found.c.created_at)
                .join(found, found.c.of == col(person.id))
                .where(col(person.id).in_(bindparam("people", expanding=True)))
            )
            _built.append(prebuilt(statement, "access_entry.rows_of_people"))
        return _built[0]


def _part(model: type[Any], kind: SubjectKind, person: Any, merged: sa.CTE) -> sa.Select[Any]:
    named = sa.literal(kind.value, sa.String(20)).label("kind")
    found = sa.select(merged.c.of.label("of"), named, model.id.label("key"), model.created_at.label("created_at"))
    return found.join_from(merged, model, person == merged.c.id)


# The caller's own: who they are is told, so they count as looked at.
_MEMBERS = prebuilt(
    sa.select(
        *(Beneficiary.id, Beneficiary.name_latin, Beneficiary.name_cyrillic),  # type: ignore[call-overload]
        *(FamilyMembership.started_on, FamilyMembership.ended_on),
    )
    .join(FamilyMembership, col(FamilyMembership.beneficiary_id) == col(Beneficiary.id))
    .where(
        col(FamilyMembership.family_id) == bindparam("family_id"),
        col(Beneficiary.organization_id) == ORGANIZATION,
        # What was entered in error never was.
        col(FamilyMembership.end_reason).is_distinct_from(LeavingReason.ENTERED_IN_ERROR),
    )
    .order_by(col(FamilyMembership.ended_on).is_not(None), col(FamilyMembership.is_head).desc(), col(FamilyMembership.id)),
    "beneficiary.of_family_report",
)


def members_of(db: Rows, family: uuid.UUID) -> list[Member]:
    """Who belongs or belonged to a family, of the caller's own organization and within its territory, the present ones first."""
    return [Member(*row) for row in db.rows(_MEMBERS, {"family_id": family})]
