"""Many at once: one wins, and what is open afterwards is what the consent says."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.callers import Callers
from tests.factories.consents import CONSENTS, given_consent, giving, household, make_consent


def together(requests: list[Callable[[], Any]]) -> list[Any]:
    """Send all at once, each from a thread of its own."""
    start = Barrier(len(requests))

    def run(request: Callable[[], Any]) -> Any:
        start.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def outcomes(responses: list[Any]) -> Counter[tuple[int, str]]:
    return Counter((one.status_code, one.json().get("code", "")) for one in responses)


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
