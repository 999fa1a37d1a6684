"""Two organizations in two regions, and what every test of the guarded session asks of them."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from app.access.actor import Actor, Visit
from app.access.guard import GuardedSession
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.database import current
from app.partners.models import Organization, Specialist

KHOREZM, SAMARKAND = "1733", "1718"
HERE, THERE = "1733230", "1718224"


class World:
    """Two organizations with a family each in two regions, and actors of every kind."""

    def __init__(self) -> None:
        self.ids: dict[str, uuid.UUID] = {}
        with begin(as_system("test")) as db:
            for name in ("own", "other"):
                organization = Organization(kind="ngo", name_en=name, territory="17")
                db.add(organization)
                db.flush()
                self.ids[name] = organization.id
            for name in ("own", "other"):
                for territory in (HERE, THERE):
                    family = Family(number=f"{name}-{territory}", organization_id=self.ids[name], territory=territory)
                    member = Beneficiary(**_person(f"{name} {territory}"), organization_id=self.ids[name], territory=territory)
                    db.add_all([family, member])
                    db.flush()
                    link = FamilyMembership(family_id=family.id, beneficiary_id=member.id, relationship_to_head="head", is_head=True)
                    link.organization_id, link.territory = self.ids[name], territory
                    db.add(link)
                    self.ids[f"{name} {territory}"], self.ids[f"member {name} {territory}"] = family.id, member.id
                specialist = Specialist(surname=name, given_name="A", organization_id=self.ids[name], territory=HERE)
                db.add(specialist)
                db.flush()
                self.ids[f"specialist {name}"] = specialist.id

    def visit(self, role: str = "ngo", territory: str = KHOREZM, organization: str = "own", **more: Any) -> Visit:
        """An actor of one of the two organizations."""
        return Visit(Actor(uuid.uuid4(), role, "manager", self.ids[organization], territory, **more))

    def family(self, **more: Any) -> Family:
        """A family that the actor may make."""
        return Family(**{"number": uuid.uuid4().hex[:20], "organization_id": self.ids["own"], "territory": HERE, **more})


def _person(surname: str) -> dict[str, Any]:
    return {"surname": surname, "given_name": "A", "sex": "female", "birth_date": date(1990, 5, 6)}


def numbers(db: GuardedSession, statement: Any = None) -> list[str]:
    """The families that a statement answers."""
    return sorted(db.execute(select(Family.number) if statement is None else statement).scalars())


def refused(error: type[Exception], visit: Visit, action: Callable[[GuardedSession], object]) -> None:
    """The action must fail, at once or when it is flushed, and leave nothing behind."""
    before = count_of_everything()
    with pytest.raises(error), begin(visit) as db:
        action(db)
    assert count_of_everything() == before


def count_of_everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row with its organization, territory and version, as nobody's guard sees it."""
    with current().engine.connect() as connection:
        tables = [
            SQLModel.metadata.tables[name] for name in ("family", "beneficiary", "specialist", "place", "family_membership", "audit_entry")
        ]
        return {
            table.name: sorted(
                tuple(str(value) for value in row)
                for row in connection.execute(
                    select(table.c.id, *(table.c[name] for name in ("organization_id", "version") if name in table.c))
                )
            )
            for table in tables
        }
