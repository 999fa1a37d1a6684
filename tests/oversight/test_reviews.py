"""Emergency accesses afterwards: who is told of them, who ends them early, who reviews them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.access.transaction import as_system, begin
from app.consents.models import ConsentStatus
from app.database import now
from app.days import today
from app.oversight.models import BreakGlass
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import ANDIJON, SHOVOT, make_beneficiary, make_family
from tests.factories.oversight import FAMILIES, GLASSES, PEOPLE, age, break_body, break_glass, consent_of, grants_of
from tests.racing import outcomes, together

JUSTIFIED = {"verdict": "justified", "note": "Bola topildi."}


def listed(caller: Caller, **params: Any) -> list[str]:
    found = caller.get(GLASSES, params=params)
    assert found.status_code == 200, found.text
    return [one["id"] for one in found.json()["items"]]


def colleague(callers: Callers, of: Caller, territory: str = "1733", **options: Any) -> Caller:
    return callers.make(str(of.account.role), territory, organization_id=of.organization_id, **options)


# --- who is told --------------------------------------------------------------------------------------------------------------
def test_who_sees_it(callers: Callers, client: Client) -> None:
    ngo, partner = callers.ngo("17"), callers.state(duty="specialist")
    glass = break_glass(partner, make_beneficiary(ngo))
    one = f"{GLASSES}/{glass['id']}"
    # The managers of the person's organization, be it from another region.
    sees = (ngo, colleague(callers, ngo, SHOVOT), colleague(callers, ngo, ANDIJON[:4]), partner, colleague(callers, partner))
    for caller in sees:
        assert caller.get(one).json() == glass
        assert listed(caller) == [glass["id"]]
    strangers = (
        callers.ngo("17"),
        callers.committee(),
        callers.state(),
        callers.administrator(),
        # Of the same organization, without a manager's duty.
        colleague(callers, partner, duty="specialist"),
    )
    for caller in strangers:
        assert caller.get(one).status_code == 404
        assert listed(caller) == []
    for caller in (colleague(callers, ngo, duty="specialist"), colleague(callers, ngo, duty="viewer"), callers.state(duty="viewer")):
        assert caller.get(one).status_code == 403
        assert caller.get(GLASSES).status_code == 403
    assert client.get(one).status_code == client.get(GLASSES).status_code == 401
    assert ngo.get(one, headers={"If-None-Match": '"1"'}).status_code == 304


def test_the_owner_may_be_a_committee(callers: Callers) -> None:
    owner, partner = callers.committee(), callers.committee()
    glass = break_glass(partner, make_beneficiary(owner))
    assert listed(owner) == listed(partner) == [glass["id"]]
    assert listed(colleague(callers, owner, duty="specialist")) == []
    # The accessor's manager has the permission to review, and still not the row.
    refused = colleague(callers, partner).post(f"{GLASSES}/{glass['id']}/review", JUSTIFIED, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert owner.post(f"{GLASSES}/{glass['id']}/review", JUSTIFIED, version=1).status_code == 200


def test_filters(callers: Callers) -> None:
    ngo, state, committee = callers.ngo("17"), callers.state(), callers.committee()
    people = [make_beneficiary(ngo) for _ in range(3)]
    first, second = break_glass(state, people[0]), break_glass(committee, people[1], category="court_order")
    third = break_glass(state, people[2])
    ngo.post(f"{GLASSES}/{third['id']}/review", JUSTIFIED, version=1)
    assert listed(ngo) == [third["id"], second["id"], first["id"]]
    assert listed(ngo, sort="created_at") == [first["id"], second["id"], third["id"]]
    assert listed(ngo, reviewed="false") == [second["id"], first["id"]]
    assert listed(ngo, reviewed="true") == [third["id"]]
    assert listed(ngo, beneficiary_id=people[0]["id"]) == [first["id"]]
    assert listed(ngo, account_id=str(committee.account.id)) == [second["id"]]
    assert listed(ngo, accessor_organization_id=state.organization_id, reviewed="false") == [first["id"]]
    assert listed(ngo, category="court_order") == [second["id"]]
    assert listed(ngo, limit=1) == [third["id"]]
    page = ngo.get(GLASSES, params={"limit": 2, "include": "total"})
    assert page.json()["total"] == 3
    assert [one["id"] for one in ngo.get(page.links["next"]["url"]).json()["items"]] == [first["id"]]
    for wrong in ({"reviewed": "maybe"}, {"category": "x"}, {"sort": "reason"}, {"beneficiary_id": "1"}, {"q": "x"}):
        assert ngo.get(GLASSES, params=wrong).status_code == 422


# --- ending it early ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["accessor", "their manager", "owner"])
def test_it_is_ended_at_once(callers: Callers, who: str) -> None:
    ngo, partner = callers.ngo("17"), callers.state(duty="specialist")
    family = make_family(ngo)
    person = family["members"][0]
    glass = break_glass(partner, person)
    one = f"{GLASSES}/{glass['id']}"
    closer = {"accessor": partner, "their manager": colleague(callers, partner), "owner": ngo}[who]
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == partner.get(f"{FAMILIES}/{family['id']}").status_code == 200
    assert closer.post(f"{one}/close").json()["code"] == "version_required"
    assert closer.post(f"{one}/close", version=7).json()["code"] == "stale"
    closed = closer.post(f"{one}/close", version=1, key="once")
    assert closed.status_code == 200, closed.text
    assert closed.json()["closed_by"] == str(closer.account.id)
    assert closed.json()["closes_at"] < glass["closes_at"]
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == partner.get(f"{FAMILIES}/{family['id']}").status_code == 404
    assert {grant.closes_at <= now() for grant in grants_of(glass)} == {True}
    assert closer.post(f"{one}/close", version=1, key="once").headers["idempotent-replayed"] == "true"
    assert closer.post(f"{one}/close", version=2).json()["code"] == "wrong_state"
    # What was opened and what was ended stands in both trails.
    for manager in (ngo, colleague(callers, partner)):
        entries = manager.get("/v1/audit-entries", params={"subject": glass["id"]}).json()["items"]
        assert [entry["action"] for entry in entries] == ["break_glass.updated", "break_glass.created"]
        assert {entry["organization_id"] for entry in entries} == {manager.organization_id}
        assert entries[0]["actor_id"] == str(closer.account.id)


def test_who_cannot_end_it(callers: Callers, client: Client) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    glass = break_glass(partner, person)
    url = f"{GLASSES}/{glass['id']}/close"
    assert client.post(url, headers={"If-Match": '"1"'}).status_code == 401
    for caller in (colleague(callers, ngo, duty="specialist"), callers.state(duty="viewer")):
        assert caller.post(url, version=1).status_code == 403
    for caller in (callers.ngo("17"), callers.committee(), colleague(callers, partner, duty="specialist")):
        assert caller.post(url, version=1).status_code == 404
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 200
    age(glass, timedelta(hours=3))
    assert partner.post(url, version=2).json()["code"] == "wrong_state"
    assert partner.post(f"{GLASSES}/{uuid.uuid4()}/close", version=1).status_code == 404


def test_ended_it_may_be_opened_anew_for_another_reason(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    glass = break_glass(partner, person)
    partner.post(f"{GLASSES}/{glass['id']}/close", version=1)
    url = f"{PEOPLE}/{person['id']}/break-glass"
    assert partner.post(url, break_body()).json()["errors"][0]["code"] == "repeated"
    assert partner.post(url, break_body(reason="Shifokor soʻradi, yana ochildi.")).status_code == 201


# --- reviewing it -------------------------------------------------------------------------------------------------------------
def test_it_is_reviewed_once(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    glass = break_glass(partner, person)
    url = f"{GLASSES}/{glass['id']}/review"
    assert ngo.post(url, JUSTIFIED).json()["code"] == "version_required"
    assert ngo.post(url, JUSTIFIED, version=2).json()["code"] == "stale"
    no_note, unknown = {**JUSTIFIED, "note": ""}, {**JUSTIFIED, "x": 1}
    for wrong, pointer in (({}, "/verdict"), ({"verdict": "maybe"}, "/verdict"), (no_note, "/note"), (unknown, "/x")):
        refused = ngo.post(url, wrong, version=1)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    done = ngo.post(url, JUSTIFIED, version=1, key="once")
    assert done.status_code == 200, done.text
    shown = done.json()
    assert (shown["verdict"], shown["review_note"], shown["reviewed_by"]) == ("justified", "Bola topildi.", str(ngo.account.id))
    assert shown["reviewed_at"] is not None
    assert ngo.post(url, JUSTIFIED, version=1, key="once").headers["idempotent-replayed"] == "true"
    assert ngo.post(url, {"verdict": "not_justified"}, version=2).json()["code"] == "wrong_state"
    # Justified, it stays open until its time; whoever did it reads the verdict.
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 200
    assert partner.get(f"{GLASSES}/{glass['id']}").json() == shown
    actions = [one["action"] for one in ngo.get("/v1/audit-entries", params={"subject": glass["id"]}).json()["items"]]
    assert actions == ["break_glass.updated", "break_glass.created"]


def test_what_was_not_justified_is_closed_at_once(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    glass = break_glass(partner, person)
    done = ngo.post(f"{GLASSES}/{glass['id']}/review", {"verdict": "not_justified"}, version=1)
    assert done.status_code == 200, done.text
    assert (done.json()["closed_by"], done.json()["review_note"]) == (str(ngo.account.id), None)
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 404
    over = break_glass(partner, make_beneficiary(ngo))
    age(over, timedelta(hours=4))
    done = ngo.post(f"{GLASSES}/{over['id']}/review", {"verdict": "not_justified"}, version=2)
    assert (done.status_code, done.json()["closed_by"]) == (200, None)


def test_who_does_not_review(callers: Callers, client: Client) -> None:
    ngo, partner = callers.ngo("17"), callers.committee()
    glass = break_glass(partner, make_beneficiary(ngo))
    url = f"{GLASSES}/{glass['id']}/review"
    assert client.post(url, json=JUSTIFIED, headers={"If-Match": '"1"'}).status_code == 401
    for caller in (colleague(callers, ngo, duty="specialist"), callers.state(), colleague(callers, partner, duty="specialist")):
        assert caller.post(url, JUSTIFIED, version=1).status_code == 403
    for caller in (callers.ngo("17"), callers.committee()):
        assert caller.post(url, JUSTIFIED, version=1).status_code == 404
    assert partner.post(url, JUSTIFIED, version=1).status_code == 403
    assert colleague(callers, partner).post(url, JUSTIFIED, version=1).json()["code"] == "out_of_scope"
    assert ngo.get(f"{GLASSES}/{glass['id']}").json()["reviewed_at"] is None


@pytest.mark.parametrize("kind", ["ngo", "committee"])
def test_the_only_manager_covers_another_region(callers: Callers, kind: str) -> None:
    """Else nobody would be told, nobody could review it, and whoever opened it would be barred for good."""
    owner = getattr(callers, kind)(ANDIJON[:4])
    specialist = colleague(callers, owner, duty="specialist")
    partner, person = callers.state(), make_beneficiary(specialist)
    glass = break_glass(partner, person)
    age(glass, timedelta(days=8))
    url = f"{PEOPLE}/{make_beneficiary(specialist)['id']}/break-glass"
    assert partner.post(url, break_body()).json()["code"] == "review_overdue"
    assert owner.get("/v1/alerts").json()["break_glass_unreviewed"] == 1
    assert listed(owner, reviewed="false") == [glass["id"]]
    # It tells by whom, and opens nothing of the person.
    assert owner.get(f"{PEOPLE}/{person['id']}").status_code == 404
    assert not any(person[name] in str(owner.get(f"{GLASSES}/{glass['id']}").json()) for name in ("surname", "given_name"))
    for caller, status in ((specialist, 403), (callers.ngo(ANDIJON[:4]), 404), (callers.committee(ANDIJON[:4]), 404)):
        assert caller.post(f"{GLASSES}/{glass['id']}/review", JUSTIFIED, version=2).status_code == status
    assert owner.post(f"{GLASSES}/{glass['id']}/review", JUSTIFIED, version=2).status_code == 200
    assert partner.post(url, break_body()).status_code == 201
    # What is open still is ended from there as well.
    other = listed(owner, reviewed="false")[0]
    assert owner.post(f"{GLASSES}/{other}/close", version=1).status_code == 200


def test_nobody_reviews_an_access_of_ones_own(callers: Callers) -> None:
    """People change hands: whoever looked at a person from outside may manage the person's organization later."""
    ngo, partner = callers.ngo("17"), callers.committee()
    glass = break_glass(partner, make_beneficiary(ngo))
    with begin(as_system("test")) as db:
        row = db.execute(sa.select(BreakGlass)).scalar_one()
        row.account_id = ngo.account.id
    refused = ngo.post(f"{GLASSES}/{glass['id']}/review", JUSTIFIED, version=2)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_of_two_reviewers_one_decides(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    glass = break_glass(partner, make_beneficiary(ngo))
    bodies = [{"verdict": verdict} for verdict in ("justified", "not_justified")] * 3
    answers = together([lambda body=body: ngo.post(f"{GLASSES}/{glass['id']}/review", body, version=1) for body in bodies])
    assert outcomes(answers) == {(200, ""): 1, (412, "stale"): 5}


# --- what waits ---------------------------------------------------------------------------------------------------------------
def test_alerts_say_what_waits(callers: Callers, client: Client) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    nothing = {"break_glass_unreviewed": 0, "break_glass_oldest": None, "consents_expiring": 0, "consents_earliest": None}
    assert ngo.get("/v1/alerts").json() == nothing
    person, other = make_beneficiary(ngo), make_beneficiary(ngo)
    first, second = break_glass(partner, person), break_glass(partner, other)
    day = today()
    for last_day in (day - timedelta(days=1), day + timedelta(days=3), day + timedelta(days=30), day + timedelta(days=31), None):
        consent_of(ngo, person, last_day=last_day)
    consent_of(ngo, person, last_day=day, status=ConsentStatus.WITHDRAWN)
    found = ngo.get("/v1/alerts").json()
    assert (found["break_glass_unreviewed"], found["consents_expiring"]) == (2, 2)
    assert (found["break_glass_oldest"], found["consents_earliest"]) == (first["opened_at"], str(day + timedelta(days=3)))
    ngo.post(f"{GLASSES}/{first['id']}/review", JUSTIFIED, version=1)
    found = ngo.get("/v1/alerts").json()
    assert (found["break_glass_unreviewed"], found["break_glass_oldest"]) == (1, second["opened_at"])
    for stranger in (callers.ngo("17"), callers.committee()):
        assert stranger.get("/v1/alerts").json() == nothing
    # Consents are looked after where the family lives; an emergency access to one's people is reviewed from wherever one is.
    elsewhere = colleague(callers, ngo, ANDIJON[:4]).get("/v1/alerts").json()
    assert elsewhere == {**found, "consents_expiring": 0, "consents_earliest": None}
    for caller in (partner, colleague(callers, ngo, duty="specialist"), callers.committee(duty="viewer")):
        assert caller.get("/v1/alerts").status_code == 403
    assert client.get("/v1/alerts").status_code == 401


def test_what_it_costs(callers: Callers, statements: list[str]) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    people = [make_beneficiary(ngo) for _ in range(4)]
    glasses = [break_glass(partner, person) for person in people]
    ngo.get(GLASSES)

    def cost(caller: Caller, url: str) -> int:
        statements.clear()
        assert caller.get(url).status_code == 200
        return len([one for one in statements if "access_entry" not in one])

    assert cost(ngo, GLASSES) == 1
    assert cost(ngo, f"{GLASSES}/{glasses[0]['id']}") == 1
    ngo.get("/v1/alerts")
    assert cost(ngo, "/v1/alerts") == 2
    with begin(as_system("test")) as db:
        assert db.execute(sa.select(sa.func.count(col(BreakGlass.id)))).scalar_one() == 4
