"""What was opened of the loser is open of the winner; the grants themselves tell what was open of whom, and are not rewritten."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.access.grants import FOREVER, AccessGrant, DataCategory, to_organization
from app.access.transaction import as_system, begin
from app.database import now
from tests.callers import Caller, Callers
from tests.factories.consents import CONSENTS
from tests.factories.duplicates import Body, make_twice, merge, register, undo
from tests.factories.grants import grant


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def grants_on(person: Body) -> list[AccessGrant]:
    """The oldest first."""
    with begin(as_system("test")) as db:
        found = sa.select(AccessGrant).where(col(AccessGrant.beneficiary_id) == uuid.UUID(person["id"]))
        return list(db.execute(found.order_by(col(AccessGrant.opens_at), col(AccessGrant.id))).scalars())


def seen(partner: Caller, person: Body) -> int:
    return int(partner.get(f"/v1/beneficiaries/{person['id']}", follow_redirects=False).status_code)


def test_history_is_not_rewritten(callers: Callers, ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    partner = callers.state("17")
    given = grant(ngo, to_organization(partner.organization_id), DataCategory.IDENTITY, beneficiary_id=second["id"])
    past = {"opens_at": now() - timedelta(days=9), "closes_at": now() - timedelta(days=8)}
    over = grant(ngo, to_organization(partner.organization_id), DataCategory.IDENTITY, beneficiary_id=second["id"], **past)
    coming = {"opens_at": now() + timedelta(days=1), "closes_at": now() + timedelta(days=2)}
    later = grant(ngo, to_organization(partner.organization_id), DataCategory.IDENTITY, beneficiary_id=second["id"], **coming)
    made = merge(ngo, pair, first)
    assert {"table": "access_grant", "rows": 2} in made["moved"]
    before, at, after = grants_on(second)
    assert [one.id for one in (before, at, after)] == [over.id, given.id, later.id]
    assert (before.closes_at, at.opens_at) == (over.closes_at, given.opens_at)
    assert at.closes_at < now()
    assert after.closes_at == after.opens_at, "it opens nothing any more"
    opened, to_come = grants_on(first)
    assert opened.opens_at <= at.closes_at, "there is no moment in between"
    assert opened.closes_at == FOREVER
    assert (to_come.opens_at, to_come.closes_at) == (later.opens_at, later.closes_at)
    for one, other in ((opened, given), (to_come, later)):
        same = ("grantee", "categories", "source", "source_id", "membership_id", "organization_id")
        assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]
    assert (seen(partner, first), seen(partner, second)) == (200, 308)
    assert undo(ngo, made).status_code == 200
    assert [one.closes_at for one in grants_on(second)] == [over.closes_at, FOREVER, later.closes_at]
    assert all(one.closes_at <= max(now(), one.opens_at) for one in grants_on(first))
    assert (seen(partner, first), seen(partner, second)) == (404, 200)


def test_what_was_withdrawn_meanwhile_stays_shut(callers: Callers, ngo: Caller) -> None:
    first, second = (register(ngo, surname=surname, birth_date="1990-05-17") for surname in ("Йўлдошева", "Yoldosheva"))
    partner = callers.state("17")
    body = {
        "beneficiary_id": second["id"],
        "purpose": "information_sharing",
        "recipients": [{"organization_id": partner.organization_id}],
        "categories": ["identity"],
        "given_by_id": second["id"],
        "capacity": "self",
        "giving": {"method": "written", "assents": []},
    }
    consent = ngo.post(CONSENTS, body)
    assert consent.status_code == 201, consent.text
    (pair,) = ngo.get("/v1/duplicate-candidates").json()["items"]
    made = merge(ngo, pair, first)
    assert (seen(partner, first), seen(partner, second)) == (200, 308)
    url = f"{CONSENTS}/{consent.json()['id']}"
    away = {"reason": "changed_mind", "withdrawn_by_id": first["id"]}
    assert ngo.post(f"{url}/withdraw", away, version=ngo.get(url).json()["version"]).status_code == 200
    assert seen(partner, first) == 404
    assert undo(ngo, made, changed="keep").status_code == 200
    assert (seen(partner, first), seen(partner, second)) == (404, 404)
