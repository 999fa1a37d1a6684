"""What hangs on a person, and on a family, table by table, and what becomes of it when they are forgotten.

Tests refuse a table that is not listed here, and try of every column that can hold a text whether it still says something afterwards.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import SQLModel

from app.access.grants import AccessGrant
from app.access.guard import Statement, prebuilt
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.history import FamilyResidence, FormerCare, FormerRelationship
from app.beneficiaries.models import FamilyMembership
from app.certificates.models import Certificate
from app.circumstances.models import Circumstances
from app.consents.models import Consent, ConsentSubject
from app.duplicates.models import BeneficiaryMerge
from app.identifiers.models import Identifier
from app.kinship.models import Kinship
from app.livelihoods.models import IncomeMonth, IncomeRecord
from app.oversight.models import BreakGlass
from app.participation.models import Enrollment
from app.retention.models import ErasureRequest, ErasureStatus, LegalHold
from app.vulnerability.models import VulnerabilityRecord

FORGOTTEN = "—"
"""Stands where a name must stand."""


@dataclass(frozen=True, slots=True)
class Task:
    """Whom to forget, by id: a person or a family. `delete_before`, where the rule says `delete`: the end of the time that is over."""

    subject: uuid.UUID
    delete_before: datetime | None = None


Judge: TypeAlias = Callable[[Any, Task], bool]


def never(_row: Any, _task: Task) -> bool:
    """Of no row."""
    return False


def always(_row: Any, _task: Task) -> bool:
    """Of every row."""
    return True


@dataclass(frozen=True, slots=True)
class Part:
    """A table whose rows hang on the subject by `key`, or, with `via`, by a row of that table which does by its own `via_key`.

    A row that `goes` is deleted whatever the rule says. A row that `stands` is kept whatever it says, and with it the person's own row. All
    others are deleted where the rule says `delete`. Of what is kept, `clear` says what the columns become, and `also` does the rest. What a
    legal hold on somebody else keeps stays as it is in any case, see `holding`. `lies_with_subject`: the row's territory is where the
    subject lived, of which no more than the district is kept. `others`: the row speaks of somebody else too.
    """

    model: type[SQLModel]
    key: str = "beneficiary_id"
    clear: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Any], None] | None = None
    goes: Judge = never
    stands: Judge = never
    lies_with_subject: bool = True
    others: bool = False
    via: type[SQLModel] | None = None
    via_key: str = "beneficiary_id"

    def statement(self) -> Statement:
        """All its rows, by the parameter `subject`."""
        model: Any = self.model
        hangs: sa.ColumnElement[bool] = getattr(model, self.key) == bindparam("subject")
        if self.via is not None:
            parent: Any = self.via
            hangs = getattr(model, self.key).in_(sa.select(parent.id).where(getattr(parent, self.via_key) == bindparam("subject")))
        via = f".{self.via_key}" if self.via else ""
        return prebuilt(sa.select(model).where(hangs).order_by(model.id), f"erasing.{model.__tablename__}.{self.key}{via}")


def _close(grant: AccessGrant) -> None:
    grant.close()


def _year(day: date | None) -> date | None:
    return day and day.replace(month=1, day=1)


def _by_year(row: FamilyMembership | FormerCare | FormerRelationship | VulnerabilityRecord) -> None:
    """Who came with its birth, or left by its death, has the day of it there."""
    names = ("since", "until") if isinstance(row, VulnerabilityRecord) else ("started_on", "ended_on")
    for name in names:
        setattr(row, name, _year(getattr(row, name)))


def _without_holder(certificate: Certificate) -> None:
    holder = {"surname": FORGOTTEN, "given_name": FORGOTTEN, "patronymic": None}
    certificate.snapshot = {**certificate.snapshot, "holder": holder}


def _undone(merge: BeneficiaryMerge, _task: Task) -> bool:
    return merge.undone_at is not None


def _undecided(request: ErasureRequest, _task: Task) -> bool:
    return request.status in (ErasureStatus.REQUESTED, ErasureStatus.APPROVED)


def _of_late(consent: Consent, task: Task) -> bool:
    """What was written within the time for which consents are kept, as all else is, is the ground on which data were shown."""
    return task.delete_before is None or consent.updated_at > task.delete_before


def _about_another(consent: Consent, task: Task) -> bool:
    """A consent that the person gave or took back for somebody else."""
    return consent.beneficiary_id != task.subject or _of_late(consent, task)


CONSENT_NOTES = {"note": None, "witness": None, "refusal_note": None, "withdrawal_note": None}
_HOLDER = {"holder_latin": FORGOTTEN, "holder_cyrillic": FORGOTTEN, "surname": FORGOTTEN, "revocation_reason": None}
_UNDECIDED: dict[str, Any] = {"choices": {}, "replaced": {}, "moved": [], "left_behind": []}
# In the order in which rows can be deleted: what refers to others of them first.
OF_PERSON = (
    Part(AccessGrant, also=_close),
    Part(FormerRelationship, "membership_id", via=FamilyMembership, also=_by_year, stands=always),
    Part(FormerCare, "membership_id", via=FamilyMembership, also=_by_year, stands=always),
    Part(FamilyMembership, clear={"end_note": None}, also=_by_year, stands=always),
    # Whose mother somebody was would tell who it was.
    Part(Kinship, "person_id", goes=always),
    Part(Kinship, "relative_id", goes=always),
    Part(Circumstances, clear=dict.fromkeys(("school", "chronic_conditions", "polyclinic", "papers_note", "citizenship"))),
    Part(VulnerabilityRecord, clear={"evidence": None}, also=_by_year),
    Part(Identifier, goes=always),
    Part(ConsentSubject),
    # That and when somebody agreed is the ground on which the data were kept and shown.
    Part(Consent, clear=CONSENT_NOTES, stands=_of_late, others=True),
    Part(Consent, "given_by_id", clear=CONSENT_NOTES, stands=_about_another, others=True),
    Part(Consent, "withdrawn_by_id", clear=CONSENT_NOTES, stands=_about_another, others=True),
    # Who broke the glass has to answer for it.
    Part(BreakGlass, clear={"reason": FORGOTTEN, "review_note": None}, stands=always),
    Part(Enrollment, clear={"participant_name": FORGOTTEN, "reason": None}, stands=always, lies_with_subject=False),
    Part(Certificate, clear=_HOLDER, also=_without_holder, stands=always, lies_with_subject=False),
    # What a merge wrote down holds names; without it nothing can be given back. One that was undone says whom the person was taken for.
    Part(BeneficiaryMerge, "winner_id", clear=_UNDECIDED, goes=_undone),
    Part(BeneficiaryMerge, "loser_id", clear=_UNDECIDED, goes=_undone),
    # So does a pair. It is kept where a merge refers to it, of two who are both forgotten.
    Part(DuplicateCandidate, "a_id", clear={"note": None}, goes=always),
    Part(DuplicateCandidate, "b_id", clear={"note": None}, goes=always),
    Part(LegalHold, clear={"reason": FORGOTTEN, "release_reason": None}),
    Part(ErasureRequest, clear={"note": None, "refusal_reason": None}, stands=_undecided),
)
"""What hangs on a person."""
OF_FAMILY = (
    Part(AccessGrant, "family_id", also=_close),
    Part(FormerRelationship, "membership_id", via=FamilyMembership, via_key="family_id", stands=always),
    Part(FormerCare, "membership_id", via=FamilyMembership, via_key="family_id", stands=always),
    Part(FamilyMembership, "family_id", clear={"end_note": None}, stands=always),
    Part(FamilyResidence, "family_id", clear={"address": None, "note": None}, stands=always),
    Part(IncomeMonth, "family_id"),
    Part(IncomeRecord, "family_id", clear={"note": None}),
    Part(VulnerabilityRecord, "family_id", clear={"evidence": None}),
    Part(Consent, "family_id", clear=CONSENT_NOTES, stands=_of_late),
)
"""What hangs on a family, of whose members nobody is known any more."""
