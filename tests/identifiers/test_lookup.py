"""Finding persons by a number: exactly, as far as one may see, not too often, and told in the trail without the number."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.database import Database
from app.identifiers import lookups
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, make_beneficiary
from tests.factories.identifiers import PINFL, make_identifier, pinfl

LOOKUP = "/v1/identifiers/lookup"
NUMBER = {"kind": "pinfl", "value": PINFL}


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


def entries(db: Database) -> list[tuple[uuid.UUID, Any, Any]]:
    with db.engine.connect() as connection:
        columns = (AuditEntry.actor_id, AuditEntry.subject_id, AuditEntry.changes)
        found = connection.execute(sa.select(*columns).where(AuditEntry.action == "identifier.looked_up").order_by(AuditEntry.at)).all()
    return [tuple(row) for row in found]


def found(caller: Caller, **change: Any) -> list[str]:
    response = caller.post(LOOKUP, NUMBER | change)
    assert response.status_code == 200, response.text
    return [one["beneficiary_id"] for one in response.json()["items"]]


def test_exactly(ngo: Caller) -> None:
    girl = make_beneficiary(ngo)
    make_identifier(ngo, girl)
    make_identifier(ngo, girl, kind="passport", value="AA1234567")
    response = ngo.post(LOOKUP, NUMBER)
    assert response.json() == {
        "items": [
            {
                "beneficiary_id": girl["id"],
                "names": girl["names"],
                "birth_year": 2012,
                "territory": girl["territory"],
                "organization_id": girl["organization_id"],
            }
        ]
    }
    assert response.headers["cache-control"] == "no-store"
    assert found(ngo, value=f" {PINFL[:7]} {PINFL[7:]}") == [girl["id"]]
    assert found(ngo, kind="passport", value="аа 1234567") == [girl["id"]]
    assert found(ngo, kind="id_card", value="AA1234567") == []
    for place in range(14):
        other = PINFL[:place] + str((int(PINFL[place]) + 1) % 10) + PINFL[place + 1 :]
        assert found(ngo, value=other) == [], other


def test_all_who_carry_it_and_carried_it(ngo: Caller) -> None:
    one, two, three = (make_beneficiary(ngo) for _ in range(3))
    made = [make_identifier(ngo, person, kind="birth_certificate", value="I-TN 1234567") for person in (one, two, three)]
    for number, reason in ((made[1], "replaced"), (made[2], "entered_in_error")):
        ngo.post(f"/v1/identifiers/{number['id']}/end", {"ended_on": "2024-01-01", "end_reason": reason}, version=1)
    assert set(found(ngo, kind="birth_certificate", value="i-tn1234567")) == {one["id"], two["id"]}


def test_a_stranger_finds_nothing_and_cannot_tell(db: Database, callers: Callers, ngo: Caller) -> None:
    make_identifier(ngo, make_beneficiary(ngo))
    for caller in (
        callers.ngo("1733"),
        callers.committee("1733"),
        callers.state("1733"),
        callers.ngo("1703", organization_id=ngo.organization_id),
    ):
        there, not_there = caller.post(LOOKUP, NUMBER), caller.post(LOOKUP, NUMBER | {"value": pinfl("6170512034999")})
        assert there.content == not_there.content
        assert (there.status_code, there.json()) == (not_there.status_code, {"items": []})
        names = {"x-request-id", "date"}
        assert {k: v for k, v in there.headers.items() if k not in names} == {k: v for k, v in not_there.headers.items() if k not in names}
    assert [entry[2]["hits"] for entry in entries(db) if entry[0] != ngo.account.id] == [0] * 8


def test_a_person_who_moved_away(callers: Callers) -> None:
    whole = callers.ngo("17")
    girl = make_beneficiary(whole)
    make_identifier(whole, girl)
    assert whole.patch(f"/v1/beneficiaries/{girl['id']}", {"territory": ANDIJON}, version=1).status_code == 200
    assert found(whole) == [girl["id"]]
    assert found(callers.ngo("1733", organization_id=whole.organization_id)) == []


def test_wrong_bodies(ngo: Caller) -> None:
    for change, pointer in (({"value": "1"}, "/value"), ({"value": None}, "/value"), ({"kind": "x"}, "/kind"), ({"q": "x"}, "/q")):
        refused = ngo.post(LOOKUP, NUMBER | change)
        assert refused.status_code == 422
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert ngo.get(f"{LOOKUP}?value={PINFL}").status_code in (404, 405, 422)


def test_it_is_told_without_the_number(db: Database, callers: Callers, ngo: Caller) -> None:
    girl = make_beneficiary(ngo)
    make_identifier(callers.ngo("1733", organization_id=ngo.organization_id), girl)
    found(ngo)
    found(ngo, kind="passport", value="AA1234567")
    assert [entry for entry in entries(db) if entry[0] == ngo.account.id] == [
        (ngo.account.id, None, {"kind": "pinfl", "hits": 1}),
        (ngo.account.id, None, {"kind": "passport", "hits": 0}),
    ]
    shown = ngo.get("/v1/audit-entries", params={"action": "identifier.looked_up"})
    assert len(shown.json()["items"]) == 3
    assert PINFL not in shown.text


def test_a_key_keeps_no_answer(callers: Callers, ngo: Caller, db: Database) -> None:
    """What one could find once must be asked for again: consent may have ended since."""
    make_identifier(callers.ngo("1733", organization_id=ngo.organization_id), make_beneficiary(ngo))
    first, second = (ngo.post(LOOKUP, NUMBER, key="once") for _ in range(2))
    assert first.json() == second.json()
    assert "idempotent-replayed" not in second.headers
    assert [entry[0] for entry in entries(db)].count(ngo.account.id) == 2


def test_not_too_often(monkeypatch: pytest.MonkeyPatch, db: Database, callers: Callers, ngo: Caller) -> None:
    assert lookups.OFTEN == 30
    monkeypatch.setattr(lookups, "OFTEN", 3)
    colleague = callers.ngo("1733", organization_id=ngo.organization_id)
    for _ in range(3):
        assert found(ngo) == []
    refused = ngo.post(LOOKUP, NUMBER)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert found(colleague) == [], "each account has its own count"
    assert len(entries(db)) == 4, "what was refused has found out nothing and does not count"
    with db.engine.begin() as connection:
        moved = sa.update(AuditEntry).where(AuditEntry.actor_id == ngo.account.id)
        connection.execute(
            moved.values(at=sa.bindparam("moment", type_=AuditEntry.at.type)), {"moment": ngo.account.created_at.replace(year=2020)}
        )
    assert found(ngo) == [], "a minute later"
