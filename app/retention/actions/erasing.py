"""Forgetting one person: what tells who it was goes, what counts stays.

What hangs on a person is listed in `app.retention.parts`. The families' statistics, attendance and the certificates stand: a certificate
keeps its number, state, title and dates, and loses its holder's name. Where the rule says `delete`, all rows go that neither these nor
somebody else need, and the person's own row too if none of those that are kept refers to it.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col

from app import idempotency
from app.access.guard import GuardedSession, Statement, prebuilt, table_name
from app.beneficiaries.actions.members import hold_people
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, LeavingReason
from app.consents.models import Consent, ConsentRecipient, ConsentSubject
from app.database import Entity, now
from app.duplicates.models import BeneficiaryMerge
from app.retention.holding import Key, kept_by_holds
from app.retention.parts import FORGOTTEN, OF_FAMILY, OF_PERSON, Part, Task
from app.schemas import Precision

Parts = Sequence[tuple[Part, Statement]]
_DISTRICT = 7
"""Digits of a district's code."""


@dataclass(slots=True)
class Forgotten:
    """What came of it: whether the person's own row is deleted, how many rows of each table were, and how many a hold on others kept."""

    is_deleted: bool = False
    rows: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


def _statements(parts: Sequence[Part]) -> Parts:
    return [(part, part.statement()) for part in parts]


def _of_consents(model: Any, key: str) -> Statement:
    named: sa.BindParameter[Any] = bindparam("consents", expanding=True)
    return prebuilt(sa.select(model).where(getattr(model, key).in_(named)).order_by(model.id), f"erasing.consents.{model.__tablename__}")


_PERSON, _FAMILY = _statements(OF_PERSON), _statements(OF_FAMILY)
_IN_CONSENTS = [_of_consents(ConsentRecipient, "consent_id"), _of_consents(ConsentSubject, "consent_id")]
_RENEWALS = _of_consents(Consent, "renews_id")
_LOSERS = prebuilt(
    sa.select(Beneficiary).where(col(Beneficiary.merged_into_id) == bindparam("subject")).order_by(col(Beneficiary.id)), "erasing.losers"
)
# Held, so that of the last two members who are forgotten at the same time the second one sees that the first one is.
_FAMILIES = prebuilt(
    sa.select(Family)
    .where(
        col(Family.id).in_(sa.select(col(FamilyMembership.family_id)).where(col(FamilyMembership.beneficiary_id) == bindparam("subject")))
    )
    .order_by(col(Family.id))
    .with_for_update(key_share=True),
    "erasing.families",
)
_REMEMBERED = prebuilt(
    sa.select(sa.func.count())
    .select_from(FamilyMembership)
    .join(Beneficiary, col(Beneficiary.id) == col(FamilyMembership.beneficiary_id))
    .where(
        col(FamilyMembership.family_id) == bindparam("family"),
        # Whoever was entered in error never belonged to it.
        sa.func.coalesce(col(FamilyMembership.end_reason), "") != LeavingReason.ENTERED_IN_ERROR.value,
        col(Beneficiary.anonymized_at).is_(None),
    ),
    "erasing.remembered",
)


def hold_subject(db: GuardedSession, person_id: uuid.UUID) -> None:
    """Before a person is forgotten: the families and the person, in the order in which everybody holds them (see `hold_people`)."""
    db.execute(_FAMILIES, {"subject": person_id}).scalars().all()
    hold_people(db, [person_id])


def erase(db: GuardedSession, person: Beneficiary, *, delete_before: datetime | None = None) -> Forgotten:
    """Forget a person, whom `hold_subject` holds, and the rows that were merged into it. `delete_before` says that the rule deletes what is
    older than that moment; without it rows are kept without what tells of the person. What was written of a family goes with the last of
    its members who is known. What a legal hold on somebody else keeps is left as it is until `erase_rest`.
    """
    done, stays = Forgotten(), False
    for loser in db.execute(_LOSERS, {"subject": person.id}).scalars().all():
        before = erase(db, loser, delete_before=delete_before)
        done.rows += before.rows
        done.kept += before.kept
        # What redirects to this row needs it.
        stays |= not before.is_deleted
    idempotency.forget(db.connection(), person.id)
    found = _found(db, _PERSON, person.id)
    task = Task(person.id, delete_before)
    stays |= any(part.stands(row, task) for part, rows in found for row in rows) or delete_before is None
    stays |= _forget(db, found, task, done)
    if not stays:
        _delete(db, [person], done.rows)
        done.is_deleted = True
        return done
    _anonymize(person)
    db.flush()
    # Whoever is forgotten, and whose kin nobody knows any more, speaks for no child.
    tell_standing(db, [person.id])
    for family in db.execute(_FAMILIES, {"subject": person.id}).scalars().all():
        if db.rows(_REMEMBERED, {"family": family.id})[0][0]:
            # A digest of what was registered, with the names of all of them.
            _change(db, family, {"origin": None}, silently=True)
        else:
            _forget_home(db, family, delete_before, done)
    return done


def erase_rest(db: GuardedSession, person_id: uuid.UUID) -> Forgotten:
    """Take away what a hold on somebody else kept when this person was forgotten, as far as no other one keeps it; `hold_subject` holds the
    person.
    """
    done = Forgotten()
    _forget(db, _found(db, _PERSON, person_id), Task(person_id), done)
    return done


def _found(db: GuardedSession, parts: Parts, subject: uuid.UUID) -> list[tuple[Part, Sequence[Any]]]:
    return [(part, db.execute(statement, {"subject": subject}).scalars().all()) for part, statement in parts]


def _forget(db: GuardedSession, found: list[tuple[Part, Sequence[Any]]], task: Task, done: Forgotten) -> bool:
    """Whether anything that refers to the subject is left since a hold keeps it."""
    held = kept_by_holds(db, (row for _, rows in found for row in rows), of=task.subject)
    kept: list[tuple[Part, Any]] = []
    left: dict[Key, Any] = {}
    doomed: dict[type[Any], dict[uuid.UUID, Any]] = {}
    for part, rows in found:
        for row in rows:
            goes = part.goes(row, task) or (task.delete_before is not None and not part.stands(row, task))
            if (part.model, row.id) in held:
                if goes or any(getattr(row, name) not in (None, value) for name, value in part.clear.items()):
                    left[part.model, row.id] = row
            elif goes:
                doomed.setdefault(part.model, {})[row.id] = row
            else:
                kept.append((part, row))
    done.kept.update(table_name(sa.inspect(model)) for model, _ in left)
    # A merge that is kept refers to the pair that it was of.
    referred = {row.candidate_id for row in (*(row for _, row in kept), *left.values()) if isinstance(row, BeneficiaryMerge)}
    for part, _ in found:
        going = doomed.pop(part.model, {})
        if issubclass(part.model, Consent):
            _loosen(db, going.keys(), done.rows)
        kept += [(part, row) for key, row in going.items() if key in referred]
        _delete(db, [row for key, row in going.items() if key not in referred], done.rows)
    for part, row in kept:
        _clear(db, part, row)
    db.flush()
    return bool(held)


def _loosen(db: GuardedSession, consents: Collection[uuid.UUID], counted: Counter[str]) -> None:
    """Take away what refers to consents that are to be deleted."""
    if consents:
        values = {"consents": list(consents)}
        for renewal in db.execute(_RENEWALS, values).scalars().all():
            _change(db, renewal, {"renews_id": None}, silently=True)
        db.flush()
        for statement in _IN_CONSENTS:
            _delete(db, db.execute(statement, values).scalars().all(), counted)


def _delete(db: GuardedSession, rows: Sequence[Any], counted: Counter[str]) -> None:
    """Delete rows of one table, before those that they refer to."""
    for row in rows:
        counted[table_name(sa.inspect(type(row)))] += 1
        db.delete(row)
    db.flush()


def _clear(db: GuardedSession, part: Part, row: Any) -> None:
    # `origin` is a digest of the request that made the row: what was in it could be tried.
    values = {name: value for name, value in part.clear.items() if getattr(row, name) is not None} | {"origin": None}
    if part.lies_with_subject and hasattr(row, "territory"):
        values["territory"] = row.territory[:_DISTRICT]
    if part.also is not None:
        part.also(row)
    _change(db, row, values, silently=part.others)


def _change(db: GuardedSession, row: Entity, values: dict[str, Any], *, silently: bool) -> None:
    """Change a row; `silently` leaves `updated_at` as it is, since it is no work with whoever else the row speaks of, whose own time would
    begin anew by it.
    """
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    if silently and db.is_modified(row):
        flag_modified(row, "updated_at")


def forget_family(db: GuardedSession, family: Family, *, delete_before: datetime | None) -> Forgotten:
    """Forget a family to which nobody ever belonged."""
    done = Forgotten()
    _forget_home(db, family, delete_before, done)
    return done


def _forget_home(db: GuardedSession, family: Family, delete_before: datetime | None, done: Forgotten) -> None:
    """What is left: number, size, housing and income as they were told, district; of the last two nothing where the rule says `delete`."""
    _forget(db, _found(db, _FAMILY, family.id), Task(family.id, delete_before), done)
    family.address, family.note, family.origin, family.territory = None, None, None, family.territory[:_DISTRICT]
    family.anonymized_at = now()
    idempotency.forget(db.connection(), family.id)
    if delete_before is not None:
        family.housing, family.monthly_income = None, None
    db.flush()


def _anonymize(person: Beneficiary) -> None:
    """What is left: sex, years of birth and death, district, organization."""
    for name in ("surname", "given_name", "name_latin", "name_cyrillic"):
        setattr(person, name, FORGOTTEN)
    for name in ("strict_key", "loose_key", "skeleton_key", "search", "match_key"):
        setattr(person, name, "")
    # `origin` is a digest of what was registered: names could be tried against it.
    for name in ("patronymic", "phone_as_written", "phone_e164", "note", "origin"):
        setattr(person, name, None)
    if person.deceased_on is not None:
        person.deceased_on = person.deceased_on.replace(month=1, day=1)
    person.birth_date, person.birth_precision = person.birth_date.replace(month=1, day=1), Precision.YEAR
    person.territory = person.territory[:_DISTRICT]
    person.anonymized_at = now()


def hangs_on(model: type[Any]) -> set[str]:
    """The columns of a table that name a person or a family and are handled here."""
    return {part.key for part in (*OF_PERSON, *OF_FAMILY) if part.model is model}
