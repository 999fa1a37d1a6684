"""Who was let in to whose data, to which categories of it, until when and through what: the one table that every row rule beyond
"registered by us" reads. A grant is never deleted, so that it can be told later through what somebody looked.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import Field, col

from app.access.actor import Actor, visiting
from app.access.declare import Criterion, Rows, declare, either, organization_is, same_for_all
from app.database import Entity, UtcDateTime, now

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a grant closes that has no end yet."""


class DataCategory(StrEnum):
    """What a consent can open, part by part. `identity` opens a person's row, `household` a family's."""

    IDENTITY = "identity"
    CONTACT = "contact"
    HOUSEHOLD = "household"
    EDUCATION = "education"
    HEALTH = "health"
    VULNERABILITY = "vulnerability"
    DOCUMENTS = "documents"


BITS = {category: 1 << place for place, category in enumerate(DataCategory)}
"""A set of categories is stored as the sum of their bits, so that the database can unite several grants."""
INTERNAL = 1 << 29
"""The registering organization's own notes, which no grant opens."""
EVERYTHING = (1 << 30) - 1
"""What the registering organization itself may see."""


def bits_of(categories: Iterable[DataCategory]) -> int:
    """The categories as a number."""
    return sum({BITS[category] for category in categories})


def categories_of(bits: int) -> list[DataCategory]:
    """The categories in a number, in their order."""
    return [category for category, bit in BITS.items() if bits & bit]


class GrantSource(StrEnum):
    """Through what somebody was let in."""

    CONSENT = "consent"
    BREAK_GLASS = "break_glass"


class AccessGrant(Entity, table=True):
    """One subject's data opened to one grantee: `organization:<id>`, `role:<role>` or `account:<id>`.

    `organization_id` is the subject's own organization. `membership_id`, where it is set, is the membership through which a family's
    consent covers the person: the grant ends with it.
    """

    __tablename__ = "access_grant"
    __table_args__ = (
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (family_id IS NULL)", name="exactly_one_subject"),
        sa.CheckConstraint("closes_at >= opens_at", name="closes_after_opening"),
        sa.Index("ix_access_grant_beneficiary_id", "beneficiary_id"),
        sa.Index("ix_access_grant_family_id", "family_id"),
        sa.Index("ix_access_grant_membership_id", "membership_id"),
        sa.Index("ix_access_grant_source_id", "source_id"),
        sa.Index("ix_access_grant_grantee", "grantee", "closes_at"),
    )

    organization_id: uuid.UUID = Field(foreign_key="organization.id")
    beneficiary_id: uuid.UUID | None = Field(default=None, foreign_key="beneficiary.id")
    family_id: uuid.UUID | None = Field(default=None, foreign_key="family.id")
    grantee: str = Field(max_length=60)
    categories: int
    source: GrantSource = Field(sa_type=sa.String(20))
    source_id: uuid.UUID
    membership_id: uuid.UUID | None = Field(default=None, foreign_key="family_membership.id")
    opens_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime = Field(sa_type=UtcDateTime)

    def close(self, at: datetime | None = None) -> None:
        """From this moment on, or from a later one on, it opens nothing; one that was to open after that never will. What was open stays
        told as it was, so a moment that has passed is this one; and nothing is open for longer than before.
        """
        moment = now()
        self.closes_at = min(self.closes_at, max(at or moment, moment, self.opens_at))


def to_organization(organization_id: uuid.UUID) -> str:
    """The grantee that is one organization."""
    return f"organization:{organization_id}"


def to_role(role: str) -> str:
    """The grantee that is every organization of a kind, each in its own territory."""
    return f"role:{role}"


def to_account(account_id: uuid.UUID) -> str:
    """The grantee that is one person."""
    return f"account:{account_id}"


def _grantee(kind: str, value: str) -> sa.BindParameter[str]:
    def mine() -> str:
        return f"{kind}:{getattr(visiting.get().actor, value)}"

    return bindparam(f"acting_{kind}_grantee", callable_=mine, type_=sa.String())


GRANTEES = (_grantee("organization", "organization_id"), _grantee("role", "role"), _grantee("account", "id"))
"""All that the actor may be called in a grant."""
MOMENT = bindparam("acting_moment", callable_=now, type_=UtcDateTime())
"""When the statement runs."""


def to_me(_actor: Actor) -> sa.ColumnElement[bool]:
    """Grants to the actor, whether open or not."""
    return col(AccessGrant.grantee).in_(GRANTEES)


def granted(key: object, subject: object, *categories: DataCategory) -> Criterion:
    """Rows whose `key` is, in the grants' column `subject`, what an open grant opens one of these categories of to the actor."""

    def rule(actor: Actor) -> sa.ColumnElement[bool]:
        is_open = sa.and_(col(AccessGrant.opens_at) <= MOMENT, col(AccessGrant.closes_at) > MOMENT)
        covers = col(AccessGrant.categories).bitwise_and(sa.literal_column(str(bits_of(categories)))) != sa.literal_column("0")
        found: sa.ColumnElement[bool] = key.in_(sa.select(subject).where(to_me(actor), is_open, covers))  # type: ignore[attr-defined, call-overload]
        return found

    return rule


def turned_since(since: sa.BindParameter[datetime], *subjects: tuple[object, object]) -> sa.ColumnElement[bool]:
    """Whether a grant to the actor began or ended between `since` and now: the row itself need not have changed, and shows the actor more
    or less than before all the same. `subjects` are columns of grants, each with what it is in the row.
    """

    def passed(moment: Any) -> sa.ColumnElement[bool]:
        return sa.and_(moment >= since, moment <= MOMENT)

    turned = sa.or_(passed(col(AccessGrant.opens_at)), passed(col(AccessGrant.closes_at)))
    found = (sa.select(col(AccessGrant.id)).where(col(AccessGrant.grantee).in_(GRANTEES), turned, name == key) for name, key in subjects)  # type: ignore[arg-type]
    return sa.or_(*(sa.exists(one.correlate_except(AccessGrant)) for one in found))


_owned = organization_is(AccessGrant.organization_id)
declare(AccessGrant, rows=same_for_all(Rows(either(_owned, to_me), write=_owned)))
