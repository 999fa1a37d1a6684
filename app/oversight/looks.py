"""Reads of who looked at a person or a family, and through what."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.declare import ORGANIZATION
from app.access.grants import BITS, AccessGrant, DataCategory, to_account, to_organization, to_role
from app.access.guard import prebuilt
from app.access.transaction import Rows, every_row
from app.audit.models import AccessEntry
from app.beneficiaries.models import Beneficiary, Family
from app.consents.models import Consent
from app.database import Entity, UtcDateTime, now
from app.identity.models import Account, ServiceClient
from app.listing import Found, Keyset, Sort, filters_of
from app.oversight.models import BreakGlass
from app.oversight.rows import BEARING, Member, Row, SubjectKind, rows_of
from app.oversight.schemas import MOST_GROUNDS, AccessListing, GroundKind
from app.partners.models import Organization
from app.problems import NotFound
from app.schemas import NamesRead

WRITTEN_WITHIN = timedelta(minutes=1)
"""A look is written down about a second after it, later when the database is busy; what let it in may have closed meanwhile."""
Viewers: TypeAlias = dict[uuid.UUID, tuple[str, str | None]]
"""(name, duty) of accounts, (name, nothing) of service clients, by id."""
_LANGUAGES = tuple(NamesRead.model_fields)


class Seen(NamedTuple):
    """One entry of who looked, as it is stored."""

    id: int
    at: datetime
    actor_id: uuid.UUID
    actor_kind: str
    organization_id: uuid.UUID | None
    operation: str
    times: int
    subject_type: str
    subject_id: uuid.UUID


class Ground(NamedTuple):
    """A grant on a row of the person or family, and through what it was made."""

    id: uuid.UUID
    on: uuid.UUID
    grantee: str
    opens_at: datetime
    closes_at: datetime
    consent_id: uuid.UUID | None
    consent_purpose: str | None
    given_on: date | None
    break_glass_id: uuid.UUID | None
    break_glass_category: str | None
    break_glass_reason: str | None
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of rows that people look at, and how grants speak of it."""

    model: type[Entity]
    grants: Any
    opened_by: DataCategory

    @property
    def table(self) -> str:
        """What it is called where looks are written down."""
        return str(self.model.__tablename__)


PERSON = Subject(Beneficiary, AccessGrant.beneficiary_id, DataCategory.IDENTITY)
FAMILY = Subject(Family, AccessGrant.family_id, DataCategory.HOUSEHOLD)


_MOMENT = UtcDateTime()
_seen = sa.select(
    # In the order of `Seen`.
    *(getattr(AccessEntry, name) for name in ("id", "at", "actor_id", "actor_kind", "organization_id", "through", "times")),
    *(col(AccessEntry.subject_type), col(AccessEntry.subject_id)),
)


def _looked_at(kind: SubjectKind) -> sa.ColumnElement[bool]:
    return sa.and_(col(AccessEntry.subject_type) == kind.value, col(AccessEntry.subject_id).in_(bindparam(f"{kind}_ids", expanding=True)))


# By the ids first, which have an index; an id alone does not tell of what kind its row is, since clients choose ids.
_about = sa.and_(
    col(AccessEntry.subject_id).in_(bindparam("subject_ids", expanding=True)), sa.or_(*(_looked_at(kind) for kind in SubjectKind))
)
_since: sa.ColumnElement[bool] = col(AccessEntry.at) >= bindparam("since", type_=_MOMENT)
_until: sa.ColumnElement[bool] = col(AccessEntry.at) < bindparam("until", type_=_MOMENT)
_ACCESSES = Keyset(
    "access_entry.list",
    _seen,
    key=AccessEntry.id,
    sorts={"at": Sort(AccessEntry.at), "-at": Sort(AccessEntry.at, descending=True)},
    filters={"subject": _about, "since": _since, "until": _until, "organization_id": col(AccessEntry.organization_id) == bindparam("of")},
    shape=lambda row: {"seen": Seen(*row[: len(Seen._fields)])},
)
_NEWEST = prebuilt(
    _seen.where(_about, _since, _until).order_by(col(AccessEntry.at).desc(), col(AccessEntry.id).desc()).limit(bindparam("most")),
    "access_entry.newest",
)


def _own(model: type[Any], *columns: Any) -> sa.Select[Any]:
    """A row that the caller's own organization registered, whatever is open to the caller beside; the id tells that it was looked at."""
    return sa.select(model.id, *columns).where(model.id == bindparam("id"), model.organization_id == ORGANIZATION)


_OWN = {
    PERSON.table: prebuilt(_own(Beneficiary, Beneficiary.name_latin, Beneficiary.name_cyrillic), "beneficiary.own"),
    FAMILY.table: prebuilt(_own(Family, Family.number), "family.own"),
}


def _grounds(subject: Subject) -> Any:
    """All grants on some rows that opened them at some time between two moments."""
    grant: list[Any] = [AccessGrant.id, subject.grants, AccessGrant.grantee, AccessGrant.opens_at, AccessGrant.closes_at]
    consent: list[Any] = [Consent.id, Consent.purpose, Consent.given_on]
    glass: list[Any] = [BreakGlass.id, BreakGlass.category, BreakGlass.reason, BreakGlass.verdict]
    statement = (
        sa.select(*grant, *consent, *glass)
        .select_from(AccessGrant)
        .outerjoin(Consent, col(Consent.id) == AccessGrant.source_id)
        .outerjoin(BreakGlass, col(BreakGlass.id) == AccessGrant.source_id)
        .where(
            subject.grants.in_(bindparam("subject_ids", expanding=True)),
            col(AccessGrant.opens_at) <= bindparam("newest", type_=_MOMENT),
            col(AccessGrant.closes_at) > bindparam("oldest", type_=_MOMENT),
            col(AccessGrant.categories).bitwise_and(BITS[subject.opened_by]) != 0,
        )
        .order_by(col(AccessGrant.opens_at), col(AccessGrant.id))
    )
    return prebuilt(statement, f"access_grant.of_{subject.table}")


_GROUNDS = {subject.table: _grounds(subject) for subject in (PERSON, FAMILY)}
_ORGANIZATIONS = prebuilt(
    sa.select(Organization.id, Organization.kind, *(getattr(Organization, f"name_{language}") for language in _LANGUAGES)).where(  # type: ignore[call-overload]
        col(Organization.id).in_(bindparam("ids", expanding=True))
    ),
    "organization.of_viewers",
)
_NAMES = {
    "account": prebuilt(
        sa.select(Account.id, Account.name, Account.duty).where(col(Account.id).in_(bindparam("ids", expanding=True))),  # type: ignore[call-overload]
        "account.of_viewers",
    ),
    "client": prebuilt(
        sa.select(ServiceClient.id, ServiceClient.name).where(col(ServiceClient.id).in_(bindparam("ids", expanding=True))),  # type: ignore[call-overload]
        "service_client.of_viewers",
    ),
}


@dataclass(frozen=True, slots=True)
class Looks:
    """Entries about one person or family, or about a family and its members, with all that explains them."""

    seen: Sequence[Seen]
    rows: Sequence[Row]
    owner: uuid.UUID | None
    organizations: Mapping[uuid.UUID | None, tuple[str, dict[str, str | None]]]
    grants: Sequence[Ground]
    # What each viewer's grants on a row are, since one viewer looks many times.
    _of: dict[tuple[uuid.UUID, uuid.UUID | None, uuid.UUID], list[Ground]] = field(default_factory=dict)

    def names_of(self, organization_id: uuid.UUID | None) -> dict[str, str | None] | None:
        """The names of a viewer's organization by language."""
        found = self.organizations.get(organization_id)
        return found and found[1]

    def is_own(self, one: Seen) -> bool:
        """Whether the viewer belongs to the organization that registered the row."""
        return one.organization_id == self.owner

    def grants_of(self, one: Seen) -> list[Ground]:
        """The grants that let this viewer in to that row at that moment; else those that had closed just before it was written down."""
        viewer = (one.actor_id, one.organization_id, one.subject_id)
        if viewer not in self._of:
            called = {to_account(one.actor_id)}
            if one.organization_id and one.organization_id in self.organizations:
                called |= {to_organization(one.organization_id), to_role(self.organizations[one.organization_id][0])}
            self._of[viewer] = [grant for grant in self.grants if grant.grantee in called and grant.on == one.subject_id]
        mine = [grant for grant in self._of[viewer] if grant.opens_at <= one.at]
        return [grant for grant in mine if grant.closes_at > one.at] or [
            grant for grant in mine if grant.closes_at > one.at - WRITTEN_WITHIN
        ]


def _looks(db: Rows, rows: Sequence[Row], seen: Sequence[Seen], owner: uuid.UUID | None) -> Looks:
    ids = {one.organization_id for one in seen if one.organization_id} | ({owner} if owner else set())
    found = db.rows(_ORGANIZATIONS, {"ids": list(ids)})
    organizations = {row[0]: (str(row[1]), dict(zip(_LANGUAGES, row[2:], strict=True))) for row in found}
    grants: list[Ground] = []
    for table, statement in _GROUNDS.items():
        if strangers := [one for one in seen if one.organization_id != owner and one.subject_type == table]:
            moments = [one.at for one in strangers]
            window = {"newest": max(moments), "oldest": min(moments) - WRITTEN_WITHIN}
            grants += [Ground(*row) for row in db.rows(statement, {"subject_ids": list({one.subject_id for one in strangers}), **window})]
    return Looks(seen, rows, owner, organizations, grants)


def own(db: Rows, subject: Subject, key: uuid.UUID) -> Sequence[Any]:
    """The row, if the caller's own organization registered it; NotFound."""
    found = db.rows(_OWN[subject.table], {"id": key})
    if not found:
        raise NotFound
    return found[0]


def _rows(db: Rows, subject: Subject, key: uuid.UUID, members: Sequence[Member] = ()) -> tuple[Sequence[Row], dict[str, Any]]:
    """The rows whose looks are told of with one, and the parameters of `_about`."""
    family = [] if subject is PERSON else [Row(SubjectKind(subject.table), key, now(), key)]
    people = [key] if subject is PERSON else list({member.id for member in members})
    rows = [*family, *(rows_of(db, people) if people else ())]
    ids = {f"{kind}_ids": list({row.id for row in rows if row.kind == kind}) for kind in SubjectKind}
    return rows, {**ids, "subject_ids": list({row.id for row in rows})}


def accesses(db: Rows, subject: Subject, key: uuid.UUID, listing: AccessListing, *, owner: uuid.UUID | None) -> Found:
    """A page of who looked at a row of the caller's own organization. With a person those are told who looked at the rows that were merged
    into it, at its certificates and at its enrollments. NotFound for a row of others.
    """
    own(db, subject, key)
    values: dict[str, Any] = filters_of(listing, "since", "until") | {"subject": {"of_table": subject.table, "of_id": key}}
    if listing.organization_id:
        values["organization_id"] = {"of": listing.organization_id}
    # Whoever looked may be of another organization, whose accounts are not the caller's to read, and what was looked at may lie elsewhere;
    # who it was and what it was is what this is about.
    with every_row():
        rows, about = _rows(db, subject, key)
        found = _ACCESSES.page(db, listing, values, beside=about)
        looks = _looks(db, rows, [item["seen"] for item in found.items], owner)
        known = _viewers(db, looks)
    found.items = [_access(looks, one, known) for one in looks.seen]
    return found


def newest(
    db: Rows,
    subject: Subject,
    key: uuid.UUID,
    members: Sequence[Member],
    *,
    since: datetime,
    until: datetime,
    owner: uuid.UUID | None,
    most: int,
) -> tuple[Looks, Viewers]:
    """The newest looks between two moments, at most so many, and who looked: as `accesses`, for a row that `own` has; with a family at its
    members, whenever that was.
    """
    with every_row():
        rows, about = _rows(db, subject, key, members)
        given = {**about, "since": since, "until": until, "most": most}
        looks = _looks(db, rows, [Seen(*row) for row in db.rows(_NEWEST, given)], owner)
        return looks, _viewers(db, looks)


def _viewers(db: Rows, looks: Looks) -> Viewers:
    by_kind: dict[str, set[uuid.UUID]] = {}
    for one in looks.seen:
        by_kind.setdefault(one.actor_kind, set()).add(one.actor_id)
    found: Viewers = {}
    for kind in sorted(by_kind.keys() & _NAMES.keys()):
        for row in db.rows(_NAMES[kind], {"ids": list(by_kind[kind])}):
            found[row[0]] = (row[1], row[2] if kind == "account" else None)
    return found


def _access(looks: Looks, one: Seen, known: Viewers) -> dict[str, Any]:
    names, (name, duty) = looks.names_of(one.organization_id), known.get(one.actor_id, (None, None))
    viewer = {"id": one.actor_id, "kind": one.actor_kind, "name": name, "duty": duty, "organization_id": one.organization_id}
    return {
        "id": one.id,
        "at": one.at,
        "viewer": {**viewer, "organization_names": names},
        "subject": {"kind": one.subject_type, "id": one.subject_id},
        "operation": one.operation,
        "times": one.times,
        "grounds": _grounds_of(looks, one),
    }


def _grounds_of(looks: Looks, one: Seen) -> list[dict[str, Any]]:
    if looks.is_own(one):
        return [_ground(GroundKind.OWN_ORGANIZATION)]
    if one.subject_type in BEARING:
        return [_ground(GroundKind.ACTIVITY)]
    granted = looks.grants_of(one)[:MOST_GROUNDS]
    return [_ground(GroundKind.BREAK_GLASS if grant.break_glass_id else GroundKind.CONSENT, grant) for grant in granted]


def _ground(kind: GroundKind, grant: Ground | None = None) -> dict[str, Any]:
    told = ("consent_id", "consent_purpose", "break_glass_id", "break_glass_category", "break_glass_reason")
    return {"kind": kind, "grant_id": grant and grant.id, **{field: grant and getattr(grant, field) for field in told}}
