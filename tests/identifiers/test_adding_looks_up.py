"""Adding a number tells who else carries it, so it counts as a look-up: not too often, and told in the trail."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.access.grants import DataCategory, to_organization
from app.audit.models import AuditEntry
from app.database import Database, uuid7
from app.identifiers import lookups
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.grants import grant
from tests.factories.identifiers import PINFL, identifier_body, make_identifier, pinfl, url_of
from tests.racing import outcomes, together

LOOKUP = "/v1/identifiers/lookup"


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def specialist(callers: Callers, ngo: Caller) -> Caller:
    return callers.ngo("1733", duty="specialist", organization_id=ngo.organization_id)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Three a minute."""
    monkeypatch.setattr(lookups, "OFTEN", 3)
    return 3


def told(db: Database, caller: Caller) -> list[dict[str, Any]]:
    """What the trail tells of the caller's look-ups."""
    with db.engine.connect() as connection:
        mine = sa.and_(AuditEntry.actor_id == caller.account.id, AuditEntry.action == "identifier.looked_up")  # type: ignore[arg-type]
        return [row[0] for row in connection.execute(sa.select(AuditEntry.changes).where(mine).order_by(AuditEntry.at, AuditEntry.id))]  # type: ignore[call-overload]


def number(place: int) -> str:
    return pinfl(f"61705120340{place:02d}")


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_numbers_are_not_tried_on_a_person_of_ones_own(callers: Callers, ngo: Caller, db: Database) -> None:
    """The girl is another organization's, and her papers are open to the committee: it may look her up, not try out who she is."""
    committee = callers.committee("1733", duty="specialist")
    girl, mine = make_beneficiary(ngo), make_beneficiary(committee, given_name="Barno", birth_date="2001-01-01")
    make_identifier(ngo, girl)
    opened = DataCategory.IDENTITY, DataCategory.DOCUMENTS
    grant(ngo, to_organization(committee.organization_id), *opened, beneficiary_id=girl["id"])
    tried = [committee.post(url_of(mine), identifier_body(value=number(place))) for place in range(40)]
    assert [one.status_code for one in tried] == [201] * 30 + [429] * 10
    assert [place for place, one in enumerate(tried[:30]) if one.json()["possible_duplicates"]] == [1]
    assert 1 <= int(tried[-1].headers["retry-after"]) <= 60
    assert told(db, committee) == [{"kind": "pinfl", "hits": int(place == 1)} for place in range(30)]
    assert len(committee.get(url_of(mine), params={"limit": 200}).json()["items"]) == 30
    # It is one count with the look-ups, either way round.
    assert code(committee.post(LOOKUP, identifier_body())) == (429, "too_many_requests")
    manager = callers.committee("1733", organization_id=committee.organization_id)
    shown = manager.get("/v1/audit-entries", params={"action": "identifier.looked_up", "limit": 200})
    assert len(shown.json()["items"]) == 30
    assert PINFL not in shown.text


def test_look_ups_count_for_what_is_added(specialist: Caller, few: int) -> None:
    girl = make_beneficiary(specialist)
    for place in range(few):
        assert specialist.post(LOOKUP, identifier_body(value=number(place))).status_code == 200
    assert code(specialist.post(url_of(girl), identifier_body())) == (429, "too_many_requests")


@pytest.mark.parametrize("form", ["exists", "id"])
def test_a_masked_number_is_not_tried_by_the_refusals(ngo: Caller, specialist: Caller, db: Database, few: int, form: str) -> None:
    """Neither by what the person carries already, nor by whether it is the body by which a row was made."""
    girl, body = make_beneficiary(ngo), identifier_body(id=str(uuid7()))
    assert ngo.post(url_of(girl), body).status_code == 201
    if form == "exists":
        answers = [specialist.post(url_of(girl), identifier_body()) for _ in range(few + 2)]
        expected, hits = (409, "identifier_exists"), 1
    else:
        answers = [specialist.post(url_of(girl), {**body, "value": number(50 + place)}) for place in range(few + 2)]
        expected, hits = (409, "id_taken"), 0
    assert [code(one) for one in answers] == [expected] * few + [(429, "too_many_requests")] * 2
    assert told(db, specialist) == [{"kind": "pinfl", "hits": hits}] * few
    # From then on the right one is no answer either.
    assert code(specialist.post(url_of(girl), body)) == (429, "too_many_requests")


def test_what_is_sent_again_counts_once(ngo: Caller, db: Database, few: int) -> None:
    girl = make_beneficiary(ngo)
    body = identifier_body(id=str(uuid7()))
    for _ in range(few):
        assert ngo.post(url_of(girl), body).status_code in (200, 201)
    first = ngo.post(url_of(girl), identifier_body(value=number(7)), key="once")
    assert first.status_code == 201
    assert len(told(db, ngo)) == 2
    make_identifier(ngo, girl, value=number(8))
    # A replay says what was said before, to whoever may ask nothing new as well.
    replay = ngo.post(url_of(girl), identifier_body(value=number(7)), key="once")
    assert (replay.status_code, replay.json(), replay.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert len(told(db, ngo)) == 3


def test_what_tells_nothing_does_not_count(ngo: Caller, callers: Callers, db: Database) -> None:
    girl, stranger = make_beneficiary(ngo), callers.ngo("1733")
    for caller, change in ((ngo, {"value": "1"}), (ngo, {"issued_on": "1999-01-01"}), (stranger, {})):
        assert caller.post(url_of(girl), identifier_body(**change)).status_code in (404, 422)
    assert told(db, ngo) == told(db, stranger) == []


def test_those_that_come_together_are_counted_one_by_one(ngo: Caller, db: Database, few: int) -> None:
    people = [make_beneficiary(ngo, given_name=name) for name in ("Aziza", "Barno", "Charos", "Dilbar", "Ezoza", "Feruza")]
    requests = [
        lambda person=person, place=place: ngo.post(url_of(person), identifier_body(value=number(place)))
        for place, person in enumerate(people)
    ]
    assert outcomes(together(requests)) == {(201, ""): few, (429, "too_many_requests"): len(people) - few}
    assert len(told(db, ngo)) == few


def test_whoever_may_not_look_up_is_told_of_nobody(callers: Callers, client: Client, db: Database) -> None:
    administrator = callers.administrator()
    girl, other = make_beneficiary(administrator), make_beneficiary(administrator, given_name="Barno")
    make_identifier(administrator, girl)

    def added_by(*scopes: str) -> Any:
        body = {"name": "S", "organization_id": administrator.organization_id, "territory": "17", "scopes": list(scopes)}
        script = administrator.post("/v1/service-clients", body).json()
        given = {"grant_type": "client_credentials", "client_id": script["client_id"], "client_secret": script["client_secret"]}
        bearer = {"Authorization": f"Bearer {client.post('/v1/oauth/token', data=given).json()['access_token']}"}
        person = make_beneficiary(administrator, given_name=f"Zuhra {len(scopes)}", birth_date="1999-01-01")
        return client.post(url_of(person), json=identifier_body(), headers=bearer)

    silent = added_by("identifiers:write")
    assert silent.status_code == 201, silent.text
    assert "possible_duplicates" not in silent.json()
    assert girl["id"] not in silent.text
    told_of = added_by("identifiers:write", "identifiers:lookup").json()["possible_duplicates"]
    assert girl["id"] in {one["beneficiary_id"] for one in told_of}
    assert other["id"] not in {one["beneficiary_id"] for one in told_of}
    assert len(administrator.get("/v1/audit-entries", params={"action": "identifier.looked_up"}).json()["items"]) == 3
