"""Requests and answers about organizations, specialists and venues."""

import uuid
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from app.access.actor import Role
from app.listing import Listing
from app.phones import LONGEST
from app.schemas import (
    Email,
    EntityRead,
    Id,
    IsoDate,
    Name,
    Names,
    NamesChange,
    NamesRead,
    NewId,
    Read,
    Strict,
    Territory,
    Within,
    Words,
    kept,
    line,
    word,
)

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST, pattern=r"^[^\r\n\t]+$"),
    Field(description="As people write it; kept as it is.", examples=["(71) 123-45-67"]),
]
PHONE_READ = "As it was written."
E164_READ = "The same number in E.164, as far as it could be read from what was written; null where it could not, or where there is none."


class ContactWrite(Strict):
    """Whom to reach at work: a person, a post or an office. Partners see it; give no private number."""

    name: line(200) | None = None  # type: ignore[valid-type]
    post: line(200) | None = None  # type: ignore[valid-type]
    phone: Phone | None = None
    emails: list[Email] = Field(default=[], max_length=10)


def _says_something(contact: ContactWrite) -> ContactWrite:
    if not any(contact.model_dump().values()):
        raise ValueError("needs a name, a post, a phone or an e-mail")
    return contact


class ContactRead(Read):
    """Whom to reach at work."""

    name: str | None = Field(max_length=200)
    post: str | None = Field(max_length=200)
    phone: str | None = Field(max_length=LONGEST, description=PHONE_READ)
    phone_e164: str | None = Field(max_length=16, description=E164_READ)
    emails: list[Annotated[str, Field(max_length=254)]] = Field(max_length=10)


_Contacts = Annotated[
    list[Annotated[ContactWrite, AfterValidator(_says_something)]],
    Field(max_length=20, description="Published work contacts; every partner sees them."),
]


class OrganizationCreate(Strict):
    """A partner organization; `kind` becomes the role of everybody in it."""

    id: NewId = None
    kind: word(Role)  # type: ignore[valid-type]
    names: Names
    parent_id: Id | None = None
    territory: Territory
    contacts: _Contacts = Field(default=[])
    valid_from: IsoDate | None = Field(default=None, description="First day; null where it is not known. Before it nobody is let in.")
    valid_to: IsoDate | None = Field(default=None, description="Last day; null while it exists. After it nobody is let in.")
    successor_id: Id | None = Field(default=None, description="The organization that took over when this one ended.")


class OrganizationUpdate(Strict):
    """What is to change; fields left out stay, null empties. `contacts` are replaced as a whole, `names` language by language."""

    kind: word(Role) = kept()  # type: ignore[valid-type]
    names: NamesChange = kept()
    parent_id: Id | None = None
    territory: Territory = kept()
    contacts: _Contacts = kept()
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    successor_id: Id | None = None


class OrganizationRead(EntityRead):
    """A partner organization. Bodies are merged and renamed: it has dates and a successor and is never removed."""

    kind: Role
    names: NamesRead
    parent_id: uuid.UUID | None
    territory: str = Field(max_length=16)
    contacts: list[ContactRead] = Field(max_length=20)
    valid_from: date | None = Field(description="First day; null where it is not known. Before it nobody is let in.")
    valid_to: date | None = Field(description="Last day; null while it exists. After it nobody is let in.")
    successor_id: uuid.UUID | None


class OrganizationListing(Listing):
    """Filters of the directory of organizations."""

    q: Words = None
    kind: Annotated[Role | None, Field(description="Organizations of this kind.")] = None
    territory: Within = None
    on: Annotated[IsoDate | None, Field(description="Organizations that existed on this day; open dates count as existing.")] = None
    sort: Literal["relevance", "created_at", "-created_at"] = "created_at"


class SpecialistCreate(Strict):
    """A professional of one's own organization, with work contacts; other organizations see them."""

    id: NewId = None
    surname: Name
    given_name: Name
    patronymic: Name | None = None
    post: line(200) | None = None  # type: ignore[valid-type]
    territory: Territory
    phone: Phone | None = None
    email: Email | None = None
    active_until: IsoDate | None = Field(default=None, description="Last day in the organization; null while it lasts.")


class SpecialistUpdate(Strict):
    """What is to change; fields left out stay, null empties."""

    surname: Name = kept()
    given_name: Name = kept()
    patronymic: Name | None = None
    post: line(200) | None = None  # type: ignore[valid-type]
    territory: Territory = kept()
    phone: Phone | None = None
    email: Email | None = None
    active_until: IsoDate | None = None


class SpecialistRead(EntityRead):
    """A professional of an organization. The name stands in the script it was entered in."""

    organization_id: uuid.UUID
    territory: str = Field(max_length=16)
    surname: str = Field(max_length=80)
    given_name: str = Field(max_length=80)
    patronymic: str | None = Field(max_length=80)
    post: str | None = Field(max_length=200)
    phone: str | None = Field(max_length=LONGEST, description=PHONE_READ)
    phone_e164: str | None = Field(max_length=16, description=E164_READ)
    email: str | None = Field(max_length=254)
    active_until: date | None = Field(description="Last day in the organization; null while it lasts.")
    is_synthetic: bool = Field(description="Made up for demonstration; no such person exists.")


class SpecialistListing(Listing):
    """Filters of the directory of specialists."""

    q: Words = None
    organization_id: Annotated[Id | None, Field(description="Specialists of this organization.")] = None
    territory: Within = None
    on: Annotated[IsoDate | None, Field(description="Specialists who were in their organization still on this day.")] = None
    sort: Literal["relevance", "surname", "-surname", "created_at", "-created_at"] = "surname"


class VenueCreate(Strict):
    """A place where one's own organization holds activities. Its territory is where it stands."""

    id: NewId = None
    names: Names
    territory: Territory
    address: line(300) | None = None  # type: ignore[valid-type]


class VenueUpdate(Strict):
    """What is to change; fields left out stay, null empties; `names` language by language."""

    names: NamesChange = kept()
    territory: Territory = kept()
    address: line(300) | None = None  # type: ignore[valid-type]


class VenueRead(EntityRead):
    """A place where activities are held."""

    organization_id: uuid.UUID
    territory: str = Field(max_length=16)
    names: NamesRead
    address: str | None = Field(max_length=300)


class VenueListing(Listing):
    """Filters of the list of venues."""

    q: Words = None
    organization_id: Annotated[Id | None, Field(description="Venues of this organization.")] = None
    territory: Within = None
    sort: Literal["relevance", "created_at", "-created_at"] = "created_at"


def with_names(row: dict[str, Any]) -> dict[str, Any]:
    """A row of columns as it is answered, its names by language under `names`."""
    names = {language: row.pop(f"name_{language}") for language in NamesRead.model_fields}
    return {**row, "names": names}
