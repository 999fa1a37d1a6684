"""A family ends when nobody belongs to it any more: it is dissolved then, and not before."""

import pytest

from app.access.grants import DataCategory, to_organization
from tests.beneficiaries.test_races import together
from tests.callers import Callers
from tests.factories.beneficiaries import ANDIJON, Body, father, make_family, person_body
from tests.factories.grants import grant

URL = "/v1/families"


@pytest.mark.parametrize("others", [{}, {"note": "Koʻchib ketishdi", "territory": ANDIJON}])
def test_a_family_with_members_is_not_dissolved(callers: Callers, others: Body) -> None:
    ngo = callers.ngo()
    family = make_family(ngo, members=[father()])
    url = f"{URL}/{family['id']}"
    refused = ngo.patch(url, {"status": "dissolved", **others}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "members_present")
    assert ngo.get(url).json() == family
    assert ngo.patch(url, {"status": "moved"}, version=1).status_code == 200
    # When nobody belongs to it any more it is, and can be corrected back.
    membership = f"{url}/memberships/{family['members'][0]['membership_id']}"
    assert ngo.post(f"{membership}/end", {"reason": "moved_away"}, version=1).status_code == 200
    dissolved = ngo.patch(url, {"status": "dissolved", **others}, version=ngo.get(url).json()["version"])
    assert (dissolved.status_code, dissolved.json()["status"]) == (200, "dissolved")
    assert ngo.patch(url, {"status": "active"}, version=dissolved.json()["version"]).json()["status"] == "active"


def test_a_family_that_is_dissolved_is_closed_to_partners(callers: Callers) -> None:
    ngo, partner = callers.ngo(), callers.committee("17")
    family = make_family(ngo, members=[])
    grant(ngo, to_organization(partner.organization_id), DataCategory.HOUSEHOLD, family_id=family["id"])
    assert partner.get(f"{URL}/{family['id']}").status_code == 200
    assert ngo.patch(f"{URL}/{family['id']}", {"status": "dissolved"}, version=1).status_code == 200
    assert partner.get(f"{URL}/{family['id']}").status_code == 404


def test_somebody_comes_while_the_family_is_dissolved(callers: Callers) -> None:
    ngo = callers.ngo()
    for _ in range(4):
        family = make_family(ngo, members=[])
        url = f"{URL}/{family['id']}"
        dissolved, came = together(
            [
                lambda url=url: ngo.patch(url, {"status": "dissolved"}, version=1),
                lambda url=url: ngo.post(f"{url}/members", {"person": person_body(), "relationship_to_head": "head"}),
            ]
        )
        assert (dissolved.status_code, came.status_code) in {(200, 409), (412, 201), (409, 201)}
        found = ngo.get(url).json()
        assert (found["status"], len(found["members"])) in {("dissolved", 0), ("active", 1)}
