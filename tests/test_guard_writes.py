"""The guarded session: what is written is judged by the database; and who looked is told."""

import threading
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlmodel import SQLModel

from app.access import guard
from app.access.actor import Visit, visiting
from app.access.declare import DECLARED
from app.access.fetch import fetch, find
from app.access.guard import GuardedSession, OutOfScope
from app.access.transaction import as_public, as_system, begin, reading
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.database import Database, Entity, current
from app.idempotency import Idempotency
from app.identity.models import Account
from app.partners.models import Organization, Specialist
from app.places.models import Level, Place
from app.problems import NotFound, Stale
from tests.guarded import HERE, KHOREZM, SAMARKAND, THERE, World, count_of_everything, numbers, refused


@pytest.fixture
def world(db: Database) -> World:
    return World()


# --- writes ------------------------------------------------------------------------------------------------------------------
def test_a_row_is_made_within_ones_rows_only(world: World) -> None:
    with begin(world.visit()) as db:
        db.add(world.family())
    refused(OutOfScope, world.visit(), lambda db: db.add(world.family(territory=THERE)))
    refused(OutOfScope, world.visit(), lambda db: db.add(world.family(organization_id=world.ids["other"])))
    refused(OutOfScope, world.visit("state_partner"), lambda db: db.add(world.family()))
    refused(OutOfScope, as_public("test"), lambda db: db.add(world.family()))

    def one_good_one_bad(db: GuardedSession) -> None:
        db.add_all([world.family(), world.family(territory=THERE)])

    refused(OutOfScope, world.visit(), one_good_one_bad)


@pytest.mark.parametrize("change", [{"territory": THERE}, {"organization_id": "other"}, {"territory": "17"}])
def test_a_row_is_not_moved_out_of_ones_rows(world: World, change: dict[str, str]) -> None:
    def move(db: GuardedSession) -> None:
        family = fetch(db, Family, world.ids[f"own {HERE}"])
        for name, value in change.items():
            setattr(family, name, world.ids.get(value, value))

    refused(OutOfScope, world.visit(), move)


def test_a_row_that_is_only_readable_is_not_written(world: World) -> None:
    def rename(db: GuardedSession) -> None:
        fetch(db, Specialist, world.ids["specialist other"]).surname = "stolen"

    def take_over(db: GuardedSession) -> None:
        """After the change the row would be the actor's own; that must not make it writable."""
        fetch(db, Specialist, world.ids["specialist other"]).organization_id = world.ids["own"]

    refused(OutOfScope, world.visit(), rename)
    refused(OutOfScope, world.visit(), take_over)
    with begin(world.visit()) as db:
        fetch(db, Specialist, world.ids["specialist own"]).surname = "mine"


def test_a_row_that_another_transaction_read_is_judged_anew(world: World) -> None:
    """The service loads a foreign row; brought into the actor's transaction and made the actor's own, it would look like one."""
    with begin(as_system("test")) as db:
        foreign = fetch(db, Family, world.ids[f"other {HERE}"])

    def take_over(db: GuardedSession) -> None:
        db.add(foreign)
        foreign.organization_id = world.ids["own"]

    refused(OutOfScope, world.visit(), take_over)
    with begin(as_system("test")) as db:
        own = fetch(db, Family, world.ids[f"own {HERE}"])
    with begin(world.visit()) as db:
        db.add(own)
        own.note = "mine"


def test_only_own_rows_are_deleted(world: World) -> None:
    def delete(name: str) -> Callable[[GuardedSession], None]:
        return lambda db: db.delete(fetch(db, Specialist, world.ids[name]))

    refused(OutOfScope, world.visit(), delete("specialist other"))
    refused(OutOfScope, world.visit(administrator=True), delete("specialist other"))
    with begin(world.visit()) as db:
        delete("specialist own")(db)
    assert len(count_of_everything()["specialist"]) == 1


def test_a_smuggled_child_is_refused(world: World) -> None:
    """A membership is judged by its own columns; pointing it at a foreign family does not open that family."""

    def smuggle(db: GuardedSession) -> None:
        link = FamilyMembership(
            family_id=world.ids[f"other {HERE}"], beneficiary_id=world.ids[f"member own {HERE}"], relationship_to_head="child"
        )
        link.organization_id, link.territory, link.ended_on = world.ids["other"], HERE, date(2020, 1, 1)
        db.add(link)

    refused(OutOfScope, world.visit(), smuggle)


def test_an_administrator_writes_only_where_the_table_says_so(world: World) -> None:
    administrator = world.visit(administrator=True)
    with begin(administrator) as db:
        db.add(Place(soato=f"{HERE}-0001", level=Level.MAHALLA, parent_soato=HERE, name_en="X"))
        db.add(Organization(kind="state_partner", name_en="new", territory="17"))
    for visit in (world.visit(), world.visit("womens_committee"), as_public("test")):
        refused(OutOfScope, visit, lambda db: db.add(Place(soato=f"{HERE}-0002", level=Level.MAHALLA, parent_soato=HERE, name_en="X")))
        refused(OutOfScope, visit, lambda db: db.add(Organization(kind="ngo", name_en="new", territory="17")))
    with begin(administrator) as db:
        assert numbers(db) == [f"own-{HERE}"]
    refused(OutOfScope, administrator, lambda db: db.add(world.family(organization_id=world.ids["other"])))
    assert {model.__name__ for model, one in DECLARED.items() if "administrator" in one.rows} == {
        "Account",
        "LoginSession",
        "Organization",
        "Place",
        "RetentionRule",
        "RetentionRun",
        "ServiceClient",
        "VulnerabilityCategory",
        "VulnerabilityScheme",
    }


def test_the_service_itself_has_every_row(world: World) -> None:
    with begin(as_system("test")) as db:
        assert len(numbers(db)) == 4
        db.add(world.family(organization_id=world.ids["other"], territory=THERE))


@pytest.mark.postgresql
def test_of_two_that_change_a_row_one_is_told(world: World) -> None:
    """The version stands in the UPDATE itself, so a row read before another's commit cannot be written over it. On SQLite there is one
    writer at a time: the second cannot even read before the first has committed.
    """
    key = world.ids[f"own {HERE}"]

    def overtaken() -> None:
        with begin(world.visit()) as slow:
            family = fetch(slow, Family, key, version=1)
            with begin(world.visit()) as fast:
                fetch(fast, Family, key, version=1).note = "first"
            family.note = "second"

    with pytest.raises(Stale):
        overtaken()
    with begin(world.visit()) as db:
        assert fetch(db, Family, key).note == "first"


# --- names, caches, threads --------------------------------------------------------------------------------------------------
def test_names_of_statements_are_unique() -> None:
    guard.prebuilt(select(Family.id), "test.name")
    with pytest.raises(ValueError, match=r"test\.name"):
        guard.prebuilt(select(Beneficiary.id), "test.name")


def test_the_caches_do_not_grow_with_use(world: World) -> None:
    def use() -> None:
        for visit in (world.visit(), world.visit(organization="other")):
            with begin(visit) as db:
                db.get(Family, uuid.uuid4())
                db.execute(select(Family.number).where(Family.number == uuid.uuid4().hex))
                find(db, Family, uuid.uuid4())
            with reading(visit) as rows:
                rows.rows(select(Family.id).where(Family.number == uuid.uuid4().hex))

    use()
    before = [len(cache) for cache in (guard._guarded, guard._core, guard._criteria, guard._checks, guard._watched, guard._named)]
    for _ in range(5):
        use()
    assert [len(cache) for cache in (guard._guarded, guard._core, guard._criteria, guard._checks, guard._watched, guard._named)] == before


def test_one_statement_serves_every_organization(world: World) -> None:
    """What is cached depends on the role and the level alone; who and where are bound at run time."""
    statement = guard.prebuilt(select(Family.number).order_by(Family.number), f"test.{uuid.uuid4().hex}")
    seen = {}
    for organization in ("own", "other"):
        for territory in (KHOREZM, SAMARKAND):
            with reading(world.visit(organization=organization, territory=territory)) as rows:
                seen[organization, territory] = [row[0] for row in rows.rows(statement)]
    assert seen == {
        ("own", KHOREZM): [f"own-{HERE}"],
        ("own", SAMARKAND): [f"own-{THERE}"],
        ("other", KHOREZM): [f"other-{HERE}"],
        ("other", SAMARKAND): [f"other-{THERE}"],
    }


def test_a_visit_ends_with_its_block(world: World) -> None:
    outer, inner = world.visit(), world.visit(organization="other")
    with begin(outer):
        assert visiting.get() is outer
        with reading(inner):
            assert visiting.get() is inner
        assert visiting.get() is outer
    assert visiting.get(None) is None
    with pytest.raises(RuntimeError), reading(outer):
        raise RuntimeError
    assert visiting.get(None) is None


def test_a_visit_does_not_reach_another_thread(world: World) -> None:
    found: list[object] = []
    with reading(world.visit()):
        thread = threading.Thread(target=lambda: found.append(visiting.get(None)))
        thread.start()
        thread.join()
    assert found == [None]


def test_two_visits_at_once_see_each_their_own(world: World) -> None:
    if current().is_sqlite:
        kinds: list[Callable[[Visit], Any]] = [reading, reading]
    else:
        kinds = [begin, reading]
    statement = guard.prebuilt(select(Family.number), f"test.{uuid.uuid4().hex}")
    meeting, seen = threading.Barrier(2, timeout=20), {}

    def look(organization: str, way: Callable[[Visit], Any]) -> None:
        with way(world.visit(organization=organization)) as db:
            meeting.wait()
            first = [row[0] for row in db.rows(statement)]
            meeting.wait()
            seen[organization] = (first, [row[0] for row in db.rows(statement)])

    threads = [threading.Thread(target=look, args=pair) for pair in zip(("own", "other"), kinds, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {name: ([f"{name}-{HERE}"], [f"{name}-{HERE}"]) for name in ("own", "other")}


# --- who looked --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, set[Any]]]:
    found: list[tuple[str, str, set[Any]]] = []
    monkeypatch.setattr(guard, "WATCHERS", [lambda _visit, table, name, ids: found.append((table, name, set(ids)))])
    return found


def test_every_look_at_a_watched_row_is_told(world: World, looks: list[tuple[str, str, set[Any]]]) -> None:
    family, member = world.ids[f"own {HERE}"], world.ids[f"member own {HERE}"]
    other = aliased(Beneficiary)
    joined = (
        select(Family.number, Family.id.label("family_id"), other.id.label("member"), other.surname)
        .join(FamilyMembership, FamilyMembership.family_id == Family.id)
        .join(other, other.id == FamilyMembership.beneficiary_id)
    )

    def read(statement: Any) -> list[tuple[str, str, set[Any]]]:
        looks.clear()
        with reading(world.visit()) as rows:
            rows.rows(statement)
            assert looks == [], "told when the connection is given back: a watcher may make the reader wait"
        return looks

    for statement in (
        select(Beneficiary.id, Beneficiary.surname),
        select(Beneficiary.surname, Beneficiary.id.label("who")),
        select(other.id),
    ):
        assert read(statement) == [("beneficiary", "", {member})]
    assert {look[0]: look[2] for look in read(joined)} == {"beneficiary": {member}, "family": {family}}
    assert read(select(Specialist.id)) == []
    assert read(select(Beneficiary.id).where(Beneficiary.surname == "nobody")) == []
    assert read(select(func.count()).select_from(Beneficiary)) == []
    with begin(world.visit()) as db:
        db.rows(select(Family.id))
    assert looks == [("family", "", {family})]


def test_what_was_not_shown_is_no_look(world: World, looks: list[tuple[str, str, set[Any]]]) -> None:
    def refuse() -> None:
        with reading(world.visit()) as rows:
            rows.rows(select(Family.id))
            raise NotFound

    with pytest.raises(NotFound):
        refuse()
    assert looks == []


# --- the ground it stands on -------------------------------------------------------------------------------------------------
def test_every_row_has_an_id_and_a_version() -> None:
    """The judge of writes counts ids; the trail names them."""
    for model in DECLARED:
        assert "id" in model.model_fields or model is Idempotency, model.__name__
        if issubclass(model, Entity):
            assert model.__mapper__.version_id_col is model.__table__.c.version


def test_lazy_loading_is_not_used() -> None:
    """A relationship would load rows beside the statement; links are foreign keys by name."""
    for mapper in SQLModel._sa_registry.mappers:
        assert not list(mapper.relationships), mapper


def test_accounts_are_read_within_the_organization(world: World) -> None:
    with begin(as_system("test")) as db:
        for organization in ("own", "other"):
            db.add(
                Account(
                    email=f"{organization}@test.example",
                    password_hash="x",
                    name=organization,
                    organization_id=world.ids[organization],
                    role="ngo",
                    duty="viewer",
                    territory="17",
                )
            )
    with begin(world.visit()) as db:
        assert db.execute(select(Account.name)).scalars().all() == ["own"]
    with begin(world.visit(administrator=True)) as db:
        assert sorted(db.execute(select(Account.name)).scalars()) == ["other", "own"]
    with begin(world.visit("state_partner", organization="other")) as db:
        assert db.execute(select(Account.name)).scalars().all() == ["other"]


def test_a_row_stays_readable_after_its_transaction(world: World) -> None:
    with begin(world.visit()) as db:
        family = fetch(db, Family, world.ids[f"own {HERE}"])
    try:
        assert family.number == f"own-{HERE}"
    except DetachedInstanceError:
        pytest.fail("rows expire at commit")
