"""Organizations, specialists and venues. Bodies are merged and renamed, so they have dates and successors; none is removed."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from app.access.actor import Role
from app.database import Entity, Json, Owned
from app.problems import invalid
from app.uzbek.keys import search_text


class Organization(Entity, table=True):
    """A partner. Its `kind` is the role of everybody in it; accounts hold on to the pair (id, kind)."""

    __tablename__ = "organization"
    __table_args__ = (sa.UniqueConstraint("id", "kind"),)

    kind: Role = Field(sa_type=sa.String(20))
    name_uz_latn: str | None = Field(default=None, max_length=300)
    name_uz_cyrl: str | None = Field(default=None, max_length=300)
    name_ru: str | None = Field(default=None, max_length=300)
    name_en: str | None = Field(default=None, max_length=300)
    parent_id: uuid.UUID | None = Field(default=None, foreign_key="organization.id")
    territory: str = Field(foreign_key="place.soato", max_length=16)
    contacts: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    valid_from: date | None = None
    valid_to: date | None = None
    successor_id: uuid.UUID | None = Field(default=None, foreign_key="organization.id")
    search: str = Field(default="", max_length=2000)

    def check_dates(self) -> None:
        """Invalid when it ends before it begins."""
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise invalid("/valid_to", "before_start", "Lies before valid_from.")


class Specialist(Owned, table=True):
    """A professional of an organization, who attends seminars and tours and sits in groups; may or may not have an account."""

    __tablename__ = "specialist"

    surname: str = Field(max_length=80)
    given_name: str = Field(max_length=80)
    patronymic: str | None = Field(default=None, max_length=80)
    post: str | None = Field(default=None, max_length=200)
    phone_as_written: str | None = Field(default=None, max_length=40)
    phone_e164: str | None = Field(default=None, max_length=16)
    email: str | None = Field(default=None, max_length=254)
    account_id: uuid.UUID | None = Field(default=None, foreign_key="account.id", unique=True)
    active_until: date | None = None
    is_synthetic: bool = Field(default=False)
    search: str = Field(default="", max_length=1000)

    def index(self) -> None:
        """Make it findable by its name as it is now."""
        self.search = search_text(self.surname, self.given_name, self.patronymic)[:1000]


class Venue(Owned, table=True):
    """Where people meet; its territory is where it stands, which need not be the territory that an activity is for."""

    __tablename__ = "venue"

    name_uz_latn: str | None = Field(default=None, max_length=300)
    name_uz_cyrl: str | None = Field(default=None, max_length=300)
    name_ru: str | None = Field(default=None, max_length=300)
    name_en: str | None = Field(default=None, max_length=300)
    address: str | None = Field(default=None, max_length=300)
    search: str = Field(default="", max_length=2000)


def rename(row: Organization | Venue, names: Mapping[str, str | None]) -> None:
    """Set the names that are given, by language, null taking one away, and make the row findable by all it has then.

    Raises Invalid when none would be left.
    """
    for language, name in names.items():
        setattr(row, f"name_{language}", name)
    known = [name for name in (row.name_uz_latn, row.name_uz_cyrl, row.name_ru, row.name_en) if name]
    if not known:
        raise invalid("/names", "missing", "At least one name is needed.")
    row.search = search_text(*known)[:2000]
