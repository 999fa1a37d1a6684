"""Breaking the glass with nothing but the number in a person's papers: the same rules, and no way to find out who is registered."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.access.transaction import as_system, begin
from app.audit.models import AuditEntry
from app.beneficiaries.models import Beneficiary
from app.database import Database, now
from app.oversight.models import NOT_FOUND, BreakGlass
from app.oversight.schemas import BreakGlassCreate
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import ANDIJON, beneficiary_body, family_body, make_beneficiary, make_family
from tests.factories.identifiers import PINFL, make_identifier, pinfl
from tests.factories.oversight import FAMILIES, GLASSES, PEOPLE, age, break_body, break_glass

NOBODYS = pinfl("6170512034002")
KINDS = ("committee", "state")


def ask(caller: Caller, number: str = PINFL, *, key: str | None = None, **body: Any) -> Any:
    return caller.post(GLASSES, break_body(pinfl=number, **body), **({"key": key} if key else {}))


def known_by_number(caller: Caller, number: str = PINFL, **other: Any) -> dict[str, Any]:
    person = make_beneficiary(caller, **other)
    make_identifier(caller, person, value=number)
    return person


def misses() -> list[AuditEntry]:
    with begin(as_system("test")) as db:
        return list(db.execute(sa.select(AuditEntry).where(col(AuditEntry.action) == NOT_FOUND)).scalars())


@pytest.mark.parametrize("kind", KINDS)
def test_who_holds_the_papers_opens_the_person(callers: Callers, kind: str) -> None:
    ngo, partner = callers.ngo("17"), getattr(callers, kind)("1733")
    family = make_family(ngo)
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    make_identifier(ngo, child)
    made = ask(partner)
    assert made.status_code == 201, made.text
    glass = made.json()
    assert (glass["beneficiary_id"], glass["organization_id"]) == (child["id"], ngo.organization_id)
    assert made.headers["location"] == f"{GLASSES}/{glass['id']}"
    assert PINFL not in made.text
    assert partner.get(f"{PEOPLE}/{child['id']}").status_code == 200
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 200
    # It is the very same access as by the id, either way round.
    again = ask(partner, reason="Bola hali ham yolgʻiz.")
    assert (again.status_code, again.json()) == (200, glass)
    assert partner.post(f"{PEOPLE}/{child['id']}/break-glass", break_body()).json() == glass
    assert ngo.get("/v1/alerts").json()["break_glass_unreviewed"] == 1
    assert misses() == []


def test_who_may(callers: Callers, client: Client) -> None:
    known_by_number(callers.ngo("17"))
    assert client.post(GLASSES, json=break_body(pinfl=PINFL)).status_code == 401
    for caller in (callers.ngo("17"), callers.administrator(), callers.committee(duty="viewer"), callers.state(duty="viewer")):
        # Whoever may not break it is told the same of a number that somebody carries and of one that nobody does.
        told = [{**ask(caller, one).json(), "request_id": ""} for one in (PINFL, NOBODYS)]
        assert told[0]["status"] == 403
        assert told[0] == told[1]
    assert ask(callers.state(duty="specialist")).status_code == 201


def test_a_script_breaks_no_glass_and_learns_nothing(callers: Callers, client: Client) -> None:
    administrator, partner = callers.administrator(), callers.state()
    known_by_number(callers.ngo("17"))
    script = administrator.post(
        "/v1/service-clients",
        {"name": "S", "organization_id": partner.organization_id, "territory": "1733", "scopes": ["beneficiaries:break_glass"]},
    ).json()
    given = {"grant_type": "client_credentials", "client_id": script["client_id"], "client_secret": script["client_secret"]}
    bearer = {"Authorization": f"Bearer {client.post('/v1/oauth/token', data=given).json()['access_token']}"}
    told = [client.post(GLASSES, json=break_body(pinfl=one), headers=bearer).json() for one in (PINFL, NOBODYS)]
    assert [one["code"] for one in told] == ["forbidden", "forbidden"]
    assert told[0]["detail"] == told[1]["detail"]


def test_who_is_not_there_cannot_be_told_from_who_is_elsewhere(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state("1733")
    numbers = [pinfl(f"617051203500{n}") for n in range(4)]
    elsewhere, ended, forgotten, merged = numbers
    known_by_number(ngo, elsewhere, territory=ANDIJON)
    number = make_identifier(ngo, make_beneficiary(ngo), value=ended)
    over = {"ended_on": "2024-01-01", "end_reason": "entered_in_error"}
    assert ngo.post(f"/v1/identifiers/{number['id']}/end", over, version=1).status_code == 200
    gone, lost = known_by_number(ngo, forgotten), known_by_number(ngo, merged)
    with begin(as_system("test")) as db:
        rows = {str(row.id): row for row in db.execute(sa.select(Beneficiary)).scalars()}
        rows[gone["id"]].anonymized_at = now()
        rows[lost["id"]].merged_into_id = uuid.UUID(gone["id"])
    answers = [ask(partner, one) for one in (*numbers, NOBODYS)]
    assert {answer.status_code for answer in answers} == {404}
    told = [{**answer.json(), "request_id": ""} for answer in answers]
    assert all(one == told[0] for one in told)
    with begin(as_system("test")) as db:
        assert db.execute(sa.select(sa.func.count(col(BreakGlass.id)))).scalar_one() == 0
    assert ask(callers.state("1703"), elsewhere).status_code == 201


def test_numbers_are_not_tried(callers: Callers, db: Database) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    known_by_number(ngo)
    assert [ask(partner, pinfl(f"617051203600{n}")).status_code for n in range(10)] == [404] * 10
    # From now on it says nothing, not even of a number that somebody carries.
    for number in (PINFL, NOBODYS):
        refused = ask(partner, number)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 86_000 < int(refused.headers["retry-after"]) <= 86_401
    found = misses()
    assert {(one.actor_id, str(one.organization_id), str(one.changes)) for one in found} == {
        (partner.account.id, partner.organization_id, "{}")
    }
    assert len(found) == 10
    assert [one["action"] for one in partner.get("/v1/audit-entries").json()["items"]].count(NOT_FOUND) == 10
    # By the id, which the organization told, it goes on; and so does a colleague.
    assert ask(callers.state(organization_id=partner.organization_id)).status_code == 201
    break_glass(partner, make_beneficiary(ngo))
    table: sa.Table = AuditEntry.__table__  # type: ignore[attr-defined]
    with db.engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == found[0].id).values(at=now() - timedelta(hours=25)))
    assert ask(partner).status_code == 201


def test_what_speaks_of_the_account_comes_first(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    known_by_number(ngo)
    glasses = [break_glass(partner, make_beneficiary(ngo)) for _ in range(5)]
    assert [ask(partner, one).status_code for one in (PINFL, NOBODYS)] == [429, 429]
    age(glasses[0], timedelta(days=8))
    assert [ask(partner, one).json()["code"] for one in (PINFL, NOBODYS)] == ["review_overdue", "review_overdue"]
    assert misses() == []


def test_registered_twice_anothers_row_is_opened(callers: Callers) -> None:
    committee, ngo = callers.committee(), callers.ngo("17")
    known_by_number(committee)
    assert (ask(committee).status_code, ask(committee).json()["code"]) == (409, "not_needed")
    theirs = known_by_number(ngo)
    assert ask(committee).json()["beneficiary_id"] == theirs["id"]


@pytest.mark.parametrize("number", ["6170512034001", "617051203400100", "6170512034001a", "", " 61705120340010", 61705120340010, None])
def test_what_is_no_pinfl_is_refused_and_never_repeated(callers: Callers, number: Any) -> None:
    refused = ask(callers.state(), number)
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/pinfl"]
    assert not number or str(number) not in refused.text


def test_retries(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    known_by_number(ngo)
    other, key = pinfl("6170512034003"), str(uuid.uuid4())
    known_by_number(ngo, other)
    first, replay = ask(partner, key="one"), ask(partner, key="one")
    assert (replay.status_code, replay.json(), replay.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert ask(partner, other, key="one").json()["code"] == "idempotency_key_reused"
    # An id of one's own would tell of any number whether it is that of whom the access is to.
    refused = ask(partner, other, id=key)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/id")


def test_a_replay_is_no_new_question(callers: Callers) -> None:
    """Whoever may name no number any more is still told what was said before."""
    ngo, partner = callers.ngo("17"), callers.state()
    known_by_number(ngo)
    first = ask(partner, key="one")
    for place in range(10):
        assert ask(partner, pinfl(f"617051203600{place}")).status_code == 404
    assert ask(partner).status_code == 429
    replay = ask(partner, key="one")
    assert (replay.status_code, replay.json()) == (201, first.json())
    assert len(misses()) == 10


def test_whoever_may_open_nobody_more_learns_of_no_number_whose_it_is(callers: Callers) -> None:
    """Not even of those that are open still."""
    ngo, partner = callers.ngo("17"), callers.state()
    known_by_number(ngo)
    assert ask(partner).status_code == 201
    for _ in range(4):
        break_glass(partner, make_beneficiary(ngo, given_name="Zuhra"))
    assert [ask(partner, number).status_code for number in (PINFL, NOBODYS)] == [429, 429]


def test_nobody_is_called_nobody(callers: Callers) -> None:
    """The nil UUID is no id of a row, and none that stands for a number which nobody carries."""
    ngo, partner = callers.ngo("17"), callers.state()
    for url, body in ((PEOPLE, beneficiary_body()), (FAMILIES, family_body())):
        refused = ngo.post(url, body | {"id": str(uuid.UUID(int=0))})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/id")
    assert ask(partner, NOBODYS).status_code == 404


def test_the_number_is_kept_nowhere(callers: Callers, caplog: pytest.LogCaptureFixture) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    known_by_number(ngo)
    with caplog.at_level("DEBUG"):
        assert ask(partner).status_code == 201
        ask(partner, NOBODYS)
    assert "break_glass_by_number" in {getattr(record, "operation", "") for record in caplog.records if record.name == "himoya.oversight"}
    written = f"{caplog.text} {partner.get('/v1/audit-entries').text} {ngo.get('/v1/audit-entries').text}"
    assert PINFL not in written
    assert NOBODYS not in written
    # Nor is a digest of it, by which it could be tried: what a retry is recognized by is made of the words alone.
    with begin(as_system("test")) as db:
        (row,) = db.execute(sa.select(BreakGlass)).scalars()
        assert row.origin == BreakGlassCreate(**break_body()).origin()
