"""Breaking the glass: what it opens, to whom, for how long, how often, and what it leaves behind."""

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.access.actor import Duty
from app.access.grants import DataCategory, categories_of, to_account
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary
from app.database import now
from app.oversight.models import BreakGlass
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import ANDIJON, SHOVOT, make_beneficiary, make_family
from tests.factories.oversight import FAMILIES, GLASSES, PEOPLE, age, break_body, break_glass, grants_of
from tests.racing import together

KINDS = ("committee", "state")


def partner_of(callers: Callers, kind: str, territory: str = "1733", **options: Any) -> Caller:
    made: Caller = getattr(callers, kind)(territory, **options)
    return made


def child_of(family: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in family["members"] if one["relationship_to_head"] == "child")


def ask(caller: Caller, person: dict[str, Any], **body: Any) -> Any:
    return caller.post(f"{PEOPLE}/{person['id']}/break-glass", break_body(**body))


# --- what it opens ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("duty", [Duty.MANAGER, Duty.SPECIALIST])
def test_everything_of_the_person_is_visible_and_nothing_else(callers: Callers, kind: str, duty: str) -> None:
    ngo, partner = callers.ngo("17"), partner_of(callers, kind, duty=duty)
    family = make_family(ngo, note="Ichki")
    child = ngo.get(f"{PEOPLE}/{child_of(family)['id']}").json()
    ngo.patch(f"{PEOPLE}/{child['id']}", {"phone": "90 123-45-67", "note": "Ichki"}, version=1)
    other = make_beneficiary(ngo)
    glass = break_glass(partner, child)
    assert glass["organization_id"] == ngo.organization_id
    assert glass["account_id"] == str(partner.account.id)
    assert (glass["account_name"], glass["account_duty"]) == ("Test", duty)
    assert glass["accessor_organization_id"] == partner.organization_id
    assert (glass["reviewed_at"], glass["verdict"], glass["closed_by"]) == (None, None, None)
    shown = partner.get(f"{PEOPLE}/{child['id']}").json()
    assert shown["phone_e164"] == "+998901234567"
    assert "note" not in shown
    assert [one["id"] for one in partner.get(PEOPLE).json()["items"]] == [child["id"]]
    # The family's own row, and of its members this child alone.
    opened = partner.get(f"{FAMILIES}/{family['id']}").json()
    assert opened["address"] == family["address"]
    assert "note" not in opened
    assert [one["id"] for one in opened["members"]] == [child["id"]]
    for hidden in (other, *(one for one in family["members"] if one["id"] != child["id"])):
        assert partner.get(f"{PEOPLE}/{hidden['id']}").status_code == 404
    # To be seen, not to be changed; and by this account alone.
    refused = partner.patch(f"{PEOPLE}/{child['id']}", {"sex": "male"}, version=2)
    assert refused.status_code == 403
    colleague = partner_of(callers, kind, organization_id=partner.organization_id)
    assert colleague.get(f"{PEOPLE}/{child['id']}").status_code == 404
    assert colleague.get(f"{FAMILIES}/{family['id']}").status_code == 404
    assert partner_of(callers, kind).get(f"{PEOPLE}/{child['id']}").status_code == 404


def test_a_person_without_a_family_is_opened_alone(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    glass = break_glass(partner, make_beneficiary(ngo))
    (grant,) = grants_of(glass)
    assert str(grant.beneficiary_id) == glass["beneficiary_id"]
    assert categories_of(grant.categories) == list(DataCategory)
    assert (grant.grantee, str(grant.organization_id)) == (to_account(partner.account.id), ngo.organization_id)


def test_a_family_that_was_left_stays_closed(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    family = make_family(ngo)
    child = child_of(family)
    url = f"{FAMILIES}/{family['id']}/memberships/{child['membership_id']}/end"
    left = ngo.post(url, {"ended_on": "2024-01-01", "reason": "moved_away"}, version=1)
    assert left.status_code == 200, left.text
    break_glass(partner, child)
    assert partner.get(f"{PEOPLE}/{child['id']}").status_code == 200
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 404


# --- for how long -------------------------------------------------------------------------------------------------------------
def test_it_opens_for_three_hours_unless_for_less(callers: Callers) -> None:
    ngo = callers.ngo("17")
    for asked, minutes in ((None, 180), (180, 180), (1, 1), (45, 45)):
        glass = break_glass(callers.state(), make_beneficiary(ngo), **({} if asked is None else {"minutes": asked}))
        lasts = datetime.fromisoformat(glass["closes_at"]) - datetime.fromisoformat(glass["opened_at"])
        assert lasts == timedelta(minutes=minutes)
        assert {grant.closes_at for grant in grants_of(glass)} == {datetime.fromisoformat(glass["closes_at"])}


def test_it_closes_by_itself(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee()
    family = make_family(ngo)
    child = child_of(family)
    glass = break_glass(partner, child)
    age(glass, timedelta(minutes=179))
    assert partner.get(f"{PEOPLE}/{child['id']}").status_code == 200
    age(glass, timedelta(minutes=2))
    assert partner.get(f"{PEOPLE}/{child['id']}").status_code == 404
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 404
    assert partner.get(PEOPLE, params={"include": "total"}).json()["total"] == 0


def test_asking_again_answers_what_is_open(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    first = break_glass(partner, person, minutes=30)
    again = ask(partner, person, reason="Yana bir bor soʻrayapman.", minutes=180)
    assert (again.status_code, again.json()) == (200, first)
    assert len(grants_of(first)) == 1
    # Over: then it takes a reason of its own.
    age(first, timedelta(minutes=31))
    repeated = ask(partner, person, reason="  qoʻshnilar BOLA  yigʻisini eshitgan. ")
    assert repeated.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in repeated.json()["errors"]] == [("/reason", "repeated")]
    second = break_glass(partner, person, reason="Bola hali ham yolgʻiz.")
    assert second["id"] != first["id"]


# --- to whom ------------------------------------------------------------------------------------------------------------------
def test_who_may(callers: Callers, client: Client) -> None:
    person = make_beneficiary(callers.ngo("17"))
    url = f"{PEOPLE}/{person['id']}/break-glass"
    assert client.post(url, json=break_body()).status_code == 401
    for caller in (callers.ngo("17"), callers.administrator(), callers.committee(duty="viewer"), callers.state(duty="viewer")):
        assert caller.post(url, break_body()).status_code == 403
    for caller in (callers.committee(), callers.state(duty="specialist")):
        assert caller.post(url, break_body()).status_code == 201


def test_who_is_not_there_cannot_be_told_from_who_is_elsewhere(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state("1733")
    elsewhere = make_beneficiary(ngo, territory=ANDIJON)
    merged, forgotten = make_beneficiary(ngo), make_beneficiary(ngo)
    with begin(as_system("test")) as db:
        rows = {str(row.id): row for row in db.execute(sa.select(Beneficiary)).scalars()}
        rows[merged["id"]].merged_into_id = uuid.UUID(forgotten["id"])
        rows[forgotten["id"]].anonymized_at = now()
    answers = [ask(partner, person) for person in (elsewhere, merged, forgotten, {"id": str(uuid.uuid4())})]
    assert {answer.status_code for answer in answers} == {404}
    told = [{**answer.json(), "instance": "", "request_id": ""} for answer in answers]
    assert all(one == told[0] for one in told)
    assert ask(callers.state("1703"), elsewhere).status_code == 201
    # A district's partner does not reach into the next district.
    assert ask(callers.state("1733217"), make_beneficiary(ngo, territory=SHOVOT)).status_code == 404
    # Nobody was looked at where nothing was opened.
    assert callers.ngo("17", organization_id=ngo.organization_id).get(f"{PEOPLE}/{elsewhere['id']}/accesses").status_code == 200


def test_ones_own_people_are_open_already(callers: Callers) -> None:
    committee = callers.committee()
    refused = ask(committee, make_beneficiary(committee))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_needed")


def test_a_script_breaks_no_glass(callers: Callers, client: Client) -> None:
    administrator, partner = callers.administrator(), callers.state()
    person = make_beneficiary(callers.ngo("17"))
    script = administrator.post(
        "/v1/service-clients",
        {"name": "S", "organization_id": partner.organization_id, "territory": "1733", "scopes": ["beneficiaries:break_glass"]},
    ).json()
    given = {"grant_type": "client_credentials", "client_id": script["client_id"], "client_secret": script["client_secret"]}
    token = client.post("/v1/oauth/token", data=given).json()["access_token"]
    refused = client.post(f"{PEOPLE}/{person['id']}/break-glass", json=break_body(), headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"reason": "Qisqa"}, "/reason"),
        ({"reason": "          "}, "/reason"),
        ({"reason": "a" * 501}, "/reason"),
        ({"category": "curiosity"}, "/category"),
        ({"minutes": 181}, "/minutes"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": "30"}, "/minutes"),
        ({"account_id": str(uuid.uuid4())}, "/account_id"),
    ],
)
def test_bad_bodies(callers: Callers, wrong: dict[str, Any], pointer: str) -> None:
    person = make_beneficiary(callers.ngo("17"))
    refused = ask(callers.state(), person, **wrong)
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


# --- how often ----------------------------------------------------------------------------------------------------------------
def test_five_a_day(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee()
    glasses = [break_glass(partner, make_beneficiary(ngo)) for _ in range(5)]
    sixth = make_beneficiary(ngo)
    refused = ask(partner, sixth)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 86_000 < int(refused.headers["retry-after"]) <= 86_401
    # What is open is still answered, and whoever is not there is not given away.
    assert ask(partner, {"id": glasses[0]["beneficiary_id"]}).status_code == 200
    assert ask(partner, {"id": str(uuid.uuid4())}).status_code == 429
    assert ask(callers.committee(organization_id=partner.organization_id), sixth).status_code == 201
    age(glasses[2], timedelta(hours=24))
    assert ask(partner, sixth).status_code == 201


def test_what_nobody_reviewed_for_a_week_bars_the_next(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    first, second = make_beneficiary(ngo), make_beneficiary(ngo)
    glass = break_glass(partner, first)
    age(glass, timedelta(days=6, hours=23))
    age(break_glass(partner, second), timedelta(hours=4))
    age(glass, timedelta(hours=2))
    for person in (first, second, make_beneficiary(ngo), {"id": str(uuid.uuid4())}):
        refused = ask(partner, person, reason="Yana bola yolgʻiz qoldi.")
        assert (refused.status_code, refused.json()["code"]) == (409, "review_overdue")
    assert ask(callers.state(organization_id=partner.organization_id), first).status_code == 201
    version = ngo.get(f"{GLASSES}/{glass['id']}").json()["version"]
    reviewed = ngo.post(f"{GLASSES}/{glass['id']}/review", {"verdict": "justified"}, version=version)
    assert reviewed.status_code == 200, reviewed.text
    assert ask(partner, first, reason="Yana bola yolgʻiz qoldi.").status_code == 201


# --- retries and races --------------------------------------------------------------------------------------------------------
def test_retries(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person, other = make_beneficiary(ngo), make_beneficiary(ngo)
    url, key = f"{PEOPLE}/{person['id']}/break-glass", str(uuid.uuid4())
    first = partner.post(url, break_body(), key="one")
    replay = partner.post(url, break_body(), key="one")
    assert (replay.status_code, replay.json(), replay.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert partner.post(url, break_body(minutes=5), key="one").json()["code"] == "idempotency_key_reused"
    made = ask(partner, other, id=key)
    assert (made.status_code, made.json()["id"], made.headers["location"]) == (201, key, f"{GLASSES}/{key}")
    assert (ask(partner, other, id=key).status_code, ask(partner, other, id=key).json()) == (200, made.json())
    assert ask(partner, other, id=key, minutes=5).json()["code"] == "id_taken"
    # The same id and body for another person, or from another account, is another access.
    third = make_beneficiary(ngo)
    assert ask(partner, third, id=key).json()["code"] == "id_taken"
    assert ask(callers.state(), other, id=key).json()["code"] == "id_taken"


def test_racers_open_one(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    answers = together([lambda: ask(partner, person)] * 12)
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    with begin(as_system("test")) as db:
        assert db.execute(sa.select(sa.func.count(col(BreakGlass.id)))).scalar_one() == 1


def test_racers_do_not_pass_the_five(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    people = [make_beneficiary(ngo) for _ in range(9)]
    answers = together([lambda person=person: ask(partner, person) for person in people])
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 4


# --- what it leaves behind ----------------------------------------------------------------------------------------------------
def test_both_organizations_have_it_in_their_trail(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    glass = break_glass(partner, make_beneficiary(ngo))
    for manager in (ngo, partner):
        (entry,) = manager.get("/v1/audit-entries", params={"subject": glass["id"]}).json()["items"]
        assert (entry["action"], entry["actor_id"], entry["actor_kind"]) == ("break_glass.created", str(partner.account.id), "account")
        assert entry["organization_id"] == manager.organization_id
        assert entry["changes"]["beneficiary_id"] == glass["beneficiary_id"]
        assert glass["reason"] not in str(entry)
    assert [entry["action"] for entry in partner.get("/v1/audit-entries").json()["items"]].count("access_grant.created") == 1
    assert callers.ngo().get("/v1/audit-entries", params={"subject": glass["id"]}).json()["items"] == []


def test_it_is_logged_without_a_word_about_anybody(callers: Callers, caplog: pytest.LogCaptureFixture) -> None:
    ngo, partner = callers.ngo("17"), callers.state()
    person = make_beneficiary(ngo)
    with caplog.at_level(logging.WARNING, "himoya.oversight"):
        glass = break_glass(partner, person)
        ask(partner, person)
    (record,) = [one for one in caplog.records if one.name == "himoya.oversight"]
    assert record.levelno == logging.WARNING
    assert (record.actor, record.organization, record.operation) == (str(partner.account.id), ngo.organization_id, "break_glass")  # type: ignore[attr-defined]
    told = str(vars(record))
    for secret in (glass["reason"], person["id"], person["surname"], person["given_name"]):
        assert secret not in told
