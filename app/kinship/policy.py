"""Kinship: who sees both persons sees what they are to each other; who registered both writes it."""

from app.access.actor import Role
from app.access.declare import FieldRule, Rows, both, declare, nothing, organization_is, through
from app.access.grants import INTERNAL
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.models import Beneficiary
from app.kinship.models import Kinship

READ = permission("kinship:read", "Read who is whose relative.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("kinship:write", "Record who is whose relative.", ngo=STAFF, womens_committee=STAFF)

_seen = both(through(Kinship.person_id, Beneficiary), through(Kinship.relative_id, Beneficiary))
_own = both(
    organization_is(Kinship.organization_id),
    through(Kinship.person_id, Beneficiary, write=True),
    through(Kinship.relative_id, Beneficiary, write=True),
)
declare(
    Kinship,
    rows={
        Role.NGO: Rows(_seen, write=_own),
        Role.WOMENS_COMMITTEE: Rows(_seen, write=_own, in_parts=True),
        Role.STATE_PARTNER: Rows(_seen, write=nothing, in_parts=True),
    },
    fields={"note": FieldRule(INTERNAL)},
    conceal=frozenset({"territory", "kind", "is_legal", "started_on", "ended_on", "note"}),
)
