"""Doors and retries, the moves of a consent's life, and the lists."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.days import today
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import father
from tests.factories.consents import CONSENTS, consent_body, given_consent, giving, household, make_consent, withdraw

Home = dict[str, Any]
VERBS = ("give", "refuse", "withdraw", "renew")


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def home(ngo: Caller) -> Home:
    return household(ngo)


def body_of(verb: str, home: Home) -> dict[str, Any]:
    return {
        "give": giving(home),
        "refuse": {},
        "withdraw": {"reason": "changed_mind", "withdrawn_by_id": home["mother"]["id"]},
        "renew": {"giving": giving(home)},
    }[verb]


# --- doors -----------------------------------------------------------------------------------------------------------------
def test_anonymous(client: Client) -> None:
    one = f"{CONSENTS}/{uuid.uuid4()}"
    for url in (CONSENTS, one, f"{one}/form.pdf", "/v1/consent-notices", f"/v1/families/{uuid.uuid4()}/consent-coverage"):
        assert client.get(url).status_code == 401, url
    assert client.post(CONSENTS, json={}).status_code == 401
    assert client.patch(one, json={}).status_code == 401
    for verb in VERBS:
        assert client.post(f"{one}/{verb}", json={}).status_code == 401


def test_whose_door_it_is(callers: Callers, ngo: Caller, home: Home) -> None:
    consent = make_consent(ngo, home)
    url = f"{CONSENTS}/{consent['id']}"
    viewer = callers.ngo("1733", organization_id=ngo.organization_id, duty="viewer")
    for caller in (viewer, callers.state("1733")):
        assert caller.post(CONSENTS, consent_body(home)).status_code == 403
        assert caller.patch(url, {"note": "x"}, version=1).status_code == 403
        for verb in VERBS:
            assert caller.post(f"{url}/{verb}", body_of(verb, home), version=1).status_code == 403
    assert viewer.get(url).json() == consent
    assert viewer.get(f"{url}/form.pdf").status_code == 200
    assert callers.state("1733").get(f"{url}/form.pdf").status_code == 404


def test_foreign_consents_are_not_there(callers: Callers, ngo: Caller, home: Home) -> None:
    consent = make_consent(ngo, home)
    url = f"{CONSENTS}/{consent['id']}"
    for stranger in (callers.ngo("1733"), callers.committee("1733"), callers.ngo("1703", organization_id=ngo.organization_id)):
        assert stranger.get(url).status_code == 404
        assert stranger.get(f"{url}/form.pdf").status_code == 404
        assert stranger.patch(url, {"note": "x"}, version=1).status_code == 404
        for verb in VERBS:
            assert stranger.post(f"{url}/{verb}", body_of(verb, home), version=1).status_code == 404
        assert stranger.get(CONSENTS, params={"include": "total"}).json()["total"] == 0
        family, person = home["family"]["id"], home["girl"]["id"]
        assert stranger.get(f"/v1/families/{family}/consent-coverage").status_code == 404
        assert stranger.get(f"/v1/beneficiaries/{person}/consent-coverage").status_code == 404
    assert ngo.get(url).json() == consent


def test_versions(ngo: Caller, home: Home) -> None:
    consent = make_consent(ngo, home)
    url = f"{CONSENTS}/{consent['id']}"
    assert ngo.patch(url, {"note": "x"}).status_code == 428
    assert ngo.patch(url, {"note": "x"}, version=9).status_code == 412
    for verb in VERBS:
        assert ngo.post(f"{url}/{verb}", body_of(verb, home)).status_code == 428
        assert ngo.post(f"{url}/{verb}", body_of(verb, home), version=9).status_code == 412
    # Whom it covers changes without a new version.
    assert ngo.get(url, headers={"If-None-Match": '"1"'}).json() == consent


def test_retries(ngo: Caller, home: Home) -> None:
    body = consent_body(home, giving=giving(home))
    first = ngo.post(CONSENTS, body, key="one")
    again = ngo.post(CONSENTS, body, key="one")
    assert (first.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    chosen = str(uuid.uuid4())
    made = ngo.post(CONSENTS, {**body, "id": chosen})
    assert (made.status_code, made.headers["location"]) == (201, f"{CONSENTS}/{chosen}")
    assert ngo.post(CONSENTS, {**body, "id": chosen}).status_code == 200
    assert ngo.post(CONSENTS, {**body, "id": chosen, "note": "other"}).json()["code"] == "id_taken"
    opened = ngo.get(f"/v1/beneficiaries/{home['girl']['id']}/consent-coverage").json()["opened"]
    assert sorted(one["source_id"] for one in opened) == sorted([first.json()["id"], chosen])
    renewal = {"id": str(uuid.uuid4()), "giving": giving(home)}
    url, version = f"{CONSENTS}/{chosen}/renew", made.json()["version"]
    assert ngo.post(url, renewal, version=version).status_code == 201
    assert ngo.post(url, renewal, version=version).status_code == 200
    assert ngo.post(f"{CONSENTS}/{first.json()['id']}/renew", renewal, version=first.json()["version"]).status_code == 409


# --- moves -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["given", "refused", "withdrawn", "renewed", "expired"])
def test_what_is_over_does_not_move(ngo: Caller, home: Home, by: str) -> None:
    past = giving(home, given_on=str(today() - timedelta(days=9)))
    expired = {"valid_until": str(today() - timedelta(days=1)), "giving": past}
    consent = make_consent(ngo, home, **(expired if by == "expired" else {} if by == "refused" else {"giving": giving(home)}))
    url = f"{CONSENTS}/{consent['id']}"
    if verb := {"refused": "refuse", "withdrawn": "withdraw", "renewed": "renew"}.get(by):
        assert ngo.post(f"{url}/{verb}", body_of(verb, home), version=consent["version"]).is_success
    now = ngo.get(url).json()
    assert now["status"] == by
    possible = {"given": {"withdraw", "renew"}, "expired": {"renew"}}.get(by, set())
    for verb in set(VERBS) - possible:
        refused = ngo.post(f"{url}/{verb}", body_of(verb, home), version=now["version"])
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state"), verb
    assert ngo.get(url).json() == now


def test_one_that_expired_is_renewed_once(ngo: Caller, home: Home) -> None:
    past = giving(home, given_on=str(today() - timedelta(days=9)))
    over = make_consent(ngo, home, valid_until=str(today() - timedelta(days=1)), giving=past)
    url = f"{CONSENTS}/{over['id']}"
    renewed = ngo.post(f"{url}/renew", {"giving": giving(home)}, version=over["version"]).json()
    assert (renewed["status"], renewed["renews_id"], renewed["valid_until"]) == ("given", over["id"], None)
    after = ngo.get(url).json()
    assert after["status"] == "expired"
    again = ngo.post(f"{url}/renew", {"giving": giving(home)}, version=after["version"])
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_renewing(callers: Callers, ngo: Caller, home: Home) -> None:
    committee, state = callers.committee("1733"), callers.state("1733")
    old = given_consent(ngo, home, to=committee)
    body = {
        "recipients": [{"organization_id": state.organization_id}],
        "categories": ["identity"],
        "given_by_id": home["father"]["id"],
        "valid_until": str(today() + timedelta(days=400)),
        "giving": giving(home),
    }
    made = ngo.post(f"{CONSENTS}/{old['id']}/renew", body, version=old["version"])
    assert made.status_code == 201, made.text
    new = made.json()
    assert (new["purpose"], new["family_id"], new["renews_id"], new["status"]) == (old["purpose"], old["family_id"], old["id"], "given")
    assert (new["categories"], new["valid_until"], new["given_by_id"]) == (["identity"], body["valid_until"], home["father"]["id"])
    assert ngo.get(f"{CONSENTS}/{old['id']}").json()["status"] == "renewed"
    assert committee.get("/v1/beneficiaries").json()["items"] == []
    assert len(state.get("/v1/beneficiaries").json()["items"]) == 3
    refused = ngo.post(f"{CONSENTS}/{new['id']}/renew", {"giving": giving(home, assents=[])}, version=new["version"])
    assert refused.json()["errors"][0]["pointer"] == "/giving/assents"
    assert len(state.get("/v1/beneficiaries").json()["items"]) == 3
    same = ngo.post(f"{CONSENTS}/{new['id']}/renew", {"giving": giving(home)}, version=new["version"]).json()
    assert (same["recipients"], same["categories"], same["given_by_id"]) == (new["recipients"], new["categories"], new["given_by_id"])


def test_who_withdraws(ngo: Caller, home: Home) -> None:
    for by, allowed in (("mother", True), ("father", True), ("girl", False), ("boy", False)):
        consent = given_consent(ngo, home)
        found = withdraw(ngo, consent, home, withdrawn_by_id=home[by]["id"], note="Sababi bor")
        assert found.status_code == (200 if allowed else 422), by
        if allowed:
            shown = found.json()
            assert (shown["withdrawn_by_id"], shown["withdrawal_reason"]) == (home[by]["id"], "changed_mind")
            assert (shown["withdrawal_note"], shown["withdrawn_at"] is None) == ("Sababi bor", False)
        else:
            assert found.json()["errors"][0]["code"] == "may_not_withdraw"
    stranger = household(ngo)
    consent = given_consent(ngo, home)
    assert withdraw(ngo, consent, home, withdrawn_by_id=stranger["mother"]["id"]).json()["errors"][0]["code"] == "may_not_withdraw"
    assert withdraw(ngo, consent, home, withdrawn_by_id=str(uuid.uuid4())).json()["errors"][0]["code"] == "unknown"
    assert withdraw(ngo, consent, home, withdrawn_by_id=None).json()["errors"][0]["code"] == "missing"
    assert withdraw(ngo, consent, home, withdrawn_by_id=None, reason="recorded_in_error").status_code == 200


def test_a_persons_own_consent_is_its_own_to_withdraw(ngo: Caller, home: Home) -> None:
    own = given_consent(
        ngo, home, beneficiary_id=home["father"]["id"], given_by_id=home["father"]["id"], capacity="self", giving={"method": "written"}
    )
    assert withdraw(ngo, own, home).json()["errors"][0]["code"] == "may_not_withdraw"
    assert withdraw(ngo, own, home, withdrawn_by_id=home["father"]["id"]).status_code == 200


def test_nothing_personal_in_the_trail(ngo: Caller, home: Home) -> None:
    consent = given_consent(ngo, home, note="Sir saqlansin", giving=giving(home, witness="Gulnora opa"))
    withdraw(ngo, consent, home, note="Qoʻrqdi")
    trail = ngo.get("/v1/audit-entries", params={"limit": 200}).text
    assert "consent" in trail
    for secret in ("Sir saqlansin", "Gulnora opa", "Qoʻrqdi"):
        assert secret not in trail


# --- lists -----------------------------------------------------------------------------------------------------------------
def ids(caller: Caller, **params: Any) -> list[str]:
    found = caller.get(CONSENTS, params=params)
    assert found.status_code == 200, found.text
    return [one["id"] for one in found.json()["items"]]


def test_filters(callers: Callers, ngo: Caller, home: Home) -> None:
    committee, other = callers.committee("1733"), household(ngo)
    day = lambda days: str(today() + timedelta(days=days))  # noqa: E731 – said once, used often.
    past = giving(home, given_on=day(-30))
    asked = make_consent(ngo, home, purpose="photo")["id"]
    soon = given_consent(ngo, home, to=committee, valid_until=day(10))["id"]
    late = given_consent(ngo, home, valid_until=day(90))["id"]
    ever = given_consent(ngo, home, beneficiary_id=home["boy"]["id"], giving={"method": "verbal"})
    lapsed = make_consent(ngo, home, valid_until=day(-1), giving=past)["id"]
    gone = given_consent(ngo, other, giving=giving(other))
    withdraw(ngo, gone, other)
    assert ids(ngo, status="requested") == [asked]
    assert set(ids(ngo, status="given")) == {soon, late, ever["id"]}
    assert ids(ngo, status="expired") == [lapsed]
    assert ids(ngo, status="withdrawn") == [gone["id"]]
    assert ids(ngo, status="renewed") == []
    assert ids(ngo, purpose="photo") == [asked]
    assert ids(ngo, family_id=other["family"]["id"]) == [gone["id"]]
    assert ids(ngo, recipient=committee.organization_id) == [soon]
    assert set(ids(ngo, recipient_kind="womens_committee")) == {asked, late, ever["id"], lapsed, gone["id"]}
    assert ids(ngo, recipient_kind="state_partner") == []
    assert set(ids(ngo, beneficiary_id=home["boy"]["id"])) == {asked, soon, late, ever["id"], lapsed}
    assert ids(ngo, beneficiary_id=home["father"]["id"]) == []
    assert ids(ngo, beneficiary_id=home["boy"]["id"], status="given", family_id=home["family"]["id"], sort="last_day") == [soon, late]
    assert ids(ngo, expires_before=day(30), sort="last_day") == [lapsed, soon]
    assert ids(ngo, expires_before=day(30), status="given") == [soon]
    assert ids(ngo, status="given", sort="last_day")[:2] == [soon, late]
    assert ngo.get(CONSENTS, params={"status": "given", "include": "total"}).json()["total"] == 3
    assert ngo.get(CONSENTS, params={"status": "open"}).status_code == 422
    assert ngo.get(CONSENTS, params={"given_by_id": home["mother"]["id"]}).status_code == 422


def test_pages(ngo: Caller, home: Home) -> None:
    made = [given_consent(ngo, home, valid_until=str(today() + timedelta(days=days)))["id"] for days in (5, 3, 4)]
    made.append(given_consent(ngo, home)["id"])
    found, params = [], {"limit": 1, "sort": "last_day"}
    while True:
        page = ngo.get(CONSENTS, params=params).json()
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        params = {**params, "cursor": page["next"]}
    assert found == [made[1], made[2], made[0], made[3]]


def test_a_page_costs_the_same_whatever_its_length(ngo: Caller, home: Home, statements: list[str]) -> None:
    for _ in range(4):
        given_consent(ngo, home)
    counts = set()
    for limit in (1, 4):
        ngo.get(CONSENTS, params={"limit": limit})
        statements.clear()
        assert len(ngo.get(CONSENTS, params={"limit": limit}).json()["items"]) == limit
        counts.add(len([one for one in statements if "access_entry" not in one]))
    # The rows, their recipients, and whom they cover.
    assert counts == {3}


def test_a_large_family_costs_no_more_to_settle(ngo: Caller, home: Home, statements: list[str]) -> None:
    larger = [father(relationship_to_head="sibling", given_name=f"Aka {n}", birth_precision="day") for n in range(6)]
    for body in larger:
        relationship = body.pop("relationship_to_head")
        added = ngo.post(f"/v1/families/{home['family']['id']}/members", {"person": body, "relationship_to_head": relationship})
        assert added.status_code == 201, added.text
    asked = make_consent(ngo, home)
    statements.clear()
    assert ngo.post(f"{CONSENTS}/{asked['id']}/give", giving(home), version=1).status_code == 200
    others = ("count(", "access_entry", "pg_advisory_xact_lock")
    reads = [one for one in statements if one.startswith("SELECT") and not any(other in one for other in others)]
    assert len(reads) <= 12, "\n".join(reads)


def test_notices(callers: Callers) -> None:
    found = callers.state().get("/v1/consent-notices").json()["items"]
    assert found[0]["version"] == "2026-1"
    assert [one["language"] for one in found[0]["texts"]] == ["uz-Latn", "uz-Cyrl", "ru", "en"]
    for text in found[0]["texts"]:
        assert (len(text["sections"]), len(text["purposes"]), len(text["categories"])) == (8, 5, 7)
