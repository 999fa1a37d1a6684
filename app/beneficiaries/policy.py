"""Families and their members: one's own within the caller's territory; those that others registered there, as far as a grant opens them.

The Women's Committee and state partners see what a consent (or break-glass) opens, category by category, through the grants that it made.
"""

from typing import Any

import sqlalchemy as sa

from app.access.actor import Role
from app.access.declare import Criterion, FieldRule, Rows, both, declare, either, nothing, organization_is, through, within
from app.access.grants import BITS, INTERNAL, AccessGrant, DataCategory, granted
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.candidates import DuplicateCandidate
from app.beneficiaries.history import FamilyResidence, FormerCare, FormerRelationship
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership

READ = permission("beneficiaries:read", "Read families and beneficiaries.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("beneficiaries:write", "Register families and beneficiaries and change them.", ngo=STAFF, womens_committee=STAFF)

_PERSONAL = frozenset(
    {"surname", "given_name", "patronymic", "name_latin", "name_cyrillic", "strict_key", "loose_key", "skeleton_key", "search", "match_key"}
    | {"territory", "sex", "birth_date", "birth_precision", "deceased_on", "phone_as_written", "phone_e164", "note"}
)
_HOUSEHOLD = frozenset({"territory", "number", "address", "housing", "monthly_income", "size", "note"})
# The trail is read by everyone in the organization who manages, whatever the part of the country; so it tells that a row changed, which
# one and who did it, and nothing of what the row says about people.
_MEMBER = frozenset(
    {"territory", "relationship_to_head", "is_head", "is_primary_caregiver", "started_on", "ended_on", "end_reason", "end_note"}
)
_CONTACT, _INTERNAL = FieldRule(BITS[DataCategory.CONTACT]), FieldRule(INTERNAL)


def own(model: Any) -> Criterion:
    """Rows of one's own organization within the caller's territory."""
    return both(organization_is(model.organization_id), within(model.territory))


def shared(mine: Criterion, opened: Criterion) -> dict[str, Rows]:
    """An NGO's own rows; the committee's own and those opened to it; what is opened to a state partner."""
    return {
        Role.NGO: Rows(mine),
        Role.WOMENS_COMMITTEE: Rows(either(mine, opened), write=mine, in_parts=True),
        Role.STATE_PARTNER: Rows(opened, write=nothing, in_parts=True),
    }


def home_of(subject: Any, key: Any) -> Any:
    """Where the person or family that a row's column names lives today: what is known of them goes along when they move."""
    # It is about its own subject, whoever else stands in the statement; and one row's home is cheaper than a set of all homes.
    return sa.select(subject.territory).where(subject.id == key).correlate_except(subject).scalar_subquery()


def of_person(model: Any, category: DataCategory) -> dict[str, Rows]:
    """The same for rows about a person, named by `beneficiary_id`, of which a grant opens a category."""
    here = within(home_of(Beneficiary, model.beneficiary_id))
    opened = granted(model.beneficiary_id, AccessGrant.beneficiary_id, category)
    return shared(both(organization_is(model.organization_id), here), both(here, opened))


_opened_person = granted(Beneficiary.id, AccessGrant.beneficiary_id, DataCategory.IDENTITY)
_opened_family = granted(Family.id, AccessGrant.family_id, DataCategory.HOUSEHOLD)
declare(
    Family,
    rows=shared(own(Family), both(within(Family.territory), _opened_family)),
    # Where the members went is another family, which no consent about this one opens.
    fields={"address": _CONTACT, "note": _INTERNAL, "merged_into_id": _INTERNAL},
    conceal=_HOUSEHOLD,
    watch_reads=True,
)
declare(
    Beneficiary,
    rows=shared(own(Beneficiary), both(within(Beneficiary.territory), _opened_person)),
    fields={"phone_as_written": _CONTACT, "phone_e164": _CONTACT, "note": _INTERNAL},
    conceal=_PERSONAL,
    watch_reads=True,
)
# A membership tells of a family and of a person, so both must be open.
_both = both(through(FamilyMembership.family_id, Family), through(FamilyMembership.beneficiary_id, Beneficiary))
declare(
    FamilyMembership,
    rows=shared(own(FamilyMembership), _both),
    fields={"end_reason": _INTERNAL, "end_note": _INTERNAL},
    conceal=_MEMBER,
)


def following(key: Any, parent: Any) -> dict[str, Rows]:
    """Rows that go with the row that `key` names: who sees that one sees them, who writes that one writes them."""
    read, write = through(key, parent), through(key, parent, write=True)
    return {
        Role.NGO: Rows(read, write=write),
        Role.WOMENS_COMMITTEE: Rows(read, write=write, in_parts=True),
        Role.STATE_PARTNER: Rows(read, write=nothing, in_parts=True),
    }


for _former in (FormerRelationship, FormerCare):
    declare(
        _former,
        rows=following(_former.membership_id, FamilyMembership),
        conceal=_MEMBER & _former.model_fields.keys(),
    )
declare(
    FamilyResidence,
    rows=following(FamilyResidence.family_id, Family),
    fields={"address": _CONTACT, "note": _INTERNAL},
    conceal=frozenset({"territory", "address", "started_on", "ended_on", "note"}),
)
# Who sees both persons of one organization sees that they may be the same; partners are not told.
_pair = both(
    organization_is(DuplicateCandidate.organization_id),
    through(DuplicateCandidate.a_id, Beneficiary),
    through(DuplicateCandidate.b_id, Beneficiary),
)
declare(
    DuplicateCandidate,
    rows={Role.NGO: Rows(_pair), Role.WOMENS_COMMITTEE: Rows(_pair)},
    conceal=frozenset({"territory", "score", "reasons", "note"}),
)
