"""What is written of two, of whom one is forgotten and the other one is held: it stays until the hold is released."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.consents.models import Consent
from app.database import Database
from app.retention import due
from app.retention.actions.running import run_retention
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary, make_family
from tests.factories.consents import given_consent, giving, household, make_consent
from tests.factories.duplicates import make_twice, merge, undo
from tests.factories.kinship import KINSHIPS, make_kinship
from tests.factories.lives import url
from tests.retention.test_holds import place, release
from tests.retention.test_running import age, is_forgotten, rule
from tests.retention.test_what_is_shared import SAID, forget, says_it

Body = dict[str, Any]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def told(db: Database, table: str, *names: str) -> list[Any]:
    found = SQLModel.metadata.tables[table]
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*(found.c[name] for name in names)).order_by(found.c.id))]


def nothing_is_left_once_released(ngo: Caller, hold: Body, db: Database, **deleted: int) -> None:
    assert run_retention()["released_holds"]["anonymized"] == 0, "while it is held"
    assert release(ngo, hold).status_code == 200
    counts = run_retention()["released_holds"]
    assert (counts["due"], counts["anonymized"]) == (1, 1)
    assert {one["table"]: one["rows"] for one in counts["rows_deleted"]} == deleted
    assert run_retention()["released_holds"]["due"] == 0
    assert says_it(db) == set()


# --- kinship ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("held", ["mother", "girl"])
def test_whose_child_or_mother_somebody_is(ngo: Caller, db: Database, held: str) -> None:
    home = household(ngo)
    other = next(name for name in ("mother", "girl") if name != held)
    make_kinship(ngo, home["mother"], home["girl"], note=SAID)
    make_kinship(ngo, home["father"], home[other], kind="guardian", is_legal=False)
    hold = place(ngo, home[held])
    before = ngo.get(KINSHIPS, params={"beneficiary_id": home[held]["id"]}).json()["items"]
    forget(ngo, home[other]["id"])
    (after,) = ngo.get(KINSHIPS, params={"beneficiary_id": home[held]["id"]}).json()["items"]
    assert (after["id"], after["kind"], after["note"]) == (before[0]["id"], "parent", SAID)
    assert is_forgotten(ngo, home[other]["id"])
    # What names nobody who is held is gone.
    assert ngo.get(KINSHIPS, params={"beneficiary_id": home["father"]["id"]}).json()["items"] == []
    nothing_is_left_once_released(ngo, hold, db, kinship=1)


def test_a_hold_that_was_released_keeps_nothing(ngo: Caller, db: Database) -> None:
    home = household(ngo)
    make_kinship(ngo, home["mother"], home["girl"], note=SAID)
    assert release(ngo, place(ngo, home["girl"])).status_code == 200
    forget(ngo, home["mother"]["id"])
    assert says_it(db) == set()


def test_another_hold_keeps_it_still(ngo: Caller, db: Database) -> None:
    home = household(ngo)
    make_kinship(ngo, home["mother"], home["girl"], note=SAID)
    first, second = place(ngo, home["girl"]), place(ngo, home["girl"])
    forget(ngo, home["mother"]["id"])
    release(ngo, first)
    counts = run_retention()["released_holds"]
    assert (counts["due"], counts["held"], counts["anonymized"]) == (1, 1, 0)
    assert says_it(db) == {"kinship"}
    nothing_is_left_once_released(ngo, second, db, kinship=1)


# --- a consent ----------------------------------------------------------------------------------------------------------------
def by_her(ngo: Caller, home: Body) -> Body:
    return make_consent(ngo, home, beneficiary_id=home["girl"]["id"], note=SAID, giving=giving(home, witness=SAID))


def of_family(ngo: Caller, home: Body) -> Body:
    return given_consent(ngo, home, note=SAID, giving=giving(home, witness=SAID))


def only_asked(ngo: Caller, home: Body) -> Body:
    """Whom it covers is not known before it is given; the girl is of the family."""
    return make_consent(ngo, home, note=SAID)


@pytest.mark.parametrize("make", [by_her, of_family, only_asked])
def test_what_somebody_agreed_to_for_whoever_is_held(ngo: Caller, db: Database, make: Any) -> None:
    home = household(ngo)
    consent = make(ngo, home)
    hold = place(ngo, home["girl"])
    before = ngo.get(f"/v1/consents/{consent['id']}").json()
    forget(ngo, home["mother"]["id"])
    after = ngo.get(f"/v1/consents/{consent['id']}").json()
    assert [after[name] for name in ("note", "witness")] == [before[name] for name in ("note", "witness")]
    assert SAID in after["note"]
    # What it opened is closed all the same: whoever is forgotten speaks for nobody.
    assert after["status"] != "given"
    nothing_is_left_once_released(ngo, hold, db)


def test_what_whoever_is_held_agreed_to_for_the_forgotten(ngo: Caller, db: Database) -> None:
    home = household(ngo)
    by_her(ngo, home)
    hold = place(ngo, home["mother"])
    forget(ngo, home["girl"]["id"])
    assert says_it(db) == {"consent"}
    nothing_is_left_once_released(ngo, hold, db)


def test_a_rule_that_deletes_leaves_it_and_says_so(callers: Callers, ngo: Caller, db: Database) -> None:
    home = household(ngo)
    make_kinship(ngo, home["mother"], home["girl"], note=SAID)
    consent = by_her(ngo, home)
    place(ngo, home["mother"])
    age(db, *due.TOLD_BY, Beneficiary)
    administrator = rule(callers, action="delete")
    counts = run_retention()["two_years"]
    assert (counts["held"], counts["anonymized"], counts["deleted"]) == (1, 3, 0)
    kept = {"kinship": 1, "consent": 1, "consent_subject": 1}
    assert counts["rows_kept"] == [{"table": table, "rows": rows} for table, rows in sorted(kept.items())]
    assert is_forgotten(ngo, home["girl"]["id"])
    assert ngo.get(f"/v1/consents/{consent['id']}").json()["note"] == SAID
    assert says_it(db) == {"consent", "kinship"}
    assert administrator.get("/v1/retention-runs").json()["items"][0]["counts"]["two_years"] == counts


def test_a_consent_that_is_renewed_by_one_that_is_kept(callers: Callers, ngo: Caller, db: Database) -> None:
    """The first was given by the father, the one that follows it by the mother, who is held."""
    home = household(ngo)
    first = by_her(ngo, home)
    again = ngo.post(f"/v1/consents/{first['id']}/renew", {"giving": giving(home)}, version=first["version"])
    assert again.status_code == 201, again.text
    with db.engine.begin() as connection:
        one = sa.update(Consent).where(Consent.id == uuid.UUID(first["id"]))
        connection.execute(one.values(given_by_id=uuid.UUID(home["father"]["id"])))
    place(ngo, home["mother"])
    age(db, *due.TOLD_BY, Beneficiary)
    rule(callers, action="delete")
    run_retention()
    assert told(db, "consent", "renews_id") == [(None,), (uuid.UUID(first["id"]),)]


# --- two that may be one ------------------------------------------------------------------------------------------------------
def test_a_pair_and_what_was_decided_about_it(ngo: Caller, db: Database) -> None:
    first, second, pair = make_twice(ngo)
    decided = ngo.post(f"/v1/duplicate-candidates/{pair['id']}/distinct", {"note": SAID}, version=pair["version"])
    assert decided.status_code == 200
    hold = place(ngo, first)
    forget(ngo, second["id"])
    assert says_it(db) == {"duplicate_candidate"}
    nothing_is_left_once_released(ngo, hold, db, duplicate_candidate=1)


def test_a_merge_that_was_undone(ngo: Caller, db: Database) -> None:
    first, second, pair = make_twice(ngo, note=SAID)
    merged = merge(ngo, pair, first, fields={"note": "b" if pair["b"]["id"] == second["id"] else "a"})
    assert undo(ngo, merged).status_code == 200
    before = told(db, "beneficiary_merge", "id", "replaced", "moved")
    hold = place(ngo, first)
    forget(ngo, second["id"])
    assert told(db, "beneficiary_merge", "id", "replaced", "moved") == before
    assert release(ngo, hold).status_code == 200
    assert {one["table"] for one in run_retention()["released_holds"]["rows_deleted"]} == {"beneficiary_merge", "duplicate_candidate"}
    assert told(db, "beneficiary_merge", "id") == []


# --- a family -----------------------------------------------------------------------------------------------------------------
def test_a_home_is_known_while_a_member_is_held(ngo: Caller, db: Database) -> None:
    home = household(ngo, note=SAID, address=SAID)
    income = {"sources": [{"source": "wages", "amount": 1, "note": SAID}]}
    assert ngo.put(url(home["family"], "incomes", "2026-01"), income, version=0).status_code == 201
    place(ngo, home["girl"])
    for name in ("father", "mother", "boy"):
        forget(ngo, home[name]["id"])
    assert says_it(db) == {"family", "family_residence", "income_record"}


def test_that_somebody_who_is_held_was_entered_there_in_error(ngo: Caller, db: Database) -> None:
    family, visitor = make_family(ngo, note=SAID), make_beneficiary(ngo, given_name="Sardor")
    made = ngo.post(url(family, "members"), {"beneficiary_id": visitor["id"], "relationship_to_head": "other_relative"})
    ended = {"reason": "entered_in_error", "note": "Xato"}
    assert ngo.post(url(family, "memberships", made.json()["id"], "end"), ended, version=1).status_code == 200
    place(ngo, visitor)
    for one in family["members"]:
        forget(ngo, one["id"])
    # The home is not theirs, the membership is.
    assert says_it(db) == set()
    assert ("Xato",) in told(db, FamilyMembership.__tablename__, "end_note")
    assert told(db, Family.__tablename__, "note") == [(None,)]
