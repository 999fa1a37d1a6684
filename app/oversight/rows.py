"""The rows that tell of one person: its own, those that were merged into it, and the certificates and enrollments that bear its name."""

import threading
import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.guard import Statement, mapper_of, prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary


class SubjectKind(StrEnum):
    """What was looked at, as it is called where looks are written down."""

    BENEFICIARY = "beneficiary"
    FAMILY = "family"
    CERTIFICATE = "certificate"
    ENROLLMENT = "enrollment"


BEARING = (SubjectKind.CERTIFICATE, SubjectKind.ENROLLMENT)
"""Rows that bear a person's name and have rules of their own. Their rooms stand above this one, so they are asked for by name."""


class Row(NamedTuple):
    """One of the rows, and since when it is there."""

    kind: SubjectKind
    id: uuid.UUID
    created_at: datetime


_building = threading.Lock()
_built: list[Statement] = []


def rows_of(db: Rows, person: uuid.UUID) -> list[Row]:
    """All of them, the person's own among them: asked in the service's name, since they need not all lie where the asker may look. Nobody
    is looked at by it.
    """
    return [Row(SubjectKind(kind), key, since) for _, kind, key, since in db.rows(_statement(), {"id": person}, shown=0)]


def _statement() -> Statement:
    """Built on first use, when the rooms above have their tables; two first users at once must not both name it."""
    with _building:
        if not _built:
            own = sa.select(col(Beneficiary.id).label("id")).where(col(Beneficiary.id) == bindparam("id")).cte("merged", recursive=True)
            loser = aliased(Beneficiary)
            # UNION without ALL ends even where there is a circle.
            losers = sa.select(col(loser.id)).join(own, col(loser.merged_into_id) == own.c.id)
            # The second condition says what the first one means, so that the index on the few who were merged serves.
            merged = own.union(losers.where(col(loser.merged_into_id).is_not(None)))
            among = sa.select(merged.c.id)
            rows = [_part(Beneficiary, SubjectKind.BENEFICIARY, col(Beneficiary.id).in_(among))]
            for kind in BEARING:
                model = mapper_of(kind).class_
                rows.append(_part(model, kind, model.beneficiary_id.in_(among)))
            found = sa.union_all(*rows).subquery("found")
            person = aliased(Beneficiary)
            statement: Statement = (
                sa.select(col(person.id), found.c.kind, found.c.key, found.c.created_at)
                .join(found, sa.true())
                .where(col(person.id) == bindparam("id"))
            )
            _built.append(prebuilt(statement, "access_entry.rows_of_person"))
        return _built[0]


def _part(model: type[Any], kind: SubjectKind, among: sa.ColumnElement[bool]) -> sa.Select[Any]:
    named = sa.literal(kind.value, sa.String(20)).label("kind")
    return sa.select(named, model.id.label("key"), model.created_at.label("created_at")).where(among)
