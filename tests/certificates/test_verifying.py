"""Verifying by script, without an account: enough to hold against the paper, nothing that tells who it is."""

import logging
from typing import Any

import pytest

from app.certificates.throttle import LOOK_UPS, SURNAMES
from tests.callers import Callers
from tests.client import Client
from tests.factories.certificates import HULKAR, make_certificate, mistyped, revoke, supersede

UNKNOWN = "0000-0000-0000"
"""Well-formed: its check symbol is right."""
HOSTILE = [
    "1' OR '1'='1",
    "' UNION SELECT surname FROM certificate --",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{7*7}}",
    "\N{RIGHT-TO-LEFT OVERRIDE}1234",
    "\0",
    "0" * 4000,
    "Ⅻ" * 12,
    "٠" * 12,
]


def check(client: Client, number: str, **headers: str) -> dict[str, Any]:
    answer = client.get(f"/v1/verify/{number}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def matches(client: Client, number: str, surname: str) -> bool:
    answer = client.post(f"/v1/verify/{number}", json={"surname": surname})
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["matches"])


# --- what is told -----------------------------------------------------------------------------------------------------------
def test_a_valid_certificate(callers: Callers, client: Client) -> None:
    certificate = make_certificate(callers.ngo())
    assert check(client, certificate["number"]) == {
        "number": certificate["number"],
        "status": "valid",
        "holder": {"latin": "Gʻ*** H*** Q***", "cyrillic": "Ғ*** Ҳ*** Қ***"},
        "issuer": certificate["issuer"],
        "title": certificate["title"],
        "hours": 16,
        "starts_on": {"date": "2019-10-01", "precision": "month"},
        "ends_on": None,
        "issued_on": certificate["issued_on"],
        "revocation": None,
        "is_specimen": False,
        "page": f"https://himoya.example/v/{certificate['number']}",
    }


@pytest.mark.parametrize(
    ("language", "label"),
    [("en", "Wrong details"), ("ru", "Неверные сведения"), ("uz-Latn", "Maʼlumotlari notoʻgʻri"), ("uz-Cyrl", "Маълумотлари нотўғри")],
)
def test_a_revoked_one_says_since_when_and_why_in_words(callers: Callers, client: Client, language: str, label: str) -> None:
    ngo = callers.ngo()
    revoked = revoke(ngo, make_certificate(ngo))
    answer = client.get(f"/v1/verify/{revoked['number']}", headers={"Accept-Language": language})
    assert answer.headers["content-language"] == language
    assert answer.json()["status"] == "revoked"
    assert answer.json()["revocation"] == {"on": revoked["issued_on"], "category": "wrong_details", "label": label}
    assert "misspelt" not in answer.text


def test_a_superseded_one_and_a_specimen(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    new, old = make_certificate(ngo, is_synthetic=True), make_certificate(ngo)
    supersede(old, new)
    assert check(client, old["number"])["status"] == "superseded"
    assert check(client, new["number"])["is_specimen"] is True


def test_nothing_tells_who_it_is(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    told = client.get(f"/v1/verify/{certificate['number']}").text
    for secret in (
        *HULKAR,
        "Ғайратова",
        certificate["id"],
        certificate["beneficiary_id"],
        certificate["enrollment_id"],
        certificate["roster_id"],
    ):
        assert str(secret) not in told


def test_it_is_not_for_search_engines(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    for answer in (client.get(f"/v1/verify/{number}"), client.post(f"/v1/verify/{number}", json={"surname": "x"})):
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"


def test_one_statement_and_no_trace(callers: Callers, client: Client, statements: list[str]) -> None:
    number = make_certificate(callers.ngo())["number"]
    check(client, number)
    statements.clear()
    check(client, number)
    matches(client, number, "Karimova")
    told = [text for text in statements if "access_entry" not in text]
    assert len(told) == 2
    assert all(text.startswith("SELECT certificate.number") for text in told)


# --- numbers ----------------------------------------------------------------------------------------------------------------
def test_found_however_it_is_typed(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    look_alikes = str.maketrans("0ABEHKMPTX1", "OАВЕНКМРТХl")
    for typed in (
        number.lower(),
        number.replace("-", ""),
        number.replace("-", " "),
        f" {number} ",
        number.replace("-", "–"),
        number.translate(look_alikes),
    ):
        assert check(client, typed)["number"] == number, typed


def test_an_unknown_number_is_not_found(client: Client) -> None:
    for answer in (client.get(f"/v1/verify/{UNKNOWN}"), client.post(f"/v1/verify/{UNKNOWN}", json={"surname": "Karimova"})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_mistyped_number_never_reaches_the_database(callers: Callers, client: Client, statements: list[str]) -> None:
    number = make_certificate(callers.ngo())["number"]
    statements.clear()
    for typed in (mistyped(number), number[:-1], f"{number}0", "U" * 12, "x"):
        for answer in (client.get(f"/v1/verify/{typed}"), client.post(f"/v1/verify/{typed}", json={"surname": "Gʻayratova"})):
            assert (answer.status_code, answer.json()["code"]) == (404, "number_mistyped")
            assert "character by character" in answer.json()["detail"]
    assert [text for text in statements if "access_entry" not in text] == []


def test_every_changed_digit_is_caught(callers: Callers, client: Client, statements: list[str]) -> None:
    number = make_certificate(callers.ngo())["number"].replace("-", "")
    LOOK_UPS.allow(1000)
    statements.clear()
    for place in range(12):
        for symbol in "07Z":
            if number[place] != symbol:
                assert client.get(f"/v1/verify/{number[:place]}{symbol}{number[place + 1 :]}").json()["code"] == "number_mistyped"
    assert [text for text in statements if "access_entry" not in text] == []


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_number_is_just_mistyped(client: Client, statements: list[str], typed: str) -> None:
    from urllib.parse import quote

    answer = client.get(f"/v1/verify/{quote(typed, safe='')}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert [text for text in statements if "access_entry" not in text] == []


def test_a_parameter_that_is_not_there_is_refused(client: Client) -> None:
    assert client.get(f"/v1/verify/{UNKNOWN}?surname=Karimova").json()["errors"][0]["code"] == "unknown"


# --- the surname ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["Gʻayratova", "gayratova", "G'AYRATOVA", "Ғайратова", "Гайратова", " Ghayratova ", "Ğayratova"])
def test_the_surname_in_any_script(callers: Callers, client: Client, typed: str) -> None:
    assert matches(client, make_certificate(callers.ngo())["number"], typed)


@pytest.mark.parametrize(
    "typed",
    ["Karimova", "G", "Gʻ***", "Gʻayrat", "Gʻayratovaa Hulkar", "Hulkar", "%", "_________", "-", "'", "' OR 1=1 --", "<b>", "𝒳" * 80],
)
def test_another_surname_does_not_match(callers: Callers, client: Client, typed: str) -> None:
    assert not matches(client, make_certificate(callers.ngo())["number"], typed)


def test_a_surname_of_two_words_and_one_of_marks(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    double = make_certificate(ngo, ("Karimova-Saidova", "Nigora", None))["number"]
    assert matches(client, double, "каримова саидова")
    assert not matches(client, double, "Karimova")
    # No surname is all marks, but if one were, nothing typed would be it.
    assert not matches(client, make_certificate(ngo, ("-", "Nigora", None))["number"], "-")


def test_the_number_of_another_does_not_serve(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    mine, other = make_certificate(ngo), make_certificate(ngo, ("Karimova", "Nigora", None))
    assert matches(client, mine["number"], "Gʻayratova")
    assert not matches(client, other["number"], "Gʻayratova")


def test_of_a_revoked_one_it_is_told_that_it_is_revoked(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    revoked = revoke(ngo, make_certificate(ngo))
    answer = client.post(f"/v1/verify/{revoked['number']}", json={"surname": "Gʻayratova"}).json()
    assert answer == {"number": revoked["number"], "status": "revoked", "matches": True}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/surname"),
        ({"surname": ""}, "/surname"),
        ({"surname": 7}, "/surname"),
        ({"surname": "x" * 81}, "/surname"),
        ({"surname": "x", "name": "y"}, "/name"),
    ],
)
def test_a_wrong_check_is_named(callers: Callers, client: Client, body: dict[str, Any], pointer: str) -> None:
    refused = client.post(f"/v1/verify/{make_certificate(callers.ngo())['number']}", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_no_log_holds_a_number_or_a_surname(callers: Callers, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    number = make_certificate(callers.ngo())["number"]
    with caplog.at_level(logging.DEBUG):
        check(client, number)
        matches(client, number, "Gʻayratova")
        client.post(f"/v/{number}", data={"surname": "Gʻayratova"})
        client.get(f"/v/{mistyped(number)}")
    ours = [record.__dict__ for record in caplog.records if record.name.startswith("himoya")]
    assert {record["route"] for record in ours} >= {"/v1/verify/{number}", "/v/{number:path}"}
    for secret in (number, number.replace("-", ""), mistyped(number), "ayratova"):
        assert secret not in str(ours)


# --- too often --------------------------------------------------------------------------------------------------------------
def test_too_many_look_ups(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    LOOK_UPS.allow(3)
    for typed in (number, UNKNOWN, "x"):
        client.get(f"/v1/verify/{typed}")
    refused = client.get(f"/v1/verify/{number}")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert client.post(f"/v1/verify/{number}", json={"surname": "x"}).status_code == 200


def test_surnames_are_counted_apart_and_fewer(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    assert [matches(client, number, "Karimova") for _ in range(10)] == [False] * 10
    refused = client.post(f"/v1/verify/{number}", json={"surname": "Gʻayratova"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert "matches" not in refused.text
    assert check(client, number)["status"] == "valid"


def test_a_wrong_check_counts_too(client: Client) -> None:
    SURNAMES.allow(2)
    for _ in range(2):
        assert client.post(f"/v1/verify/{UNKNOWN}", json={}).status_code == 422
    assert client.post(f"/v1/verify/{UNKNOWN}", json={"surname": "x"}).status_code == 429
