"""The demonstration accounts, the service client, and the state partners, whom the record does not name."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Actor, Duty, Role
from app.access.guard import GuardedSession, prebuilt
from app.identity.actions.sessions import actor_of
from app.identity.models import Account, ServiceClient
from app.partners.actions.organizations import create_organization
from app.partners.models import Organization
from app.partners.schemas import OrganizationCreate
from app.schemas import Names

CLIENT = "certificates-script"
SCOPES = ["trainings:read", "participation:read", "certificates:read", "certificates:issue"]
_BY_EMAIL = prebuilt(sa.select(Account).where(col(Account.email).in_(bindparam("emails", expanding=True))), "demo.accounts")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a demonstration account stands."""

    organization: str
    duty: Duty
    territory: str
    administrator: bool = False


ACCOUNTS = {
    "administrator": _Place("sos_uz", Duty.MANAGER, "17", administrator=True),
    "ngo-manager": _Place("sos_uz", Duty.MANAGER, "17"),
    "ngo-specialist": _Place("sos_uz", Duty.SPECIALIST, "17"),
    "committee-khorezm": _Place("wcu", Duty.MANAGER, "1733"),
    "committee-samarkand": _Place("wcu", Duty.MANAGER, "1718"),
    "state-khorezm": _Place("state_khorezm", Duty.MANAGER, "1733"),
    "state-samarkand": _Place("state_samarkand", Duty.MANAGER, "1718"),
}
_STATE = {
    "state_khorezm": ("1733", "Namuna: Xorazm viloyati davlat hamkori (synthetic)", "Demonstration state partner, Khorezm (synthetic)"),
    "state_samarkand": (
        "1718",
        "Namuna: Samarqand viloyati davlat hamkori (synthetic)",
        "Demonstration state partner, Samarkand (synthetic)",
    ),
}


def email(name: str) -> str:
    """The address of a demonstration account."""
    return f"{name}@demo.example"


def state_partners(db: GuardedSession) -> dict[str, Organization]:
    """Two invented state partners, named as such."""
    return {
        key: create_organization(db, body=OrganizationCreate(kind=Role.STATE_PARTNER, names=Names(uz_latn=uz, en=en), territory=place))[0]
        for key, (place, uz, en) in _STATE.items()
    }


def make_accounts(db: GuardedSession, organizations: dict[str, Organization], secret: str) -> Actor:
    """Every demonstration account, its password given as a hash; answers the NGO's manager, who does the rest."""
    made = {}
    for name, place in ACCOUNTS.items():
        organization = organizations[place.organization]
        made[name] = Account(
            email=email(name),
            name=f"Demo {name}",
            password_hash=secret,
            organization_id=organization.id,
            role=organization.kind,
            duty=place.duty,
            territory=place.territory,
            administrator=place.administrator,
        )
    db.add_all(made.values())
    db.flush()
    return actor_of(made["ngo-manager"])


def accounts(db: GuardedSession) -> list[Account]:
    """The demonstration accounts that there are."""
    return list(db.execute(_BY_EMAIL, {"emails": [email(name) for name in ACCOUNTS]}).scalars())


def make_client(db: GuardedSession, organization: Organization, secret: str) -> None:
    """The service client of the example script."""
    client = ServiceClient(
        organization_id=organization.id,
        role=organization.kind,
        client_id=CLIENT,
        name="Demo: issues certificates",
        secret_hash=secret,
        scopes=SCOPES,
        territory="17",
    )
    db.add(client)
