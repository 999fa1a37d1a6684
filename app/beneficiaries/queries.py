"""Reads of families, their members and memberships.

An answer is made of a row's values in the order of its columns, so one function serves rows that were read and entities just written.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import Single
from app.access.fields import coverage
from app.access.guard import prebuilt
from app.access.transaction import Rows
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, full_years
from app.beneficiaries.schemas import BeneficiaryListing, FamilyListing, FamilyRead, MembershipListing
from app.listing import MOST_WORDS, Found, Keyset, Sort, by_age, filters_of, territory_filters, territory_of, word_filters, words_of
from app.problems import NotFound

_ENTITY = ("id", "created_at", "updated_at", "version")
_NAMES = ("name_latin", "name_cyrillic")
_WRITTEN = ("surname", "given_name", "patronymic", "sex", "birth_date", "birth_precision", "phone_as_written", "phone_e164")
_PERSON = (*_ENTITY, "organization_id", "territory", *_WRITTEN, "deceased_on", "note", "is_synthetic")
_PERSON_SHOWN = tuple("phone" if name == "phone_as_written" else name for name in _PERSON)
_FAMILY = tuple(FamilyRead.model_fields)
_MEMBER = ("id", "sex", "birth_date", "birth_precision", "deceased_on")
_ROLE = ("relationship_to_head", "is_head", "is_primary_caregiver", "started_on")
_MEMBER_SHOWN = (*_MEMBER, "membership_id", *_ROLE)
_MEMBERSHIP = (*_ENTITY, "family_id", *_ROLE, "ended_on", "end_reason")
_MEMBERSHIP_SHOWN = (*_MEMBERSHIP, "beneficiary_id")

_person_of, _family_of, _names_of = attrgetter(*_PERSON, *_NAMES), attrgetter(*_FAMILY), attrgetter(*_NAMES)
_member_of, _role_of, _membership_of = attrgetter(*_MEMBER), attrgetter("id", *_ROLE), attrgetter(*_MEMBERSHIP, "beneficiary_id")


def _named(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row whose last two shown values are the name in both scripts; what stands behind them belongs to the list."""
    shown = dict(zip(names, row, strict=False))
    latin = len(names)
    shown["names"] = {"latin": row[latin], "cyrillic": row[latin + 1]}
    return shown


def _aged(shown: dict[str, Any]) -> dict[str, Any]:
    until = shown["deceased_on"] or date.today()  # noqa: DTZ011 – a calendar day where the service runs.
    shown["age"] = full_years(shown["birth_date"], shown["birth_precision"], until)
    return shown


def _person(row: Sequence[Any]) -> dict[str, Any]:
    return _aged(_named(_PERSON_SHOWN, row))


def _member(row: Sequence[Any]) -> dict[str, Any]:
    return _aged(_named(_MEMBER_SHOWN, row))


def _membership(row: Sequence[Any]) -> dict[str, Any]:
    return _named(_MEMBERSHIP_SHOWN, row)


def _columns(model: type[Any], names: Iterable[str]) -> list[Any]:
    return [getattr(model, name) for name in names]


# --- beneficiaries ----------------------------------------------------------------------------------------------------------
_open: sa.ColumnElement[bool] = col(FamilyMembership.ended_on).is_(None)
_people = sa.select(*_columns(Beneficiary, (*_PERSON, *_NAMES)), coverage(Beneficiary, beneficiary=Beneficiary.id))
_ONE = prebuilt(_people.where(col(Beneficiary.id) == bindparam("id")), "beneficiary.one")
_PEOPLE = Keyset(
    "beneficiary.list",
    _people,
    key=Beneficiary.id,
    sorts={**by_age(Beneficiary), "updated_at": Sort(Beneficiary.updated_at), "name": Sort(Beneficiary.strict_key)},
    filters={
        "sex": col(Beneficiary.sex) == bindparam("sex"),
        "born_from": col(Beneficiary.birth_date) >= bindparam("born_from"),
        "born_until": col(Beneficiary.birth_date) <= bindparam("born_until"),
        "family_id": col(Beneficiary.id).in_(
            sa.select(col(FamilyMembership.beneficiary_id)).where(col(FamilyMembership.family_id) == bindparam("family_id"), _open)
        ),
        "updated_since": col(Beneficiary.updated_at) >= bindparam("updated_since"),
        **territory_filters(Beneficiary.territory),
        **word_filters(Beneficiary.search),
    },
    shape=_person,
)


def beneficiary(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One beneficiary; NotFound."""
    found = db.rows(_ONE, {"id": key})
    if not found:
        raise NotFound
    return _person(found[0])


def beneficiary_of(person: Beneficiary) -> dict[str, Any]:
    """The same answer about a person who was just written."""
    return _person(_person_of(person))


def beneficiaries(db: Rows, listing: BeneficiaryListing) -> Found:
    """A page of beneficiaries."""
    values = filters_of(listing, "sex", "born_from", "born_until", "family_id", "updated_since")
    return _PEOPLE.page(db, listing, values | territory_of(listing.territory) | words_of(listing.q))


# --- families ---------------------------------------------------------------------------------------------------------------
def _belongs(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Families with a present member of whom all the conditions are true."""
    of_person = col(Beneficiary.id) == col(FamilyMembership.beneficiary_id)
    return col(Family.id).in_(sa.select(col(FamilyMembership.family_id)).join(Beneficiary, of_person).where(_open, *conditions))


_WORDS = list(word_filters(Beneficiary.search).values())
_families = sa.select(*_columns(Family, _FAMILY), coverage(Family, family=Family.id))
_FAMILY_ONE = Single("family.one", _families, Family.id)
_FAMILIES = Keyset(
    "family.list",
    _families,
    key=Family.id,
    sorts={**by_age(Family), "updated_at": Sort(Family.updated_at)},
    filters={
        "status": col(Family.status) == bindparam("status"),
        "number": col(Family.number) == bindparam("number"),
        "beneficiary_id": _belongs(col(Beneficiary.id) == bindparam("beneficiary_id")),
        "updated_since": col(Family.updated_at) >= bindparam("updated_since"),
        **territory_filters(Family.territory),
        # All the words must be found in one and the same member.
        **{f"words{count}": _belongs(*_WORDS[:count]) for count in range(1, MOST_WORDS + 1)},
    },
)
_role = [FamilyMembership.id, *_columns(FamilyMembership, _ROLE)]
_MEMBERS = prebuilt(
    sa.select(*_columns(Beneficiary, _MEMBER), *_role, *_columns(Beneficiary, _NAMES))
    .join(FamilyMembership, col(FamilyMembership.beneficiary_id) == col(Beneficiary.id))
    .where(col(FamilyMembership.family_id) == bindparam("family_id"), _open)
    .order_by(col(FamilyMembership.is_head).desc(), col(Beneficiary.birth_date), col(Beneficiary.id)),
    "family.members",
)


def family(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One family with its present members; NotFound."""
    found = _FAMILY_ONE.one(db, key)
    found["members"] = [_member(row) for row in db.rows(_MEMBERS, {"family_id": key})]
    return found


def family_of(family: Family, members: Iterable[tuple[FamilyMembership, Beneficiary]]) -> dict[str, Any]:
    """The same answer about a family that was just written."""
    ordered = sorted(members, key=lambda one: (not one[0].is_head, one[1].birth_date, one[1].id))
    found = dict(zip(_FAMILY, _family_of(family), strict=True))
    found["members"] = [_member((*_member_of(person), *_role_of(role), *_names_of(person))) for role, person in ordered]
    return found


def families(db: Rows, listing: FamilyListing) -> Found:
    """A page of families."""
    values = filters_of(listing, "status", "number", "beneficiary_id", "updated_since") | territory_of(listing.territory)
    if words := words_of(listing.q):
        values[f"words{len(words)}"] = {name: text for one in words.values() for name, text in one.items()}
    return _FAMILIES.page(db, listing, values)


# --- memberships ------------------------------------------------------------------------------------------------------------
# The beneficiary's own id rather than the column that refers to it, so that it is recorded who was looked at.
_memberships = sa.select(
    *_columns(FamilyMembership, _MEMBERSHIP),
    col(Beneficiary.id).label("beneficiary_id"),
    *_columns(Beneficiary, _NAMES),
    coverage(FamilyMembership, family=FamilyMembership.family_id),
).join(Beneficiary, col(Beneficiary.id) == col(FamilyMembership.beneficiary_id))
_of_family: sa.ColumnElement[bool] = col(FamilyMembership.family_id) == bindparam("family_id")
_MEMBERSHIP_ONE = prebuilt(_memberships.where(col(FamilyMembership.id) == bindparam("id"), _of_family), "family_membership.one")
_MEMBERSHIPS = Keyset(
    "family_membership.list",
    _memberships,
    key=FamilyMembership.id,
    sorts=by_age(FamilyMembership),
    filters={"family_id": _of_family},
    shape=_membership,
)


def membership(db: Rows, family_id: uuid.UUID, key: uuid.UUID) -> dict[str, Any]:
    """One membership of a family; NotFound."""
    found = db.rows(_MEMBERSHIP_ONE, {"id": key, "family_id": family_id})
    if not found:
        raise NotFound
    return _membership(found[0])


def membership_of(membership: FamilyMembership, person: Beneficiary) -> dict[str, Any]:
    """The same answer about a membership that was just written."""
    return _membership((*_membership_of(membership), *_names_of(person)))


def memberships(db: Rows, family_id: uuid.UUID, listing: MembershipListing) -> Found:
    """A page of a family's memberships, present and former; NotFound for the family."""
    _FAMILY_ONE.one(db, family_id)
    return _MEMBERSHIPS.page(db, listing, {"family_id": family_id})
