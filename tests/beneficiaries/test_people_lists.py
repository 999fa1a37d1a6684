"""The list of people: found however a name is spelt, page by page, read off its index."""

import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from app.beneficiaries.naming import derived
from app.database import Database, now, uuid7
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, URGANCH, make_beneficiary, make_family

URL = "/v1/beneficiaries"
VARIANTS: dict[str, list[list[str]]] = yaml.safe_load((Path(__file__).parent.parent / "data" / "name_variants.yaml").read_text())


def ids(caller: Caller, **params: Any) -> list[str]:
    found = caller.get(URL, params=params)
    assert found.status_code == 200, found.text
    return [one["id"] for one in found.json()["items"]]


def test_every_spelling_finds_every_spelling(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    groups = VARIANTS["exact"] + VARIANTS["loose"]
    made = [{make_beneficiary(ngo, given_name=name, surname="Karimov", patronymic=None)["id"] for name in group} for group in groups]
    for group, expected in zip(groups, made, strict=True):
        for name in group:
            assert expected <= set(ids(ngo, q=name, limit=200)), (name, group)
            assert expected <= set(ids(ngo, q=f"karimov {name.upper()}", limit=200)), (name, group)


def test_a_family_is_found_by_every_spelling_of_a_member(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    family = make_family(ngo)
    make_family(ngo, members=[])
    for q in ("Йўлдошева Дилноза", "dilnoza yo'ldosheva", "KARIM", "Зухра"):
        assert [one["id"] for one in ngo.get("/v1/families", params={"q": q}).json()["items"]] == [family["id"]], q
    # Both words belong to members of the family, and to no single one.
    assert ngo.get("/v1/families", params={"q": "Дилноза Зуҳра"}).json()["items"] == []
    assert ngo.get("/v1/families", params={"q": "%"}).json()["items"] == []


def test_words_come_in_any_order_and_their_beginnings_are_enough(callers: Callers) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo)["id"]
    make_beneficiary(ngo, surname="Каримова", given_name="Нодира", patronymic=None)
    for q in ("dil yo'ld", "Йўлд Дил Кар", "qizi karim dilnoza yoldosheva"):
        assert ids(ngo, q=q) == [person], q
    for q in ("noza", "%", "_", "'", "-", "dilnoza nodira", "a b c d e f g h i j k"):
        assert ids(ngo, q=q) == [], q


def test_filters(callers: Callers) -> None:
    ngo = callers.ngo()
    girl = make_beneficiary(ngo, birth_date="2012-05-17")["id"]
    boy = make_beneficiary(ngo, birth_date="2010-01-01", sex="male", territory=URGANCH)["id"]
    woman = make_beneficiary(ngo, birth_date="1980-01-01", territory=ANDIJON)["id"]
    assert ids(ngo, sort="created_at") == [girl, boy, woman]
    assert ids(ngo) == [woman, boy, girl]
    assert ids(ngo, sex="male") == [boy]
    assert ids(ngo, born_from="2010-01-01", born_until="2012-05-16") == [boy]
    assert ids(ngo, born_until="2009-12-31") == [woman]
    assert ids(ngo, territory="17") == [woman, boy, girl]
    assert ids(ngo, territory="1733") == [boy, girl]
    assert ids(ngo, territory=SHOVOT) == [girl]
    assert ids(ngo, territory=f"{SHOVOT}-0001") == []
    assert ids(ngo, territory="1733", sex="female", q="dilnoza") == [girl]
    assert ngo.get(URL, params={"include": "total", "limit": 1, "territory": "1733"}).json()["total"] == 2


def test_members_of_a_family(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    make_beneficiary(ngo)
    family = make_family(ngo)
    assert set(ids(ngo, family_id=family["id"])) == {one["id"] for one in family["members"]}
    assert ids(ngo, family_id=str(uuid.uuid4())) == []


def test_what_changed_since(callers: Callers) -> None:
    ngo = callers.ngo()
    first, second = make_beneficiary(ngo), make_beneficiary(ngo)
    assert ids(ngo, updated_since=second["updated_at"], sort="updated_at") == [second["id"]]
    changed = ngo.patch(f"{URL}/{first['id']}", {"sex": "male"}, version=1).json()
    assert ids(ngo, updated_since=second["updated_at"], sort="updated_at") == [second["id"], first["id"]]
    assert ids(ngo, updated_since=changed["updated_at"], sort="updated_at") == [first["id"]]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("sex=f", "/sex"),
        ("territory=33", "/territory"),
        ("born_from=2012", "/born_from"),
        ("family_id=1", "/family_id"),
        ("updated_since=2026-01-01", "/updated_since"),
        ("updated_since=0001-01-01T00:00:00%2B14:00", "/updated_since"),
        ("sort=strict_key", "/sort"),
        ("q=", "/q"),
        (f"q={'a' * 101}", "/q"),
        ("strict_key=a", "/strict_key"),
        ("sex=male&sex=female", "/sex"),
        ("limit=0", "/limit"),
    ],
)
def test_a_wrong_filter_is_named(callers: Callers, query: str, pointer: str) -> None:
    refused = callers.ngo().get(f"{URL}?{query}")
    assert refused.status_code == 422
    assert [(fault["place"], fault["pointer"]) for fault in refused.json()["errors"]] == [("query", pointer)]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "name"])
def test_pages_hold_every_row_once(callers: Callers, sort: str) -> None:
    ngo = callers.ngo()
    surnames = ["Юнусов", "Abdullayev", "Ғуломов", "Abdullayev", "Zokirov"]
    made = [make_beneficiary(ngo, surname=surname)["id"] for surname in surnames]
    whole = ids(ngo, sort=sort)
    assert sorted(whole) == sorted(made)
    paged, cursor = [], {}
    while cursor is not None:
        page = ngo.get(URL, params={"sort": sort, "limit": 2, **cursor})
        paged += [one["id"] for one in page.json()["items"]]
        cursor = {"cursor": page.json()["next"]} if page.json()["next"] else None
        assert ("link" in page.headers) == (cursor is not None)
    assert paged == whole
    if sort == "name":
        assert [surnames[made.index(one)] for one in whole] == ["Abdullayev", "Abdullayev", "Ғуломов", "Юнусов", "Zokirov"]


def test_a_cursor_serves_its_own_list_alone(callers: Callers) -> None:
    ngo = callers.ngo()
    for _ in range(2):
        make_beneficiary(ngo)
    cursor = ngo.get(URL, params={"limit": 1, "sort": "created_at"}).json()["next"]
    for params in ({"sort": "name"}, {"sort": "created_at", "sex": "female"}, {"sort": "created_at", "territory": "1733"}):
        assert ngo.get(URL, params={"cursor": cursor, **params}).status_code == 400


def test_a_page_of_ones_own_territory_is_read_off_its_index(callers: Callers, db: Database) -> None:
    ngo, other = callers.ngo("1733"), callers.ngo("1733")
    _fill(db, 3000, {ngo.organization_id: [SHOVOT, URGANCH, ANDIJON], other.organization_id: [SHOVOT]})
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM beneficiary" in statement:
            found.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    page = ngo.get(URL, params={"limit": 50}).json()
    assert ngo.get(URL, params={"limit": 50, "cursor": page["next"]}).status_code == 200
    sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len(found) == 2
    with db.engine.connect() as connection:
        for statement, parameters in found:
            explain = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN "
            plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters).all())
            assert "ix_beneficiary_organization_region" in plan, plan
            assert "sort" not in plan.lower(), plan
            assert "B-TREE" not in plan, plan


def _fill(db: Database, count: int, places: dict[str, list[str]]) -> None:
    """Many rows at once, past the service; the statistics that PostgreSQL plans by are taken."""
    from app.beneficiaries.models import Beneficiary

    table = Beneficiary.__table__
    owners = [(uuid.UUID(owner), place) for owner, of_owner in places.items() for place in of_owner]
    person = {"surname": "A", "given_name": "B", "sex": "male", "birth_date": now().date(), "version": 1, "birth_precision": "day"}
    person |= {"is_synthetic": True, "updated_at": now(), **derived("A", "B", None)}
    rows = [
        {**person, "id": uuid7(), "created_at": now(), "organization_id": owner, "territory": place}
        for owner, place in (owners[n % len(owners)] for n in range(count))
    ]
    with db.engine.begin() as connection:
        connection.execute(sa.insert(table), rows)
    # SQLite keeps what it once counted for every later test of the same file, and plans those by it.
    if not db.is_sqlite:
        with db.reads.connect() as connection:
            connection.exec_driver_sql("ANALYZE beneficiary")
