"""A manager reads the trail of the own organization; nobody writes it by hand."""

from app.access.actor import Role
from app.access.declare import Rows, declare, nothing, organization_is
from app.access.permissions import MANAGERS, permission
from app.audit.models import AccessEntry, AuditEntry, AuditSeal

READ = permission(
    "audit:read", "Read the audit trail of one's own organization.", ngo=MANAGERS, womens_committee=MANAGERS, state_partner=MANAGERS
)

declare(AuditEntry, rows={role.value: Rows(organization_is(AuditEntry.organization_id), write=nothing) for role in Role}, trail=False)
declare(AccessEntry, rows={role.value: Rows(organization_is(AccessEntry.organization_id), write=nothing) for role in Role}, trail=False)
# Made and walked by the command line and the housekeeping alone.
declare(AuditSeal, rows={}, trail=False)
