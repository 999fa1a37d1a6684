"""Making, changing and shutting out service clients."""

import uuid

from app.access.fetch import check_territory, fetch, made_before
from app.access.guard import GuardedSession
from app.access.permissions import PERMISSIONS
from app.database import uuid7
from app.identity.actions.accounts import role_of
from app.identity.models import ServiceClient
from app.identity.passwords import hashed, new_secret
from app.identity.schemas import ServiceClientCreate
from app.identity.tokens import grantable
from app.problems import Fault, Invalid


def create_client(db: GuardedSession, *, body: ServiceClientCreate) -> tuple[ServiceClient, str | None]:
    """(client, its secret; None when the same registration made it before). Raises Invalid for scopes its organization cannot have."""
    if before := made_before(db, ServiceClient, body.id, body.origin()):
        return before, None
    role = role_of(db, body.organization_id)
    check_territory(db, body.territory)
    possible = grantable(role)
    faults = [
        Fault(f"/scopes/{place}", "not_grantable", "An organization of this kind cannot have this.")
        if name in PERMISSIONS
        else Fault(f"/scopes/{place}", "unknown", "There is no such scope.")
        for place, name in enumerate(body.scopes)
        if name not in possible
    ]
    if faults:
        raise Invalid(faults=faults)
    secret, key = new_secret(), body.id or uuid7()
    values = body.model_dump(exclude={"id"})
    client = ServiceClient(**values, id=key, client_id=f"client-{key.hex}", role=role, secret_hash=hashed(secret), origin=body.origin())
    db.add(client)
    db.flush()
    return client, secret


def rotate_secret(db: GuardedSession, client_key: uuid.UUID, *, version: int) -> tuple[ServiceClient, str]:
    """A new secret; the old one and all tokens end at once."""
    client = fetch(db, ServiceClient, client_key, version=version)
    secret = new_secret()
    client.secret_hash = hashed(secret)
    client.invalidate_tokens()
    db.flush()
    return client, secret


def disable_client(db: GuardedSession, client_key: uuid.UUID, *, version: int) -> ServiceClient:
    """Shut a script out at once."""
    client = fetch(db, ServiceClient, client_key, version=version)
    client.disable()
    db.flush()
    return client


def enable_client(db: GuardedSession, client_key: uuid.UUID, *, version: int) -> ServiceClient:
    """Let a script in again."""
    client = fetch(db, ServiceClient, client_key, version=version)
    client.enable()
    db.flush()
    return client
