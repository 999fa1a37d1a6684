"""The rules act on those whose time is over, and on nobody else."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import worker
from app.beneficiaries.history import FamilyResidence
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.cli import main
from app.database import Database, now
from app.main import create_app
from app.participation.models import Enrollment
from app.problems import Conflict
from app.retention.actions import running
from app.retention.actions.running import months_before, run_retention
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import father, make_beneficiary, make_family
from tests.factories.certificates import HULKAR, make_course

PEOPLE, RULES, RUNS = "/v1/beneficiaries", "/v1/retention-rules", "/v1/retention-runs"
LONG_AGO = now() - timedelta(days=3 * 366)
NO_ROWS: dict[str, Any] = {"rows_deleted": [], "rows_kept": []}


def rule(callers: Callers, **other: Any) -> Caller:
    administrator = callers.administrator()
    known = {"code": "two_years", "basis": "last_activity", "months": 24, "action": "anonymize", "reason": "A test."}
    assert administrator.post(RULES, known | other).status_code == 201
    return administrator


def age(db: Database, *models: Any) -> None:
    """As if nothing had been written for three years."""
    with db.engine.begin() as connection:
        for model in models:
            connection.execute(sa.update(model).values(updated_at=LONG_AGO))


def is_forgotten(caller: Caller, person: str) -> bool:
    return bool(caller.get(f"{PEOPLE}/{person}").json()["surname"] == "—")


def test_the_inactive_are_forgotten_and_the_active_are_not(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("17")
    old = make_beneficiary(ngo)["id"]
    member = make_family(ngo)["members"][0]["id"]
    age(db, Beneficiary)
    fresh = make_beneficiary(ngo)["id"]
    administrator = rule(callers)
    assert run_retention(is_dry_run=True)["two_years"] == {
        "due": 1,
        "held": 0,
        "anonymized": 0,
        "deleted": 0,
        "failed": 0,
        "families": 0,
        "rows_deleted": [],
        "rows_kept": [],
    }
    assert not is_forgotten(ngo, old)
    assert run_retention()["two_years"]["anonymized"] == 1
    assert [is_forgotten(ngo, one) for one in (old, member, fresh)] == [True, False, False]
    assert run_retention()["two_years"]["due"] == 0
    runs = administrator.get(RUNS).json()["items"]
    assert [(run["is_dry_run"], run["counts"]["two_years"]["due"]) for run in runs] == [(False, 0), (False, 1), (True, 1)]
    assert all(run["finished_at"] for run in runs)
    assert administrator.get(f"{RUNS}/{runs[0]['id']}").json() == runs[0]


def test_closure_is_death_or_leaving_or_the_end_of_the_family(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("17")
    dead = make_beneficiary(ngo, deceased_on=LONG_AGO.date().isoformat())["id"]
    died_lately = make_beneficiary(ngo, deceased_on=(now() - timedelta(days=30)).date().isoformat())["id"]
    alone, family, dissolved = make_beneficiary(ngo)["id"], make_family(ngo), make_family(ngo)
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    with db.engine.begin() as connection:
        mine = FamilyMembership.beneficiary_id == uuid.UUID(child["id"])
        connection.execute(sa.update(FamilyMembership).where(mine).values(ended_on=LONG_AGO.date()))
        gone = Family.id == uuid.UUID(dissolved["id"])
        connection.execute(sa.update(Family).where(gone).values(status="dissolved", updated_at=LONG_AGO))
    age(db, Beneficiary, FamilyMembership, FamilyResidence)
    with db.engine.begin() as connection:
        # Somebody wrote of these lately.
        for person in (died_lately, alone):
            connection.execute(sa.update(Beneficiary).where(Beneficiary.id == uuid.UUID(person)).values(updated_at=now()))
    rule(callers, basis="closure")
    assert run_retention()["two_years"]["anonymized"] == 1 + 1 + len(dissolved["members"])
    assert is_forgotten(ngo, dead)
    assert is_forgotten(ngo, child["id"])
    assert all(is_forgotten(ngo, one["id"]) for one in dissolved["members"])
    others = [died_lately, alone, *(one["id"] for one in family["members"] if one["id"] != child["id"])]
    assert not any(is_forgotten(ngo, one) for one in others)


def test_closure_is_counted_as_the_contract_says(callers: Callers, db: Database) -> None:
    """From what was written afterwards, if anything was; and never for whoever belongs to a family that stands or never belonged to one."""
    said = create_app().openapi()["components"]["schemas"]["RetentionBasis"]["description"]
    for words in ("written about the person afterwards, since then", "family that stands", "no closure but death"):
        assert words in said.replace("\n", " ")
    ngo = callers.ngo("17")
    long_dead = make_beneficiary(ngo, deceased_on=LONG_AGO.date().isoformat())["id"]
    alone, family = make_beneficiary(ngo)["id"], make_family(ngo)
    age(db, Beneficiary, FamilyMembership)
    with db.engine.begin() as connection:
        connection.execute(sa.update(Beneficiary).where(Beneficiary.id == uuid.UUID(long_dead)).values(updated_at=now()))
    rule(callers, basis="closure")
    assert run_retention()["two_years"]["due"] == 0
    age(db, Beneficiary)
    assert run_retention()["two_years"]["anonymized"] == 1
    assert is_forgotten(ngo, long_dead)
    assert not any(is_forgotten(ngo, one) for one in (alone, *(one["id"] for one in family["members"])))


def test_a_hold_is_counted_and_kept(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)["id"]
    ngo.post("/v1/legal-holds", {"beneficiary_id": person, "reason": "Sud ishi"})
    age(db, Beneficiary)
    rule(callers)
    assert run_retention()["two_years"] == {"due": 1, "held": 1, "anonymized": 0, "deleted": 0, "failed": 0, "families": 0, **NO_ROWS}
    assert not is_forgotten(ngo, person)


def test_deletion_takes_only_those_of_whom_nothing_stands(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("17")
    nobody = make_beneficiary(ngo)["id"]
    course = make_course(ngo, HULKAR)
    age(db, Beneficiary, Enrollment)
    rule(callers, action="delete")
    counts = run_retention()["two_years"]
    assert (counts["deleted"], counts["anonymized"]) == (1, 1)
    assert ngo.get(f"{PEOPLE}/{nobody}").status_code == 404
    assert is_forgotten(ngo, course.persons[0])


def test_who_is_helped_on_in_care_is_not_forgotten(callers: Callers, db: Database) -> None:
    """The child left its family long ago, and somebody writes of it still: elsewhere than in its own row."""
    ngo = callers.ngo("17")
    family = make_family(ngo)
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    with db.engine.begin() as connection:
        mine = FamilyMembership.beneficiary_id == uuid.UUID(child["id"])
        gone = {"ended_on": LONG_AGO.date(), "end_reason": "placed_in_care"}
        connection.execute(sa.update(FamilyMembership).where(mine).values(**gone))
    age(db, Beneficiary, FamilyMembership, Family, FamilyResidence)
    written = ngo.put(f"{PEOPLE}/{child['id']}/circumstances", {"school_status": "in_school"}, version=0)
    assert written.status_code in (200, 201), written.text
    rule(callers, basis="closure")
    rule(callers, code="inactive")
    run_retention()
    assert not is_forgotten(ngo, child["id"])
    # The others of the family, of whom nobody wrote, are.
    assert is_forgotten(ngo, next(one["id"] for one in family["members"] if one["id"] != child["id"]))


def test_a_resting_rule_does_nothing(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("17")
    make_beneficiary(ngo)
    age(db, Beneficiary)
    administrator = rule(callers)
    one = administrator.get(RULES).json()["items"][0]
    administrator.patch(f"{RULES}/{one['id']}", {"is_active": False}, version=1)
    assert set(run_retention()) == {"erasure_requests", "released_holds"}


def test_the_worker_runs_them_once_a_day(callers: Callers, db: Database) -> None:
    rule(callers)
    assert worker.keep_rules() is True
    assert worker.keep_rules() is False
    run_retention(is_dry_run=True)
    assert worker.keep_rules() is False


def test_the_command_prints_what_was_done(callers: Callers, db: Database, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    rule(callers)
    monkeypatch.setattr("app.cli.opening.use_database", lambda: db)
    assert main(["retention", "run", "--dry-run"]) == 0
    assert '"two_years": {"due": 0' in capsys.readouterr().out


def test_months_are_counted_back_by_the_calendar() -> None:
    moment = datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert months_before(moment, 1) == datetime(2026, 2, 28, 9, tzinfo=UTC)
    assert months_before(moment, 3) == datetime(2025, 12, 31, 9, tzinfo=UTC)
    assert months_before(moment, 25) == datetime(2024, 2, 29, 9, tzinfo=UTC)


def test_who_is_worked_with_again_meanwhile_is_let_alone(callers: Callers, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose time is over is read for many at once, and each is forgotten in a transaction of its own."""
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)
    age(db, Beneficiary)
    rule(callers)
    real = running._forget

    def forget(*given: Any) -> Any:
        assert ngo.patch(f"{PEOPLE}/{person['id']}", {"note": "Came back today."}, version=person["version"]).status_code == 200
        return real(*given)

    monkeypatch.setattr(running, "_forget", forget)
    counts = run_retention()["two_years"]
    assert (counts["due"], counts["failed"], counts["anonymized"]) == (1, 1, 0)
    assert ngo.get(f"{PEOPLE}/{person['id']}").json()["note"] == "Came back today."


def test_a_family_to_which_nobody_ever_belonged(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("17")
    empty, lately, inhabited = (make_family(ngo, address="Bogʻ 1", members=members) for members in ([], [], [father()]))
    age(db, Family, FamilyResidence)
    assert ngo.patch(f"/v1/families/{lately['id']}", {"note": "Seen today."}, version=lately["version"]).status_code == 200
    rule(callers)
    assert run_retention(is_dry_run=True)["two_years"]["families"] == 1
    assert run_retention()["two_years"]["families"] == 1
    addresses = [ngo.get(f"/v1/families/{one['id']}").json()["address"] for one in (empty, lately, inhabited)]
    assert addresses == [None, "Bogʻ 1", "Bogʻ 1"]
    assert run_retention()["two_years"]["families"] == 0


def test_one_that_goes_wrong_does_not_stop_the_others(callers: Callers, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo("17")
    first, second = (make_beneficiary(ngo)["id"] for _ in range(2))
    age(db, Beneficiary)
    rule(callers)
    real = running.erase

    def erase(session: Any, person: Beneficiary, **given: Any) -> Any:
        if str(person.id) == first:
            raise Conflict("as a merge at the wrong moment")
        return real(session, person, **given)

    monkeypatch.setattr(running, "erase", erase)
    counts = run_retention()["two_years"]
    assert (counts["due"], counts["failed"], counts["anonymized"]) == (2, 1, 1)
    assert [is_forgotten(ngo, one) for one in (first, second)] == [False, True]
