"""New keys under a running service: everything is sealed anew, batch by batch, and nothing else changes."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.transaction import as_system, begin
from app.audit.models import AuditEntry
from app.beneficiaries.models import Beneficiary
from app.database import Database
from app.identifiers import keys as ring
from app.identifiers import rekeying, sealing
from app.identifiers.actions import move_to
from app.identifiers.keys import keys, make_next
from app.identifiers.models import Identifier
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.identifiers import PINFL, identifier_body, make_identifier, pinfl, url_of
from tests.identifiers.test_sealing import stored, tamper
from tests.test_cli import good, run

TABLE = Identifier.__table__


@pytest.fixture
def ngo(own_keys: Any, callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def made(ngo: Caller) -> list[dict[str, Any]]:
    """Five persons with a number each."""
    return [make_identifier(ngo, make_beneficiary(ngo), value=pinfl(f"617051203400{place}")) for place in range(1, 6)]


def versions(db: Database) -> set[int]:
    with db.engine.connect() as connection:
        return set(connection.execute(sa.select(TABLE.c.key_version)).scalars())


def entries(db: Database) -> list[tuple[str, Any]]:
    with db.engine.connect() as connection:
        rows = connection.execute(sa.select(AuditEntry.action, AuditEntry.changes).order_by(AuditEntry.at, AuditEntry.id)).all()
    return [tuple(row) for row in rows]


def values(ngo: Caller, made: list[dict[str, Any]]) -> list[str]:
    return [ngo.get(f"/v1/identifiers/{one['id']}").json()["value"] for one in made]


def test_everything_is_sealed_anew(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    before, told, old = values(ngo, made), len(entries(db)), [stored(db, one["id"]) for one in made]
    done = rekeying.rotate(batch=2)
    assert (done.version, done.index_version, done.batches, done.rekeyed, done.unreadable, done.left) == (2, 1, 3, 5, set(), 0)
    assert done.whole
    assert versions(db) == {2}
    assert values(ngo, made) == before
    for one, row in zip(made, old, strict=True):
        now = stored(db, one["id"])
        assert now.ciphertext != row.ciphertext
        # The same number: nobody's ETag changes, and it is found as before.
        assert (now.version, now.updated_at, now.blind_index, now.origin) == (row.version, row.updated_at, row.blind_index, row.origin)
    new = entries(db)[told:]
    assert [action for action, _ in new] == ["identifier.rekeyed"], "one entry, not one a row"
    assert new[0][1] == {"key_version": 2, "index_key_version": 1, "batches": 3, "rekeyed": 5, "unreadable": 0, "left": 0}


def test_new_numbers_take_the_new_key(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    make_next()
    late = make_identifier(ngo, make_beneficiary(ngo), kind="passport", value="AA1234567")
    assert versions(db) == {1, 2}
    assert stored(db, late["id"]).key_version == 2
    assert values(ngo, made)[0] == pinfl("6170512034001")


def test_the_service_goes_on_meanwhile(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    """Between the batches: read, look up, add, change, end; at the end nothing is left under the old key."""
    before = values(ngo, made)
    make_next()
    told = []
    for steps, so_far in enumerate(rekeying.batches(batch=1), 1):
        told.append(so_far)
        assert values(ngo, made) == before
        found = ngo.post("/v1/identifiers/lookup", {"kind": "pinfl", "value": before[steps % 5]}).json()["items"]
        assert [one["beneficiary_id"] for one in found] == [made[steps % 5]["beneficiary_id"]]
        if steps == 2:
            assert versions(db) == {1, 2}
            make_identifier(ngo, make_beneficiary(ngo), kind="passport", value="AA1234567")
            assert ngo.patch(f"/v1/identifiers/{made[4]['id']}", {"issuer": "X"}, version=1).status_code == 200
            assert (
                ngo.post(f"/v1/identifiers/{made[0]['id']}/end", {"ended_on": "2024-01-01", "end_reason": "lost"}, version=1).status_code
                == 200
            )
        if steps == 3:
            # As a process does it that has not seen the new key yet.
            ciphertext, _ = sealed_by_first_key(stored(db, made[0]["id"]))
            tamper(db, made[0]["id"], ciphertext=ciphertext, key_version=1)
    assert told[-1].left == 0
    assert versions(db) == {2}
    assert values(ngo, made) == before
    assert ngo.get(f"/v1/identifiers/{made[4]['id']}").json()["issuer"] == "X"


def sealed_by_first_key(row: Any) -> tuple[bytes, int]:
    kept = sealing.unseal(row.ciphertext, row.key_version, row=row.id, person=row.beneficiary_id, kind=row.kind)
    old = ring.Keys({1: keys().sealing[1]}, keys().index)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "keys", lambda **_: old)
        return sealing.seal(kept, row=row.id, person=row.beneficiary_id, kind=row.kind)


def test_what_was_interrupted_is_finished(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    before = values(ngo, made)
    make_next()
    working = rekeying.batches(batch=2)
    next(working)
    working.close()
    assert versions(db) == {1, 2}
    assert values(ngo, made) == before
    done = rekeying.rotate(make=False)
    assert (done.version, done.rekeyed, done.left) == (2, 3, 0)
    assert versions(db) == {2}
    told = [changes["rekeyed"] for action, changes in entries(db) if action == "identifier.rekeyed"]
    assert told == [2, 3], "what was done before it was interrupted is told as well"
    assert rekeying.rotate(make=False).rekeyed == 0


def test_another_process_reads_what_a_new_key_sealed(
    db: Database, ngo: Caller, made: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that read its keys before, and whose folder's clock is too coarse to tell."""
    rekeying.rotate()
    stale = ring._Ring()
    stale.load(anew=True)
    stale._keys = ring.Keys({1: keys().sealing[1]}, keys().index)
    monkeypatch.setattr(ring, "_ring", stale)
    assert values(ngo, made)[0] == pinfl("6170512034001")
    assert stale._keys.sealing.keys() == {1, 2}


def test_a_number_that_does_not_open_is_told_and_left(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    tamper(db, made[1]["id"], ciphertext=b"x" * 40)
    done = rekeying.rotate(batch=2)
    assert (done.rekeyed, done.unreadable, done.left, done.whole) == (4, {uuid.UUID(made[1]["id"])}, 1, False)
    assert (stored(db, made[1]["id"]).ciphertext, stored(db, made[1]["id"]).key_version) == (b"x" * 40, 1)
    assert [changes["unreadable"] for action, changes in entries(db) if action == "identifier.rekeyed"] == [1]


def test_the_index_is_renewed(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    before = {one["id"]: stored(db, one["id"]).blind_index for one in made}
    number = pinfl("6170512034003")

    def found() -> list[str]:
        return [one["beneficiary_id"] for one in ngo.post("/v1/identifiers/lookup", {"kind": "pinfl", "value": number}).json()["items"]]

    make_next(index=True)
    for _ in rekeying.batches(index=True, batch=1):
        assert found() == [made[2]["beneficiary_id"]]
    assert all(stored(db, key).blind_index != old for key, old in before.items())
    # The first index key is of no more use.
    (Path(ring.keys_folder()) / "identifiers-index-1.key").unlink()
    keys(anew=True)
    assert found() == [made[2]["beneficiary_id"]]
    rekeying.start()


def test_an_equal_number_stays_one_while_the_index_is_renewed(ngo: Caller) -> None:
    """Half of the rows have the new index then, and the two numbers look different."""
    first, second = make_beneficiary(ngo), make_beneficiary(ngo, given_name="Zuhra", birth_date="1961-02-03")
    for one in (first, second):
        make_identifier(ngo, one, kind="passport", value="AA1234567")
    other = make_identifier(ngo, first, kind="id_card", value="AD7654321")
    make_next(index=True)
    next(iter(rekeying.batches(index=True, batch=1)))
    version = ngo.get(f"/v1/identifiers/{other['id']}").json()["version"]
    ended = ngo.post(f"/v1/identifiers/{other['id']}/end", {"ended_on": "2026-01-15", "end_reason": "replaced"}, version=version)
    assert ended.status_code == 200, ended.text
    (pair,) = ngo.get("/v1/duplicate-candidates").json()["items"]
    assert "same_identifier" in pair["reasons"]


def test_the_same_create_is_known_after_the_index_was_renewed(ngo: Caller) -> None:
    girl, body = make_beneficiary(ngo), identifier_body(id=str(uuid.uuid4()))
    assert ngo.post(url_of(girl), body).status_code == 201
    done = rekeying.rotate(index=True)
    assert (done.version, done.index_version) == (2, 2)
    assert ngo.post(url_of(girl), body).status_code == 200
    assert ngo.post(url_of(girl), identifier_body()).json()["code"] == "identifier_exists"


def test_a_move_and_a_rotation_do_not_meet(db: Database, ngo: Caller, made: list[dict[str, Any]]) -> None:
    """Whoever moves a number read it before the rotation; it is read again, held, and sealed as it stands then."""
    winner = make_beneficiary(ngo)
    with begin(as_system("test")) as session:
        read_before = session.get(Identifier, uuid.UUID(made[0]["id"]))
    rekeying.rotate()
    with begin(as_system("test")) as session:
        person = session.get(Beneficiary, uuid.UUID(winner["id"]))
        move_to(session, [session.merge(read_before, load=False)], beneficiary=person)
    assert stored(db, made[0]["id"]).key_version == 2
    assert ngo.get(f"/v1/identifiers/{made[0]['id']}").json()["value"] == pinfl("6170512034001")
    assert ngo.get(f"/v1/identifiers/{made[0]['id']}").json()["beneficiary_id"] == winner["id"]


def test_keys_of_the_settings_are_renewed_there(db: Database, own_keys: Any, ngo: Caller, made: list[dict[str, Any]]) -> None:
    import base64

    first, index = (base64.b64encode(one[1]).decode() for one in (keys().sealing, keys().index))
    own_keys(identifier_keys={1: first, 2: base64.b64encode(b"n" * 32).decode()}, identifier_index_keys={1: index})
    with pytest.raises(ring.KeysUnusable, match="--finish"):
        rekeying.rotate()
    done = rekeying.rotate(make=False)
    assert (done.version, done.rekeyed, done.left) == (2, 5, 0)
    assert values(ngo, made)[0] == pinfl("6170512034001")
    assert PINFL not in json.dumps(done.told())


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    refused = run("identifiers", "rotate", folder=tmp_path)
    assert refused.returncode == 1
    assert "migrate" in refused.stderr
    assert not list((tmp_path / "keys").glob("identifiers*")), "no key for a database that is not there"
    good("migrate", folder=tmp_path)
    told = json.loads(good("identifiers", "rotate", folder=tmp_path))
    assert (told["key_version"], told["index_key_version"], told["rekeyed"], told["left"]) == (2, 1, 0, 0)
    assert json.loads(good("identifiers", "rotate", "--finish", folder=tmp_path))["key_version"] == 2
    assert json.loads(good("identifiers", "rotate", "--index", folder=tmp_path))["index_key_version"] == 2
    assert len(list((tmp_path / "keys").glob("identifiers*"))) == 5
