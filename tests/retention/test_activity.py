"""What counts as work with a person: what is written of it in whatever table, and of the family that it belongs to."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.grants import AccessGrant, DataCategory, to_role
from app.beneficiaries.history import FamilyResidence
from app.beneficiaries.models import Beneficiary, Family
from app.consents.models import Consent
from app.database import Database, now
from app.days import today
from app.kinship.models import Kinship
from app.livelihoods.models import IncomeMonth, IncomeRecord
from app.retention import due
from app.retention.actions.running import run_retention
from app.vulnerability.loading import load_schemes
from app.vulnerability.models import VulnerabilityRecord
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary, make_family
from tests.factories.consents import given_consent, household, make_consent
from tests.factories.grants import grant
from tests.factories.kinship import make_kinship, make_parent
from tests.factories.lives import member_of, membership_of, url
from tests.factories.vulnerability import make_record
from tests.retention.test_erasing import ask
from tests.retention.test_running import LONG_AGO, age, is_forgotten, rule

OF_FAMILY = (Family, FamilyResidence, IncomeMonth, IncomeRecord, VulnerabilityRecord, Consent, AccessGrant)


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    load_schemes()
    return callers.ngo()


def age_all(db: Database) -> None:
    age(db, *due.TOLD_BY, Beneficiary)
    with db.engine.begin() as connection:
        # What was given so long ago and lapses by itself is nobody's work.
        connection.execute(sa.update(Consent).values(given_at=LONG_AGO, updated_at=LONG_AGO))


def write(db: Database, model: Any, *conditions: Any) -> None:
    """Somebody writes something there today."""
    with db.engine.begin() as connection:
        done = connection.execute(sa.update(model).where(*conditions).values(updated_at=now()))
    assert done.rowcount


def home_of(ngo: Caller) -> dict[str, Any]:
    """A family of which something is written in every table that speaks of families."""
    home = household(ngo)
    income = {"sources": [{"source": "wages", "amount": 1}]}
    assert ngo.put(url(home["family"], "incomes", "2026-01"), income, version=0).status_code == 201
    make_record(ngo, home["family"], "family_of_child_with_disability")
    given_consent(ngo, home)
    grant(ngo, to_role("state_partner"), DataCategory.HOUSEHOLD, family_id=home["family"]["id"])
    return home


def forgotten(ngo: Caller, home: dict[str, Any]) -> set[bool]:
    return {is_forgotten(ngo, one["id"]) for one in home["family"]["members"]}


# --- a family -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("basis", ["last_activity", "closure"])
@pytest.mark.parametrize("model", OF_FAMILY, ids=lambda model: str(model.__tablename__))
def test_what_is_written_of_a_family_is_work_with_its_members(callers: Callers, ngo: Caller, db: Database, model: Any, basis: str) -> None:
    home = home_of(ngo)
    with db.engine.begin() as connection:
        # By `closure` they would be forgotten since nobody lives in it any more.
        connection.execute(sa.update(Family).values(status="dissolved"))
    age_all(db)
    write(db, model, *([model.family_id.is_not(None)] if model is not Family else []))
    rule(callers, basis=basis)
    assert run_retention()["two_years"]["due"] == 0
    assert forgotten(ngo, home) == {False}
    age_all(db)
    assert run_retention()["two_years"]["anonymized"] == len(home["family"]["members"])


def test_a_family_that_is_worked_with_is_not_forgotten(callers: Callers, ngo: Caller, db: Database) -> None:
    home = household(ngo)
    age_all(db)
    rule(callers, action="delete")
    income = {"sources": [{"source": "wages", "amount": 5}]}
    assert ngo.put(url(home["family"], "incomes", f"{today():%Y-%m}"), income, version=0).status_code == 201
    assert run_retention()["two_years"]["due"] == 0
    age_all(db)
    version = ngo.get(url(home["family"])).json()["version"]
    assert ngo.patch(url(home["family"]), {"housing": "rented"}, version=version).status_code == 200
    assert run_retention()["two_years"]["due"] == 0
    assert forgotten(ngo, home) == {False}


def test_who_left_has_no_part_in_what_is_written_of_the_family(callers: Callers, ngo: Caller, db: Database) -> None:
    family = make_family(ngo)
    child = member_of(family, "child")
    left = {"reason": "adopted", "ended_on": "2020-01-01"}
    assert ngo.post(url(family, "memberships", membership_of(family, "child"), "end"), left, version=1).status_code == 200
    age_all(db)
    write(db, Family)
    rule(callers)
    assert run_retention()["two_years"]["anonymized"] == 1
    assert is_forgotten(ngo, child)


def test_nor_have_the_dead(callers: Callers, ngo: Caller, db: Database) -> None:
    """Somebody may die without the membership being ended; the time after the death must not wait for the family's."""
    family = make_family(ngo)
    head = member_of(family, "head")
    with db.engine.begin() as connection:
        dead = sa.update(Beneficiary).where(Beneficiary.id == uuid.UUID(head))
        connection.execute(dead.values(deceased_on=LONG_AGO.date()))
    age_all(db)
    write(db, Family)
    rule(callers, basis="closure")
    assert run_retention()["two_years"]["anonymized"] == 1
    assert is_forgotten(ngo, head)


def test_another_family_tells_nothing(callers: Callers, ngo: Caller, db: Database) -> None:
    one, other = home_of(ngo), make_family(ngo)
    age_all(db)
    for model in OF_FAMILY:
        key = model.id if model is Family else model.family_id
        write(db, model, key == uuid.UUID(one["family"]["id"]))
    rule(callers)
    assert run_retention()["two_years"]["anonymized"] == len(other["members"])
    assert forgotten(ngo, one) == {False}


# --- two persons --------------------------------------------------------------------------------------------------------------
def test_a_kinship_is_work_with_both(callers: Callers, ngo: Caller, db: Database) -> None:
    mother, girl, nobody = make_parent(ngo), make_beneficiary(ngo), make_beneficiary(ngo, given_name="Sabina", birth_date="1999-05-06")
    make_kinship(ngo, mother, girl)
    age_all(db)
    write(db, Kinship)
    rule(callers)
    assert run_retention()["two_years"]["anonymized"] == 1
    assert [is_forgotten(ngo, one["id"]) for one in (mother, girl, nobody)] == [False, False, True]


@pytest.mark.parametrize("key", ["given_by_id", "withdrawn_by_id"])
def test_who_speaks_for_a_child_is_worked_with(callers: Callers, ngo: Caller, db: Database, key: str) -> None:
    home = household(ngo)
    consent = make_consent(ngo, home, beneficiary_id=home["boy"]["id"], giving={"method": "written"})
    with db.engine.begin() as connection:
        # Whoever speaks here is the one whom nothing else names.
        connection.execute(sa.update(Consent).values({key: uuid.UUID(home["father"]["id"])}))
    age_all(db)
    write(db, Consent, Consent.id == uuid.UUID(consent["id"]))
    rule(callers)
    run_retention()
    assert not is_forgotten(ngo, home["father"]["id"])


def test_that_a_child_is_forgotten_is_no_work_with_who_spoke_for_it(callers: Callers, ngo: Caller, db: Database) -> None:
    home = household(ngo)
    make_consent(ngo, home, beneficiary_id=home["boy"]["id"], giving={"method": "written"}, note="Maxfiy soʻz")
    age_all(db)
    assert ngo.post(f"{ask(ngo, home['boy'])}/approve", version=1).status_code == 200
    assert is_forgotten(ngo, home["boy"]["id"])
    rule(callers)
    run_retention()
    assert is_forgotten(ngo, home["mother"]["id"])
