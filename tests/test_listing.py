"""Keyset lists: every row once, however long the walk; cursors that cannot be misused; and what surrounds a page."""

import base64
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import listing
from app.access.guard import GuardedSession
from app.access.transaction import as_system, begin, reading
from app.database import Database
from app.listing import CAP, Keyset, Listing, Sort
from app.main import create_app
from app.places import queries
from app.places.models import Level, Place
from app.places.schemas import PlaceListing
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import make_beneficiary

MAHALLAS = "/v1/places?level=mahalla"


def add(*numbers: int, name: str = "Guliston") -> None:
    with begin(as_system("test")) as db:
        for number in numbers:
            code = f"1733230-{number:04d}"
            db.add(Place(soato=code, level=Level.MAHALLA, parent_soato="1733230", name_uz_latn=name, search=f" {name.lower()}"))
            db.flush()


def walk(caller: Caller, url: str, limit: int = 3) -> tuple[list[str], int]:
    """(codes in the order of the walk, number of pages), by following `Link`."""
    found: list[str] = []
    pages, target = 0, f"{url}&limit={limit}"
    while target:
        response = caller.get(target)
        assert response.status_code == 200, response.text
        pages += 1
        page = response.json()
        assert len(page["items"]) <= limit
        found += [item["soato"] for item in page["items"]]
        assert ("link" in response.headers) == (page["next"] is not None)
        target = response.links["next"]["url"] if page["next"] else ""
        if target:
            assert target.startswith("/v1/places?")
            assert f"cursor={page['next']}" in target
    return found, pages


@pytest.mark.parametrize("sort", ["soato", "-soato", "created_at", "-created_at"])
def test_a_walk_sees_each_row_once(callers: Callers, sort: str) -> None:
    add(*range(1, 8))
    found, pages = walk(callers.state(), f"{MAHALLAS}&sort={sort}")
    codes = [f"1733230-{number:04d}" for number in range(1, 8)]
    assert found == (codes[::-1] if sort.startswith("-") else codes)
    assert pages == 3


def test_a_page_that_is_just_full_is_the_last(callers: Callers) -> None:
    add(*range(1, 7))
    assert walk(callers.state(), MAHALLAS)[1] == 2
    assert walk(callers.state(), MAHALLAS, 6)[1] == 1
    assert callers.state().get(f"{MAHALLAS}&limit=200").json()["next"] is None


def test_rows_that_come_in_between_shift_nothing(callers: Callers) -> None:
    """A page is found by its last row, so what is inserted before it is not seen and nothing is seen twice or left out."""
    add(*range(10, 20, 2))
    caller = callers.state()
    first = caller.get(f"{MAHALLAS}&limit=3&sort=soato").json()
    add(1, 9, 11, 15, 30)
    found = [item["soato"][-2:] for item in first["items"]]
    target = first["next"]
    while target:
        page = caller.get(f"{MAHALLAS}&limit=3&sort=soato&cursor={target}").json()
        found += [item["soato"][-2:] for item in page["items"]]
        target = page["next"]
    assert found == ["10", "12", "14", "15", "16", "18", "30"]


def test_a_row_that_goes_away_does_not_stop_the_walk(callers: Callers) -> None:
    add(*range(1, 8))
    caller = callers.state()
    first = caller.get(f"{MAHALLAS}&limit=3&sort=soato").json()
    with begin(as_system("test")) as db:
        db.delete(db.get(Place, uuid.UUID(first["items"][-1]["id"])))
    second = caller.get(f"{MAHALLAS}&limit=3&sort=soato&cursor={first['next']}").json()
    assert [item["soato"][-1] for item in second["items"]] == ["4", "5", "6"]


def test_rows_of_one_moment_are_told_apart_by_their_id(callers: Callers) -> None:
    from app.database import now

    moment = now()
    with begin(as_system("test")) as db:
        for number in range(1, 8):
            db.add(Place(soato=f"1733230-{number:04d}", level=Level.MAHALLA, parent_soato="1733230", name_en="X", created_at=moment))
    for sort in ("created_at", "-created_at"):
        found, _ = walk(callers.state(), f"{MAHALLAS}&sort={sort}", 2)
        assert sorted(found) == [f"1733230-{number:04d}" for number in range(1, 8)]


# --- cursors ------------------------------------------------------------------------------------------------------------------
def refused(response: Any) -> None:
    assert (response.status_code, response.json()["code"]) == (400, "malformed"), response.text


def test_a_cursor_is_bound_to_its_list(callers: Callers) -> None:
    add(*range(1, 8))
    caller = callers.administrator()
    cursor = caller.get(f"{MAHALLAS}&limit=3&sort=soato").json()["next"]
    for other in (
        "/v1/places?sort=soato",
        f"{MAHALLAS}&sort=-soato",
        f"{MAHALLAS}&sort=created_at",
        f"{MAHALLAS}&sort=soato&parent=1733230",
        f"{MAHALLAS}&sort=soato&q=guliston",
        "/v1/places?level=region&sort=soato",
        "/v1/accounts?sort=created_at",
        "/v1/service-clients?sort=created_at",
    ):
        refused(caller.get(f"{other}&cursor={cursor}"))
    for limit in (1, 200):
        assert caller.get(f"{MAHALLAS}&sort=soato&limit={limit}&cursor={cursor}").status_code == 200


def test_a_cursor_is_not_bound_to_who_asks(callers: Callers) -> None:
    """It holds a position, no right: another caller's rows are still that caller's alone."""
    add(*range(1, 8))
    cursor = callers.state().get(f"{MAHALLAS}&limit=3").json()["next"]
    assert callers.ngo().get(f"{MAHALLAS}&cursor={cursor}").status_code == 200


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_a_changed_cursor_is_refused(callers: Callers, place: int) -> None:
    add(*range(1, 5))
    caller = callers.state()
    url = f"{MAHALLAS}&limit=3&sort=soato"
    raw = bytearray(_bytes(caller.get(url).json()["next"]))
    assert caller.get(f"{url}&cursor={_text(raw)}").status_code == 200
    raw[place] ^= 1
    refused(caller.get(f"{url}&cursor={_text(raw)}"))


def test_a_cursor_tells_nothing(callers: Callers) -> None:
    """It stands in addresses, and a list may be in the order of people's names."""
    ngo = callers.ngo()
    for surname in ("Karimova", "Rahimova"):
        make_beneficiary(ngo, surname=surname)
    page = ngo.get("/v1/beneficiaries?sort=name&limit=1")
    assert b"karim" not in _bytes(page.json()["next"]).lower()
    assert "karim" not in page.headers["link"].lower()
    assert page.json()["next"] != ngo.get("/v1/beneficiaries?sort=name&limit=1").json()["next"], "equal positions are not told either"


def _bytes(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cursor=st.text(alphabet="ABCXYZabcxyz0189-_", max_size=60)
    | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))
    | st.text(max_size=30)
)
def test_garbage_is_never_a_500(callers: Callers, cursor: str) -> None:
    caller = _one_caller(callers)
    response = caller.get("/v1/places", params={"cursor": cursor})
    assert response.status_code in (200, 400, 422), response.text
    assert (response.status_code == 200) == (cursor == "") or response.status_code == 422


_caller: list[Caller] = []


def _one_caller(callers: Callers) -> Caller:
    """The same caller for all examples of a property: making one costs more than the request."""
    if not _caller or _caller[0].client is not callers.client or not _is_alive(_caller[0]):
        _caller[:] = [callers.state()]
    return _caller[0]


def _is_alive(caller: Caller) -> bool:
    return caller.get("/v1/me").status_code == 200


# --- totals -------------------------------------------------------------------------------------------------------------------
def test_a_total_only_when_asked_for(callers: Callers) -> None:
    add(*range(1, 8))
    caller = callers.state()
    assert not {"total", "total_is_capped"} & caller.get(MAHALLAS).json().keys()
    for url in (f"{MAHALLAS}&include=total&limit=3", f"{MAHALLAS}&include=total"):
        page = caller.get(url).json()
        assert (page["total"], page["total_is_capped"]) == (7, False)
    page = caller.get(f"{MAHALLAS}&include=total&limit=3").json()
    assert caller.get(f"{MAHALLAS}&include=total&limit=3&cursor={page['next']}").json()["total"] == 7, "of all pages"
    assert caller.get(f"{MAHALLAS}&q=nobody&include=total").json()["total"] == 0
    assert caller.get(f"{MAHALLAS}&include=everything").status_code == 422


def test_a_total_is_capped(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted up to the cap and no further; the cap stands in the statement, so a list of its own is made for this."""
    assert CAP == 10_000
    monkeypatch.setattr(listing, "CAP", 5)
    add(*range(1, 8))
    keyset = Keyset(f"test.{uuid.uuid4().hex}", queries._place, key=Place.id, sorts={"soato": Sort(Place.soato)}, filters={})
    with reading(as_system("test")) as db:
        found = keyset.page(db, PlaceListing(include="total", sort="soato"), {})
    assert found.more == {"total": 5, "total_is_capped": True}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "limit=",
        "sort=",
        "sort=name",
        "sort=soato;drop",
        "cursor=",
        "cursor=%00",
        "cursor=a b",
        "include=",
        "level=planet",
        "level=",
        "on=today",
        "is_pilot=perhaps",
        "offset=3",
        "page=2",
        "limit=1&limit=2",
    ],
)
def test_parameters_that_are_none(callers: Callers, query: str) -> None:
    response = callers.state().get(f"/v1/places?{query}")
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["place"] == "query"
    assert response.json()["errors"][0]["pointer"] == f"/{query.split('=', maxsplit=1)[0]}"


# --- forms --------------------------------------------------------------------------------------------------------------------
def test_more_forms_than_are_kept_still_answer(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every combination of filters is a statement; a client that tries them all must neither fill the memory nor break the list."""
    add(*range(1, 5))
    monkeypatch.setattr(listing, "_SHAPES", 3)
    keyset = Keyset(f"test.{uuid.uuid4().hex}", queries._place, key=Place.id, sorts=queries._PLACES.sorts, filters=queries._PLACES.filters)
    with reading(as_system("test")) as db:
        for values in (
            {"level": "mahalla"},
            {"parent": "1733230"},
            {"level": "mahalla", "parent": "1733230"},
            {"is_pilot": False, "level": "mahalla"},
        ):
            for sort in ("soato", "-soato", "created_at"):
                found = keyset.page(db, PlaceListing(sort=sort, limit=2, include="total"), values)
                assert len(found.items) == 2
                assert found.more["total"] == 4
                assert found.next is not None
                following = PlaceListing(sort=sort, limit=2, cursor=found.next)
                assert len(keyset.page(db, following, values).items) == 2
    assert len(keyset._built) == 3


def test_a_cursor_has_room_for_the_longest_value() -> None:
    longest = listing._cursor(b"x" * 200, "\u0448" * 250, uuid.uuid4())
    assert len(longest) <= listing.LONGEST_CURSOR
    Listing(cursor=longest)


# --- around a page ------------------------------------------------------------------------------------------------------------
def test_the_commit_comes_before_the_answer(db: Database, callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the answer in hand finds the row; a commit that fails is a refusal, never a 201."""
    log: list[str] = []
    real = GuardedSession.commit
    monkeypatch.setattr(GuardedSession, "commit", lambda self: (real(self), log.append("commit"))[0])
    administrator = callers.administrator()
    app = create_app()

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        async def traced(message: Any) -> None:
            log.append(message["type"])
            await send(message)

        await app(scope, receive, traced)

    monkeypatch.setattr(administrator.client._transport, "app", spy)
    log.clear()
    made = administrator.post("/v1/places", {"district": "1733230", "names": {"uz_latn": "Guliston"}})
    assert made.status_code == 201
    assert log == ["commit", "http.response.start", "http.response.body"]


@pytest.mark.parametrize("path", ["/v1/places", "/v1/places/1733230", "/v1/places/1799999", "/v1/accounts", "/v1/places?limit=x", "/v1/me"])
def test_the_pool_comes_back(db: Database, callers: Callers, path: str) -> None:
    caller = callers.administrator()
    for _ in range(db.pool * 3):
        caller.get(path)
    caller.post("/v1/places", {"district": "1733999", "names": {"uz_latn": "x"}})
    caller.post("/v1/places", {})
    assert db.engine.pool.checkedout() == 0


def test_a_full_pool_is_busy(db: Database, callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = callers.state()
    assert caller.get("/v1/places").status_code == 200
    monkeypatch.setattr(db.engine.pool, "_timeout", 0.01)
    held = [db.engine.connect() for _ in range(db.pool)]
    try:
        for response in (caller.get("/v1/places"), caller.post("/v1/auth/logout")):
            assert (response.status_code, response.json()["code"]) == (503, "busy")
            assert int(response.headers["retry-after"]) > 0
        assert caller.client.get("/readyz").status_code == 503
        assert caller.client.get("/livez").status_code == 200
    finally:
        for connection in held:
            connection.close()
    assert caller.get("/v1/places").status_code == 200


def test_a_refused_door_is_not_a_500_when_the_pool_is_full(db: Database, callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is recorded; where it cannot be, it is busy rather than unrecorded."""
    caller = callers.state()
    assert caller.get("/v1/me").status_code == 200
    monkeypatch.setattr(db.engine.pool, "_timeout", 0.01)
    held = [db.engine.connect() for _ in range(db.pool)]
    try:
        assert caller.post("/v1/places", {}).status_code == 503
    finally:
        for connection in held:
            connection.close()


def test_health(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_not_ready_before_the_migrations(client: Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.health.head", lambda: "another")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert "migrate" in response.json()["detail"]
    assert int(response.headers["retry-after"]) > 0
