"""Who manages accounts and service clients."""

from app.access.actor import ADMINISTRATOR, Role
from app.access.declare import Rows, actor_is, declare, either, everything, nothing, organization_is
from app.access.permissions import ANYONE, MANAGERS, permission
from app.identity.models import Account, LoginAttempt, LoginSession, ServiceClient

ME = permission("me", "Read and change one's own account.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE, administrator=True)
ACCOUNTS_READ = permission(
    "accounts:read",
    "Read the accounts of one's own organization.",
    ngo=MANAGERS,
    womens_committee=MANAGERS,
    state_partner=MANAGERS,
    administrator=True,
)
ACCOUNTS_WRITE = permission("accounts:write", "Make, change and disable accounts.", administrator=True)
CLIENTS_READ = permission(
    "service-clients:read",
    "Read the service clients of one's own organization.",
    ngo=MANAGERS,
    womens_committee=MANAGERS,
    state_partner=MANAGERS,
    administrator=True,
)
CLIENTS_WRITE = permission("service-clients:write", "Make, change and disable service clients.", administrator=True)

_own = Rows(either(organization_is(Account.organization_id), actor_is(Account.id)), write=actor_is(Account.id))
declare(
    Account,
    rows={**{role.value: _own for role in Role}, ADMINISTRATOR: Rows(everything)},
    conceal=frozenset({"password_hash", "email", "name"}),
)
_clients = Rows(organization_is(ServiceClient.organization_id), write=nothing)
declare(
    ServiceClient, rows={ADMINISTRATOR: Rows(everything), **{role.value: _clients for role in Role}}, conceal=frozenset({"secret_hash"})
)
declare(
    LoginSession,
    rows={role.value: Rows(actor_is(LoginSession.account_id)) for role in Role} | {ADMINISTRATOR: Rows(everything)},
    # Each step of it would be an entry; that one began and ended is told by itself.
    trail=False,
)
declare(LoginAttempt, rows={}, trail=False)
