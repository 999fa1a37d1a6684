"""Families and their members: the NGO's own in the caller's territory, the Women's Committee's those that it registered.

State partners, and a committee beyond what it registered, see a family only through consent or a grant; there is neither yet.
"""

from app.access.actor import Role
from app.access.declare import Rows, both, declare, organization_is, within
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership

READ = permission("beneficiaries:read", "Read families and beneficiaries.", ngo=ANYONE, womens_committee=ANYONE)
WRITE = permission("beneficiaries:write", "Register families and beneficiaries and change them.", ngo=STAFF, womens_committee=STAFF)

_PERSONAL = frozenset(
    {"surname", "given_name", "patronymic", "name_latin", "name_cyrillic", "strict_key", "loose_key", "skeleton_key", "search"}
    | {"birth_date", "phone_as_written", "phone_e164", "note"}
)


def _own(model: type[Family | Beneficiary | FamilyMembership]) -> dict[str, Rows]:
    rows = Rows(both(organization_is(model.organization_id), within(model.territory)))
    return {Role.NGO: rows, Role.WOMENS_COMMITTEE: rows}


declare(Family, rows=_own(Family), conceal=frozenset({"address", "monthly_income", "note"}), watch_reads=True)
declare(Beneficiary, rows=_own(Beneficiary), conceal=_PERSONAL, watch_reads=True)
declare(FamilyMembership, rows=_own(FamilyMembership), conceal=frozenset({"end_reason"}))
