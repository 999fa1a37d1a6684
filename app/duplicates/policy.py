"""Who finds out whether two rows are one person, and who makes them one: people of the organization that registered both."""

from app.access.actor import Role
from app.access.declare import Rows, both, declare, organization_is, through
from app.access.permissions import MANAGERS, STAFF, permission
from app.beneficiaries.models import Beneficiary
from app.duplicates.models import BeneficiaryMerge

READ = permission("duplicates:read", "See who may be registered twice, and what was decided.", ngo=STAFF, womens_committee=STAFF)
DECIDE = permission(
    "duplicates:decide", "Say that two are distinct or left for later, and report a pair.", ngo=STAFF, womens_committee=STAFF
)
MERGE = permission("duplicates:merge", "Make two rows of one person one, and undo it.", ngo=MANAGERS, womens_committee=MANAGERS)

_pair = both(
    organization_is(BeneficiaryMerge.organization_id),
    through(BeneficiaryMerge.winner_id, Beneficiary),
    through(BeneficiaryMerge.loser_id, Beneficiary),
)
declare(
    BeneficiaryMerge,
    rows={Role.NGO: Rows(_pair), Role.WOMENS_COMMITTEE: Rows(_pair)},
    # What the moved rows held before are people's own data, too.
    conceal=frozenset({"replaced", "moved", "left_behind"}),
)
