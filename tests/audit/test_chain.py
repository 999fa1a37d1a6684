"""The trail as a chain: what was changed, removed, added or swapped behind a seal is found, and what only came late is called so."""

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from app import cli, worker
from app.audit import chain
from app.audit.chain import Fault
from app.audit.models import AuditEntry, AuditSeal
from app.cli import opening
from app.database import Database, now
from tests.callers import Callers

SECONDS = 20
_entries: sa.Table = AuditEntry.__table__
_seals: sa.Table = AuditSeal.__table__


@pytest.fixture(autouse=True)
def nothing_else(request: pytest.FixtureRequest) -> None:
    """The first test with a database would find the entries of what came with it."""
    if "migrated" in request.fixturenames:
        with request.getfixturevalue("db").engine.begin() as connection:
            connection.execute(_entries.delete())


def put(db: Database, *ages: float, **other: Any) -> list[uuid.UUID]:
    """Entries so many seconds old; their ids."""
    known = {"actor_id": uuid.uuid4(), "actor_kind": "account", "organization_id": None, "action": "place.created"}
    known |= {"subject_type": "place", "subject_id": uuid.uuid4(), "changes": {"name": "Гулистон"}, "request_id": "r"}
    moment = now()
    rows = [{**known, **other, "id": uuid.uuid4(), "at": moment - timedelta(seconds=age)} for age in ages]
    with db.engine.begin() as connection:
        connection.execute(_entries.insert(), rows)
    return [row["id"] for row in rows]


def seals(db: Database) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(_seals).order_by(_seals.c.number)))


def change(db: Database, key: uuid.UUID, **values: Any) -> None:
    with db.engine.begin() as connection:
        connection.execute(_entries.update().where(_entries.c.id == key).values(**values))


def remove(db: Database, key: uuid.UUID) -> None:
    with db.engine.begin() as connection:
        connection.execute(_entries.delete().where(_entries.c.id == key))


@pytest.fixture
def chained(db: Database, monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """Three seals of two entries each, the first of them days old; the ids in order."""
    monkeypatch.setattr(chain, "BATCH", 2)
    keys = put(db, 900_000, 800_000, 700_000, 600_000, 500_000, 400_000)
    assert chain.seal().seals == 3
    assert chain.verify().faults == []
    return keys


# --- the form -----------------------------------------------------------------------------------------------------------------
def test_a_known_answer() -> None:
    """Written out by hand, so that nobody changes the form by accident: old seals must hold."""
    entry = SimpleNamespace(
        id=uuid.UUID("0192F000-0000-7000-8000-00000000000A"),
        at=datetime(2026, 11, 23, 21, 28, tzinfo=UTC),
        actor_id=uuid.UUID(int=1),
        actor_kind="account",
        organization_id=None,
        action="family.updated",
        subject_type="family",
        subject_id=uuid.UUID(int=2),
        changes={"number": {"before": 1, "after": 'Й"\n'}, "a": [None, True, 0.5]},
        request_id="request-0001",
    )
    line = (
        '{"action":"family.updated","actor_id":"00000000-0000-0000-0000-000000000001","actor_kind":"account",'
        '"at":"2026-11-23T21:28:00.000000+00:00","changes":{"a":[null,true,0.5],"number":{"after":"Й\\"\\n","before":1}},'
        '"id":"0192f000-0000-7000-8000-00000000000a","organization_id":null,"request_id":"request-0001",'
        '"subject_id":"00000000-0000-0000-0000-000000000002","subject_type":"family"}\n'
    )
    assert chain.canonical(entry) == line.encode()
    known = "2933af65b19a90b590aa9fb820d502d2c400575b81ebc43219064004027b8551"
    assert chain.digest_of(bytes(32), [entry]).hex() == known  # type: ignore[list-item]


def test_every_column_of_an_entry_is_vouched_for() -> None:
    entry = SimpleNamespace(**dict.fromkeys(_entries.c.keys()))
    entry.id = entry.actor_id = uuid.uuid4()
    entry.at = now()
    assert json.loads(chain.canonical(entry)).keys() == set(_entries.c.keys())


# --- sealing ------------------------------------------------------------------------------------------------------------------
def test_what_is_old_enough_is_sealed(db: Database) -> None:
    younger, older, oldest = put(db, 30, 90, 7200)
    done = chain.seal()
    (one,) = seals(db)
    assert (done.seals, done.entries, done.number, done.digest) == (1, 2, 1, one.digest)
    assert (one.number, one.entries, one.first_id, one.last_id, one.previous) == (1, 2, oldest, older, bytes(32))
    assert one.entry_ids == oldest.bytes + older.bytes
    verdict = chain.verify(one.digest)
    assert (verdict.seals, verdict.entries, verdict.unsealed, verdict.late, verdict.noted) == (1, 2, 1, 0, True)
    assert verdict.faults == []
    change(db, younger, request_id="other")
    assert chain.verify().faults == [], "it was not sealed yet"


def test_sealing_twice_does_nothing(db: Database, chained: list[uuid.UUID]) -> None:
    before = seals(db)
    again = chain.seal()
    assert (again.seals, again.entries, again.number, again.digest) == (0, 0, 3, before[-1].digest)
    assert seals(db) == before


def test_nothing_to_seal(db: Database) -> None:
    assert chain.seal() == chain.Sealed(0, 0, 0, bytes(32))
    assert chain.verify() == chain.Verdict()


def test_each_seal_follows_on_the_one_before(db: Database, chained: list[uuid.UUID]) -> None:
    found = seals(db)
    assert [one.previous for one in found] == [bytes(32), *(one.digest for one in found[:-1])]
    assert b"".join(one.entry_ids for one in found) == b"".join(key.bytes for key in chained)


def test_entries_of_one_moment_have_an_order(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    keys = put(db, *(500,) * 5)
    assert chain.seal().entries == 5
    assert b"".join(one.entry_ids for one in seals(db)) == b"".join(sorted(key.bytes for key in keys))
    assert chain.verify().faults == []


def test_real_entries_are_sealed(db: Database, callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    administrator = callers.administrator()
    administrator.post("/v1/places", {"district": "1733230", "names": {"uz_cyrl": "Гулистон"}})
    monkeypatch.setattr(chain, "SETTLED", -timedelta(hours=1))
    assert chain.seal().entries > 2
    verdict = chain.verify()
    assert (verdict.faults, verdict.unsealed) == ([], 0)


def test_half_a_letter_does_not_stop_the_sealing() -> None:
    entry = SimpleNamespace(**dict.fromkeys(_entries.c.keys()))
    entry.at, entry.changes = now(), {"name": "\ud800"}
    assert chain.canonical(entry)


def test_two_sealers_at_once_make_one_chain(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 3)
    put(db, *range(100, 160))
    both, sealed, failed = threading.Barrier(2, timeout=SECONDS), [], []

    def run() -> None:
        both.wait()
        try:
            sealed.append(chain.seal().entries)
        except Exception as error:  # noqa: BLE001 – told by the assertion below.
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert not failed
    assert sum(sealed) == 60
    assert [one.number for one in seals(db)] == list(range(1, 21))
    assert chain.verify().faults == []


@pytest.mark.postgresql
def test_an_open_transaction_holds_the_sealing_back(db: Database) -> None:
    """What it wrote may be as old as itself, so nothing that is younger is sealed before its end."""
    (key,) = put(db, 100)
    with db.engine.connect() as writer, db.engine.connect() as reader, db.engine.connect() as asking:
        reader.execute(sa.select(_entries.c.id))
        assert asking.execute(chain._OPEN_SINCE).scalar() is None, "who only reads holds nothing back"
        writer.execute(_entries.update().where(_entries.c.id == key).values(request_id="x"))
        asking.rollback()
        assert asking.execute(chain._OPEN_SINCE).scalar_one() >= 0
        assert chain._open_for(asking) >= timedelta()
        writer.rollback()
        asking.rollback()
        assert asking.execute(chain._OPEN_SINCE).scalar() is None, "nor who is done"


def test_so_long_a_transaction_is_waited_for(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    put(db, 200, 100)
    monkeypatch.setattr(chain, "_open_for", lambda _connection: timedelta(seconds=90))
    assert chain.seal().entries == 1


@pytest.mark.parametrize(("first", "every", "rounds"), [(0.001, 3600, 1), (0.001, 0.001, 3)])
def test_the_housekeeping_seals(db: Database, monkeypatch: pytest.MonkeyPatch, first: float, every: float, rounds: int) -> None:
    """Soon after the start already, since a service may be restarted more often than every hour; and then again and again."""
    put(db, 100)
    done = threading.Semaphore(0)
    monkeypatch.setattr(worker, "FIRST_SECONDS", first)
    monkeypatch.setattr(worker, "EVERY_SECONDS", every)
    monkeypatch.setattr(worker, "purge", done.release)
    housekeeping = worker.Housekeeping()
    housekeeping.start()
    for _ in range(rounds):
        assert done.acquire(timeout=SECONDS)
    housekeeping.stop()
    assert len(seals(db)) == 1


# --- what was done to sealed entries -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "values",
    [{"changes": {"name": "Гулистан"}}, {"actor_id": uuid.UUID(int=1)}, {"request_id": "s"}, {"organization_id": uuid.UUID(int=1)}],
)
def test_a_changed_entry(db: Database, chained: list[uuid.UUID], values: dict[str, Any]) -> None:
    change(db, chained[2], **values)
    assert chain.verify().faults == [Fault(2, "changed")]


def test_a_removed_entry(db: Database, chained: list[uuid.UUID]) -> None:
    """The middle one, then the very first, then the very last."""
    for place, faults in ((2, [2]), (0, [1, 2]), (5, [1, 2, 3])):
        remove(db, chained[place])
        assert chain.verify().faults == [Fault(number, "removed") for number in faults]


def test_an_added_entry(db: Database, chained: list[uuid.UUID]) -> None:
    put(db, 650_000)
    assert chain.verify().faults == [Fault(2, "added")]
    put(db, 999_000)
    assert chain.verify().faults == [Fault(1, "added"), Fault(2, "added")]
    assert chain.seal().entries == 0, "it is not taken in afterwards"


def test_a_swapped_entry(db: Database, chained: list[uuid.UUID]) -> None:
    """Two entries change places: within a seal, and over the border of two."""
    with db.engine.connect() as connection:
        moments = dict(connection.execute(sa.select(_entries.c.id, _entries.c.at)).all())
    for one, other, first in ((2, 3, Fault(2, "changed")), (1, 2, Fault(1, "changed"))):
        change(db, chained[one], at=moments[chained[other]])
        change(db, chained[other], at=moments[chained[one]])
        assert chain.verify().faults[0] == first
        assert {fault.what for fault in chain.verify().faults} == {"changed"}
        change(db, chained[one], at=moments[chained[one]])
        change(db, chained[other], at=moments[chained[other]])
        assert chain.verify().faults == []


def test_an_entry_under_another_id(db: Database, chained: list[uuid.UUID]) -> None:
    change(db, chained[2], id=uuid.uuid4())
    assert chain.verify().faults == [Fault(2, "added"), Fault(2, "removed")]


def alter_seal(db: Database, number: int, **values: Any) -> None:
    with db.engine.begin() as connection:
        connection.execute(_seals.update().where(_seals.c.number == number).values(**values))


def test_a_seal_cannot_be_made_to_fit(db: Database, chained: list[uuid.UUID]) -> None:
    """Whoever removes an entry and makes its seal anew breaks the link of the next one."""
    remove(db, chained[2])
    with db.engine.connect() as connection:
        left = connection.execute(sa.select(_entries).where(_entries.c.id == chained[3])).all()
    first = {"first_at": left[0].at, "first_id": left[0].id, "entries": 1, "entry_ids": left[0].id.bytes}
    alter_seal(db, 2, **first)
    assert chain.verify().faults == [Fault(2, "changed")]
    alter_seal(db, 2, digest=chain.digest_of(seals(db)[0].digest, left))
    assert chain.verify().faults == [Fault(3, "unlinked")]


@pytest.mark.parametrize(
    "values", [{"entries": 3}, {"digest": bytes(32)}, {"first_at": now() - timedelta(days=9)}, {"previous": b"x" * 32}]
)
def test_a_changed_seal(db: Database, chained: list[uuid.UUID], values: dict[str, Any]) -> None:
    alter_seal(db, 2, **values)
    assert chain.verify().faults[0].seal == 2


def test_a_removed_seal(db: Database, chained: list[uuid.UUID]) -> None:
    last = seals(db)[-1].digest
    with db.engine.begin() as connection:
        connection.execute(_seals.delete().where(_seals.c.number == 2))
    assert Fault(3, "unlinked") in chain.verify().faults
    with db.engine.begin() as connection:
        connection.execute(_seals.delete().where(_seals.c.number == 3))
    verdict = chain.verify(last)
    assert (verdict.faults, verdict.noted) == ([], False), "a chain that was cut shows only in a digest that was noted elsewhere"


# --- late ---------------------------------------------------------------------------------------------------------------------
def test_a_late_entry_is_called_late_and_sealed_next(db: Database) -> None:
    put(db, 9000, 100)
    chain.seal()
    (late,) = put(db, 200)
    verdict = chain.verify()
    assert (verdict.late, verdict.came_late, verdict.unsealed, verdict.faults) == (1, 0, 0, [])
    (new,) = put(db, 80)
    assert chain.seal().entries == 2
    assert seals(db)[-1].entry_ids == late.bytes + new.bytes
    verdict = chain.verify()
    assert (verdict.late, verdict.came_late, verdict.entries, verdict.faults) == (0, 1, 4, [])
    remove(db, late)
    assert chain.verify().faults == [Fault(2, "removed")]


def test_a_seal_of_late_entries_alone(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    put(db, 100)
    chain.seal()
    put(db, 210, 220, 230)
    assert chain.seal().seals == 2
    verdict = chain.verify()
    assert (verdict.seals, verdict.came_late, verdict.late, verdict.faults) == (3, 3, 0, [])
    put(db, 90)
    assert chain.seal().entries == 1
    assert chain.verify().faults == []


# --- the command line ---------------------------------------------------------------------------------------------------------
def test_the_commands(db: Database, chained: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(opening, "use_database", lambda: db)
    put(db, 100)
    assert cli.main(["audit", "seal"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seals"], told["entries"], told["last"]["number"]) == (1, 1, 4)
    noted = ["--digest", told["last"]["digest"]]
    assert cli.main(["audit", "verify", *noted]) == 0
    assert json.loads(capsys.readouterr().out)["last"] == told["last"]
    assert cli.main(["audit", "verify", "--digest", "00" * 32]) == 1
    assert "noted" in capsys.readouterr().err
    change(db, chained[4], request_id="s")
    change(db, chained[2], request_id="s")
    assert cli.main(["audit", "verify", *noted]) == 1
    shown = capsys.readouterr()
    assert "seal 2 " in shown.err
    assert json.loads(shown.out)["faults"] == [{"seal": 2, "what": "changed"}, {"seal": 3, "what": "changed"}]
    with pytest.raises(SystemExit, match="2"):
        cli.main(["audit", "verify", "--digest", "xyz"])
