"""Families and their members: one's own within the caller's territory; those that others registered there, as far as a grant opens them.

The Women's Committee and state partners see what a consent (or break-glass) opens, category by category, through the grants that it made.
"""

from typing import Any

from app.access.actor import Role
from app.access.declare import Criterion, FieldRule, Rows, both, declare, either, nothing, organization_is, through, within
from app.access.grants import BITS, INTERNAL, AccessGrant, DataCategory, granted
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership

READ = permission("beneficiaries:read", "Read families and beneficiaries.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("beneficiaries:write", "Register families and beneficiaries and change them.", ngo=STAFF, womens_committee=STAFF)

_PERSONAL = frozenset(
    {"surname", "given_name", "patronymic", "name_latin", "name_cyrillic", "strict_key", "loose_key", "skeleton_key", "search"}
    | {"birth_date", "phone_as_written", "phone_e164", "note"}
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


def of_person(model: Any, category: DataCategory) -> dict[str, Rows]:
    """The same for rows about a person, named by `beneficiary_id`, of which a grant opens a category."""
    opened = granted(model.beneficiary_id, AccessGrant.beneficiary_id, category)
    return shared(own(model), both(within(model.territory), opened))


_opened_person = granted(Beneficiary.id, AccessGrant.beneficiary_id, DataCategory.IDENTITY)
_opened_family = granted(Family.id, AccessGrant.family_id, DataCategory.HOUSEHOLD)
declare(
    Family,
    rows=shared(own(Family), both(within(Family.territory), _opened_family)),
    fields={"address": _CONTACT, "note": _INTERNAL},
    conceal=frozenset({"address", "monthly_income", "note"}),
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
    fields={"end_reason": _INTERNAL},
    conceal=frozenset({"end_reason"}),
)
