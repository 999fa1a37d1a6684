"""Who may give a consent about whom, what it must say, and what is refused."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.consents import notice
from app.days import today
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import daughter, father, make_beneficiary, make_family, mother
from tests.factories.consents import ALL, CONSENTS, assent, born, consent_body, given_consent, giving, household, make_consent, withdraw
from tests.factories.kinship import make_kinship
from tests.factories.partners import make_organization

Home = dict[str, Any]


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def home(ngo: Caller) -> Home:
    return household(ngo)


def faults(answered: Any) -> set[tuple[str, str]]:
    """(pointer, code) of everything that is wrong."""
    assert answered.status_code == 422, answered.text
    return {(one["pointer"], one["code"]) for one in answered.json()["errors"]}


def test_asked_for_and_given(ngo: Caller, home: Home) -> None:
    asked = make_consent(ngo, home, valid_until=str(today() + timedelta(days=365)))
    assert (asked["status"], asked["version"], asked["given_on"], asked["valid_from"]) == ("requested", 1, None, None)
    assert asked["notice_version"] == "2026-1"
    assert {one["child_assent"] for one in asked["covers"]} == {None}
    given = ngo.post(f"{CONSENTS}/{asked['id']}/give", giving(home, witness="Gulnora opa"), version=1)
    assert given.status_code == 200, given.text
    found = given.json()
    assert (found["status"], found["method"], found["witness"]) == ("given", "written", "Gulnora opa")
    assert (found["given_on"], found["valid_from"], found["last_day"]) == (str(today()), str(today()), found["valid_until"])
    assert given.headers["etag"] == f'"{found["version"]}"'
    said = {one["beneficiary_id"]: one["child_assent"] for one in found["covers"]}
    assert said == {home["mother"]["id"]: None, home["girl"]["id"]: "given", home["boy"]["id"]: "not_asked_young_age"}
    assert ngo.get(f"{CONSENTS}/{asked['id']}").json() == found


def test_one_that_is_refused_opens_nothing(callers: Callers, ngo: Caller, home: Home) -> None:
    asked = make_consent(ngo, home)
    refused = ngo.post(f"{CONSENTS}/{asked['id']}/refuse", {"note": "Hozir emas"}, version=1)
    assert (refused.json()["status"], refused.json()["refusal_note"]) == ("refused", "Hozir emas")
    assert callers.committee("1733").get("/v1/families").json()["items"] == []
    again = ngo.post(f"{CONSENTS}/{asked['id']}/give", giving(home), version=refused.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


# --- who gives -------------------------------------------------------------------------------------------------------------
def test_a_caregiver_who_is_none(ngo: Caller) -> None:
    grandmother = mother(given_name="Saodat", relationship_to_head="parent", is_primary_caregiver=False, birth_date=born(70))
    family = make_family(ngo, members=[father(), grandmother, daughter(birth_date=born(13))])
    head, old, girl = family["members"]
    home = {"family": family, "mother": old, "girl": girl}
    for body in (consent_body(home), consent_body(home, beneficiary_id=girl["id"])):
        assert faults(ngo.post(CONSENTS, body)) == {("/given_by_id", "not_a_caregiver")}
        assert faults(ngo.post(CONSENTS, {**body, "capacity": "guardian"})) == {("/given_by_id", "not_a_guardian")}
        assert ngo.post(CONSENTS, {**body, "given_by_id": head["id"]}).status_code == 201
    stranger = make_beneficiary(ngo, birth_date=born(40))
    assert faults(ngo.post(CONSENTS, consent_body(home, given_by_id=stranger["id"]))) == {("/given_by_id", "not_a_member")}
    alone = consent_body(home, beneficiary_id=girl["id"], given_by_id=stranger["id"])
    assert faults(ngo.post(CONSENTS, alone)) == {("/given_by_id", "not_a_caregiver")}
    assert ngo.get(CONSENTS, params={"include": "total"}).json()["total"] == 2


def test_the_parent_of_a_grown_member_speaks_for_nobody_there(ngo: Caller) -> None:
    grandmother = mother(given_name="Saodat", relationship_to_head="parent", is_primary_caregiver=False, birth_date=born(70))
    family = make_family(ngo, members=[father(), grandmother, daughter(birth_date=born(13))])
    head, old, girl = family["members"]
    make_kinship(ngo, old, head)
    home = {"family": family, "mother": old, "girl": girl}
    assert faults(ngo.post(CONSENTS, consent_body(home))) == {("/given_by_id", "not_a_caregiver")}
    # Nor does she take back what her son agreed to.
    given = given_consent(ngo, home, given_by_id=head["id"])
    assert faults(withdraw(ngo, given, home)) == {("/withdrawn_by_id", "may_not_withdraw")}
    # For a child of her own in the same family she does speak, and for that one alone.
    make_kinship(ngo, old, girl)
    covered = make_consent(ngo, home)["covers"]
    assert {one["beneficiary_id"] for one in covered} == {old["id"], girl["id"]}


@pytest.mark.parametrize("kind", ["parent", "guardian"])
def test_kin_speak_for_a_child(ngo: Caller, kind: str) -> None:
    wife = mother(is_primary_caregiver=False, birth_date=born(38))
    girl, boy = daughter(birth_date=born(13)), daughter(given_name="Lola", birth_date=born(5))
    family = make_family(ngo, members=[father(), wife, girl, boy])
    _, woman, elder, younger = family["members"]
    home = {"family": family, "mother": woman, "girl": elder}
    capacity = {"parent": "caregiver", "guardian": "guardian"}[kind]
    body = consent_body(home, capacity=capacity)
    assert faults(ngo.post(CONSENTS, body)) == {("/given_by_id", f"not_a_{capacity}")}
    kinship = {"person_id": woman["id"], "relative_id": elder["id"], "kind": kind, "is_legal": True}
    assert ngo.post("/v1/kinships", kinship).status_code == 201
    covered = ngo.post(CONSENTS, body).json()
    assert {one["beneficiary_id"] for one in covered["covers"]} == {woman["id"], elder["id"]}
    reasons = {one["beneficiary_id"]: one["reason"] for one in covered["not_covered"]}
    assert reasons[younger["id"]] == "not_in_givers_care"
    assert ngo.post(CONSENTS, {**consent_body(home, beneficiary_id=elder["id"]), "capacity": capacity}).status_code == 201


@pytest.mark.parametrize("kind", ["parent", "guardian"])
def test_the_household_is_open_by_the_head_or_a_caregiver(callers: Callers, ngo: Caller, kind: str) -> None:
    """A parent or guardian of one child who is neither opens that child and itself: not the address, nor what the family lives on."""
    wife = mother(is_primary_caregiver=False, birth_date=born(38))
    family = make_family(ngo, members=[father(), wife, daughter(birth_date=born(13))])
    head, woman, girl = family["members"]
    home = {"family": family, "mother": woman, "girl": girl}
    make_kinship(ngo, woman, girl, kind=kind)
    partner = callers.committee("1733")
    capacity = {"parent": "caregiver", "guardian": "guardian"}[kind]
    given = given_consent(ngo, home, to=partner, capacity=capacity)
    assert not given["covers_household"]
    one = f"/v1/families/{family['id']}"

    def seen() -> list[int]:
        people = [partner.get(f"/v1/beneficiaries/{person['id']}").status_code for person in (head, woman, girl)]
        return [*people, *(partner.get(address).status_code for address in (one, f"{one}/incomes", f"{one}/memberships"))]

    assert seen() == [404, 200, 200, 404, 404, 404]
    assert partner.get("/v1/families").json()["items"] == []
    assert partner.get("/v1/families", params={"beneficiary_id": girl["id"]}).json()["items"] == []
    coverage = ngo.get(f"{one}/consent-coverage").json()["opened"]
    assert {(opened["family_id"], opened["beneficiary_id"]) for opened in coverage} == {(None, woman["id"]), (None, girl["id"])}
    # What the head says of it opens it, and so does what she says once she cares.
    heads = given_consent(ngo, home, to=partner, given_by_id=head["id"], capacity="self", giving={"method": "written"})
    assert heads["covers_household"]
    assert seen() == [200, 200, 200, 200, 200, 200]
    assert withdraw(ngo, heads, home, withdrawn_by_id=head["id"]).status_code == 200
    assert ngo.post(f"{one}/change-caregivers", {"caregivers": [woman["id"]]}, version=1).status_code == 200
    assert seen() == [404, 200, 200, 404, 404, 404], "what was said before is not more by it"
    asked = make_consent(ngo, home, to=partner, capacity=capacity)
    assert asked["covers_household"]
    assert ngo.post(f"{CONSENTS}/{asked['id']}/give", giving(home), version=1).json()["covers_household"]
    assert seen() == [404, 200, 200, 200, 200, 200]


def test_a_consent_about_a_person_covers_no_household(ngo: Caller, home: Home) -> None:
    assert not given_consent(ngo, home, beneficiary_id=home["girl"]["id"])["covers_household"]


def test_a_guardian_lives_where_it_lives_and_is_one_by_law(ngo: Caller, home: Home) -> None:
    aunt = make_beneficiary(ngo, given_name="Barno", birth_date=born(45))
    body = consent_body(home, beneficiary_id=home["girl"]["id"], given_by_id=aunt["id"], capacity="guardian")
    kinship = {"person_id": aunt["id"], "relative_id": home["girl"]["id"], "kind": "guardian", "is_legal": False}
    assert ngo.post("/v1/kinships", kinship).status_code == 201
    assert faults(ngo.post(CONSENTS, body)) == {("/given_by_id", "not_a_guardian")}
    by_law = {**kinship, "relative_id": home["boy"]["id"], "is_legal": True}
    assert ngo.post("/v1/kinships", by_law).status_code == 201
    assert ngo.post(CONSENTS, {**body, "beneficiary_id": home["boy"]["id"]}).status_code == 201
    assert faults(ngo.post(CONSENTS, body)) == {("/given_by_id", "not_a_guardian")}


def test_nobody_speaks_for_a_grown_person(ngo: Caller, home: Home) -> None:
    about = consent_body(home, beneficiary_id=home["father"]["id"])
    assert faults(ngo.post(CONSENTS, about)) == {("/capacity", "adult_speaks_for_self")}
    assert faults(ngo.post(CONSENTS, {**about, "capacity": "self"})) == {("/given_by_id", "not_the_subject")}
    own = {**about, "capacity": "self", "given_by_id": home["father"]["id"], "giving": {"method": "thumbprint"}}
    assert ngo.post(CONSENTS, own).json()["status"] == "given"


@pytest.mark.parametrize("age", [13, 17])
def test_a_child_does_not_speak_for_itself(ngo: Caller, age: int) -> None:
    young = make_beneficiary(ngo, birth_date=born(age))
    body = {"purpose": "services", "beneficiary_id": young["id"], "given_by_id": young["id"], "capacity": "self"}
    assert faults(ngo.post(CONSENTS, body)) == {("/given_by_id", "too_young")}
    grown = make_beneficiary(ngo, birth_date=born(18))
    assert ngo.post(CONSENTS, {**body, "beneficiary_id": grown["id"], "given_by_id": grown["id"]}).status_code == 201


def test_the_head_speaks_for_the_family_and_not_for_the_children(ngo: Caller, home: Home) -> None:
    found = ngo.post(CONSENTS, consent_body(home, capacity="self", given_by_id=home["father"]["id"])).json()
    assert [one["beneficiary_id"] for one in found["covers"]] == [home["father"]["id"]]
    assert {one["reason"] for one in found["not_covered"]} == {"adult_speaks_for_self", "not_in_givers_care"}
    assert faults(ngo.post(CONSENTS, consent_body(home, capacity="self"))) == {("/given_by_id", "not_the_head")}


def test_the_dead_give_nothing_and_are_not_covered(ngo: Caller, home: Home) -> None:
    for one in ("mother", "boy"):
        url = f"/v1/beneficiaries/{home[one]['id']}"
        changed = ngo.patch(url, {"deceased_on": str(today() - timedelta(days=1))}, version=ngo.get(url).json()["version"])
        assert changed.status_code == 200, changed.text
    assert faults(ngo.post(CONSENTS, consent_body(home))) == {("/given_by_id", "deceased")}
    by_father = consent_body(home, given_by_id=home["father"]["id"])
    found = ngo.post(CONSENTS, by_father).json()
    assert home["boy"]["id"] not in {one["beneficiary_id"] for one in found["covers"]}
    about_boy = {**consent_body(home, beneficiary_id=home["boy"]["id"]), "given_by_id": home["father"]["id"]}
    assert faults(ngo.post(CONSENTS, about_boy)) == {("/beneficiary_id", "deceased")}


# --- what children say -----------------------------------------------------------------------------------------------------
def test_a_child_of_ten_is_asked(ngo: Caller, home: Home) -> None:
    asked = make_consent(ngo, home)
    give = f"{CONSENTS}/{asked['id']}/give"
    for said in ([], assent(home, "not_asked_young_age")):
        assert faults(ngo.post(give, giving(home, assents=said), version=1)) == {("/assents", "child_not_asked")}
    unknown = [*assent(home), {"beneficiary_id": home["father"]["id"], "assent": "given"}]
    assert faults(ngo.post(give, giving(home, assents=unknown), version=1)) == {("/assents/1/beneficiary_id", "unknown")}
    twice = assent(home) * 2
    assert faults(ngo.post(give, giving(home, assents=twice), version=1)) == {("/assents/1/beneficiary_id", "unknown")}
    at_once = consent_body(home, giving=giving(home, assents=[]))
    assert faults(ngo.post(CONSENTS, at_once)) == {("/giving/assents", "child_not_asked")}
    assert ngo.get(f"{CONSENTS}/{asked['id']}").json() == asked
    assert ngo.post(give, giving(home), version=1).status_code == 200


@pytest.mark.parametrize(("age", "asked"), [(9, False), (10, True)])
def test_the_age_of_asking(ngo: Caller, age: int, asked: bool) -> None:
    family = make_family(ngo, members=[father(), mother(), daughter(birth_date=born(age))])
    home = {"family": family, "mother": family["members"][1]}
    answered = ngo.post(CONSENTS, consent_body(home, giving={"method": "written"}))
    assert answered.status_code == (422 if asked else 201)


def test_a_childs_refusal_counts(callers: Callers, ngo: Caller, home: Home) -> None:
    committee = callers.committee("1733")
    consent = given_consent(ngo, home, to=committee, giving=giving(home, assents=assent(home, "refused")))
    assert home["girl"]["id"] not in {one["beneficiary_id"] for one in consent["covers"]}
    assert (home["girl"]["id"], "child_refused") in {(one["beneficiary_id"], one["reason"]) for one in consent["not_covered"]}
    assert committee.get(f"/v1/beneficiaries/{home['girl']['id']}").status_code == 404
    assert committee.get(f"/v1/beneficiaries/{home['boy']['id']}").status_code == 200
    alone = consent_body(home, beneficiary_id=home["girl"]["id"], giving=giving(home, assents=assent(home, "refused")))
    assert faults(ngo.post(CONSENTS, alone)) == {("/giving/assents", "child_refused")}
    # A young child that says no is heard as well.
    no = [*assent(home), {"beneficiary_id": home["boy"]["id"], "assent": "refused"}]
    both = given_consent(ngo, home, giving=giving(home, assents=no))
    assert home["boy"]["id"] not in {one["beneficiary_id"] for one in both["covers"]}


# --- terms -----------------------------------------------------------------------------------------------------------------
def test_one_subject(ngo: Caller, home: Home) -> None:
    both = {**consent_body(home, beneficiary_id=home["girl"]["id"]), "family_id": home["family"]["id"]}
    none = consent_body(home)
    none.pop("family_id")
    for body in (both, none):
        assert faults(ngo.post(CONSENTS, body)) == {("/beneficiary_id", "one_of_two")}
    for name in ("family_id", "beneficiary_id"):
        body = consent_body(home)
        body.pop("family_id")
        assert faults(ngo.post(CONSENTS, {**body, name: str(uuid.uuid4())})) == {(f"/{name}", "unknown")}
    assert faults(ngo.post(CONSENTS, consent_body(home, given_by_id=str(uuid.uuid4())))) == {("/given_by_id", "unknown")}


def test_recipients(callers: Callers, ngo: Caller, home: Home) -> None:
    other_ngo, committee = callers.ngo(), callers.committee()
    former = make_organization(callers, valid_from="2001-01-01", valid_to="2019-12-31")
    later = make_organization(callers, valid_from=str(today() + timedelta(days=1)))

    def refused(*recipients: dict[str, Any]) -> set[tuple[str, str]]:
        return faults(ngo.post(CONSENTS, consent_body(home, recipients=list(recipients))))

    assert refused() == {("/recipients", "missing")}
    assert refused({"organization_id": str(uuid.uuid4())}) == {("/recipients/0/organization_id", "unknown")}
    assert refused({"organization_id": ngo.organization_id}) == {("/recipients/0/organization_id", "own_organization")}
    assert refused({"organization_id": other_ngo.organization_id}) == {("/recipients/0/organization_id", "wrong_kind")}
    for gone in (former, later):
        assert refused({"organization_id": gone["id"]}) == {("/recipients/0/organization_id", "not_in_force")}
    named = {"organization_id": committee.organization_id}
    assert refused(named, {"kind": "state_partner"}, named) == {("/recipients/2", "repeated")}
    assert {code for _, code in refused({"kind": "ngo"})} == {"value_error"}
    assert {code for _, code in refused({})} == {"value_error"}
    assert {code for _, code in refused({**named, "kind": "state_partner"})} == {"value_error"}
    assert ngo.post(CONSENTS, consent_body(home, recipients=[named, {"kind": "womens_committee"}])).status_code == 201
    assert faults(ngo.post(CONSENTS, consent_body(home, categories=[]))) == {("/categories", "missing")}
    assert ngo.post(CONSENTS, consent_body(home, purpose="photo", recipients=[], categories=[])).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"purpose": "anything"}, "/purpose"),
        ({"categories": ["identity", "identity"]}, "/categories"),
        ({"categories": ["internal"]}, "/categories/0"),
        ({"capacity": "neighbor"}, "/capacity"),
        ({"notice_version": "2018-7"}, "/notice_version"),
        ({"valid_from": "2030-01-02", "valid_until": "2030-01-01"}, "/valid_until"),
        ({"valid_until": "9999-12-31"}, "/valid_until"),
        ({"valid_from": "1999-12-31"}, "/valid_from"),
        ({"valid_from": 0}, "/valid_from"),
        ({"given_by_id": None}, "/given_by_id"),
        ({"status": "given"}, "/status"),
        ({"giving": {"method": "smiled"}}, "/giving/method"),
        ({"giving": {"method": "written", "given_on": "2150-01-01"}}, "/giving/given_on"),
        ({"giving": {"method": "written", "witness": "a\nb"}}, "/giving/witness"),
    ],
)
def test_a_body_that_is_wrong(ngo: Caller, home: Home, wrong: dict[str, Any], pointer: str) -> None:
    assert pointer in {at for at, _ in faults(ngo.post(CONSENTS, consent_body(home, **wrong)))}
    assert ngo.get(CONSENTS).json()["items"] == []


def test_dates_follow_the_day_of_giving(ngo: Caller, home: Home) -> None:
    day = today() - timedelta(days=30)
    before, after = str(day - timedelta(days=1)), str(day + timedelta(days=60))
    old = giving(home, given_on=str(day))
    assert faults(ngo.post(CONSENTS, consent_body(home, valid_from=before, giving=old))) == {("/valid_from", "before_given")}
    assert faults(ngo.post(CONSENTS, consent_body(home, valid_until=before, giving=old))) == {("/valid_until", "before_given")}
    found = ngo.post(CONSENTS, consent_body(home, valid_until=after, giving=old)).json()
    assert (found["given_on"], found["valid_from"], found["last_day"], found["status"]) == (str(day), str(day), after, "given")
    before = giving(home, given_on="2025-12-31")
    assert faults(ngo.post(CONSENTS, consent_body(home, giving=before))) == {("/giving/given_on", "before_notice")}
    tomorrow = giving(home, given_on=str(today() + timedelta(days=1)))
    assert faults(ngo.post(CONSENTS, consent_body(home, giving=tomorrow))) == {("/giving/given_on", "value_error")}


def test_terms_change_only_while_they_are_asked_for(callers: Callers, ngo: Caller, home: Home) -> None:
    asked = make_consent(ngo, home, note="x")
    url, committee = f"{CONSENTS}/{asked['id']}", callers.committee("1733")
    body = {
        "recipients": [{"organization_id": committee.organization_id}],
        "categories": ["household"],
        "given_by_id": home["father"]["id"],
        "valid_until": "2031-05-01",
        "note": None,
    }
    changed = ngo.patch(url, body, version=1).json()
    assert [one["organization_id"] for one in changed["recipients"]] == [committee.organization_id]
    assert (changed["categories"], changed["valid_until"], changed["note"]) == (["household"], "2031-05-01", None)
    assert home["father"]["id"] in {one["beneficiary_id"] for one in changed["covers"]}
    only_recipients = ngo.patch(url, {"recipients": [{"kind": "state_partner"}]}, version=changed["version"]).json()
    assert only_recipients["version"] > changed["version"]
    version = only_recipients["version"]
    assert faults(ngo.patch(url, {"recipients": []}, version=version)) == {("/recipients", "missing")}
    assert faults(ngo.patch(url, {"categories": None}, version=version)) == {("/categories", "list_type")}
    assert faults(ngo.patch(url, {"notice_version": "0"}, version=version)) == {("/notice_version", "unknown")}
    nobody = {"given_by_id": str(uuid.uuid4()), "recipients": [{"kind": "state_partner"}]}
    assert faults(ngo.patch(url, nobody, version=version)) == {("/given_by_id", "unknown")}
    assert faults(ngo.patch(url, {"given_by_id": home["girl"]["id"]}, version=version)) == {("/given_by_id", "too_young")}
    assert faults(ngo.patch(url, {"family_id": home["family"]["id"]}, version=version)) == {("/family_id", "extra_forbidden")}
    given = ngo.post(f"{url}/give", giving(home), version=version).json()
    for frozen in ({"categories": ALL}, {"note": "y"}, {"recipients": [{"kind": "womens_committee"}]}, {}):
        refused = ngo.patch(url, frozen, version=given["version"])
        assert (refused.status_code, refused.json()["code"]) == (409, "terms_frozen")
    assert ngo.get(url).json() == given


def test_a_notice_that_is_not_in_use_yet(ngo: Caller, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    coming = notice.NOTICES["2026-1"].model_copy(update={"version": "2150-1", "valid_from": today() + timedelta(days=1)})
    monkeypatch.setattr(notice, "NOTICES", {**notice.NOTICES, "2150-1": coming})
    assert faults(ngo.post(CONSENTS, consent_body(home, notice_version="2150-1"))) == {("/notice_version", "not_in_use")}
    asked = make_consent(ngo, home)
    refused = ngo.patch(f"{CONSENTS}/{asked['id']}", {"notice_version": "2150-1"}, version=1)
    assert faults(refused) == {("/notice_version", "not_in_use")}
