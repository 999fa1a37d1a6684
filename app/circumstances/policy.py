"""Circumstances: a row is there for whoever sees the person and one category of it at least, each field with its own category."""

from app.access.declare import FieldRule, both, declare, organization_is, within
from app.access.grants import BITS, AccessGrant, DataCategory, granted
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.policy import home_of, shared
from app.circumstances.models import HEALTH, PAPERS, SCHOOLING, Circumstances

READ = permission(
    "circumstances:read",
    "Read functioning, schooling, health and papers of beneficiaries.",
    ngo=ANYONE,
    womens_committee=ANYONE,
    state_partner=ANYONE,
)
WRITE = permission("circumstances:write", "Record the circumstances of beneficiaries.", ngo=STAFF, womens_committee=STAFF)

_CATEGORIES = {DataCategory.HEALTH: HEALTH, DataCategory.EDUCATION: SCHOOLING, DataCategory.DOCUMENTS: PAPERS}
_here = within(home_of(Beneficiary, Circumstances.beneficiary_id))
# That something was recorded of a person tells something already, so a part of it must be open as well as the person.
_opened = both(
    granted(Circumstances.beneficiary_id, AccessGrant.beneficiary_id, DataCategory.IDENTITY),
    granted(Circumstances.beneficiary_id, AccessGrant.beneficiary_id, *_CATEGORIES),
)
declare(
    Circumstances,
    rows=shared(both(organization_is(Circumstances.organization_id), _here), both(_here, _opened)),
    fields={name: FieldRule(BITS[category]) for category, names in _CATEGORIES.items() for name in names},
    conceal=frozenset({"territory", *HEALTH, *SCHOOLING, *PAPERS}),
)
