"""The partner directory is open to every partner; each organization keeps its own specialists, the administrator the organizations."""

from app.access.actor import ADMINISTRATOR, Role
from app.access.declare import Rows, declare, everything, nothing, organization_is
from app.access.permissions import ANYONE, MANAGERS, STAFF, permission
from app.partners.models import Organization, Specialist, Venue

READ = permission("partners:read", "Read organizations, specialists and venues.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
ORGANIZATIONS_WRITE = permission("organizations:write", "Register organizations and change them.", administrator=True)
SPECIALISTS_WRITE = permission(
    "specialists:write", "Register one's own organization's specialists.", ngo=STAFF, womens_committee=MANAGERS, state_partner=MANAGERS
)
VENUES_WRITE = permission("venues:write", "Register one's own organization's venues.", ngo=STAFF, womens_committee=MANAGERS)

_directory = Rows(everything, write=nothing)
declare(
    Organization,
    rows={**{role.value: _directory for role in Role}, ADMINISTRATOR: Rows(everything)},
    conceal=frozenset({"contacts"}),
)
declare(
    Specialist,
    rows={role.value: Rows(everything, write=organization_is(Specialist.organization_id)) for role in Role},
    conceal=frozenset({"surname", "given_name", "patronymic", "phone_as_written", "phone_e164", "email", "search"}),
)
declare(Venue, rows={role.value: Rows(everything, write=organization_is(Venue.organization_id)) for role in Role})
