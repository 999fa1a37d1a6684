"""Requests and answers about certificates."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from app.certificates.models import CertificateKind, CertificateStatus, RevocationCategory
from app.certificates.number import LONGEST_TYPED, shown
from app.certificates.snapshot import Signature, Snapshot
from app.listing import Listing
from app.participation.schemas import PartialDateRead, Participant
from app.schemas import EntityRead, Id, IsoDate, NamesRead, Read, Strict, UpdatedSince, line, word
from app.settings import settings

_NUMBER = Field(
    description="As it is printed; typed in, spaces, dashes and lower case do not matter.", max_length=14, examples=["7K3M-9QXR-2H04"]
)


def verify_url(number: str) -> str:
    """The page where anybody can check a certificate; it stands in the QR code."""
    return f"{settings().base_url}/v/{shown(number)}"


# --- issuing ----------------------------------------------------------------------------------------------------------------
class CertificatesIssue(Strict):
    """Whether to issue, or only to say what would be issued."""

    dry_run: bool = Field(description="`true`: nothing is written, the answer says what would happen.")


class OutcomeReason(Read):
    """Why a participant gets no certificate."""

    code: str = Field(
        description="A criterion of completion that is not met, as in the training's completions; or `training_not_completed`, "
        "`participant_not_visible` (outside your territory), `participant_forgotten`, `name_too_long`, `revoked_for_good`.",
        max_length=60,
    )
    details: dict[str, Any] = Field(
        description="The numbers of a criterion; `training_not_completed` {status}; `revoked_for_good` {certificate_id, category}.",
        max_length=10,
    )


class OutcomeWarning(Read):
    """What is to be known of a certificate that was, or would be, issued all the same."""

    code: Literal["not_printable"] = Field(
        description="It is in force and can be checked by its number, but its PDF answers 409 `not_printable`."
    )
    details: dict[str, Any] = Field(
        description="`part`: the part of the sheet, such as `holder`; `fault`: `no_form_on_paper` (one of its characters) or `too_long`.",
        max_length=10,
    )


class CertificateOutcome(Read):
    """What issuing meant for one enrollment."""

    enrollment_id: uuid.UUID
    participant: Participant
    outcome: Literal["issued", "already_issued", "not_eligible"]
    reasons: list[OutcomeReason] = Field(
        description="Why not eligible. With `already_issued`: what is not met any more, because a record was corrected since.",
        max_length=10,
    )
    warnings: list[OutcomeWarning] = Field(
        description="With `issued`, in a dry run too: what will be wrong with the certificate. Correct it before you issue.", max_length=10
    )
    certificate_id: uuid.UUID | None = Field(description="The valid certificate; null where there is none, in a dry run too.")


class OutcomeCounts(Read):
    """Outcomes by kind."""

    issued: int = Field(description="In a dry run: what would be issued.", ge=0)
    already_issued: int = Field(ge=0)
    not_eligible: int = Field(ge=0)


class CertificatesIssued(Read):
    """What issuing meant for every enrollment, whatever its state."""

    dry_run: bool
    counts: OutcomeCounts
    outcomes: list[CertificateOutcome] = Field(max_length=10_000)


# --- certificates -----------------------------------------------------------------------------------------------------------
class CertificateRevoke(Strict):
    """Why a certificate is declared void; the category is shown to anybody who checks it, the reason is not."""

    category: word(RevocationCategory)  # type: ignore[valid-type]
    reason: line(500)  # type: ignore[valid-type]


class CertificateRead(EntityRead):
    """A certificate with all that is printed on it, as it was when it was issued."""

    number: str = _NUMBER
    kind: CertificateKind
    status: CertificateStatus
    organization_id: uuid.UUID = Field(description="The organization that issued it.")
    territory: str = Field(max_length=16)
    roster_id: uuid.UUID
    enrollment_id: uuid.UUID
    beneficiary_id: uuid.UUID | None
    specialist_id: uuid.UUID | None
    holder_latin: str = Field(
        description="Surname, given name and patronymic; as they were entered where this alphabet lacks one of their letters.",
        max_length=500,
    )
    holder_cyrillic: str = Field(description="The same in Cyrillic. Where both are equal, the name is printed once.", max_length=500)
    issuer: NamesRead
    title: NamesRead
    hours: int | None = Field(ge=1)
    starts_on: PartialDateRead
    ends_on: PartialDateRead | None
    place: NamesRead | None = Field(description="Where it was held.")
    signers: list[Signature] = Field(max_length=10)
    template_version: int = Field(ge=1)
    issued_on: date = Field(description="The day in Uzbekistan.")
    revoked_at: datetime | None
    revocation_category: RevocationCategory | None
    revocation_reason: str | None = Field(max_length=500)
    superseded_by_id: uuid.UUID | None
    is_synthetic: bool = Field(description="Of an invented person of the demonstration data; its prints are marked as specimens.")
    verify_url: str = Field(description="Where anybody can check it.", max_length=300)

    @staticmethod
    def shape(row: dict[str, Any]) -> dict[str, Any]:
        """A row as it is answered."""
        found = {**row, **printed(Snapshot.model_validate(row["snapshot"]))}
        found |= {"number": shown(row["number"]), "verify_url": verify_url(row["number"])}
        return {name: found[name] for name in CertificateRead.model_fields}


def printed(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot's words and figures under the names of the answers."""
    found: dict[str, Any] = snapshot.model_dump(include={"issuer", "title", "hours", "place", "signers"})
    starts = PartialDateRead(date=snapshot.starts_on, precision=snapshot.starts_precision)
    ends = snapshot.ends_on and PartialDateRead(date=snapshot.ends_on, precision=snapshot.ends_precision or snapshot.starts_precision)
    return {**found, "starts_on": starts.model_dump(), "ends_on": ends.model_dump() if ends else None}


class CertificateListing(Listing):
    """Filters of the list of certificates."""

    roster_id: Annotated[Id | None, Field(description="Certificates of one activity: its `roster_id`.")] = None
    training_id: Annotated[Id | None, Field(description="Certificates of this training.")] = None
    beneficiary_id: Annotated[Id | None, Field(description="Certificates of this beneficiary.")] = None
    specialist_id: Annotated[Id | None, Field(description="Certificates of this specialist.")] = None
    status: Annotated[CertificateStatus | None, Field(description="Certificates in this state.")] = None
    number: Annotated[str | None, Field(description="The number, typed in any form.", min_length=1, max_length=LONGEST_TYPED)] = None
    issued_from: Annotated[IsoDate | None, Field(description="Issued on this day or later.")] = None
    issued_until: Annotated[IsoDate | None, Field(description="Issued on this day or earlier.")] = None
    updated_since: UpdatedSince = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


# --- what anybody can check -------------------------------------------------------------------------------------------------
class MaskedNameRead(Read):
    """The first letters of surname, given name and patronymic, in both scripts; how long they are is not told."""

    latin: str = Field(max_length=40, examples=["Gʻ*** H*** Q***"])
    cyrillic: str = Field(max_length=40, examples=["Ғ*** Ҳ*** Қ***"])


class RevocationRead(Read):
    """When and why a certificate was declared void."""

    on: date = Field(description="The day in Uzbekistan.")
    category: RevocationCategory
    label: str = Field(description="The category in words, in the language of `Accept-Language`.", max_length=200)


class VerificationRead(Read):
    """What anybody may know about a certificate: enough to hold it against the paper."""

    number: str = _NUMBER
    status: CertificateStatus
    holder: MaskedNameRead
    issuer: NamesRead
    title: NamesRead
    hours: int | None = Field(ge=1)
    starts_on: PartialDateRead
    ends_on: PartialDateRead | None
    issued_on: date = Field(description="The day in Uzbekistan.")
    revocation: RevocationRead | None
    is_specimen: bool = Field(description="Of an invented person; it certifies nothing.")
    page: str = Field(description="The same as a page for people.", max_length=300)


class SurnameCheck(Strict):
    """A surname to compare, in any script."""

    surname: line(80)  # type: ignore[valid-type]


class SurnameCheckRead(Read):
    """Whether the surname is the holder's."""

    number: str = _NUMBER
    status: CertificateStatus
    matches: bool = Field(description="Compared without regard to script, apostrophes and case.")
