"""Many at once: one wins, and what is open afterwards is what the consent says."""

import pytest

from tests.callers import Callers
from tests.consents.words import FAMILIES, PEOPLE, about_girl, sees
from tests.factories.consents import CONSENTS, assent, born, consent_body, given_consent, giving, household, make_consent
from tests.factories.kinship import make_kinship
from tests.racing import outcomes, together


def test_twelve_record_the_same_giving(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    url = f"{CONSENTS}/{make_consent(ngo, home)['id']}"
    answers = together([lambda: ngo.post(f"{url}/give", giving(home), version=1)] * 12)
    assert outcomes(answers) == {(200, ""): 1, (412, "stale"): 11}
    # The family and three persons, each once.
    assert len(ngo.get(f"/v1/families/{home['family']['id']}/consent-coverage").json()["opened"]) == 4


def test_one_gives_while_the_other_refuses(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    for _ in range(4):
        home = household(ngo)
        url = f"{CONSENTS}/{make_consent(ngo, home, to=committee)['id']}"
        answers = together(
            [
                lambda url=url, home=home: ngo.post(f"{url}/give", giving(home), version=1),
                lambda url=url: ngo.post(f"{url}/refuse", {}, version=1),
            ]
        )
        assert outcomes(answers) == {(200, ""): 1, (412, "stale"): 1}
        status = ngo.get(url).json()["status"]
        seen = committee.get(f"/v1/families/{home['family']['id']}").status_code
        assert (status, seen) in {("given", 200), ("refused", 404)}


def test_it_is_withdrawn_and_renewed_at_once(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    for _ in range(4):
        home = household(ngo)
        consent = given_consent(ngo, home, to=committee)
        url, version = f"{CONSENTS}/{consent['id']}", consent["version"]
        away = {"reason": "changed_mind", "withdrawn_by_id": home["mother"]["id"]}
        answers = together(
            [
                lambda url=url, away=away, version=version: ngo.post(f"{url}/withdraw", away, version=version),
                lambda url=url, home=home, version=version: ngo.post(f"{url}/renew", {"giving": giving(home)}, version=version),
            ]
        )
        assert sorted(one.status_code for one in answers)[1] == 412
        seen = committee.get(f"/v1/families/{home['family']['id']}").status_code
        assert (ngo.get(url).json()["status"], seen) in {("withdrawn", 404), ("renewed", 200)}


def test_a_child_leaves_while_the_consent_is_given(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    for _ in range(6):
        home = household(ngo)
        url = f"{CONSENTS}/{make_consent(ngo, home, to=committee)['id']}"
        leave = f"/v1/families/{home['family']['id']}/memberships/{home['boy']['membership_id']}/end"
        gave, left = together(
            [
                lambda url=url, home=home: ngo.post(f"{url}/give", giving(home), version=1),
                lambda leave=leave: ngo.post(leave, {"reason": "moved_away"}, version=1),
            ]
        )
        assert (gave.status_code, left.status_code) == (200, 200), (gave.text, left.text)
        # Whichever came first, the boy who left is not seen through the family's consent.
        assert committee.get(f"/v1/beneficiaries/{home['boy']['id']}").status_code == 404
        assert committee.get(f"/v1/beneficiaries/{home['girl']['id']}").status_code == 200


@pytest.mark.parametrize("happens", ["the child leaves", "the guardianship ends", "the birth date is corrected"])
def test_it_is_given_while_the_word_ends(callers: Callers, happens: str) -> None:
    ngo, partner = callers.ngo("1733"), callers.committee("1733")
    for _ in range(6):
        home = household(ngo)
        kinship = make_kinship(ngo, home["mother"], home["girl"], kind="guardian")
        capacity = "guardian" if happens == "the guardianship ends" else "caregiver"
        asked = make_consent(ngo, home, to=partner, beneficiary_id=home["girl"]["id"], capacity=capacity)
        body = consent_body(home, to=partner, beneficiary_id=home["girl"]["id"], capacity=capacity, giving=giving(home))
        membership = f"{FAMILIES}/{home['family']['id']}/memberships/{home['girl']['membership_id']}"
        word_ends = {
            "the child leaves": lambda membership=membership: ngo.post(f"{membership}/end", {"reason": "adopted"}, version=1),
            "the guardianship ends": lambda kinship=kinship: ngo.post(f"/v1/kinships/{kinship['id']}/end", {}, version=1),
            "the birth date is corrected": lambda home=home: ngo.patch(
                f"{PEOPLE}/{home['girl']['id']}", {"birth_date": born(19)}, version=1
            ),
        }[happens]
        gave, made, ended = together(
            [
                lambda asked=asked, home=home: ngo.post(f"{CONSENTS}/{asked['id']}/give", giving(home), version=1),
                lambda body=body: ngo.post(CONSENTS, body),
                word_ends,
            ]
        )
        assert ended.status_code == 200, ended.text
        assert gave.status_code in (200, 422), gave.text
        assert made.status_code in (201, 422), made.text
        # Whichever came first, nothing is open afterwards.
        assert sees(partner, home["girl"]) == [False]


def test_it_is_renewed_and_withdrawn_while_the_giver_leaves(callers: Callers) -> None:
    ngo, partner = callers.ngo("1733"), callers.committee("1733")
    for _ in range(4):
        home = household(ngo)
        alone, family = about_girl(ngo, home, partner), given_consent(ngo, home, to=partner)
        url, away = f"{CONSENTS}/{family['id']}", {"reason": "changed_mind", "withdrawn_by_id": home["mother"]["id"]}
        membership = f"{FAMILIES}/{home['family']['id']}/memberships/{home['mother']['membership_id']}"
        answers = together(
            [
                lambda alone=alone, home=home: ngo.post(
                    f"{CONSENTS}/{alone['id']}/renew", {"giving": {"method": "written", "assents": assent(home)}}, version=alone["version"]
                ),
                lambda url=url, home=home, family=family: ngo.post(f"{url}/renew", {"giving": giving(home)}, version=family["version"]),
                lambda url=url, away=away, family=family: ngo.post(f"{url}/withdraw", away, version=family["version"]),
                lambda membership=membership: ngo.post(f"{membership}/end", {"reason": "divorce"}, version=1),
            ]
        )
        assert {one.status_code for one in answers} <= {200, 201, 409, 412, 422}, [one.text for one in answers]
        assert answers[-1].status_code == 200, answers[-1].text
        assert sees(partner, home["girl"], home["boy"], home["mother"]) == [False, False, False]
