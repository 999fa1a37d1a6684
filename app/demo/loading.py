"""Loads the demonstration data: once, as a whole or not at all, and never beside other data."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import col

from app import features
from app.access.actor import Visit
from app.access.guard import prebuilt
from app.access.transaction import as_system, begin, in_the_name_of, reading
from app.demo import activities, agreements, people, record
from app.identity.models import ServiceClient
from app.identity.passwords import hashed, new_password
from app.partners.actions.organizations import create_organization
from app.partners.models import Organization
from app.settings import settings

_ORGANIZATIONS = prebuilt(sa.select(sa.func.count(col(Organization.id))), "demo.organizations")
_CLIENT = prebuilt(sa.select(ServiceClient).where(col(ServiceClient.client_id) == people.CLIENT), "demo.client")


def load_demo() -> Iterator[str]:
    """Load the demonstration data; yields what to tell the person at the terminal.

    All of it in one transaction: whoever interrupts the first start has an empty database, and the next start begins anew.
    """
    features.policies()
    given = settings().demo_password
    with reading(as_system("load_demo")) as db:
        is_loaded = bool(db.rows(_CLIENT))
        is_empty = db.rows(_ORGANIZATIONS)[0][0] == 0
    if not is_loaded and not is_empty:
        yield "The database has other data, so no demonstration data were loaded."
        return
    if is_loaded:
        if given is not None:
            _set_passwords(given.get_secret_value())
        yield from _told(given.get_secret_value() if given else "as printed when they were made; DEMO_PASSWORD=… sets another")
        return
    password = given.get_secret_value() if given else new_password()
    _load(hashed(password))
    yield from _told(password)


def _load(secret: str) -> None:
    """Everything, each part in the name of whoever would enter it."""
    with begin(as_system("load_demo")) as db:
        organizations = {key: create_organization(db, body=body)[0] for key, body in record.organizations(record.read()).items()}
        organizations |= people.state_partners(db)
        manager = people.make_accounts(db, organizations, secret)
        with in_the_name_of(Visit(manager, operation="load_demo")):
            activities.load(db, manager)
            agreements.load(db, manager)
            db.flush()
        people.make_client(db, organizations["sos_uz"], secret)


def _set_passwords(password: str) -> None:
    """Another password for every demonstration account and the client, and for nobody else."""
    secret = hashed(password)
    with begin(as_system("load_demo")) as db:
        for account in people.accounts(db):
            account.password_hash = secret
        client: ServiceClient = db.execute(_CLIENT).scalar_one()
        client.secret_hash = secret


def _told(password: str) -> Iterator[str]:
    yield f"Demonstration accounts (password {password}):"
    for name in people.ACCOUNTS:
        yield f"  {people.email(name)}"
    yield f"Service client: {people.CLIENT} (secret: the same)"
