"""Reads of consents, of whom they cover, and of who may see what right now."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.declare import ORGANIZATION
from app.access.fetch import Single
from app.access.fields import coverage
from app.access.grants import FOREVER, MOMENT, AccessGrant, categories_of
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, full_years
from app.consents.models import Consent, ConsentRecipient, ConsentStatus, ConsentSubject, lapsed
from app.consents.schemas import ConsentListing, ConsentRead
from app.days import today
from app.listing import Found, Keyset, Sort, by_age, filters_of, since_filters, since_of
from app.partners.models import Organization
from app.problems import NotFound
from app.schemas import NamesRead

_PARTS = ("recipients", "covers", "not_covered")
_COLUMNS = tuple(name for name in ConsentRead.model_fields if name not in _PARTS)
_ORGANIZATION_NAMES = [getattr(Organization, f"name_{language}") for language in NamesRead.model_fields]
_DAY = bindparam("day", type_=sa.Date())
_consents = sa.select(*(getattr(Consent, name) for name in _COLUMNS), coverage(Consent, beneficiary=Consent.beneficiary_id))
_given: sa.ColumnElement[bool] = col(Consent.status) == ConsentStatus.GIVEN
_ended = sa.and_(_given, col(Consent.last_day) < _DAY)


def _names(recipient: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return col(Consent.id).in_(sa.select(col(ConsentRecipient.consent_id)).where(recipient))


_covered = sa.and_(col(ConsentSubject.beneficiary_id) == bindparam("beneficiary_id"), col(ConsentSubject.reason).is_(None))
_ONE = Single("consent.one", _consents, Consent.id)
_CONSENTS = Keyset(
    "consent.list",
    _consents,
    key=Consent.id,
    # Without an end they come last, after every day that a calendar has.
    sorts={
        **by_age(Consent),
        "updated_at": Sort(Consent.updated_at),
        "last_day": Sort(sa.func.coalesce(Consent.last_day, sa.literal(date.max, sa.Date()))),
    },
    filters={
        "beneficiary_id": col(Consent.id).in_(sa.select(col(ConsentSubject.consent_id)).where(_covered)),
        "family_id": col(Consent.family_id) == bindparam("family_id"),
        "status": col(Consent.status) == bindparam("status"),
        "in_force": sa.and_(_given, sa.or_(col(Consent.last_day).is_(None), col(Consent.last_day) >= _DAY)),
        "expired": sa.or_(col(Consent.status) == ConsentStatus.EXPIRED, _ended),
        "purpose": col(Consent.purpose) == bindparam("purpose"),
        "recipient": _names(col(ConsentRecipient.organization_id) == bindparam("recipient")),
        "recipient_kind": _names(col(ConsentRecipient.kind) == bindparam("recipient_kind")),
        "expires_before": sa.and_(_given, col(Consent.last_day) < bindparam("expires_before")),
        **since_filters(Consent, (AccessGrant.source_id, Consent.id)),
    },
)
_RECIPIENTS = prebuilt(
    sa.select(col(ConsentRecipient.consent_id), col(ConsentRecipient.organization_id), col(ConsentRecipient.kind), *_ORGANIZATION_NAMES)
    .outerjoin(Organization, col(Organization.id) == col(ConsentRecipient.organization_id))
    .where(col(ConsentRecipient.consent_id).in_(bindparam("ids", expanding=True)))
    .order_by(col(ConsentRecipient.kind).is_not(None), col(ConsentRecipient.kind), col(ConsentRecipient.organization_id)),
    "consent.recipients",
)
# The person's own id rather than the column that refers to it, so that it is recorded who was looked at.
_PEOPLE = prebuilt(
    sa.select(
        col(ConsentSubject.consent_id),
        col(Beneficiary.id),
        col(ConsentSubject.membership_id),
        col(ConsentSubject.child_assent),
        col(ConsentSubject.reason),
        col(Beneficiary.name_latin),
        col(Beneficiary.name_cyrillic),
    )
    .join(Beneficiary, col(Beneficiary.id) == col(ConsentSubject.beneficiary_id))
    .where(
        col(ConsentSubject.consent_id).in_(bindparam("ids", expanding=True)),
        # Who was merged into another one whom it names too is named once.
        col(Beneficiary.merged_into_id).is_(None),
    )
    .order_by(col(Beneficiary.birth_date), col(Beneficiary.id)),
    "consent.people",
)


def consent(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One consent with its recipients and whom it covers; NotFound."""
    return _complete(db, [_ONE.one(db, key)])[0]


def consents(db: Rows, listing: ConsentListing) -> Found:
    """A page of consents."""
    values: dict[str, Any] = filters_of(listing, "beneficiary_id", "family_id", "purpose", "recipient", "recipient_kind", "expires_before")
    values |= since_of(Consent, listing)
    if listing.status is not None:
        by_day = {ConsentStatus.GIVEN: "in_force", ConsentStatus.EXPIRED: "expired"}.get(listing.status)
        values |= {by_day: {"day": today()}} if by_day else {"status": listing.status}
    found = _CONSENTS.page(db, listing, values)
    found.items = _complete(db, found.items)
    return found


def _complete(db: Rows, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they are answered, with what belongs to them."""
    ids, day = [row["id"] for row in rows], today()
    if not ids:
        return []
    items = {
        row["id"]: {
            **{name: row[name] for name in _COLUMNS},
            "categories": categories_of(row["categories"]),
            "status": lapsed(row["status"], row["last_day"], day),
            **{name: [] for name in _PARTS},
        }
        for row in rows
    }
    for consent_id, organization_id, kind, *names in db.rows(_RECIPIENTS, {"ids": ids}):
        named = dict(zip(NamesRead.model_fields, names, strict=True)) if organization_id else None
        items[consent_id]["recipients"].append({"organization_id": organization_id, "kind": kind, "names": named})
    for consent_id, person_id, membership_id, assent, reason, latin, cyrillic in db.rows(_PEOPLE, {"ids": ids}):
        person = {"beneficiary_id": person_id, "names": {"latin": latin, "cyrillic": cyrillic}}
        if reason:
            items[consent_id]["not_covered"].append({**person, "reason": reason})
        else:
            items[consent_id]["covers"].append({**person, "membership_id": membership_id, "child_assent": assent})
    return list(items.values())


# --- who may see what right now ---------------------------------------------------------------------------------------------
_GRANT = ("family_id", "categories", "grantee", "source", "source_id", "opens_at", "closes_at")
_grants = (
    sa.select(
        *(getattr(AccessGrant, name) for name in _GRANT),
        col(Beneficiary.id).label("beneficiary_id"),
        col(Beneficiary.name_latin),
        col(Beneficiary.name_cyrillic),
    )
    .outerjoin(Beneficiary, col(Beneficiary.id) == col(AccessGrant.beneficiary_id))
    .where(col(AccessGrant.opens_at) <= MOMENT, col(AccessGrant.closes_at) > MOMENT)
    .order_by(col(AccessGrant.family_id), col(Beneficiary.birth_date), col(AccessGrant.id))
)
_members = sa.select(col(FamilyMembership.beneficiary_id)).where(
    col(FamilyMembership.family_id) == bindparam("family_id"), col(FamilyMembership.ended_on).is_(None)
)
_OF_FAMILY = prebuilt(
    _grants.where(sa.or_(col(AccessGrant.family_id) == bindparam("family_id"), col(Beneficiary.id).in_(_members))), "consent.open_to_family"
)
_OF_PERSON = prebuilt(_grants.where(col(Beneficiary.id) == bindparam("beneficiary_id")), "consent.open_to_person")
_FAMILY = Single("consent.family", sa.select(col(Family.id), col(Family.organization_id)), Family.id)
_PERSON = Single("consent.person", sa.select(col(Beneficiary.id), col(Beneficiary.organization_id)), Beneficiary.id)
_ORGANIZATIONS = prebuilt(
    sa.select(col(Organization.id), *_ORGANIZATION_NAMES).where(col(Organization.id).in_(bindparam("ids", expanding=True))),
    "consent.organizations",
)


def family_coverage(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """Who may see what of a family and its present members; NotFound."""
    family = _FAMILY.one(db, key)
    return {"organization_id": family["organization_id"], "opened": _opened(db, db.rows(_OF_FAMILY, {"family_id": key}))}


def person_coverage(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """Who may see what of a person; NotFound."""
    person = _PERSON.one(db, key)
    return {"organization_id": person["organization_id"], "opened": _opened(db, db.rows(_OF_PERSON, {"beneficiary_id": key}))}


def _opened(db: Rows, grants: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    found = []
    for *values, person_id, latin, cyrillic in grants:
        one = dict(zip(_GRANT, values, strict=True))
        to, _, whom = one.pop("grantee").partition(":")
        one |= {
            "beneficiary_id": person_id,
            "names": {"latin": latin, "cyrillic": cyrillic} if person_id else None,
            "categories": categories_of(one["categories"]),
            "closes_at": None if one["closes_at"] >= FOREVER else one["closes_at"],
            "organization_id": uuid.UUID(whom) if to == "organization" else None,
            "account_id": uuid.UUID(whom) if to == "account" else None,
            "kind": whom if to == "role" else None,
        }
        found.append(one)
    names = organization_names(db, {one["organization_id"] for one in found if one["organization_id"]})
    return [{**one, "organization_names": names.get(one["organization_id"])} for one in found]


def organization_names(db: Rows, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, str | None]]:
    """Names of organizations by language."""
    wanted = list(ids)
    rows = db.rows(_ORGANIZATIONS, {"ids": wanted}) if wanted else []
    return {row[0]: dict(zip(NamesRead.model_fields, row[1:], strict=True)) for row in rows}


# --- what is printed --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Print:
    """All that a form shows of one consent; nothing of it needs the database any more."""

    consent: dict[str, Any]
    organization: dict[str, str | None]
    contacts: list[dict[str, Any]]
    family_number: str | None
    giver: dict[str, str] | None
    ages: dict[uuid.UUID, int]


_PRINT = prebuilt(
    sa.select(*_ORGANIZATION_NAMES, col(Organization.contacts), col(Family.id), col(Family.number))
    .select_from(Consent)
    .join(Organization, col(Organization.id) == col(Consent.organization_id))
    .outerjoin(Family, col(Family.id) == col(Consent.family_id))
    .where(col(Consent.id) == bindparam("id"), col(Consent.organization_id) == ORGANIZATION),
    "consent.print",
)
_GIVER = prebuilt(
    sa.select(col(Beneficiary.id), col(Beneficiary.name_latin), col(Beneficiary.name_cyrillic)).where(
        col(Beneficiary.id) == bindparam("id")
    ),
    "consent.giver",
)
_BORN = prebuilt(
    sa.select(col(Beneficiary.id), col(Beneficiary.birth_date), col(Beneficiary.birth_precision))
    .join(ConsentSubject, col(ConsentSubject.beneficiary_id) == col(Beneficiary.id))
    .where(col(ConsentSubject.consent_id) == bindparam("id")),
    "consent.born",
)


def print_of(db: Rows, key: uuid.UUID) -> Print:
    """What the form of one's own organization's consent shows; NotFound."""
    rows = db.rows(_PRINT, {"id": key})
    if not rows:
        raise NotFound
    *names, contacts, _family_id, number = rows[0]
    found = consent(db, key)
    giver = db.rows(_GIVER, {"id": found["given_by_id"]})
    day = found["given_on"] or today()
    return Print(
        consent=found,
        organization=dict(zip(NamesRead.model_fields, names, strict=True)),
        contacts=contacts,
        family_number=number,
        # One who has moved out of the caller's territory stays unnamed here.
        giver={"latin": giver[0][1], "cyrillic": giver[0][2]} if giver else None,
        ages={person: full_years(born, precision, day) for person, born, precision in db.rows(_BORN, {"id": key})},
    )
