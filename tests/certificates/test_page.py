"""The page for people, as it is sent. How it looks and behaves in a browser is tested in `tests/browser`."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest

from app.certificates.throttle import LOOK_UPS, SURNAMES
from app.languages import Language
from tests.callers import Callers
from tests.certificates.test_verifying import HOSTILE, UNKNOWN
from tests.client import Client
from tests.factories.certificates import HULKAR, make_certificate, mistyped, revoke, supersede

HEADINGS = {
    "uz-Latn": "Sertifikat haqiqiy",
    "uz-Cyrl": "Сертификат ҳақиқий",
    "ru": "Сертификат действителен",
    "en": "This certificate is valid",
}


class Document(HTMLParser):
    """What a test asks of a page: its text, its elements, and whether every element was closed."""

    VOID = frozenset({"meta", "link", "input", "path", "rect"})

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._text: list[str] = []
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.feed(answer.text)
        self.close()
        assert self._open == [], "every element is closed"
        self.text = " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self._text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def language(self) -> str | None:
        return self.all("html")[0]["lang"]


def page(answer: httpx.Response, status: int = 200) -> Document:
    """The page, after all that must hold for any of them."""
    assert answer.status_code == status, answer.text[:500]
    found = Document(answer)
    policy = answer.headers["content-security-policy"]
    style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        policy
        == f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-language"] == found.language
    assert {"name": "robots", "content": "noindex, nofollow, noarchive"} in found.all("meta")
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "iframe", "object", "embed", "img", "base", "audio", "video"}
    for tag, attributes in found.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        for name in ("href", "src", "action"):
            target = attributes.get(name) or "/v"
            assert target.startswith(("/v", "?lang=", "data:image/svg+xml;base64,")), target
    labeled = {attributes.get("for") for attributes in found.all("label")}
    typed_in = [attributes for attributes in found.all("input") if attributes.get("type") != "hidden"]
    assert {attributes["id"] for attributes in typed_in} == labeled
    assert len(found.all("h1")) == 1
    return found


# --- the certificate --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", list(HEADINGS))
def test_a_valid_certificate_in_each_language(callers: Callers, client: Client, language: str) -> None:
    certificate = make_certificate(callers.ngo())
    clicked = page(client.get(f"/v/{certificate['number']}?lang={language}", headers={"Accept-Language": "de"}))
    preferred = page(client.get(f"/v/{certificate['number']}", headers={"Accept-Language": language}))
    assert clicked.language == preferred.language == language
    assert HEADINGS[language] in clicked.text
    for fact in (
        certificate["number"],
        "Gʻ*** H*** Q***",
        "Ғ*** Ҳ*** Қ***",
        "16",
        "2019",
        certificate["title"][language.replace("-", "_").lower()],
    ):
        assert fact in clicked.text, fact
    current = [link["hreflang"] for link in clicked.all("a") if "aria-current" in link]
    assert current == [language]
    assert [link["hreflang"] for link in clicked.all("a") if "hreflang" in link] == [str(one) for one in Language]


@pytest.mark.parametrize("lang", ["", "?lang=de", "?lang=<script>", "?lang=ru&lang=xx", "?fbclid=abc"])
def test_it_is_in_uzbek_where_nobody_says_anything_else(callers: Callers, client: Client, lang: str) -> None:
    assert page(client.get(f"/v/{make_certificate(callers.ngo())['number']}{lang}")).language == "uz-Latn"


def test_a_revoked_one_says_so_in_words(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    revoked = revoke(ngo, make_certificate(ngo))
    found = page(client.get(f"/v/{revoked['number']}?lang=ru"))
    assert "Сертификат аннулирован" in found.text
    assert "Причина Неверные сведения" in found.text
    assert "misspelt" not in found.text
    assert HEADINGS["ru"] not in found.text


def test_a_superseded_one_and_a_specimen_say_so(callers: Callers, client: Client) -> None:
    ngo = callers.ngo()
    new, old = make_certificate(ngo, is_synthetic=True), make_certificate(ngo)
    supersede(old, new)
    assert "This certificate has been replaced" in page(client.get(f"/v/{old['number']}?lang=en")).text
    specimen = page(client.get(f"/v/{new['number']}?lang=en")).text
    assert "Specimen The holder is an invented person: this sample certifies nothing." in specimen
    assert "Specimen" not in page(client.get(f"/v/{old['number']}?lang=en")).text


def test_nothing_tells_who_it_is(callers: Callers, client: Client) -> None:
    certificate = make_certificate(callers.ngo())
    told = client.get(f"/v/{certificate['number']}").text
    for secret in (*HULKAR, "Ғайратова", certificate["id"], certificate["beneficiary_id"]):
        assert str(secret) not in told


def test_what_is_named_in_another_language_only_is_marked_as_such(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo(), title_ru=None, title_uz_cyrl=None, title_en=None)["number"]
    found = page(client.get(f"/v/{number}?lang=ru"))
    assert {"lang": "uz-Latn"} in found.all("span")
    assert "Ota-onalar koʻnikmalari" in found.text


def test_names_and_titles_are_text_whatever_they_hold(callers: Callers, client: Client) -> None:
    evil = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{7*7}}"
    ngo = callers.ngo()
    number = make_certificate(ngo, ("<b>Karimova", "&amp;", "'\""), title_uz_latn=evil, title_en=evil)["number"]
    found = page(client.get(f"/v/{number}?lang=en"))
    assert evil in found.text
    assert "B***" in found.text


# --- numbers ----------------------------------------------------------------------------------------------------------------
def test_a_number_typed_in_any_form_is_found(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    for typed in (number.lower(), number.replace("-", " "), number.replace("0", "o").replace("1", "I")):
        assert number in page(client.get(f"/v/{quote(typed)}")).text


def test_an_unknown_number_gets_a_friendly_page(client: Client) -> None:
    found = page(client.get(f"/v/{UNKNOWN}?lang=en"), 404)
    assert "There is no certificate with this number" in found.text
    assert page(client.post(f"/v/{UNKNOWN}?lang=en", data={"surname": "Karimova"}), 404).text == found.text


def test_a_mistyped_number_gets_a_hint_without_the_database(callers: Callers, client: Client, statements: list[str]) -> None:
    wrong = mistyped(make_certificate(callers.ngo())["number"])
    statements.clear()
    for answer in (
        client.get(f"/v/{wrong}?lang=en"),
        client.post(f"/v/{wrong}?lang=en", data={"surname": "x"}),
        client.get(f"/v?lang=en&number={wrong}"),
    ):
        found = page(answer, 404)
        assert "character by character" in found.text
        assert found.all("input")[1]["value"] == wrong
    assert [text for text in statements if "access_entry" not in text] == []


@pytest.mark.parametrize("typed", [*HOSTILE, "a/b/c", "../../etc/passwd", "%2e%2e", "//evil.example", "\r\nSet-Cookie: a=b"])
def test_a_hostile_number_stays_text(client: Client, statements: list[str], typed: str) -> None:
    # A line break belongs to no path, so that one comes by the field alone.
    addresses = [f"/v/x{quote(typed, safe='')}", f"/v?number={quote(typed, safe='')}"]
    for address in addresses[1 if "\n" in typed else 0 :]:
        answer = client.get(address)
        found = page(answer, 404)
        assert "set-cookie" not in answer.headers
        assert len(found.all("input")[1]["value"] or "") <= 40
    assert [text for text in statements if "access_entry" not in text] == []


def test_the_page_with_the_field(client: Client, callers: Callers) -> None:
    for url in ("/v?lang=ru", "/v?lang=ru&number=", "/v?lang=ru&number=%20"):
        assert "Подлинный ли сертификат?" in page(client.get(url)).text
    number = make_certificate(callers.ngo())["number"]
    led = client.get("/v", params={"number": number.lower().replace("-", ""), "lang": "ru"}, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, f"/v/{number}?lang=ru")
    assert led.headers["cache-control"] == "no-store"
    assert page(client.get("/v", params={"number": number, "lang": "ru"})).language == "ru"


# --- the surname ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("surname", "status", "told"),
    [
        ("ғайратова", 200, "The surname matches"),
        ("Karimova", 200, "The surname does not match"),
        ("<script>alert(1)</script>", 200, "The surname does not match"),
        ("' OR 1=1 --", 200, "The surname does not match"),
        ("Gʻayratova" * 9, 200, "The surname does not match"),
        ("x" * 100_000, 200, "The surname does not match"),
        ("\0", 200, "The surname does not match"),
        ("  ", 422, "Type the surname first"),
        ("", 422, "Type the surname first"),
    ],
)
def test_the_form(callers: Callers, client: Client, surname: str, status: int, told: str) -> None:
    number = make_certificate(callers.ngo())["number"]
    answer = client.post(f"/v/{number}?lang=en", data={"surname": surname})
    found = page(answer, status)
    assert told in found.text
    assert number in found.text
    if len(surname.strip()) > 1:
        assert surname not in answer.text


@pytest.mark.parametrize(
    "request_",
    [
        {"content": b"surname=%ff%fe", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b"\xff\xfe", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b"&".join(b"a=1" for _ in range(500)), "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": {"surname": "Gʻayratova"}},
        {},
    ],
)
def test_what_is_no_form_matches_nothing(callers: Callers, client: Client, request_: dict[str, Any]) -> None:
    answer = client.post(f"/v/{make_certificate(callers.ngo())['number']}?lang=en", **request_)
    assert "The surname matches" not in page(answer, answer.status_code).text
    assert answer.status_code in (200, 422)


def test_a_surname_in_the_address_does_nothing(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    assert "The surname" not in page(client.get(f"/v/{number}?lang=en&surname=Gʻayratova")).text


# --- too often --------------------------------------------------------------------------------------------------------------
def test_too_many_look_ups_get_a_page_too(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    LOOK_UPS.allow(1)
    page(client.get(f"/v/{number}?lang=en"))
    answer = client.get(f"/v/{number}?lang=en")
    found = page(answer, 429)
    seconds = answer.headers["retry-after"]
    assert 1 <= int(seconds) <= 60
    assert f"Please wait {seconds} s" in found.text
    assert "***" not in found.text
    # The page with the field asks nothing of anybody.
    page(client.get("/v?lang=en"))


def test_too_many_surnames_are_not_answered(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    SURNAMES.allow(1)
    page(client.post(f"/v/{number}?lang=en", data={"surname": "Karimova"}))
    answer = client.post(f"/v/{number}?lang=en", data={"surname": "Gʻayratova"})
    found = page(answer, 429)
    assert "Too many requests" in found.text
    assert "The surname" not in found.text
    assert int(answer.headers["retry-after"]) >= 1


def test_comparing_surnames_is_no_way_around_the_count_of_look_ups(callers: Callers, client: Client) -> None:
    number = make_certificate(callers.ngo())["number"]
    LOOK_UPS.allow(2)
    page(client.post(f"/v/{number}?lang=en", data={"surname": "Karimova"}))
    page(client.get(f"/v/{number}?lang=en"))
    answer = client.post(f"/v/{number}?lang=en", data={"surname": "Gʻayratova"})
    assert "***" not in page(answer, 429).text
    assert int(answer.headers["retry-after"]) >= 1
