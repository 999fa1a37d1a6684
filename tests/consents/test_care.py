"""A giver's word counts as long as the giver may speak: what it opened closes with the care, the kinship or the membership."""

from typing import Any

import pytest

from app.database import now
from app.days import today
from tests.callers import Caller, Callers
from tests.consents.words import FAMILIES, PEOPLE, Home, about_girl, correct, grants, leave, read, sees
from tests.factories.beneficiaries import ANDIJON, father, make_beneficiary, make_family
from tests.factories.consents import CONSENTS, born, given_consent, giving, household, make_consent
from tests.factories.duplicates import merge, read_pair, register, undo
from tests.factories.kinship import make_kinship
from tests.factories.lives import told


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("17")


@pytest.fixture
def partner(callers: Callers) -> Caller:
    return callers.committee("17")


@pytest.fixture
def home(ngo: Caller) -> Home:
    return household(ngo)


# --- the care ends ------------------------------------------------------------------------------------------------------------
def child_leaves(ngo: Caller, home: Home) -> None:
    leave(ngo, home, "girl", reason="adopted")


def giver_leaves(ngo: Caller, home: Home) -> None:
    leave(ngo, home, "mother", reason="divorce")


def giver_splits_off(ngo: Caller, home: Home) -> None:
    body = {"members": told((home["mother"]["id"], "head"), (home["boy"]["id"], "child")), "on": str(today())}
    assert ngo.post(f"{FAMILIES}/{home['family']['id']}/split", body, version=1).status_code == 201


def child_splits_off(ngo: Caller, home: Home) -> None:
    body = {
        "members": told((home["father"]["id"], "head"), (home["girl"]["id"], "child")),
        "remaining": {"beneficiary_id": home["mother"]["id"], "relationships": told((home["boy"]["id"], "child"))},
        "on": str(today()),
    }
    assert ngo.post(f"{FAMILIES}/{home['family']['id']}/split", body, version=1).status_code == 201


def giver_cares_no_more(ngo: Caller, home: Home) -> None:
    change = f"{FAMILIES}/{home['family']['id']}/change-caregivers"
    assert ngo.post(change, {"caregivers": []}, version=1).status_code == 200


def giver_never_cared(ngo: Caller, home: Home) -> None:
    url = f"{FAMILIES}/{home['family']['id']}/memberships/{home['mother']['membership_id']}"
    assert ngo.patch(url, {"is_primary_caregiver": False}, version=1).status_code == 200


def giver_dies(ngo: Caller, home: Home) -> None:
    correct(ngo, home["mother"], deceased_on=str(today()))


def giver_is_forgotten(ngo: Caller, home: Home) -> None:
    body = {"beneficiary_id": home["mother"]["id"], "asked_by": "self", "asked_on": str(today())}
    asked = ngo.post("/v1/erasure-requests", body)
    assert asked.status_code == 201, asked.text
    approved = ngo.post(f"/v1/erasure-requests/{asked.json()['id']}/approve", version=asked.json()["version"])
    assert approved.status_code in (200, 202), approved.text


@pytest.mark.parametrize(
    "happens",
    [
        *(child_leaves, giver_leaves, giver_splits_off, child_splits_off),
        *(giver_cares_no_more, giver_never_cared, giver_dies, giver_is_forgotten),
    ],
)
def test_a_consent_about_one_child_ends_with_the_care(ngo: Caller, partner: Caller, home: Home, happens: Any) -> None:
    consent = about_girl(ngo, home, partner)
    photo = about_girl(ngo, home, partner, purpose="photo")
    fathers = about_girl(ngo, home, partner, given_by_id=home["father"]["id"], categories=["identity"])
    assert [one.membership_id for one in grants(consent)] == [None]
    moment = now()
    happens(ngo, home)
    [mine], [his] = grants(consent), grants(fathers)
    assert moment <= mine.closes_at <= now()
    for one in (consent, photo):
        assert (read(ngo, one)["status"], read(ngo, one)["last_day"]) == ("expired", str(today()))
    # The father's word counts as long as she lives with him.
    lives_with_him = happens is not child_leaves
    assert (his.closes_at > now()) == lives_with_him
    assert sees(partner, home["girl"]) == [lives_with_him]
    assert read(ngo, fathers)["status"] == ("given" if lives_with_him else "expired")


def test_who_cares_goes_along(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner)
    body = {"members": told((home["mother"]["id"], "head"), (home["girl"]["id"], "child")), "on": str(today())}
    split = ngo.post(f"{FAMILIES}/{home['family']['id']}/split", body, version=1)
    assert split.status_code == 201, split.text
    assert sees(partner, home["girl"]) == [True]
    into = make_family(ngo, members=[father()])
    relationships = told(*((one["id"], "other_relative") for one in split.json()["members"]))
    url = f"{FAMILIES}/{split.json()['id']}/merge"
    assert ngo.post(url, {"into": into["id"], "relationships": relationships, "on": str(today())}, version=1).status_code == 200
    assert sees(partner, home["girl"]) == [True]
    assert read(ngo, consent) == consent


def test_whoever_comes_back_is_asked_anew(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner)
    leave(ngo, home, "girl")
    back = {"beneficiary_id": home["girl"]["id"], "relationship_to_head": "child"}
    assert ngo.post(f"{FAMILIES}/{home['family']['id']}/members", back).status_code == 201
    assert sees(partner, home["girl"]) == [False]
    renewed = ngo.post(f"{CONSENTS}/{consent['id']}/renew", {"giving": giving(home)}, version=read(ngo, consent)["version"])
    assert renewed.status_code == 201, renewed.text
    assert sees(partner, home["girl"]) == [True]


def test_the_head_who_is_head_no_more(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner, given_by_id=home["father"]["id"])
    others = told(*((home[one]["id"], "other_relative") for one in ("father", "girl", "boy")))
    url, body = f"{FAMILIES}/{home['family']['id']}/change-head", {"beneficiary_id": home["mother"]["id"], "relationships": others}
    assert ngo.post(url, body, version=1).status_code == 200
    assert sees(partner, home["girl"]) == [False]
    assert read(ngo, consent)["status"] == "expired"


def test_the_head_who_is_the_father_speaks_on(ngo: Caller, partner: Caller, home: Home) -> None:
    kinship = make_kinship(ngo, home["father"], home["girl"])
    consent = about_girl(ngo, home, partner, given_by_id=home["father"]["id"])
    others = told(*((home[one]["id"], "other_relative") for one in ("father", "girl", "boy")))
    url, body = f"{FAMILIES}/{home['family']['id']}/change-head", {"beneficiary_id": home["mother"]["id"], "relationships": others}
    assert ngo.post(url, body, version=1).status_code == 200
    assert sees(partner, home["girl"]) == [True]
    # Until he turns out not to be her father.
    assert ngo.post(f"/v1/kinships/{kinship['id']}/end", {}, version=1).status_code == 200
    assert sees(partner, home["girl"]) == [False]
    assert read(ngo, consent)["status"] == "expired"


def test_the_head_whose_family_joins_another_one(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner, given_by_id=home["father"]["id"])
    family = given_consent(ngo, home, to=partner, given_by_id=home["father"]["id"])
    mothers = about_girl(ngo, home, partner, categories=["identity"])
    into = make_family(ngo, members=[father()])
    relationships = told(*((home[one]["id"], "other_relative") for one in ("father", "mother", "girl", "boy")))
    body = {"into": into["id"], "relationships": relationships, "on": str(today())}
    assert ngo.post(f"{FAMILIES}/{home['family']['id']}/merge", body, version=1).status_code == 200
    assert [read(ngo, one)["status"] for one in (consent, family, mothers)] == ["expired", "expired", "given"]
    assert [one.closes_at > now() for one in (*grants(consent), *grants(mothers))] == [False, True]


def test_it_is_closed_wherever_the_child_lies(callers: Callers, ngo: Caller, partner: Caller, home: Home) -> None:
    about_girl(ngo, home, partner)
    correct(ngo, home["girl"], territory=ANDIJON)
    here = callers.ngo("1733", organization_id=ngo.organization_id)
    assert here.get(f"{PEOPLE}/{home['girl']['id']}").status_code == 404
    giver_leaves(here, home)
    assert sees(partner, home["girl"]) == [False]


# --- a guardianship ends ------------------------------------------------------------------------------------------------------
def end(ngo: Caller, kinship: dict[str, Any]) -> int:
    return ngo.post(f"/v1/kinships/{kinship['id']}/end", {}, version=1).status_code


def unmake(ngo: Caller, kinship: dict[str, Any]) -> int:
    return ngo.patch(f"/v1/kinships/{kinship['id']}", {"is_legal": False}, version=1).status_code


@pytest.mark.parametrize("over", [end, unmake])
def test_a_consent_ends_with_the_guardianship(ngo: Caller, partner: Caller, home: Home, over: Any) -> None:
    aunt = make_beneficiary(ngo, given_name="Barno", birth_date=born(45))
    of_girl, of_boy = (make_kinship(ngo, aunt, home[one], kind="guardian") for one in ("girl", "boy"))
    consent = about_girl(ngo, home, partner, given_by_id=aunt["id"], capacity="guardian")
    about_boy = given_consent(
        ngo, home, to=partner, beneficiary_id=home["boy"]["id"], given_by_id=aunt["id"], capacity="guardian", giving={"method": "written"}
    )
    assert ngo.patch(f"/v1/kinships/{of_girl['id']}", {"note": "Eslatma", "is_legal": True}, version=1).status_code == 200
    leave(ngo, home, "girl")
    assert sees(partner, home["girl"]) == [True], "a guardian lives where it lives"
    over_now = ngo.get(f"/v1/kinships/{of_girl['id']}").json()
    url = f"/v1/kinships/{of_girl['id']}"
    answered = ngo.post(f"{url}/end", {}, version=over_now["version"]) if over is end else ngo.patch(url, {"is_legal": False}, version=2)
    assert answered.status_code == 200, answered.text
    assert sees(partner, home["girl"], home["boy"]) == [False, True]
    assert [read(ngo, one)["status"] for one in (consent, about_boy)] == ["expired", "given"]
    assert over(ngo, of_boy) == 200
    assert sees(partner, home["boy"]) == [False]


@pytest.mark.parametrize("over", [end, unmake])
def test_of_a_family_the_ward_alone_is_closed(ngo: Caller, partner: Caller, home: Home, over: Any) -> None:
    of_girl, _ = (make_kinship(ngo, home["mother"], home[one], kind="guardian") for one in ("girl", "boy"))
    consent = given_consent(ngo, home, to=partner, capacity="guardian")
    assert sees(partner, home["girl"], home["boy"], home["mother"]) == [True, True, True]
    assert over(ngo, of_girl) == 200
    assert sees(partner, home["girl"], home["boy"], home["mother"]) == [False, True, True]
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 200
    assert read(ngo, consent) == consent


def test_a_guardian_who_was_merged_with_another_person(ngo: Caller, partner: Caller, home: Home) -> None:
    first = register(ngo, given_name="Barno", birth_date="1980-05-06")
    second = register(ngo, given_name="Barno", birth_date="1980-05-06")
    pair = read_pair(ngo, second["possible_duplicates"][0]["candidate_id"])
    make_kinship(ngo, first, home["girl"], kind="guardian")
    made = merge(ngo, pair, second)
    consent = about_girl(ngo, home, partner, given_by_id=second["id"], capacity="guardian")
    assert sees(partner, home["girl"]) == [True]
    # They were two after all, and it is the other one who is the guardian.
    assert undo(ngo, made).status_code == 200
    assert sees(partner, home["girl"]) == [False]
    assert read(ngo, consent)["status"] == "expired"


# --- consents about families --------------------------------------------------------------------------------------------------
def test_a_consent_about_a_family_ends_when_the_giver_leaves_it(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = given_consent(ngo, home, to=partner)
    leave(ngo, home, "mother")
    assert sees(partner, home["mother"], home["girl"], home["boy"]) == [False, False, False]
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 404
    found = read(ngo, consent)
    assert (found["status"], found["last_day"]) == ("expired", str(today()))
    # The father is asked, who cares for them now.
    renewal = {"given_by_id": home["father"]["id"], "giving": giving(home)}
    renewed = ngo.post(f"{CONSENTS}/{consent['id']}/renew", renewal, version=found["version"])
    assert renewed.status_code == 201, renewed.text
    assert sees(partner, home["girl"], home["boy"]) == [True, True]


@pytest.mark.parametrize("happens", [giver_dies, giver_is_forgotten])
def test_a_family_is_open_by_nobodys_word(ngo: Caller, partner: Caller, home: Home, happens: Any) -> None:
    consent = given_consent(ngo, home, to=partner)
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 200
    happens(ngo, home)
    assert sees(partner, home["mother"], home["girl"], home["boy"]) == [False, False, False]
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 404
    assert read(ngo, consent)["status"] == "expired"


def test_a_giver_who_stays_and_cares_no_more(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = given_consent(ngo, home, to=partner)
    make_kinship(ngo, home["mother"], home["boy"])
    giver_cares_no_more(ngo, home)
    # Her own data are hers to speak of, and her son's; the household is not any more.
    assert sees(partner, home["mother"], home["girl"], home["boy"]) == [True, False, True]
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 404
    # That she spoke for it is what was written down then.
    assert read(ngo, consent) == consent
    assert consent["covers_household"]


def test_a_former_head_opens_no_household(ngo: Caller, partner: Caller, home: Home) -> None:
    his = given_consent(ngo, home, to=partner, given_by_id=home["father"]["id"])
    make_kinship(ngo, home["father"], home["girl"])
    others = told(*((home[one]["id"], "other_relative") for one in ("father", "girl", "boy")))
    url, body = f"{FAMILIES}/{home['family']['id']}/change-head", {"beneficiary_id": home["mother"]["id"], "relationships": others}
    changed = ngo.post(url, body, version=1)
    assert changed.status_code == 200
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 404
    assert sees(partner, home["father"], home["girl"], home["boy"]) == [True, True, False]
    # Nor again by himself, when he becomes a caregiver; by a word that he gives anew he does.
    caregivers = {"caregivers": [home["father"]["id"], home["mother"]["id"]]}
    cares = f"{FAMILIES}/{home['family']['id']}/change-caregivers"
    assert ngo.post(cares, caregivers, version=changed.json()["version"]).status_code == 200
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 404
    renewed = ngo.post(f"{CONSENTS}/{his['id']}/renew", {"giving": giving(home)}, version=his["version"])
    assert (renewed.status_code, renewed.json()["covers_household"]) == (201, True)
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 200


def test_what_is_only_requested_or_over_is_left_alone(ngo: Caller, partner: Caller, home: Home) -> None:
    asked = make_consent(ngo, home, beneficiary_id=home["girl"]["id"])
    gone = about_girl(ngo, home, partner)
    body = {"reason": "changed_mind", "withdrawn_by_id": home["mother"]["id"]}
    gone = ngo.post(f"{CONSENTS}/{gone['id']}/withdraw", body, version=gone["version"]).json()
    giver_leaves(ngo, home)
    assert (read(ngo, asked), read(ngo, gone)) == (asked, gone)
    # And who was asked cannot give it any more.
    refused = ngo.post(f"{CONSENTS}/{asked['id']}/give", giving(home), version=asked["version"])
    assert refused.json()["errors"][0]["code"] == "not_a_caregiver"


def test_the_trail_tells_by_whose_change_it_ended(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner)
    giver_leaves(ngo, home)
    entries = ngo.get("/v1/audit-entries", params={"limit": 200}).json()["items"]
    (ended,) = [one for one in entries if one["subject_id"] == consent["id"] and "expired" in str(one)]
    assert ended["actor_id"] == str(ngo.account.id)
    assert ended["organization_id"] == ngo.organization_id
