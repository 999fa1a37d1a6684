"""Who sees a number in full, who sees its mask, and who sees nothing of it: by duty, by organization and by consent."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization, to_role
from app.database import now
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.grants import grant
from tests.factories.identifiers import MASKED, PINFL, close, make_identifier, url_of
from tests.factories.oversight import looks_of

IDENTITY, DOCUMENTS, HEALTH = DataCategory.IDENTITY, DataCategory.DOCUMENTS, DataCategory.HEALTH


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def girl(ngo: Caller) -> dict[str, Any]:
    return make_beneficiary(ngo)


def seen(caller: Caller, girl: dict[str, Any], made: dict[str, Any]) -> set[str]:
    """What a caller reads of the number on every way to it; `none` where the way is closed."""
    listed, one = caller.get(url_of(girl)), caller.get(f"/v1/identifiers/{made['id']}")
    found = {item["value"] for item in listed.json()["items"]} if listed.status_code == 200 else {"none"}
    return (found or {"none"}) | {one.json()["value"] if one.status_code == 200 else "none"}


def finds(caller: Caller) -> list[str]:
    found = caller.post("/v1/identifiers/lookup", {"kind": "pinfl", "value": PINFL})
    assert found.status_code == 200, found.text
    return [one["beneficiary_id"] for one in found.json()["items"]]


def test_managers_read_and_others_see_a_mask(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    assert seen(ngo, girl, made) == {PINFL}
    for duty in ("specialist", "viewer"):
        assert seen(callers.ngo("1733", duty=duty, organization_id=ngo.organization_id), girl, made) == {MASKED}


def test_without_consent_there_is_nothing(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    for caller in (callers.committee("1733"), callers.state("1733"), callers.ngo("1733")):
        assert seen(caller, girl, made) == {"none"}
        assert finds(caller) == []


def test_consent_opens_documents_and_withdrawal_closes_them(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    committee = callers.committee("1733")
    helper = callers.committee("1733", duty="specialist", organization_id=committee.organization_id)
    state = callers.state("1733")
    grants = [
        grant(ngo, to_organization(uuid.UUID(one.organization_id)), IDENTITY, DOCUMENTS, beneficiary_id=girl["id"])
        for one in (committee, state)
    ]
    assert seen(committee, girl, made) == {PINFL}
    assert seen(helper, girl, made) == {MASKED}
    assert seen(state, girl, made) == {MASKED}, "they look it up and need not read it"
    assert [finds(one) for one in (committee, helper, state)] == [[girl["id"]]] * 3
    assert seen(callers.committee("1733"), girl, made) == {"none"}, "another organization of the kind"
    assert seen(callers.committee("1703", organization_id=committee.organization_id), girl, made) == {"none"}, "elsewhere"
    for caller in (committee, helper):
        refused = caller.patch(f"/v1/identifiers/{made['id']}", {"issuer": "X"}, version=1)
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
        refused = caller.post(url_of(girl), {"kind": "passport", "value": "AA1234567"})
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    for one in grants:
        close(one)
    for caller in (committee, helper, state):
        assert seen(caller, girl, made) == {"none"}
        assert finds(caller) == []


def test_other_categories_open_no_documents(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    committee = callers.committee("1733")
    grant(ngo, to_role("womens_committee"), IDENTITY, HEALTH, beneficiary_id=girl["id"])
    assert committee.get(f"/v1/beneficiaries/{girl['id']}").status_code == 200
    assert committee.get(url_of(girl)).json()["items"] == []
    assert committee.get(f"/v1/identifiers/{made['id']}").status_code == 404
    assert finds(committee) == []
    # A number is shown with its person, so documents alone open none either.
    other = make_beneficiary(ngo)
    number = make_identifier(ngo, other)
    grant(ngo, to_role("womens_committee"), DOCUMENTS, beneficiary_id=other["id"])
    assert seen(committee, other, number) == {"none"}
    assert finds(committee) == []


def test_a_consent_that_has_not_begun_or_has_ended(callers: Callers, ngo: Caller, girl: dict[str, Any]) -> None:
    made = make_identifier(ngo, girl)
    committee = callers.committee("1733")
    to = to_organization(uuid.UUID(committee.organization_id))
    grant(ngo, to, IDENTITY, DOCUMENTS, beneficiary_id=girl["id"], opens_at=now() + timedelta(days=1))
    grant(ngo, to, IDENTITY, DOCUMENTS, beneficiary_id=girl["id"], closes_at=now() - timedelta(minutes=1))
    assert seen(committee, girl, made) == {"none"}
    assert finds(committee) == []


@pytest.fixture
def looked() -> Any:
    """Who was looked at by a caller since the last time, and through what."""

    def found(caller: Caller) -> set[tuple[str, str]]:
        return {(subject, through) for _, subject, through, _ in looks_of(caller) if through.endswith(("identifier", "identifiers"))}

    return found


def test_reading_a_number_is_looking_at_its_person(callers: Callers, ngo: Caller, girl: dict[str, Any], looked: Any) -> None:
    made = make_identifier(ngo, girl)
    assert looked(ngo) == set()
    ngo.get(url_of(girl))
    assert looked(ngo) == {(girl["id"], "list_identifiers")}
    ngo.get(f"/v1/identifiers/{made['id']}")
    assert looked(ngo) == {(girl["id"], "get_identifier")}
    finds(ngo)
    assert looked(ngo) == {(girl["id"], "look_up_identifier")}
    make_identifier(ngo, make_beneficiary(ngo))
    assert looked(ngo) == {(girl["id"], "add_identifier")}
    stranger = callers.ngo("1733")
    assert seen(stranger, girl, made) == {"none"}
    finds(stranger)
    assert looked(stranger) == set()
