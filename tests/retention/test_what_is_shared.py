"""What is written of a forgotten person and of others too: a family's home, a consent for a child, two who may be one."""

import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app.access.guard import GuardedSession
from app.database import Database, uuid7
from app.retention.actions import erasing
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import family_body, make_beneficiary, make_family
from tests.factories.certificates import HULKAR, make_certificate, revoke
from tests.factories.consents import household, make_consent
from tests.factories.duplicates import PAIRS, make_twice, merge, side_of, undo
from tests.factories.lives import member_of, url
from tests.factories.vulnerability import make_record
from tests.racing import together
from tests.retention.test_erasing import ask

DISTRICT = "1733230"
SAID = "Maxfiy soʻz"


def forget(manager: Caller, person_id: str) -> None:
    one = ask(manager, {"id": person_id})
    assert manager.post(f"{one}/approve", version=1).status_code == 200
    assert manager.get(one).json()["status"] == "done"


def row(db: Database, table: str, key: str) -> Any:
    found = SQLModel.metadata.tables[table]
    with db.engine.connect() as connection:
        return connection.execute(sa.select(found).where(found.c.id == uuid.UUID(key))).one_or_none()


def says_it(db: Database) -> set[str]:
    """The tables, of those that are kept, that still hold what was said."""
    with db.engine.connect() as connection:
        tables = [table for name, table in SQLModel.metadata.tables.items() if name != "idempotency"]
        return {table.name for table in tables if SAID in str(connection.execute(sa.select(table)).all())}


# --- a family -----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def schemes(db: Database) -> None:
    from app.vulnerability.loading import load_schemes

    load_schemes()


def test_what_was_written_of_a_family_goes_with_the_last_who_is_known(callers: Callers, db: Database, schemes: None) -> None:
    ngo = callers.ngo()
    home = household(ngo, note=SAID, address=SAID)
    make_record(ngo, home["family"], "family_of_child_with_disability", evidence=SAID)
    income = {"sources": [{"source": "wages", "amount": 1, "note": SAID}]}
    assert ngo.put(url(home["family"], "incomes", "2026-01"), income, version=0).status_code == 201
    make_consent(ngo, home, note=SAID)
    *others, last = (one["id"] for one in home["family"]["members"])
    written = {"family", "family_residence", "income_record", "vulnerability_record", "consent"}
    assert says_it(db) == written
    for person_id in others:
        forget(ngo, person_id)
    # Who gave the consent is forgotten, so what was noted about that is too.
    assert says_it(db) == written - {"consent"}
    forget(ngo, last)
    assert says_it(db) == set()
    assert ngo.get(url(home["family"])).json()["address"] is None


def test_who_was_entered_in_error_keeps_no_home_known(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    family, visitor = make_family(ngo, note=SAID), make_beneficiary(ngo, given_name="Sardor")
    added = {"beneficiary_id": visitor["id"], "relationship_to_head": "other_relative"}
    made = ngo.post(url(family, "members"), added)
    assert made.status_code == 201, made.text
    ended = ngo.post(url(family, "memberships", made.json()["id"], "end"), {"reason": "entered_in_error"}, version=1)
    assert ended.status_code == 200, ended.text
    for one in family["members"]:
        forget(ngo, one["id"])
    assert says_it(db) == set()


def test_of_where_they_lived_the_district_is_left(callers: Callers, db: Database) -> None:
    administrator, ngo = callers.administrator(), callers.ngo()
    made = administrator.post("/v1/places", {"district": DISTRICT, "names": {"uz_latn": "Guliston"}})
    mahalla = made.json()["soato"]
    family = make_family(ngo, territory=mahalla)
    assert mahalla.startswith(f"{DISTRICT}-")
    child, *others = [member_of(family, kind) for kind in ("child", "spouse", "head")]
    forget(ngo, child)
    membership = next(one["membership_id"] for one in family["members"] if one["id"] == child)
    assert row(db, "family_membership", membership).territory == DISTRICT
    assert row(db, "family", family["id"]).territory == mahalla
    for one in others:
        forget(ngo, one)
    tables = SQLModel.metadata.tables
    with db.engine.connect() as connection:
        for name in ("family", "beneficiary", "family_membership", "family_residence", "erasure_request"):
            assert set(connection.execute(sa.select(tables[name].c.territory)).scalars()) == {DISTRICT}, name


def test_no_digest_is_left_that_a_name_could_be_tried_against(callers: Callers, db: Database) -> None:
    """A family that chose its id keeps a digest of the whole request, with the names of all."""
    ngo = callers.ngo()
    body = family_body(id=str(uuid7()), members=[{**one, "id": str(uuid7())} for one in family_body()["members"]])
    family = ngo.post("/v1/families", body).json()
    before = row(db, "family", family["id"])
    assert before.origin
    child = member_of(family, "child")
    assert row(db, "beneficiary", child).origin
    forget(ngo, child)
    after = row(db, "family", family["id"])
    assert (after.origin, after.address, after.updated_at) == (None, before.address, before.updated_at)
    tables = [table for name, table in SQLModel.metadata.tables.items() if "beneficiary_id" in table.c and "origin" in table.c]
    with db.engine.connect() as connection:
        for table in tables:
            left = connection.execute(sa.select(table.c.origin).where(table.c.beneficiary_id == uuid.UUID(child))).scalars()
            assert not any(left), table.name


@pytest.mark.postgresql
def test_of_the_last_two_who_go_together_one_sees_that_the_other_went(
    callers: Callers, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither has committed when each is about to hold the family. SQLite has one writer."""
    ngo = callers.ngo()
    family = make_family(ngo, note=SAID)
    child, *two = [member_of(family, kind) for kind in ("child", "spouse", "head")]
    forget(ngo, child)
    requests = [ask(ngo, {"id": one}) for one in two]
    begun, real, mine = threading.Barrier(2), GuardedSession.execute, threading.local()

    def execute(session: Any, statement: Any, *given: Any, **named: Any) -> Any:
        if statement is erasing._FAMILIES and not hasattr(mine, "begun"):
            mine.begun = True
            begun.wait(20)
        return real(session, statement, *given, **named)

    monkeypatch.setattr(GuardedSession, "execute", execute)
    together([lambda one=one: ngo.post(f"{one}/approve", version=1) for one in requests])
    assert [ngo.get(one).json()["status"] for one in requests] == ["done", "done"]
    assert says_it(db) == set()


# --- consents -----------------------------------------------------------------------------------------------------------------
def test_what_a_forgotten_mother_said_for_her_child_makes_nobody_wait(callers: Callers, db: Database) -> None:
    """Months are counted from what was last written of the child; that its mother was forgotten is not written of it."""
    ngo = callers.ngo()
    home = household(ngo)
    made = make_consent(ngo, home, beneficiary_id=home["boy"]["id"], note=SAID)
    before = row(db, "consent", made["id"])
    forget(ngo, home["mother"]["id"])
    after = row(db, "consent", made["id"])
    assert (after.note, after.updated_at, after.version) == (None, before.updated_at, before.version + 1)
    assert row(db, "beneficiary", home["boy"]["id"]).anonymized_at is None


# --- two who may be one -------------------------------------------------------------------------------------------------------
def test_a_pair_does_not_tell_who_the_forgotten_was(callers: Callers, db: Database) -> None:
    """That a known person has the same birth day, and nearly the same name, would."""
    ngo = callers.ngo()
    first, second, pair = make_twice(ngo)
    forget(ngo, first["id"])
    assert ngo.get(PAIRS).json()["items"] == []
    assert ngo.get(f"{PAIRS}/{pair['id']}").status_code == 404
    assert row(db, "beneficiary", second["id"]).anonymized_at is None


def test_a_merge_that_was_undone_does_not_either(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    first, second, pair = make_twice(ngo)
    merged = merge(ngo, pair, first)
    assert undo(ngo, merged).status_code == 200
    forget(ngo, second["id"])
    assert row(db, "beneficiary_merge", merged["id"]) is None
    assert row(db, "duplicate_candidate", pair["id"]) is None
    assert row(db, "beneficiary", first["id"]).anonymized_at is None


def test_two_that_are_one_are_forgotten_together(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    first, second, pair = make_twice(ngo)
    choices = {"surname": side_of(pair, second)}
    merged = merge(ngo, pair, first, fields=choices)
    forget(ngo, first["id"])
    for person in (first, second):
        assert row(db, "beneficiary", person["id"]).surname == "—"
    kept = row(db, "beneficiary_merge", merged["id"])
    assert (kept.choices, kept.replaced, kept.moved) == ({}, {}, [])


# --- certificates -------------------------------------------------------------------------------------------------------------
def test_why_a_certificate_was_revoked_is_forgotten_and_that_it_was_is_not(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = revoke(ngo, make_certificate(ngo, HULKAR))
    forget(ngo, certificate["beneficiary_id"])
    after = ngo.get(f"/v1/certificates/{certificate['id']}").json()
    assert (after["status"], after["revocation_category"], after["revocation_reason"]) == ("revoked", "wrong_details", None)
    assert ngo.get(f"/v1/verify/{certificate['number']}").json()["status"] == "revoked"
