"""Looking through a whole register: what it finds, and how well it tells people apart."""

import uuid
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from app.access.transaction import as_system, begin
from app.audit.models import AuditEntry
from app.beneficiaries.candidates import DuplicateCandidate
from app.database import Database
from app.duplicates import scanning
from app.duplicates.blocking import LARGEST, alike, blocks
from app.worker import scan_register
from tests.callers import Caller, Callers
from tests.duplicates import synthetic
from tests.duplicates.synthetic import portraits, quality
from tests.factories.beneficiaries import ANDIJON
from tests.factories.duplicates import PAIRS, make_twice, merge, register
from tests.racing import together


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def unfound() -> None:
    """As if nobody had looked for anybody yet."""
    with begin(as_system("test")) as db:
        for candidate in db.execute(select(DuplicateCandidate)).scalars():
            db.delete(candidate)


def apart(callers: Callers, ngo: Caller) -> tuple[str, str]:
    """One girl in two regions, registered by two who do not see each other's rows."""
    here, there = (callers.ngo(region, organization_id=ngo.organization_id, duty="specialist") for region in ("1733", "1703"))
    one, other = register(here), register(there, territory=ANDIJON)
    unfound()
    return one["id"], other["id"]


def test_it_finds_what_no_specialist_sees(callers: Callers, ngo: Caller) -> None:
    ids = apart(callers, ngo)
    assert scanning.scan() == {"people": 2, "pairs": 1, "new": 1}
    (found,) = ngo.get(PAIRS).json()["items"]
    assert {found["a"]["id"], found["b"]["id"]} == set(ids)
    assert found["territory"] == "17"
    assert callers.ngo("1733", organization_id=ngo.organization_id).get(PAIRS).json()["items"] == []


def test_it_keeps_organizations_apart(callers: Callers, ngo: Caller) -> None:
    register(ngo)
    register(callers.ngo())
    assert scanning.scan() == {"people": 2, "pairs": 0, "new": 0}


def test_once_found_is_once_written(callers: Callers, ngo: Caller) -> None:
    apart(callers, ngo)
    scanning.scan()
    (pair,) = ngo.get(PAIRS).json()["items"]
    assert scanning.scan() == {"people": 2, "pairs": 1, "new": 0}
    assert ngo.post(f"{PAIRS}/{pair['id']}/distinct", {}, version=1).status_code == 200, "the second scan changed nothing"
    assert scanning.scan()["new"] == 0
    assert ngo.get(f"{PAIRS}/{pair['id']}").json()["status"] == "distinct"


def test_who_was_merged_is_passed_over(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    merge(ngo, pair, first)
    assert scanning.scan() == {"people": 1, "pairs": 0, "new": 0}


def test_an_equal_number_is_enough(ngo: Caller) -> None:
    people = [register(ngo), register(ngo, surname="Aliyeva", given_name="Zuhra", birth_date="1999-03-04")]
    for person in people:
        made = ngo.post(f"/v1/beneficiaries/{person['id']}/identifiers", {"kind": "passport", "value": "AA1234567"})
        assert made.status_code == 201, made.text
    (pair,) = ngo.get(PAIRS).json()["items"]
    # What was noticed at once is found by the scan as well.
    unfound()
    assert scanning.scan() == {"people": 2, "pairs": 1, "new": 1}
    (found,) = ngo.get(PAIRS).json()["items"]
    for one in (pair, found):
        assert one["reasons"][0] == "same_identifier"
        assert one["score"] >= 0.99
    assert scanning.scan()["new"] == 0


def test_birth_certificates_are_not_unique(ngo: Caller) -> None:
    people = [register(ngo), register(ngo, surname="Aliyeva", given_name="Zuhra", birth_date="1999-03-04")]
    for person in people:
        made = ngo.post(f"/v1/beneficiaries/{person['id']}/identifiers", {"kind": "birth_certificate", "value": "I-AA 1234567"})
        assert made.status_code == 201, made.text
    assert scanning.scan()["pairs"] == 0


def test_a_whole_register_in_batches(ngo: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "BATCH", 2)
    register(ngo)
    for place in range(3):
        register(ngo, surname=("Yuldasheva", "Йўлдошева", "Yoldosheva")[place])
    unfound()
    assert scanning.scan() == {"people": 4, "pairs": 6, "new": 6}
    assert len(ngo.get(PAIRS).json()["items"]) == 6


# --- every day --------------------------------------------------------------------------------------------------------------
def test_the_worker_scans_once_a_day(callers: Callers, ngo: Caller) -> None:
    apart(callers, ngo)
    assert scan_register() is True
    assert len(ngo.get(PAIRS).json()["items"]) == 1
    unfound()
    assert scan_register() is False
    assert ngo.get(PAIRS).json()["items"] == []


def test_a_scan_by_hand_counts(callers: Callers, ngo: Caller) -> None:
    apart(callers, ngo)
    scanning.scan()
    assert scan_register() is False


def test_the_next_day_is_another(db: Database, callers: Callers, ngo: Caller) -> None:
    apart(callers, ngo)
    scanning.scan()
    passed(db, timedelta(hours=25))
    assert scan_register() is True


def test_of_several_processes_one_scans(callers: Callers, ngo: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    apart(callers, ngo)
    scanned = []
    monkeypatch.setattr(scanning, "scan", lambda: scanned.append(True))
    assert sorted(together([scan_register] * 3)) == [False, False, True]
    assert scanned == [True]


def test_one_that_was_interrupted_is_begun_anew_the_next_hour(
    db: Database, callers: Callers, ngo: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart(callers, ngo)

    def interrupted() -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(scanning, "scan", interrupted)
        with pytest.raises(RuntimeError):
            scan_register()
    assert scan_register() is False, "it may be going on"
    passed(db, timedelta(hours=1))
    assert scan_register() is True


def passed(db: Database, time: timedelta) -> None:
    """What the trail tells was so long ago."""
    with db.engine.begin() as connection:
        for key, at in connection.execute(sa.select(AuditEntry.id, AuditEntry.at)).all():
            connection.execute(sa.update(AuditEntry).where(AuditEntry.id == key).values(at=at - time))


# --- quality ----------------------------------------------------------------------------------------------------------------
def test_people_are_told_apart() -> None:
    """95 of 100 that are registered twice are found, and at most 5 of 100 that are found are not."""
    made = synthetic.register(2_000)
    assert len(made.twice) == len(made.alike) == 100
    found = {frozenset((one.id, other.id)) for one, other, _ in alike(portraits(made))}
    told = quality(made, found)
    assert told.recall >= 0.95, told.missed
    assert told.false <= 0.05, told.mistaken


def test_the_register_is_the_same_every_time() -> None:
    assert synthetic.register(200).rows == synthetic.register(200).rows
    assert synthetic.register(200).rows != synthetic.register(200, seed=1).rows


def test_each_pair_once() -> None:
    found = [frozenset((one.id, other.id)) for one, other, _ in alike(portraits(synthetic.register(500)))]
    assert len(found) == len(set(found)) > 10


def test_a_date_that_was_filled_in_is_no_block() -> None:
    """Hundreds who were all born on 1 January are not compared with each other on that account alone."""
    made = synthetic.register(LARGEST + 50).rows
    rows = [one.portrait()._replace(id=uuid.uuid4(), born=date(1980, 1, 1), precision="day", phone=None) for one in made]
    assert max(len(block) for block in blocks(rows)) <= LARGEST
