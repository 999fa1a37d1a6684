"""Circumstances: rows go with the person, fields with the categories of data that a consent opens."""

from app.access.declare import FieldRule, declare
from app.access.grants import BITS, DataCategory
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.policy import of_person
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
declare(
    Circumstances,
    rows=of_person(Circumstances, DataCategory.IDENTITY),
    fields={name: FieldRule(BITS[category]) for category, names in _CATEGORIES.items() for name in names},
    conceal=frozenset({"territory", *HEALTH, *SCHOOLING, *PAPERS}),
)
