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
from app.access.fields import WITHHELD, coverage, withhold
from app.access.grants import AccessGrant
from app.access.guard import prebuilt
from app.access.transaction import Rows, every_row
from app.beneficiaries.history import FamilyResidence, FormerCare, FormerRelationship
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, LeavingReason, Relationship, full_years
from app.beneficiaries.schemas.beneficiaries import BeneficiaryListing
from app.beneficiaries.schemas.families import FamilyListing, FamilyRead
from app.beneficiaries.schemas.memberships import MembershipListing
from app.beneficiaries.schemas.moving import ResidenceListing, ResidenceRead
from app.days import today
from app.listing import Found, Keyset, Sort, by_age, filters_of, since_filters, since_of, territory_filters, territory_of
from app.problems import Moved, NotFound
from app.search import by_relevance, found_by, strictly, words_of

_ENTITY = ("id", "created_at", "updated_at", "version")
_NAMES = ("name_latin", "name_cyrillic")
_WRITTEN = ("surname", "given_name", "patronymic", "sex", "birth_date", "birth_precision", "phone_as_written", "phone_e164")
_PERSON = (*_ENTITY, "organization_id", "territory", *_WRITTEN, "deceased_on", "note", "is_synthetic", "anonymized_at")
_PERSON_SHOWN = tuple("phone" if name == "phone_as_written" else name for name in _PERSON)
_FAMILY = tuple(FamilyRead.model_fields)
_MEMBER = ("id", "sex", "birth_date", "birth_precision", "deceased_on")
_ROLE = ("relationship_to_head", "is_head", "is_primary_caregiver", "started_on")
_MEMBER_SHOWN = (*_MEMBER, "membership_id", *_ROLE)
_MEMBERSHIP = (*_ENTITY, "family_id", *_ROLE, "ended_on", "end_reason", "end_note")
_MEMBERSHIP_SHOWN = (*_MEMBERSHIP, "beneficiary_id")
_RESIDENCE = tuple(ResidenceRead.model_fields)

_person_of, _family_of, _names_of = attrgetter(*_PERSON, *_NAMES), attrgetter(*_FAMILY), attrgetter(*_NAMES)
_member_of, _role_of, _membership_of = attrgetter(*_MEMBER), attrgetter("id", *_ROLE), attrgetter(*_MEMBERSHIP, "beneficiary_id")


def _named(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row whose last two shown values are the name in both scripts; what stands behind them belongs to the list."""
    shown = dict(zip(names, row, strict=False))
    latin = len(names)
    shown["names"] = {"latin": row[latin], "cyrillic": row[latin + 1]}
    return shown


def _aged(people: list[dict[str, Any]], on: date | None = None) -> list[dict[str, Any]]:
    """People with their ages, today or on a day; it is asked for once, not for each of them."""
    day = on or today()
    for shown in people:
        shown["age"] = full_years(shown["birth_date"], shown["birth_precision"], min(shown["deceased_on"] or day, day))
    return people


def _aged_on(people: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """People with the ages that they had on a day; null for whoever was not born yet."""
    for shown in _aged(people, day):
        if shown["birth_date"] > day:
            shown["age"] = None
    return people


def _unaged_person(row: Sequence[Any]) -> dict[str, Any]:
    return _named(_PERSON_SHOWN, row)


def _person(row: Sequence[Any]) -> dict[str, Any]:
    return _aged([_unaged_person(row)])[0]


def _members(rows: Iterable[Sequence[Any]], on: date | None = None) -> list[dict[str, Any]]:
    """Members as they are today or were on a day. Whoever had died by then cared no more, whatever nobody has recorded since."""
    day = on or today()
    found = _aged([_named(_MEMBER_SHOWN, row) for row in rows], day)
    for shown in found:
        if shown["deceased_on"] and shown["deceased_on"] <= day:
            shown["is_primary_caregiver"] = False
    return found


def _membership(row: Sequence[Any]) -> dict[str, Any]:
    return _named(_MEMBERSHIP_SHOWN, row)


def _columns(model: type[Any], names: Iterable[str]) -> list[Any]:
    return [getattr(model, name) for name in names]


# --- beneficiaries ----------------------------------------------------------------------------------------------------------
_open: sa.ColumnElement[bool] = col(FamilyMembership.ended_on).is_(None)
_covered = coverage(Beneficiary, beneficiary=Beneficiary.id)
# Who was merged into another row redirects there, and stands in no list.
_people = sa.select(*_columns(Beneficiary, (*_PERSON, *_NAMES)), _covered).where(col(Beneficiary.merged_into_id).is_(None))
_ONE = prebuilt(
    sa.select(*_columns(Beneficiary, (*_PERSON, *_NAMES, "merged_into_id")), _covered).where(col(Beneficiary.id) == bindparam("id")),
    "beneficiary.one",
)
_INTO = prebuilt(
    sa.select(col(Beneficiary.merged_into_id)).where(col(Beneficiary.id) == bindparam("id"), col(Beneficiary.merged_into_id).is_not(None)),
    "beneficiary.into",
)
_MERGED_INTO = len(_PERSON) + len(_NAMES)
_SEEN = prebuilt(sa.select(col(Beneficiary.id)).where(col(Beneficiary.id) == bindparam("id")), "beneficiary.seen")
_PEOPLE = Keyset(
    "beneficiary.list",
    _people,
    key=Beneficiary.id,
    sorts={
        **by_age(Beneficiary),
        "updated_at": Sort(Beneficiary.updated_at),
        "name": Sort(Beneficiary.strict_key),
        **by_relevance(strictly(Beneficiary.search)),
    },
    filters={
        "sex": col(Beneficiary.sex) == bindparam("sex"),
        "born_from": col(Beneficiary.birth_date) >= bindparam("born_from"),
        "born_until": col(Beneficiary.birth_date) <= bindparam("born_until"),
        "family_id": col(Beneficiary.id).in_(
            sa.select(col(FamilyMembership.beneficiary_id)).where(col(FamilyMembership.family_id) == bindparam("family_id"), _open)
        ),
        **since_filters(Beneficiary, (AccessGrant.beneficiary_id, Beneficiary.id)),
        **territory_filters(Beneficiary.territory),
        "words": found_by(Beneficiary),
    },
    shape=_unaged_person,
)


def beneficiary(db: Rows, key: uuid.UUID, on: date | None = None) -> dict[str, Any]:
    """One beneficiary, its age today or on a day. Raises NotFound, or Moved for one who was merged into a row that the actor sees too."""
    found = db.rows(_ONE, {"id": key})
    if not found:
        # What opened the row to others opens the one that stands for it now.
        with every_row():
            merged = db.rows(_INTO, {"id": key}, shown=0)
        if merged and db.rows(_SEEN, {"id": merged[0][0]}, shown=0):
            raise _moved(merged[0][0], on)
        raise NotFound
    if (winner := found[0][_MERGED_INTO]) is not None:
        # That the row is there counts as no look.
        if not db.rows(_SEEN, {"id": winner}, shown=0):
            raise NotFound
        raise _moved(winner, on)
    return _person(found[0]) if on is None else _aged_on([_unaged_person(found[0])], on)[0]


def _moved(winner: uuid.UUID, on: date | None) -> Moved:
    """To the row that stands for the person now, with the same question."""
    return Moved(f"/v1/beneficiaries/{winner}" + (f"?as_of={on}" if on else ""))


def beneficiary_of(person: Beneficiary) -> dict[str, Any]:
    """The same answer about a person who was just written."""
    return _person(_person_of(person))


def beneficiaries(db: Rows, listing: BeneficiaryListing) -> Found:
    """A page of beneficiaries."""
    values = filters_of(listing, "sex", "born_from", "born_until", "family_id") | since_of(Beneficiary, listing)
    found = _PEOPLE.page(db, listing, values | territory_of(listing.territory) | words_of(listing.q))
    if listing.as_of is None:
        _aged(found.items)
    else:
        _aged_on(found.items, listing.as_of)
    return found


# --- families ---------------------------------------------------------------------------------------------------------------
def _belongs(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Families with a present member of whom all the conditions are true."""
    of_person = col(Beneficiary.id) == col(FamilyMembership.beneficiary_id)
    return col(Family.id).in_(sa.select(col(FamilyMembership.family_id)).join(Beneficiary, of_person).where(_open, *conditions))


_families = sa.select(*_columns(Family, _FAMILY), coverage(Family, family=Family.id))
_FAMILY_ONE = Single("family.one", _families, Family.id)
_FAMILIES = Keyset(
    "family.list",
    _families,
    key=Family.id,
    sorts={
        **by_age(Family),
        "updated_at": Sort(Family.updated_at),
        **by_relevance(_belongs(found_by(Beneficiary), strictly(Beneficiary.search))),
    },
    filters={
        "status": col(Family.status) == bindparam("status"),
        "number": col(Family.number) == bindparam("number"),
        "beneficiary_id": _belongs(col(Beneficiary.id) == bindparam("beneficiary_id")),
        **since_filters(Family, (AccessGrant.family_id, Family.id)),
        **territory_filters(Family.territory),
        # All the words must be found in one and the same member.
        "words": _belongs(found_by(Beneficiary)),
    },
)
_FAMILIES_SEEN = prebuilt(sa.select(col(Family.id)).where(col(Family.id).in_(bindparam("ids", expanding=True))), "family.seen")
_role = [FamilyMembership.id, *_columns(FamilyMembership, _ROLE)]
_MEMBERS = prebuilt(
    sa.select(*_columns(Beneficiary, _MEMBER), *_role, *_columns(Beneficiary, _NAMES))
    .join(FamilyMembership, col(FamilyMembership.beneficiary_id) == col(Beneficiary.id))
    .where(col(FamilyMembership.family_id) == bindparam("family_id"), _open)
    .order_by(col(FamilyMembership.is_head).desc(), col(Beneficiary.birth_date), col(Beneficiary.id)),
    "family.members",
)
_day: sa.BindParameter[Any] = bindparam("day", type_=sa.Date())


def lasts(begins: Any, ends: Any) -> sa.ColumnElement[bool]:
    """Periods of which `day` is one: what has no beginning was always so, and the day of the end is the first one without."""
    return sa.and_(sa.or_(begins.is_(None), begins <= _day), sa.or_(ends.is_(None), ends > _day))


BELONGED = sa.and_(
    lasts(FamilyMembership.started_on, FamilyMembership.ended_on),
    # What was entered in error never was.
    col(FamilyMembership.end_reason).is_distinct_from(LeavingReason.ENTERED_IN_ERROR),
)
"""Memberships on the parameter `day`."""
_was = sa.func.coalesce(FormerRelationship.relationship_to_head, FamilyMembership.relationship_to_head, type_=sa.String(20))
_cared = sa.func.coalesce(FormerCare.is_primary_caregiver, FamilyMembership.is_primary_caregiver, type_=sa.Boolean())
_role_on = [FamilyMembership.id, _was, _was == Relationship.HEAD, _cared, FamilyMembership.started_on]
_MEMBERS_ON = prebuilt(
    sa.select(*_columns(Beneficiary, _MEMBER), *_role_on, *_columns(Beneficiary, _NAMES))
    .join(FamilyMembership, col(FamilyMembership.beneficiary_id) == col(Beneficiary.id))
    .outerjoin(
        FormerRelationship,
        sa.and_(
            col(FormerRelationship.membership_id) == col(FamilyMembership.id),
            lasts(FormerRelationship.started_on, FormerRelationship.ended_on),
        ),
    )
    .outerjoin(
        FormerCare,
        sa.and_(col(FormerCare.membership_id) == col(FamilyMembership.id), lasts(FormerCare.started_on, FormerCare.ended_on)),
    )
    # What a merged person left behind says nothing that is not said of the one who stands for it.
    .where(
        col(FamilyMembership.family_id) == bindparam("family_id"),
        BELONGED,
        col(Beneficiary.birth_date) <= _day,
        col(Beneficiary.merged_into_id).is_(None),
    )
    .order_by((_was == Relationship.HEAD).desc(), col(Beneficiary.birth_date), col(Beneficiary.id)),
    "family.members_on",
)
_residences = sa.select(*_columns(FamilyResidence, _RESIDENCE), coverage(FamilyResidence, family=FamilyResidence.family_id))
_lived: sa.ColumnElement[bool] = col(FamilyResidence.family_id) == bindparam("family_id")
_RESIDENCE_ON = prebuilt(_residences.where(_lived, lasts(FamilyResidence.started_on, FamilyResidence.ended_on)), "family_residence.on")
_RESIDENCES = Keyset(
    "family_residence.list", _residences, key=FamilyResidence.id, sorts=by_age(FamilyResidence), filters={"family_id": _lived}
)


def _without_unseen_families(db: Rows, found: Sequence[dict[str, Any]]) -> None:
    """Where the members of merged families went is told to those who see that family too."""
    into = {one["merged_into_id"] for one in found} - {None, WITHHELD}
    if not into:
        return
    unseen = into - {row[0] for row in db.rows(_FAMILIES_SEEN, {"ids": sorted(into)}, shown=0)}
    for one in found:
        if one["merged_into_id"] in unseen:
            withhold(one, "merged_into_id")


def family(db: Rows, key: uuid.UUID, on: date | None = None) -> dict[str, Any]:
    """One family with its present members, or with the members and the home that it had on a day; NotFound."""
    found = _FAMILY_ONE.one(db, key)
    _without_unseen_families(db, [found])
    if on is None:
        found["members"] = _members(db.rows(_MEMBERS, {"family_id": key}))
        return found
    found["members"] = _members(db.rows(_MEMBERS_ON, {"family_id": key, "day": on}), on)
    for row in db.rows(_RESIDENCE_ON, {"family_id": key, "day": on}):
        home = dict(zip(_RESIDENCE, row, strict=False))
        found["territory"], found["address"] = home["territory"], home["address"]
    return found


def residences(db: Rows, family_id: uuid.UUID, listing: ResidenceListing) -> Found:
    """A page of where a family lived; NotFound for the family."""
    _FAMILY_ONE.one(db, family_id)
    return _RESIDENCES.page(db, listing, {"family_id": family_id})


def family_of(family: Family, members: Iterable[tuple[FamilyMembership, Beneficiary]]) -> dict[str, Any]:
    """The same answer about a family that was just written."""
    ordered = sorted(members, key=lambda one: (not one[0].is_head, one[1].birth_date, one[1].id))
    found = dict(zip(_FAMILY, _family_of(family), strict=True))
    found["members"] = _members((*_member_of(person), *_role_of(role), *_names_of(person)) for role, person in ordered)
    return found


def families(db: Rows, listing: FamilyListing) -> Found:
    """A page of families."""
    values = filters_of(listing, "status", "number", "beneficiary_id") | since_of(Family, listing)
    found = _FAMILIES.page(db, listing, values | territory_of(listing.territory) | words_of(listing.q))
    _without_unseen_families(db, found.items)
    return found


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
