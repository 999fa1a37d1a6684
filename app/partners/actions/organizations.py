"""Registering organizations and changing them."""

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app import phones
from app.access.fetch import check_territory, fetch, made_before
from app.access.guard import GuardedSession, prebuilt
from app.database import uuid7
from app.identity.actions.administrators import require_administrator, runs_installation
from app.identity.models import Account, ServiceClient
from app.partners.models import Organization, rename
from app.partners.schemas import ContactWrite, OrganizationCreate, OrganizationUpdate
from app.problems import Conflict, invalid

# Locked in one order, so that two changes that would close a circle between them wait for each other instead of passing each other.
# NO KEY UPDATE, so that rows which merely refer to an organization can still be written meanwhile.
_LINKS = prebuilt(
    sa.select(col(Organization.id), col(Organization.parent_id), col(Organization.successor_id))
    .order_by(col(Organization.id))
    .with_for_update(key_share=True),
    "organization.links",
)
_MEMBERS = [
    prebuilt(sa.select(col(model.id)).where(col(model.organization_id) == bindparam("organization_id")).limit(1), f"organization.{name}")
    for name, model in (("account", Account), ("client", ServiceClient))
]
_DATES = frozenset({"valid_from", "valid_to"})


class KindInUse(Conflict):
    """The kind is the role of the organization's accounts and service clients, so it can be put right only before it has any.

    A body that became something else is another organization: register that one and name it as the successor.
    """

    code, title = "kind_in_use", "Conflicts with the stored state"


def create_organization(db: GuardedSession, *, body: OrganizationCreate) -> tuple[Organization, bool]:
    """(organization, made before). Raises Invalid for an unknown place, parent or successor; IdTaken."""
    if before := made_before(db, Organization, body.id, body.origin()):
        return before, True
    check_territory(db, body.territory)
    organization = Organization(
        id=body.id or uuid7(),
        origin=body.origin(),
        contacts=[_contact(one) for one in body.contacts],
        **body.model_dump(include={"kind", "parent_id", "territory", "valid_from", "valid_to", "successor_id"}),
    )
    rename(organization, body.names.model_dump())
    organization.check_dates()
    _check_links(db, organization, {"parent_id": body.parent_id, "successor_id": body.successor_id})
    db.add(organization)
    db.flush()
    return organization, False


def update_organization(db: GuardedSession, organization_id: uuid.UUID, *, version: int, body: OrganizationUpdate) -> Organization:
    """Change it. Raises NotFound, Stale, KindInUse, LastAdministrator, and Invalid as `create_organization` does, and for a circle."""
    organization = fetch(db, Organization, organization_id, version=version)
    values = body.model_dump(exclude_unset=True)
    is_at_stake = bool(_DATES & values.keys()) and runs_installation(db, organization.id)
    if "territory" in values:
        check_territory(db, body.territory)
    if "kind" in values and body.kind != organization.kind:
        _check_unused(db, organization)
    if "contacts" in values:
        values["contacts"] = [_contact(one) for one in body.contacts]
    _check_links(db, organization, {name: values[name] for name in ("parent_id", "successor_id") if name in values})
    if names := values.pop("names", None):
        rename(organization, names)
    for name, value in values.items():
        setattr(organization, name, value)
    organization.check_dates()
    db.flush()
    if is_at_stake:
        require_administrator(db)
    return organization


def _contact(one: ContactWrite) -> dict[str, Any]:
    """A contact as it is stored: the phone as it was written, beside the form that could be read from it."""
    return {**one.model_dump(), "phone_e164": phones.parse(one.phone) if one.phone else None}


def _check_unused(db: GuardedSession, organization: Organization) -> None:
    if any(db.rows(statement, {"organization_id": organization.id}) for statement in _MEMBERS):
        raise KindInUse


def _check_links(db: GuardedSession, organization: Organization, links: Mapping[str, uuid.UUID | None]) -> None:
    """Invalid for a link to nobody, to itself, or back to itself over others: parents and successors each lead somewhere."""
    if not any(links.values()):
        return
    known = {row[0]: {"parent_id": row[1], "successor_id": row[2]} for row in db.rows(_LINKS)}
    for name, target in links.items():
        if target is not None and target != organization.id and target not in known:
            raise invalid(f"/{name}", "unknown", "There is no such organization.")
        seen = {organization.id}
        while target is not None:
            if target in seen:
                raise invalid(f"/{name}", "circle", "Leads back to the organization itself.")
            seen.add(target)
            target = known[target][name]  # noqa: PLW2901 – the walk along the chain.
