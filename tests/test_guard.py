"""The guarded session: what is read is filtered in every form, what cannot be judged is refused."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from app.access import guard
from app.access.actor import Actor, Visit
from app.access.declare import DECLARED, UndeclaredTable
from app.access.fetch import fetch, find
from app.access.guard import GuardedSession, NoActor, NotGuardable, OutOfScope
from app.access.transaction import as_public, as_system, begin, reading
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.changes import CONCEALED
from app.database import Database, current
from app.partners.models import Venue
from app.problems import NotFound, Stale
from tests.guarded import HERE, KHOREZM, SAMARKAND, THERE, World, count_of_everything, numbers, refused


@pytest.fixture
def world(db: Database) -> World:
    return World()


# --- who is nobody -----------------------------------------------------------------------------------------------------------
def test_without_an_actor_nothing_runs(world: World) -> None:
    with GuardedSession(current().engine) as db:
        for statement in (select(Family), select(Family.number), select(func.count()).select_from(Family)):
            with pytest.raises(NoActor):
                db.execute(statement)
        with pytest.raises(NoActor):
            db.get(Family, world.ids[f"own {HERE}"])
        db.add(world.family())
        with pytest.raises(NoActor):
            db.flush()


def test_an_empty_territory_is_no_row(world: World) -> None:
    with begin(world.visit(territory="")) as db:
        assert numbers(db) == []
    refused(OutOfScope, world.visit(territory=""), lambda db: db.add(world.family()))


def test_without_an_organization_there_is_no_row(world: World) -> None:
    nobody = Visit(Actor(uuid.uuid4(), "ngo", "manager", None, "17"))
    with begin(nobody) as db:
        assert numbers(db) == []


def test_a_role_without_a_rule_sees_nothing(world: World) -> None:
    for role in ("state_partner", "nonsense", "", "administrator"):
        with begin(world.visit(role)) as db:
            assert numbers(db) == [], role
            assert db.get(Family, world.ids[f"own {HERE}"]) is None


def test_the_public_sees_only_what_says_so(world: World) -> None:
    for model in DECLARED:
        with reading(as_public("test")) as db:
            seen = db.rows(select(func.count()).select_from(model))[0][0]
        assert not seen or "public" in DECLARED[model].rows, model.__name__
    # Nobody looks a place or a partner up without an account; a certificate carries the names that stand on it.
    assert [model.__name__ for model, one in DECLARED.items() if "public" in one.rows] == ["Certificate"]


# --- reads -------------------------------------------------------------------------------------------------------------------
def test_rows_are_those_of_the_organization_and_the_territory(world: World) -> None:
    for territory, expected in (("17", [THERE, HERE]), (KHOREZM, [HERE]), (HERE, [HERE]), (SAMARKAND, [THERE]), (f"{HERE}-0001", [])):
        with begin(world.visit(territory=territory)) as db:
            assert numbers(db) == sorted(f"own-{place}" for place in expected)
        with reading(world.visit(territory=territory)) as rows:
            assert sorted(row[0] for row in rows.rows(select(Family.number))) == sorted(f"own-{place}" for place in expected)


A = aliased(Beneficiary)
_nested = select(Beneficiary.id).subquery()
_cte = select(Beneficiary.id.label("key"), Beneficiary.territory).cte("c")
_tree = select(Family.id, Family.number).cte("tree", recursive=True)
_of_derived = aliased(Beneficiary, select(Beneficiary).subquery())
FORMS: dict[str, Any] = {
    "columns": select(func.count(Beneficiary.id)),
    "alias": select(func.count(A.id)),
    "derived": select(func.count()).select_from(_nested),
    "derived alias": select(func.count(_of_derived.id)),
    "cte": select(func.count()).select_from(_cte),
    "cte joined": select(func.count(_cte.c.key)).join(Family, Family.territory == _cte.c.territory),
    "in": select(func.count(Family.id)).where(Family.territory.in_(select(A.territory))),
    "exists": select(func.count(Family.id)).where(sa.exists(select(A.id).where(A.territory == Family.territory))),
    "scalar": select(select(func.count(A.id)).scalar_subquery()).select_from(Family).limit(1),
    "join": select(func.count(Beneficiary.id)).join(FamilyMembership, FamilyMembership.beneficiary_id == Beneficiary.id),
    "outer join": select(func.count(A.id)).select_from(Family).join(A, A.territory == Family.territory, isouter=True),
    "outer join of both": select(func.count(A.id)).select_from(Beneficiary).join(A, A.territory == Beneficiary.territory, isouter=True),
    "union": select(func.count()).select_from(sa.union(select(Beneficiary.id), select(A.id)).subquery()),
    "recursive": select(func.count(_tree.union(select(Family.id, Family.number).join(_tree, _tree.c.id == Family.id)).c.id)),
    "window": select(func.count(Beneficiary.id).over()).select_from(Beneficiary).limit(1),
}


def named(statement: Any, name: str) -> Any:
    """The statement under a name that it has for the whole run."""
    return guard._named[name] if name in guard._named else guard.prebuilt(statement, name)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_select_is_filtered(world: World, form: str) -> None:
    """One own row lies in the territory; four are in the table. The session and the fast way must both find the one."""
    assert len(count_of_everything()["beneficiary"]) == 4
    with begin(world.visit()) as db:
        assert db.execute(FORMS[form]).scalar_one() == 1
        assert db.execute(FORMS[form].execution_options()).scalar_one() == 1
    statement = named(FORMS[form], f"test.{form}")
    for _ in range(2):
        with reading(world.visit()) as rows:
            assert rows.rows(statement)[0][0] == 1
        with reading(world.visit(organization="other", territory=SAMARKAND)) as rows:
            assert rows.rows(statement)[0][0] == 1
        with reading(world.visit("state_partner")) as rows:
            found = rows.rows(statement)
            assert not found or not found[0][0]
        with reading(as_system("test")) as rows:
            assert rows.rows(statement)[0][0] > 1


def test_a_union_is_filtered_in_both_its_parts(world: World) -> None:
    with begin(world.visit()) as db:
        assert db.execute(sa.union(select(Family.number), select(aliased(Family).number))).scalars().all() == [f"own-{HERE}"]


@pytest.mark.parametrize("form", ["derived", "cte", "derived alias", "scalar", "exists", "union", "recursive"])
def test_the_fast_form_serves_only_where_it_is_the_same(world: World, form: str) -> None:
    """Criteria do not travel into the nested selects of the extracted form, so it must be dropped wherever its SQL differs."""
    actor, engine = world.visit().actor, current().engine
    statement = named(FORMS[form], f"test.core.{form}")
    core = guard.core_form(statement, actor, engine)
    guarded = str(guard.guard(FORMS[form], actor).compile(engine))
    assert guarded.count("organization_id =") >= 1
    if core is not None:
        assert str(core.compile(engine)) == guarded
    plain = guard.core_form(named(select(Family.number), "test.core.plain"), actor, engine)
    assert plain is not None


def test_what_is_made_of_a_prebuilt_statement_is_refused(world: World) -> None:
    """It has the name too, and would be answered with what is kept under it: every family, whatever it asks for."""
    whole = named(select(Family.id, Family.number), "test.refined")
    for refine in (
        lambda: whole.where(Family.number == "none"),
        lambda: whole.limit(0),
        lambda: whole.add_columns(Family.note),
        lambda: select(Family.id).execution_options(prebuilt="test.refined"),
        lambda: select(Family.id).execution_options(prebuilt="test.never named"),
    ):
        for _ in range(2):
            with reading(world.visit()) as rows:
                with pytest.raises(NotGuardable, match="prebuilt"):
                    rows.rows(refine())
                assert len(rows.rows(whole)) == 1
            refused(NotGuardable, world.visit(), lambda db, again=refine: db.execute(again()))
            refused(NotGuardable, world.visit(), lambda db, again=refine: db.rows(again()))
    with pytest.raises(NotGuardable):
        guard.watch(whole.limit(0), [])


def test_one_row_by_its_id(world: World) -> None:
    with begin(world.visit()) as db:
        assert db.get(Family, world.ids[f"own {HERE}"]) is not None
        for name in (f"own {THERE}", f"other {HERE}", f"other {THERE}"):
            assert db.get(Family, world.ids[name]) is None
            assert find(db, Family, world.ids[name]) is None
            with pytest.raises(NotFound):
                fetch(db, Family, world.ids[name])
            with pytest.raises(NotFound):
                fetch(db, Family, world.ids[name], lock=True)
        with pytest.raises(NotFound):
            fetch(db, Family, uuid.uuid4())
        with pytest.raises(Stale):
            fetch(db, Family, world.ids[f"own {HERE}"], version=9)
        assert fetch(db, Family, world.ids[f"own {HERE}"], version=1, lock=True).version == 1


# --- what cannot be judged ---------------------------------------------------------------------------------------------------
_table: sa.Table = Family.__table__
UNGUARDABLE: dict[str, Any] = {
    "text": sa.text("SELECT number FROM family"),
    "text as columns": sa.text("SELECT number FROM family").columns(Family.number),
    "text in a condition": select(Family.number).where(sa.text("1 = 1")),
    "text in an order": select(Family.number).order_by(sa.text("1")),
    "text as a column": select(Family.number, sa.literal_column("(SELECT count(*) FROM account)")),
    "text behind an entity": select(Family).from_statement(sa.text("SELECT * FROM family")),
    "core behind an entity": select(Family).from_statement(select(_table)),
    "the table": select(_table),
    "a column of the table": select(_table.c.number),
    "the table in a sub-select": select(Beneficiary.id).where(Beneficiary.id.in_(select(_table.c.id))),
    "the table joined": select(Beneficiary.id).join(_table, _table.c.organization_id == Beneficiary.organization_id),
    "the table counted": select(func.count(Beneficiary.id), select(func.count(_table.c.id)).scalar_subquery()),
    "the whole table nested": select(func.count(Beneficiary.id)).where(sa.exists(select(_table))),
    "a bare table": select(Beneficiary.id).where(Beneficiary.id.in_(select(sa.column("id")).select_from(sa.table("family")))),
    "a prefix": select(Family.number).prefix_with("(SELECT max(email) FROM account),"),
    "a suffix": select(Family.number).suffix_with("UNION SELECT email FROM account"),
    "a suffix of a cte": select(func.count()).select_from(select(Family.number).cte("x").suffix_with("UNION SELECT email FROM account")),
    "a suffix nested": select(Beneficiary.id).where(Beneficiary.id.in_(select(Family.id).suffix_with("OR 1 = 1"))),
    "a hint": select(Family.number).with_hint(Family, "JOIN account ON true"),
    "a statement hint": select(Family.number).with_statement_hint("UNION SELECT email FROM account"),
    "an operator": select(Family.number).where(Family.number.op("IS NOT NULL OR")(Family.number)),
    "an operator that compares": select(Family.number).where(Family.number.bool_op("IS NOT NULL OR")(Family.number)),
    "an operator before": select(UnaryExpression(Family.number, operator=custom_op("(SELECT max(email) FROM account) ||"))),
    "an operator behind": select(Family.number).order_by(UnaryExpression(Family.number, modifier=custom_op("LIMIT 0"))),
    "a collation": select(Family.number).order_by(Family.number.collate('"C", (SELECT 1)')),
    "a collation of a type": select(sa.cast(Family.number, sa.String(collation='C"'))),
    "a part of a date": select(Family.number).where(sa.extract("year FROM now()) OR (SELECT 1", Family.created_at) == 1),
    "nothing of ours": select(sa.literal(1)),
    "bulk insert": sa.insert(Family).values(number="x"),
    "bulk update": sa.update(Family).values(note="x"),
    "bulk delete": sa.delete(Family),
    "update of the table": _table.update().values(note="x"),
    "delete of the table": _table.delete(),
    "a lambda": sa.lambda_stmt(lambda: select(Family.number)),
}


@pytest.mark.parametrize("name", UNGUARDABLE)
def test_what_cannot_be_judged_is_refused(world: World, name: str) -> None:
    refused(NotGuardable, world.visit(), lambda db: db.execute(UNGUARDABLE[name]))
    if name not in ("nothing of ours", "a lambda"):
        refused(NotGuardable, as_system("test"), lambda db: db.execute(UNGUARDABLE[name]))


def test_operators_of_the_library_itself_stand(world: World) -> None:
    """Of those that it writes with a text, no text is ours."""
    text = Family.number + "x"
    conditions = (
        Family.version.bitwise_and(1) == 1,
        Family.number.like("own%"),
        Family.version.in_([1]),
        text.startswith("own"),
        ~sa.false(),
    )
    with begin(world.visit()) as db:
        assert numbers(db, select(Family.number).where(*conditions).order_by(Family.number.desc().nulls_last())) == [f"own-{HERE}"]


def test_the_session_has_no_way_round_the_flush(world: World) -> None:
    rows = [{"number": "x", "organization_id": world.ids["other"], "territory": THERE}]
    refused(NotGuardable, world.visit(), lambda db: db.bulk_save_objects([world.family()]))
    refused(NotGuardable, world.visit(), lambda db: db.bulk_insert_mappings(Family, rows))
    refused(NotGuardable, world.visit(), lambda db: db.bulk_update_mappings(Family, rows))
    refused(NotGuardable, world.visit(), lambda db: db.execute(sa.insert(Family), rows))


def test_an_undeclared_table_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for cache in ("_criteria", "_guarded", "_core", "_checks"):
        monkeypatch.setattr(guard, cache, {})
    monkeypatch.delitem(DECLARED, Venue)
    monkeypatch.delitem(CONCEALED, Venue)
    for visit in (world.visit(), as_system("test"), as_public("test")):
        refused(UndeclaredTable, visit, lambda db: db.execute(select(Venue.id)))
        refused(UndeclaredTable, visit, lambda db: db.execute(select(Family.id).where(sa.exists(select(Venue.id)))))
        refused(UndeclaredTable, visit, lambda db: db.add(Venue(organization_id=world.ids["own"], territory=HERE)))
        with pytest.raises(UndeclaredTable), reading(visit) as rows:
            rows.rows(select(Venue.id))


def test_an_unmapped_table_is_refused(world: World) -> None:
    stray = sa.Table("stray", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    refused(NotGuardable, world.visit(), lambda db: db.execute(select(Family.id).where(sa.exists(select(stray.c.id)))))
    with pytest.raises(NotGuardable, match="unmapped"):
        guard.mapper_of("stray")
