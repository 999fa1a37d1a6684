"""Rows by their ids, held or not; and what a body refers to, looked up by the name of its table, whatever layer that belongs to."""

import pytest

from app.access import guard
from app.access.fetch import check_territory, fetch, look_up
from app.access.guard import NotGuardable
from app.access.transaction import begin, reading
from app.beneficiaries.models import Family
from app.database import Database
from app.problems import Invalid
from tests.guarded import HERE, THERE, World


@pytest.fixture
def world(db: Database) -> World:
    return World()


@pytest.mark.parametrize("hold", [{"lock": True}, {"keep": True}], ids=str)
def test_what_is_not_written_yet_is_not_forgotten(world: World, hold: dict[str, bool]) -> None:
    """A row that is held is read as it is now, and what was changed of it here is a part of that."""
    key = world.ids[f"own {HERE}"]
    with begin(world.visit()) as db:
        family = fetch(db, Family, key)
        family.note = "X"
        assert fetch(db, Family, key, **hold) is family
        assert family.note == "X"
    with begin(world.visit()) as db:
        assert fetch(db, Family, key).note == "X"


def test_one_column_by_another(world: World) -> None:
    with reading(world.visit()) as db:
        assert look_up(db, "organization", "kind", by="id", value=world.ids["other"]) == "ngo"
        assert look_up(db, "place", "soato", by="soato", value="1799999") is None
    with pytest.raises(NotGuardable, match="unmapped"), reading(world.visit()) as db:
        look_up(db, "stray", "id", by="id", value=world.ids["own"])


def test_what_is_not_the_actors_to_see_is_not_there(world: World) -> None:
    for name, seen in ((f"own {HERE}", HERE), (f"own {THERE}", None), (f"other {HERE}", None)):
        with begin(world.visit()) as db:
            assert look_up(db, "family", "territory", by="id", value=world.ids[name]) == seen


def test_it_is_one_statement_built_once(world: World, statements: list[str]) -> None:
    for _ in range(3):
        with reading(world.visit()) as db:
            check_territory(db, HERE)
    asked = [statement for statement in statements if "FROM place" in statement]
    assert len(asked) == 3
    assert len(set(asked)) == 1
    assert "place.soato.by_soato" in guard._named


def test_a_place_that_is_not_there_is_told_with_its_pointer(world: World) -> None:
    with reading(world.visit()) as db:
        check_territory(db, "17")
        for pointer, expected in (((), "/territory"), (("/place",), "/place")):
            with pytest.raises(Invalid) as refused:
                check_territory(db, "1799999", *pointer)
            assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(expected, "unknown")]
