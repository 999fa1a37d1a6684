"""Requests and answers about kinship."""

import uuid
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from app.beneficiaries.schemas.beneficiaries import OWN_ONLY, PersonNamesRead
from app.kinship.models import KinshipKind
from app.listing import Listing
from app.schemas import EntityRead, Id, NewId, Note, OpenedSince, PastDate, Read, Strict, kept, word

KindWord: TypeAlias = word(KinshipKind)  # type: ignore[valid-type]
_LEGAL = "Whether it is so by law: by birth or adoption, by a guardianship act, by a registered marriage."


class KinshipCreate(Strict):
    """`person_id` is the `kind` of `relative_id`; for siblings and spouses the order of the two does not matter."""

    id: NewId = None
    person_id: Id
    relative_id: Id
    kind: KindWord
    is_legal: bool = Field(description=_LEGAL)
    started_on: PastDate | None = None
    note: Note | None = None


class KinshipUpdate(Strict):
    """What is to change; fields left out stay, null empties. Whose kinship it is and of which kind does not change: end it."""

    is_legal: bool = kept()
    started_on: PastDate | None = None
    note: Note | None = None


class KinshipEnd(Strict):
    """When it ended."""

    ended_on: PastDate | None = Field(default=None, description="The first day without it. Today if it is left out.")


class RelativeRead(Read):
    """One of the two persons."""

    id: uuid.UUID
    names: PersonNamesRead


class KinshipRead(EntityRead):
    """`person` is the `kind` of `relative`. Of siblings and spouses the one with the smaller id is `person`."""

    organization_id: uuid.UUID = Field(description="The organization that recorded it.")
    person: RelativeRead
    relative: RelativeRead
    kind: KinshipKind
    is_legal: bool = Field(description=_LEGAL)
    started_on: date | None
    ended_on: date | None
    note: str | None = Field(default=None, max_length=4000, description=OWN_ONLY)


class KinshipListing(Listing):
    """Filters of the list of kinships."""

    beneficiary_id: Annotated[Id | None, Field(description="Of this person, whichever of the two it is.")] = None
    kind: Annotated[KinshipKind | None, Field(description="Of this kind.")] = None
    updated_since: OpenedSince = None
    sort: Literal["created_at", "-created_at", "updated_at"] = "-created_at"
