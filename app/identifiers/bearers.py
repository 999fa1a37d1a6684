"""Who bears a number: found by the blind index, whatever else is written down of them."""

import uuid

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary
from app.identifiers import sealing, values
from app.identifiers.models import Identifier, IdentifierEndReason, IdentifierKind, IdentifierUnreadable
from app.identifiers.schemas import MOST_HOLDERS
from app.identifiers.values import Value

_carries = col(Identifier.blind_index).in_(bindparam("blinds", expanding=True))
_ever: sa.ColumnElement[bool] = func.coalesce(col(Identifier.end_reason), "") != IdentifierEndReason.ENTERED_IN_ERROR.value
CARRIERS = sa.select(col(Identifier.beneficiary_id)).where(col(Identifier.kind) == bindparam("kind"), _carries, _ever)
"""The persons who carry or once carried a number of a kind (parameters `kind` and `blinds`)."""
_CARRIED = prebuilt(
    sa.select(col(Identifier.id)).where(
        col(Identifier.beneficiary_id) == bindparam("beneficiary_id"),
        col(Identifier.kind) == bindparam("kind"),
        _carries,
        col(Identifier.ended_on).is_(None),
    ),
    "identifier.carried",
)
_theirs = aliased(Identifier)
_SHARING = prebuilt(
    sa.select(col(_theirs.beneficiary_id))
    .join(Identifier, sa.and_(col(Identifier.kind) == _theirs.kind, col(Identifier.blind_index) == _theirs.blind_index))
    .where(
        col(Identifier.beneficiary_id) == bindparam("beneficiary_id"),
        col(_theirs.beneficiary_id) != bindparam("beneficiary_id"),
        col(Identifier.ended_on).is_(None),
        col(_theirs.ended_on).is_(None),
        col(Identifier.kind) != IdentifierKind.BIRTH_CERTIFICATE.value,
    )
    .distinct(),
    "identifier.sharing",
)
_current = (col(Identifier.ended_on).is_(None), col(Identifier.kind) != IdentifierKind.BIRTH_CERTIFICATE.value)
_CURRENT = prebuilt(
    sa.select(Identifier).where(col(Identifier.beneficiary_id) == bindparam("beneficiary_id"), *_current).order_by(col(Identifier.id)),
    "identifier.current_of_person",
)
_unique = [kind.value for kind in IdentifierKind if kind != IdentifierKind.BIRTH_CERTIFICATE]
_FOUND_BY = prebuilt(
    sa.select(col(Identifier.beneficiary_id))
    # The kinds lead to the index; that it is the same one is in the digest.
    .where(col(Identifier.kind).in_(_unique), _carries, col(Identifier.ended_on).is_(None))
    .where(col(Identifier.beneficiary_id) != bindparam("beneficiary_id"))
    .distinct(),
    "identifier.found_by",
)
_BEARERS = prebuilt(
    sa.select(Beneficiary)
    .where(
        col(Beneficiary.id).in_(CARRIERS.where(col(Identifier.ended_on).is_(None))),
        col(Beneficiary.id) != bindparam("but", type_=sa.Uuid()),
        col(Beneficiary.organization_id) == bindparam("organization_id", type_=sa.Uuid()),
        col(Beneficiary.merged_into_id).is_(None),
    )
    .order_by(col(Beneficiary.id))
    .limit(MOST_HOLDERS),
    "identifier.bearers",
)


def bearers(db: GuardedSession, value: Value, *, organization_id: uuid.UUID, but: uuid.UUID) -> list[Beneficiary]:
    """The other people of an organization who bear a number now, and may be the same person; they are compared, not shown."""
    values = {"kind": value.kind, "blinds": sealing.blinds(value), "organization_id": organization_id, "but": but}
    return list(db.execute(_BEARERS, values).scalars())


def sharing(db: GuardedSession, beneficiary_id: uuid.UUID) -> set[uuid.UUID] | None:
    """The others who bear a number of this person's now. The series of birth certificates were given out more than once and say nothing.
    Where there is more than one key of the index, the numbers are looked for by each; None if one of them does not open then. Raises
    IdentifierKeyMissing.
    """
    if not sealing.has_older_index():
        return {row[0] for row in db.rows(_SHARING, {"beneficiary_id": beneficiary_id})}
    found: set[bytes] = set()
    for one in db.execute(_CURRENT, {"beneficiary_id": beneficiary_id}).scalars():
        try:
            kept = sealing.unseal(one.ciphertext, one.key_version, row=one.id, person=one.beneficiary_id, kind=one.kind)
        except IdentifierUnreadable:
            return None
        found.update(sealing.blinds(values.read(IdentifierKind(one.kind), kept)))
    return {row[0] for row in db.rows(_FOUND_BY, {"beneficiary_id": beneficiary_id, "blinds": sorted(found)})} if found else set()


def carries(db: Rows, beneficiary_id: uuid.UUID, value: Value) -> bool:
    """Whether a person carries a number now."""
    return bool(db.rows(_CARRIED, {"beneficiary_id": beneficiary_id, "kind": value.kind, "blinds": sealing.blinds(value)}))
