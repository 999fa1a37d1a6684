"""Requests and answers about the circumstances of a person."""

import uuid
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias

from babel import Locale
from pydantic import AfterValidator, Field, StringConstraints

from app.beneficiaries.schemas.beneficiaries import PersonNamesRead
from app.circumstances.models import Difficulty, DisabilityStatus, PersonalDocument, SchoolStatus
from app.listing import Listing
from app.schemas import Note, OpenedSince, PastDate, Read, Strict, Within, line, word

# What CLDR knows beyond the official codes of ISO 3166-1: exceptional reservations, unions and unknown regions.
_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """The alpha-2 codes of ISO 3166-1, as Unicode CLDR lists them."""
    # Continents and the like have three digits.
    return frozenset(code for code in map(str, Locale("en").territories) if code.isalpha()) - _NO_COUNTRIES


def _is_country(value: str) -> str:
    if value not in countries():
        raise ValueError("must be an ISO 3166-1 alpha-2 code, such as UZ")
    return value


Answer: TypeAlias = word(Difficulty)  # type: ignore[valid-type]
DisabilityWord: TypeAlias = word(DisabilityStatus)  # type: ignore[valid-type]
SchoolWord: TypeAlias = word(SchoolStatus)  # type: ignore[valid-type]
DocumentWord: TypeAlias = word(PersonalDocument)  # type: ignore[valid-type]
Institution: TypeAlias = line(200)  # type: ignore[valid-type]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$", max_length=2), AfterValidator(_is_country)]
Grade = Annotated[int, Field(ge=1, le=11)]

_SEEING = Field(default=None, description="Seeing, even if wearing glasses.")
_HEARING = Field(default=None, description="Hearing, even if using a hearing aid.")
_WALKING = Field(default=None, description="Walking or climbing steps.")
_REMEMBERING = Field(default=None, description="Remembering or concentrating.")
_SELF_CARE = Field(default=None, description="Self-care, such as washing all over or dressing.")
_COMMUNICATING = Field(default=None, description="Communicating in one's usual language: understanding and being understood.")


class CircumstancesPut(Strict):
    """The whole of what is known of a person; what is left out is emptied. Null means not asked or not known.

    The first six are the Washington Group Short Set on Functioning, for people of 5 years and more; they go with the day on which
    they were asked.
    """

    seeing: Answer | None = _SEEING
    hearing: Answer | None = _HEARING
    walking: Answer | None = _WALKING
    remembering: Answer | None = _REMEMBERING
    self_care: Answer | None = _SELF_CARE
    communicating: Answer | None = _COMMUNICATING
    functioning_assessed_on: PastDate | None = Field(default=None, description="When the six questions were asked.")
    disability_status: DisabilityWord | None = Field(
        default=None, description="As in the person's documents. The certificate's number is not kept here."
    )
    school_status: SchoolWord | None = None
    school: Institution | None = Field(default=None, examples=["12-maktab"])
    grade: Grade | None = Field(default=None, description="The last grade attended.")
    school_since: PastDate | None = Field(default=None, description="Since when `school_status` holds.")
    chronic_conditions: Note | None = Field(default=None, description="In the family's words.")
    polyclinic: Institution | None = None
    immunization_up_to_date: bool | None = None
    citizenship: Country | None = Field(default=None, description="ISO 3166-1 alpha-2.", examples=["UZ"])
    missing_documents: list[DocumentWord] = Field(
        default_factory=list, max_length=len(PersonalDocument), description="Papers that the person should have and has not."
    )
    papers_note: Note | None = None


class CircumstancesUpdate(CircumstancesPut):
    """What is to change; fields left out stay, null empties. `missing_documents` is emptied by an empty list."""


_OF = "Absent for an organization to which no consent opens `{}`."
HEALTH_ONLY, EDUCATION_ONLY, DOCUMENTS_ONLY = (_OF.format(name) for name in ("health", "education", "documents"))


class CircumstancesRead(Read):
    """What is known of a person beside the person's own row. Before anything was recorded: `version` 0, and nothing known."""

    beneficiary_id: uuid.UUID
    names: PersonNamesRead
    territory: str = Field(max_length=16, description="Where the person lives.")
    version: int = Field(ge=0, description="The record's version, also its `ETag`; 0 before anything was recorded.")
    created_at: datetime | None
    updated_at: datetime | None
    seeing: Difficulty | None = Field(default=None, description=HEALTH_ONLY)
    hearing: Difficulty | None = Field(default=None, description=HEALTH_ONLY)
    walking: Difficulty | None = Field(default=None, description=HEALTH_ONLY)
    remembering: Difficulty | None = Field(default=None, description=HEALTH_ONLY)
    self_care: Difficulty | None = Field(default=None, description=HEALTH_ONLY)
    communicating: Difficulty | None = Field(default=None, description=HEALTH_ONLY)
    functioning_assessed_on: date | None = Field(default=None, description=HEALTH_ONLY)
    has_disability: bool | None = Field(
        default=None,
        description="By the recommended cutoff of the Washington Group Short Set: at least one answer is `a_lot_of_difficulty` or "
        f"`cannot_do_at_all`; null where nothing was asked. {HEALTH_ONLY}",
    )
    disability_status: DisabilityStatus | None = Field(default=None, description=f"As in the person's documents. {HEALTH_ONLY}")
    school_status: SchoolStatus | None = Field(default=None, description=EDUCATION_ONLY)
    school: str | None = Field(default=None, max_length=200, description=EDUCATION_ONLY)
    grade: int | None = Field(default=None, ge=1, le=11, description=EDUCATION_ONLY)
    school_since: date | None = Field(default=None, description=EDUCATION_ONLY)
    chronic_conditions: str | None = Field(default=None, max_length=4000, description=HEALTH_ONLY)
    polyclinic: str | None = Field(default=None, max_length=200, description=HEALTH_ONLY)
    immunization_up_to_date: bool | None = Field(default=None, description=HEALTH_ONLY)
    citizenship: str | None = Field(default=None, max_length=2, description=DOCUMENTS_ONLY)
    missing_documents: list[PersonalDocument] | None = Field(
        default=None, max_length=len(PersonalDocument), description=f"Papers that the person should have and has not. {DOCUMENTS_ONLY}"
    )
    papers_note: str | None = Field(default=None, max_length=4000, description=DOCUMENTS_ONLY)


_CONCEALED = "403 `field_concealed` for an organization that does not see it in every row."


class CircumstancesListing(Listing):
    """Filters of the list of circumstances."""

    territory: Within = None
    school_status: Annotated[SchoolStatus | None, Field(description=f"People in this situation. {_CONCEALED}")] = None
    has_disability: Annotated[bool | None, Field(description=f"By the short set's recommended cutoff. {_CONCEALED}")] = None
    disability_status: Annotated[DisabilityStatus | None, Field(description=f"As in their documents. {_CONCEALED}")] = None
    immunization_up_to_date: Annotated[bool | None, Field(description=f"Whether they are immunized in time. {_CONCEALED}")] = None
    missing_document: Annotated[PersonalDocument | None, Field(description=f"People who lack this paper. {_CONCEALED}")] = None
    updated_since: OpenedSince = None
    sort: Literal["created_at", "-created_at", "updated_at", "name"] = "-created_at"
