"""What a family's consent opens of a member is closed when the membership ends, whatever ends it."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.access.grants import AccessGrant, DataCategory, to_organization
from app.access.transaction import as_system, begin
from app.database import now
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_family
from tests.factories.grants import grant
from tests.factories.lives import member_of, membership_of, merge_body, split_body, url


def ended(ngo: Caller, family: dict[str, Any]) -> int:
    end = url(family, "memberships", membership_of(family, "child"), "end")
    return ngo.post(end, {"reason": "adopted"}, version=1).status_code


def split(ngo: Caller, family: dict[str, Any]) -> int:
    return ngo.post(url(family, "split"), split_body(family), version=1).status_code


def merged(ngo: Caller, family: dict[str, Any]) -> int:
    return ngo.post(url(family, "merge"), merge_body(family, make_family(ngo)), version=1).status_code


@pytest.mark.parametrize("happens", [ended, split, merged])
def test_it_is_closed_at_once(callers: Callers, happens: Any) -> None:
    ngo, partner = callers.ngo(), callers.committee("17")
    family = make_family(ngo)
    mine = to_organization(partner.organization_id)
    child, head = member_of(family, "child"), member_of(family, "head")
    through = grant(ngo, mine, DataCategory.IDENTITY, beneficiary_id=child, membership_id=membership_of(family, "child"))
    # A consent of her own does not hang on the membership.
    own = grant(ngo, mine, DataCategory.CONTACT, beneficiary_id=child)
    others = grant(ngo, mine, DataCategory.IDENTITY, beneficiary_id=head, membership_id=membership_of(family, "head"))
    assert partner.get(f"/v1/beneficiaries/{child}").status_code == 200
    assert happens(ngo, family) in (200, 201)
    assert partner.get(f"/v1/beneficiaries/{child}").status_code == 404
    assert partner.get("/v1/beneficiaries", params={"q": "dilnoza"}).json()["items"] == []
    with begin(as_system("test")) as db:
        still = set(db.execute(sa.select(col(AccessGrant.id)).where(col(AccessGrant.closes_at) > now())).scalars())
    assert own.id in still
    assert through.id not in still
    assert (others.id in still) == (happens is not merged)


def test_a_refused_command_closes_nothing(callers: Callers) -> None:
    ngo, partner = callers.ngo(), callers.committee("17")
    family = make_family(ngo)
    head = member_of(family, "head")
    grant(
        ngo,
        to_organization(partner.organization_id),
        DataCategory.IDENTITY,
        beneficiary_id=head,
        membership_id=membership_of(family, "head"),
    )
    end = url(family, "memberships", membership_of(family, "head"), "end")
    assert ngo.post(end, {"reason": "death"}, version=1).json()["code"] == "head_needed"
    assert ngo.post(url(family, "split"), split_body(family, territory="1733999"), version=1).status_code == 422
    assert partner.get(f"/v1/beneficiaries/{head}").status_code == 200
