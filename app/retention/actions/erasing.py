"""Forgetting one person: what tells who it was goes, what counts stays.

What hangs on a person is listed here table by table; a test refuses a table that is not. The families' statistics, attendance and the
certificates stand: a certificate keeps its number, state, title and dates, and loses its holder's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import SQLModel, col

from app.access.grants import AccessGrant
from app.access.guard import GuardedSession, Statement, prebuilt
from app.beneficiaries.actions.coverage import close_on
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, FamilyResidence
from app.certificates.models import Certificate
from app.circumstances.models import Circumstances
from app.consents.models import Consent, ConsentSubject
from app.database import now
from app.duplicates.models import BeneficiaryMerge
from app.identifiers.models import Identifier
from app.kinship.models import Kinship
from app.oversight.models import BreakGlass
from app.participation.models import Enrollment
from app.retention.models import ErasureRequest, LegalHold
from app.schemas import Precision
from app.vulnerability.models import VulnerabilityRecord

FORGOTTEN = "—"
"""Stands where a name must stand."""


def _close(grant: AccessGrant) -> None:
    grant.close()


def _without_holder(certificate: Certificate) -> None:
    holder = {"surname": FORGOTTEN, "given_name": FORGOTTEN, "patronymic": None}
    certificate.snapshot = {**certificate.snapshot, "holder": holder}


@dataclass(frozen=True, slots=True)
class Part:
    """A table whose rows hang on a person by `key`: `clear` says what its columns become, `also` does the rest; with `goes` the rows are
    deleted. A row that `stands` keeps the person's own row, whatever the rule says; the others go with it.
    """

    model: type[SQLModel]
    key: str = "beneficiary_id"
    clear: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Any], None] | None = None
    goes: bool = False
    stands: bool = False


_NOTES = {"note": None, "witness": None, "refusal_note": None, "withdrawal_note": None}
_NAMELESS = {"holder_latin": FORGOTTEN, "holder_cyrillic": FORGOTTEN, "surname": FORGOTTEN}
_UNDECIDED: dict[str, Any] = {"choices": {}, "replaced": {}, "moved": []}
PARTS = (
    Part(AccessGrant, also=_close, stands=True),
    Part(FamilyMembership, clear={"end_note": None}, stands=True),
    # Whose mother somebody was would tell who it was.
    Part(Kinship, "person_id", goes=True),
    Part(Kinship, "relative_id", goes=True),
    Part(Circumstances, clear=dict.fromkeys(("school", "chronic_conditions", "polyclinic", "papers_note"))),
    Part(VulnerabilityRecord, clear={"evidence": None}),
    Part(Identifier, goes=True),
    # That and when somebody agreed is the ground on which the data were kept and shown.
    Part(Consent, clear=_NOTES, stands=True),
    Part(Consent, "given_by_id", clear=_NOTES, stands=True),
    Part(Consent, "withdrawn_by_id", clear=_NOTES, stands=True),
    Part(ConsentSubject, stands=True),
    Part(BreakGlass, clear={"reason": FORGOTTEN, "review_note": None}, stands=True),
    Part(Enrollment, clear={"participant_name": FORGOTTEN, "reason": None}, stands=True),
    Part(Certificate, clear=_NAMELESS, also=_without_holder, stands=True),
    # What a merge wrote down holds names; without it nothing can be given back.
    Part(BeneficiaryMerge, "winner_id", clear=_UNDECIDED, stands=True),
    Part(BeneficiaryMerge, "loser_id", clear=_UNDECIDED, stands=True),
    Part(DuplicateCandidate, "a_id", clear={"note": None}, stands=True),
    Part(DuplicateCandidate, "b_id", clear={"note": None}, stands=True),
    Part(LegalHold, clear={"reason": FORGOTTEN, "release_reason": None}, stands=True),
    Part(ErasureRequest, clear={"note": None, "refusal_reason": None}, stands=True),
)


def _rows_of(model: type[SQLModel], key: str) -> Statement:
    return prebuilt(sa.select(model).where(getattr(model, key) == bindparam("person")), f"erasing.{model.__tablename__}.{key}")


_ROWS = {(part.model, part.key): _rows_of(part.model, part.key) for part in PARTS}
_LOSERS = _rows_of(Beneficiary, "merged_into_id")
_RESIDENCES = _rows_of(FamilyResidence, "family_id")
_FAMILIES = prebuilt(
    sa.select(Family).where(
        col(Family.id).in_(sa.select(col(FamilyMembership.family_id)).where(col(FamilyMembership.beneficiary_id) == bindparam("person")))
    ),
    "erasing.families",
)
_REMEMBERED = prebuilt(
    sa.select(sa.func.count())
    .select_from(FamilyMembership)
    .join(Beneficiary, col(Beneficiary.id) == col(FamilyMembership.beneficiary_id))
    .where(col(FamilyMembership.family_id) == bindparam("family"), col(Beneficiary.anonymized_at).is_(None)),
    "erasing.remembered",
)


def erase(db: GuardedSession, person: Beneficiary, *, delete: bool = False) -> str:
    """Forget a person, and the rows that were merged into it: `deleted` if that is asked for and nothing of the person stands, else
    `anonymized`. The address of a family goes with the last of its members who is known.
    """
    losers = db.execute(_LOSERS, {"person": person.id}).scalars().all()
    for loser in losers:
        erase(db, loser)
    found = [(part, db.execute(_ROWS[part.model, part.key], {"person": person.id}).scalars().all()) for part in PARTS]
    gone = delete and not losers and not any(rows for part, rows in found if part.stands)
    for part, rows in found:
        for row in rows:
            _forget(db, part, row, delete=gone or part.goes)
    if gone:
        db.flush()
        db.delete(person)
        return "deleted"
    _anonymize(person)
    db.flush()
    for family in db.execute(_FAMILIES, {"person": person.id}).scalars().all():
        if not db.rows(_REMEMBERED, {"family": family.id})[0][0]:
            _forget_home(db, family)
    return "anonymized"


def _forget(db: GuardedSession, part: Part, row: Any, *, delete: bool) -> None:
    if delete:
        db.delete(row)
        return
    for name, value in part.clear.items():
        if getattr(row, name) is not None:
            setattr(row, name, value)
    if part.also is not None:
        part.also(row)


def _forget_home(db: GuardedSession, family: Family) -> None:
    close_on(db, family.id)
    family.address, family.note = None, None
    for residence in db.execute(_RESIDENCES, {"person": family.id}).scalars():
        residence.address, residence.note = None, None
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
    person.territory = person.territory[:7]
    person.anonymized_at = now()


def hangs_on(model: type[SQLModel]) -> set[str]:
    """The columns of a table that name a person and are handled here."""
    return {part.key for part in PARTS if part.model is model}
