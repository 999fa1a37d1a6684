"""Revoking: for managers, once, with a reason that stays inside and a category that anybody may know."""

import uuid
from typing import Any

import pytest

from tests.callers import Callers
from tests.client import Client
from tests.factories.certificates import co_host, issue, make_certificate, make_course, revoke

BODY = {"category": "wrong_details", "reason": "The surname was misspelt."}


def url(certificate: dict[str, Any]) -> str:
    return f"/v1/certificates/{certificate['id']}/revoke"


def test_only_a_manager_of_the_organization_revokes(client: Client, callers: Callers) -> None:
    ngo, host = callers.ngo(), callers.committee()
    course = make_course(ngo)
    co_host(course, host)
    certificate = ngo.get(f"/v1/certificates/{issue(ngo, course)[0]['certificate_id']}").json()
    assert client.post(url(certificate), json=BODY, headers={"If-Match": '"1"'}).status_code == 401
    for caller in (host, callers.state(), callers.ngo(duty="specialist", organization_id=ngo.organization_id)):
        assert caller.post(url(certificate), BODY, version=1).status_code == 403
    assert callers.ngo().post(url(certificate), BODY, version=1).status_code == 404
    assert callers.ngo("1718", organization_id=ngo.organization_id).post(url(certificate), BODY, version=1).status_code == 404
    assert ngo.get(f"/v1/certificates/{certificate['id']}").json()["status"] == "valid"


def test_a_revoked_certificate_says_when_and_why(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    revoked = ngo.post(url(certificate), {**BODY, "reason": "  The surname was misspelt. "}, version=1)
    assert revoked.headers["etag"] == '"2"'
    changed = {"status", "revoked_at", "revocation_category", "revocation_reason", "version", "updated_at"}
    assert {name for name, value in revoked.json().items() if value != certificate[name]} == changed
    assert revoked.json()["status"] == "revoked"
    assert revoked.json()["revocation_category"] == "wrong_details"
    assert revoked.json()["revocation_reason"] == "The surname was misspelt."
    assert ngo.get(f"/v1/certificates/{certificate['id']}").json() == revoked.json()


def test_it_needs_the_version_as_it_was_read(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    assert ngo.post(url(certificate), BODY).status_code == 428
    assert ngo.post(url(certificate), BODY, version=7).status_code == 412
    revoke(ngo, certificate)
    assert ngo.post(url(certificate), BODY, version=1).status_code == 412
    refused = ngo.post(url(certificate), BODY, version=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert ngo.post(f"/v1/certificates/{uuid.uuid4()}/revoke", BODY, version=1).status_code == 404


def test_a_retry_is_answered_as_the_first_time(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    first = ngo.post(url(certificate), BODY, version=1, key="void")
    again = ngo.post(url(certificate), BODY, version=1, key="void")
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), '"2"')


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "x"}, "/category"),
        ({"category": "fraud"}, "/reason"),
        ({"category": "mistake", "reason": "x"}, "/category"),
        ({"category": "fraud", "reason": " "}, "/reason"),
        ({"category": "fraud", "reason": "x" * 501}, "/reason"),
        ({"category": "fraud", "reason": "a\nb"}, "/reason"),
        ({"category": "fraud", "reason": "x", "revoked_at": "2019-01-01"}, "/revoked_at"),
    ],
)
def test_what_is_wrong_is_named(callers: Callers, body: dict[str, Any], pointer: str) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    refused = ngo.post(url(certificate), body, version=1)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert ngo.get(f"/v1/certificates/{certificate['id']}").json()["status"] == "valid"


@pytest.mark.parametrize("method", ["delete", "patch", "put"])
def test_nothing_deletes_or_changes_a_certificate(callers: Callers, method: str) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    assert ngo.request(method.upper(), f"/v1/certificates/{certificate['id']}").status_code == 405
