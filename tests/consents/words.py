"""A home whose girl is spoken for, and what becomes of that."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.transaction import as_system, begin
from tests.callers import Caller
from tests.factories.consents import CONSENTS, given_consent

Home = dict[str, Any]
PEOPLE, FAMILIES = "/v1/beneficiaries", "/v1/families"


def about_girl(ngo: Caller, home: Home, partner: Caller, **other: Any) -> dict[str, Any]:
    """The mother's consent about the girl alone, unless another one gives it."""
    return given_consent(ngo, home, to=partner, beneficiary_id=home["girl"]["id"], **other)


def correct(ngo: Caller, person: dict[str, Any], **body: Any) -> None:
    url = f"{PEOPLE}/{person['id']}"
    changed = ngo.patch(url, body, version=ngo.get(url).json()["version"])
    assert changed.status_code == 200, changed.text


def leave(ngo: Caller, home: Home, who: str, **other: Any) -> None:
    url = f"{FAMILIES}/{home['family']['id']}/memberships/{home[who]['membership_id']}"
    ended = ngo.post(f"{url}/end", {"reason": "moved_away", **other}, version=ngo.get(url).json()["version"])
    assert ended.status_code == 200, ended.text


def sees(partner: Caller, *people: dict[str, Any]) -> list[bool]:
    """Which of them the partner sees."""
    listed = {one["id"] for one in partner.get(PEOPLE).json()["items"]}
    found = [partner.get(f"{PEOPLE}/{one['id']}").status_code == 200 for one in people]
    assert found == [one["id"] in listed for one in people]
    return found


def read(ngo: Caller, consent: dict[str, Any]) -> dict[str, Any]:
    return dict(ngo.get(f"{CONSENTS}/{consent['id']}").json())


def grants(consent: dict[str, Any], person: dict[str, Any] | None = None) -> list[AccessGrant]:
    with begin(as_system("test")) as db:
        found = db.execute(sa.select(AccessGrant).order_by(col(AccessGrant.id))).scalars()
        return [one for one in found if str(one.source_id) == consent["id"] and (person is None or str(one.beneficiary_id) == person["id"])]
