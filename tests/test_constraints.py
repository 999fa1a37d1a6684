"""A broken constraint is the problem that it means, on both databases the same, and never the database's own words."""

import uuid
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app import constraints
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.constraints import constraint_of, problem_of
from app.database import Database
from app.identity.models import Account
from app.partners.models import Organization
from app.places.models import Place
from app.problems import AlreadyExists, Conflict, IdTaken, Invalid, Problem

HERE = "1733230"


@pytest.fixture
def owner(db: Database) -> uuid.UUID:
    with begin(as_system("test")) as session:
        organization = Organization(kind="ngo", name_en="NGO", territory="17")
        session.add(organization)
    return organization.id


def family(owner: uuid.UUID, **more: Any) -> Family:
    return Family(**{"number": uuid.uuid4().hex[:20], "organization_id": owner, "territory": HERE, **more})


def account(owner: uuid.UUID, **more: Any) -> Account:
    values = {"email": "a@test.example", "password_hash": "x", "name": "A", "role": "ngo", "duty": "viewer", "territory": "17", **more}
    return Account(organization_id=owner, **values)


def person(owner: uuid.UUID) -> Beneficiary:
    return Beneficiary(surname="A", given_name="B", sex="female", birth_date=date(1990, 1, 1), organization_id=owner, territory=HERE)


def broken(*rows: Any) -> Problem:
    """What making these rows is refused with."""

    def make() -> None:
        with begin(as_system("test")) as session:
            for row in rows:
                session.add(row)
                session.flush()

    with pytest.raises(Problem) as found:
        make()
    assert isinstance(found.value.__cause__, IntegrityError)
    return found.value


def name_of(problem: Problem) -> str:
    assert isinstance(problem.__cause__, IntegrityError)
    return constraint_of(problem.__cause__)


def test_a_primary_key(owner: uuid.UUID) -> None:
    key = uuid.uuid4()
    problem = broken(family(owner, id=key), Organization(id=owner, kind="ngo", name_en="again", territory="17"))
    assert isinstance(problem, IdTaken)
    assert name_of(problem) == "pk_organization"


def test_a_unique_column(owner: uuid.UUID) -> None:
    problem = broken(*(Place(soato=f"{HERE}-0001", level="mahalla", parent_soato=HERE, name_en="X") for _ in range(2)))
    assert type(problem) is AlreadyExists
    assert name_of(problem) == "uq_place_soato"


def test_a_partial_unique_index(owner: uuid.UUID) -> None:
    with begin(as_system("test")) as session:
        one, other, member = family(owner), family(owner), person(owner)
        session.add_all([one, other, member])
    links = [
        FamilyMembership(family_id=each.id, beneficiary_id=member.id, relationship_to_head="child", organization_id=owner, territory=HERE)
        for each in (one, other)
    ]
    problem = broken(*links)
    assert name_of(problem) == "ix_family_membership_open"
    assert isinstance(problem, Conflict)


def test_a_check(owner: uuid.UUID) -> None:
    problem = broken(family(owner, monthly_income=-1))
    assert name_of(problem) == "ck_family_income_not_negative"
    assert isinstance(problem, Invalid)


def test_a_link_to_nothing(owner: uuid.UUID) -> None:
    problem = broken(family(owner, territory="1799999"))
    assert isinstance(problem, Invalid)
    assert name_of(problem).startswith("fk")
    assert isinstance(broken(family(uuid.uuid4())), Invalid)


def test_a_pair_that_must_agree(owner: uuid.UUID) -> None:
    """An account's role is its organization's kind."""
    assert isinstance(broken(account(owner, role="womens_committee")), Invalid)


def test_an_administrator_is_a_manager_of_the_ngo(owner: uuid.UUID) -> None:
    problem = broken(account(owner, administrator=True))
    assert name_of(problem) == "ck_account_administrator_is_ngo_manager"


def test_a_constraint_can_have_a_problem_of_its_own(owner: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    class NumberTaken(Conflict):
        """For this test alone."""

        is_refusal = False
        code = "test_number_taken"

    monkeypatch.setattr(constraints, "_REFUSALS", {})
    constraints.refuse("uq_family_number", NumberTaken)
    assert isinstance(broken(family(owner, number="same"), family(owner, number="same")), NumberTaken)


def test_what_is_registered_exists() -> None:
    """A misspelt name would answer nothing."""
    from sqlmodel import SQLModel

    from app import features

    features.routers()
    known = {str(one.name) for table in SQLModel.metadata.tables.values() for one in (*table.constraints, *table.indexes)}
    assert constraints._REFUSALS.keys() <= known


def test_an_unknown_breakage_is_a_conflict() -> None:
    error = IntegrityError("INSERT", {}, Exception("something else broke: secret words"))
    assert constraint_of(error) == ""
    problem = problem_of(error)
    assert type(problem) is Conflict
    assert problem.detail is None


def test_nothing_of_the_database_is_answered(owner: uuid.UUID) -> None:
    for problem in (broken(family(owner, number="Karimova"), family(owner, number="Karimova")), broken(family(owner, monthly_income=-1))):
        assert "Karimova" not in f"{problem.detail} {problem.faults} {problem.extra}"
        assert "family" not in str(problem.detail)


def test_a_value_that_does_not_fit_is_refused(db: Database, owner: uuid.UUID) -> None:
    """No schema lets it through; if one did, it would be a 422 and no 500. SQLite holds anything."""
    if db.is_sqlite:
        return

    def make() -> None:
        with begin(as_system("test")) as session:
            session.add(family(owner, note="with \0 in it"))

    with pytest.raises(Invalid):
        make()
    with db.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Family.__table__)).scalar_one() == 0
