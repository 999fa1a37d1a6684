"""Permissions: who may use which verb, by role and duty. Each feature's `policy.py` makes its own; doors ask for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.access.actor import ADMINISTRATOR, Duty, Role

ANYONE = frozenset(Duty)
STAFF = frozenset({Duty.MANAGER, Duty.SPECIALIST})
MANAGERS = frozenset({Duty.MANAGER})


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one kind of thing, such as `trainings:publish`; a service client's scope has the same name."""

    name: str
    description: str
    duties: Mapping[str, frozenset[Duty]]
    administrator: bool

    def __str__(self) -> str:
        return self.name


PERMISSIONS: dict[str, Permission] = {}


def permission(
    name: str,
    description: str,
    *,
    ngo: Collection[Duty] = (),
    womens_committee: Collection[Duty] = (),
    state_partner: Collection[Duty] = (),
    administrator: bool = False,
) -> Permission:
    """Declare a permission and who has it. `administrator` grants it to that mark whatever the duty. Names are unique."""
    if name in PERMISSIONS:
        raise ValueError(f"permission {name} is declared twice")
    duties = {
        Role.NGO.value: frozenset(ngo),
        Role.WOMENS_COMMITTEE.value: frozenset(womens_committee),
        Role.STATE_PARTNER.value: frozenset(state_partner),
    }
    PERMISSIONS[name] = Permission(name, description, duties, administrator)
    return PERMISSIONS[name]


def permissions_of(role: str, duty: str, *, administrator: bool) -> frozenset[str]:
    """The names of all permissions that this role and duty have."""
    return frozenset(name for name, one in PERMISSIONS.items() if duty in one.duties.get(role, ()) or (administrator and one.administrator))


def holders(one: Permission) -> dict[str, list[str]]:
    """Who has a permission, for the contract and the access matrix: role → duties; the mark under its own name."""
    found = {role: [duty.value for duty in sorted(duties)] for role, duties in one.duties.items() if duties}
    return {**found, ADMINISTRATOR: []} if one.administrator else found
