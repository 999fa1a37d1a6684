"""Recording the circumstances of a person."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import fetch
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.models import Beneficiary
from app.circumstances.models import Circumstances
from app.circumstances.schemas import CircumstancesPut, CircumstancesUpdate
from app.constraints import refuse
from app.problems import Invalid, Stale, invalid

_OF_PERSON = prebuilt(sa.select(Circumstances).where(col(Circumstances.beneficiary_id) == bindparam("beneficiary_id")), "circumstances.of")
# Two that record the first of a person at once: both read version 0, and one of them comes too late.
refuse("uq_circumstances_beneficiary_id", Stale)


def put_circumstances(db: GuardedSession, beneficiary_id: uuid.UUID, *, version: int, body: CircumstancesPut) -> bool:
    """Record all that is known of a person; whether it is the first that is known. `version` is 0 then.

    Raises NotFound, Merged, WasForgotten, OutOfScope, Stale, Invalid.
    """
    return _record(db, beneficiary_id, version, body.model_dump())


def update_circumstances(db: GuardedSession, beneficiary_id: uuid.UUID, *, version: int, body: CircumstancesUpdate) -> bool:
    """Record what changed; whether it is the first that is known. Raises NotFound, Merged, WasForgotten, OutOfScope, Stale, Invalid."""
    return _record(db, beneficiary_id, version, body.model_dump(exclude_unset=True))


def _record(db: GuardedSession, beneficiary_id: uuid.UUID, version: int, values: dict[str, Any]) -> bool:
    person = fetch(db, Beneficiary, beneficiary_id, keep=True)
    # Whoever sees a person through a consent must not write about it, be it the first that is written.
    require_writable(db, person)
    found: Circumstances | None = db.execute(_OF_PERSON, {"beneficiary_id": person.id}).scalar_one_or_none()
    if version != (found.version if found else 0):
        raise Stale
    row = found or Circumstances(beneficiary_id=person.id, organization_id=person.organization_id, territory=person.territory)
    papers = values.get("missing_documents", [])
    if len(set(papers)) != len(papers):
        raise invalid("/missing_documents", "repeated", "Names a paper twice.")
    for name, value in values.items():
        setattr(row, name, value)
    row.settle()
    if faults := row.faults(person):
        raise Invalid(faults=faults)
    db.add(row)
    db.flush()
    return found is None
