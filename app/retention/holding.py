"""What a legal hold on somebody else keeps: rows that name two persons, or a family, say something of whoever is held as well, and stay as
they are until that hold is released, whoever else of them is forgotten.
"""

import uuid
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.models import Beneficiary, FamilyMembership, LeavingReason
from app.consents.models import Consent, ConsentSubject
from app.duplicates.models import BeneficiaryMerge
from app.kinship.models import Kinship
from app.retention.models import LegalHold
from app.retention.parts import CONSENT_NOTES

Key: TypeAlias = tuple[type[Any], uuid.UUID]
_open, _over = col(LegalHold.released_at).is_(None), col(LegalHold.released_at) > col(Beneficiary.anonymized_at)
_BESIDE: tuple[tuple[type[Any], str, str], ...] = (
    (Kinship, "person_id", "relative_id"),
    (DuplicateCandidate, "a_id", "b_id"),
    (BeneficiaryMerge, "winner_id", "loser_id"),
)
_SPEAKERS = ("beneficiary_id", "given_by_id", "withdrawn_by_id")


def _holds(person: Any, state: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether there is a hold in this state on the person whom a column names."""
    of_person = sa.select(col(LegalHold.id)).where(col(LegalHold.beneficiary_id) == person, state)
    return sa.exists(of_person.correlate_except(LegalHold))


def _consent_of_held(state: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a consent is about somebody who is held, be it that it covers them or says why not, whose word it is, or in whose family."""
    about = sa.select(col(ConsentSubject.id)).where(
        col(ConsentSubject.consent_id) == col(Consent.id), _holds(col(ConsentSubject.beneficiary_id), state)
    )
    at_home = sa.select(col(FamilyMembership.id)).where(
        col(FamilyMembership.family_id) == col(Consent.family_id),
        sa.func.coalesce(col(FamilyMembership.end_reason), "") != LeavingReason.ENTERED_IN_ERROR.value,
        _holds(col(FamilyMembership.beneficiary_id), state),
    )
    named = [_holds(getattr(Consent, name), state) for name in _SPEAKERS]
    return sa.or_(*named, sa.exists(about.correlate_except(ConsentSubject)), sa.exists(at_home.correlate_except(FamilyMembership)))


_PEOPLE = prebuilt(
    sa.select(col(LegalHold.beneficiary_id))
    .where(col(LegalHold.beneficiary_id).in_(bindparam("people", expanding=True)), _open)
    .distinct(),
    "legal_hold.of_people",
)
_CONSENTS = prebuilt(
    sa.select(col(Consent.id)).where(col(Consent.id).in_(bindparam("consents", expanding=True)), _consent_of_held(_open)),
    "legal_hold.of_consents",
)
_said = sa.or_(*(getattr(Consent, name).is_not(None) for name in CONSENT_NOTES))


def _is_named(model: type[Any], key: str, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether there is such a row that names the person by this column."""
    return sa.exists(sa.select(model.id).where(getattr(model, key) == col(Beneficiary.id), *conditions).correlate(Beneficiary))


_BESIDE_HELD = [
    _is_named(model, mine, _holds(getattr(model, theirs), _over)) for model, *keys in _BESIDE for mine, theirs in (keys, keys[::-1])
]
_SPOKE = [_is_named(Consent, key, _said, _consent_of_held(_over)) for key in _SPEAKERS]
_FREED = prebuilt(
    sa.select(col(Beneficiary.id))
    # Before anything else is asked: holds that were released are few.
    .where(sa.exists(sa.select(col(LegalHold.id)).where(_over)), col(Beneficiary.anonymized_at).is_not(None))
    .where(sa.or_(*_BESIDE_HELD, *_SPOKE))
    .order_by(col(Beneficiary.id)),
    "legal_hold.freed",
)


@cache
def _naming(model: Any) -> tuple[str, ...]:
    """The columns of a table that name a person."""
    columns = sa.inspect(model).local_table.columns
    return tuple(one.key for one in columns if any(key.column.table.name == Beneficiary.__tablename__ for key in one.foreign_keys))


def _named(row: Any) -> set[uuid.UUID]:
    return {person for name in _naming(row.__class__) if (person := getattr(row, name)) is not None}


def _consent_of(row: Any) -> uuid.UUID | None:
    """The consent that a row is, or that it is a part of."""
    found: uuid.UUID | None = row.id if isinstance(row, Consent) else row.consent_id if isinstance(row, ConsentSubject) else None
    return found


def kept_by_holds(db: Rows, rows: Iterable[Any], *, of: uuid.UUID) -> set[Key]:
    """Those of the rows that hang `of` a person or a family which a hold on somebody else keeps. What says whom a consent covers stays with
    the consent, and so does a consent that it renews.
    """
    known = list(rows)
    people: set[uuid.UUID] = set().union(*(_named(row) for row in known)) - {of}
    held = {row[0] for row in db.rows(_PEOPLE, {"people": sorted(people)})} if people else set()
    consents = {key for row in known if (key := _consent_of(row))}
    kept = {row[0] for row in db.rows(_CONSENTS, {"consents": sorted(consents)})} if consents else set()
    renews = {row.id: row.renews_id for row in known if isinstance(row, Consent)}
    while before := {renews.get(key) for key in kept} - kept - {None}:
        kept |= before
    return {(type(row), row.id) for row in known if _consent_of(row) in kept or _named(row) & held}


def freed(db: Rows) -> list[uuid.UUID]:
    """Who was forgotten while a hold on somebody else kept something of it that nothing keeps any more."""
    return [row[0] for row in db.rows(_FREED)]
