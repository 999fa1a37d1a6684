"""The public page as people use it: on a phone and a desktop, with and without JavaScript, by keyboard, on paper."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LANGUAGES = ("uz-Latn", "uz-Cyrl", "ru", "en")
STATES = ("ask", "valid", "revoked", "superseded", "specimen", "long", "unknown", "mistyped")
SAID = {
    "uz-Latn": {
        "ask": "Sertifikat haqiqiymi?",
        "valid": "Sertifikat haqiqiy",
        "revoked": "Sertifikat bekor qilingan",
        "superseded": "Sertifikat almashtirilgan",
        "unknown": "Bunday raqamli sertifikat yoʻq",
        "mistyped": "Raqam xato yozilgan",
    },
    "uz-Cyrl": {
        "ask": "Сертификат ҳақиқийми?",
        "valid": "Сертификат ҳақиқий",
        "revoked": "Сертификат бекор қилинган",
        "superseded": "Сертификат алмаштирилган",
        "unknown": "Бундай рақамли сертификат йўқ",
        "mistyped": "Рақам хато ёзилган",
    },
    "ru": {
        "ask": "Подлинный ли сертификат?",
        "valid": "Сертификат действителен",
        "revoked": "Сертификат аннулирован",
        "superseded": "Сертификат заменён",
        "unknown": "Сертификата с таким номером нет",
        "mistyped": "Номер введён с ошибкой",
    },
    "en": {
        "ask": "Is the certificate genuine?",
        "valid": "This certificate is valid",
        "revoked": "This certificate is revoked",
        "superseded": "This certificate has been replaced",
        "unknown": "There is no certificate with this number",
        "mistyped": "The number is mistyped",
    },
}
LABELS = {
    "uz-Latn": ("Sertifikat raqami", "Familiya"),
    "uz-Cyrl": ("Сертификат рақами", "Фамилия"),
    "ru": ("Номер сертификата", "Фамилия"),
    "en": ("Certificate number", "Surname"),
}
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])

# Every visible text against the color behind it, by the formula of WCAG 2.2 (1.4.3).
CONTRAST = """() => {
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const color = parts(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    found.push({text: walker.currentNode.data.trim(), ratio: ratio(parts(style.color), behind(element)), least: large ? 3 : 4.5});
  }
  for (const input of document.querySelectorAll("input:not([type=hidden])")) {
    const hint = getComputedStyle(input, "::placeholder").color, edge = getComputedStyle(input).borderTopColor;
    found.push({text: "placeholder", ratio: ratio(parts(hint), behind(input)), least: 4.5});
    found.push({text: "edge of a field", ratio: ratio(parts(edge), behind(input.parentElement)), least: 3});
  }
  return found;
}"""


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def said(language: str, state: str) -> str:
    return SAID[language]["valid" if state in ("specimen", "long") else state]


# --- every state ------------------------------------------------------------------------------------------------------------
@BOTH
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_every_state_in_every_language(visit: Visit, service: Service, width: int, javascript: bool) -> None:
    visitor = visit(width=width, javascript=javascript)
    for language in LANGUAGES:
        for state in STATES:
            answer = visitor.page.goto(service.page(state, language))
            assert answer
            assert answer.status == (404 if state in ("unknown", "mistyped") else 200)
            expect(visitor.page.get_by_role("heading", level=1)).to_have_text(said(language, state))
            expect(visitor.page.locator("html")).to_have_attribute("lang", language)
            assert overflow(visitor.page) <= 0, (language, state)
            number, surname = LABELS[language]
            expect(visitor.page.get_by_role("textbox", name=number)).to_be_visible()
            if state not in ("ask", "unknown", "mistyped"):
                expect(visitor.page.get_by_role("textbox", name=surname)).to_be_visible()
                expect(visitor.page.get_by_text(service.numbers[state], exact=True)).to_be_visible()


def test_a_browsers_own_language_is_spoken(visit: Visit, service: Service) -> None:
    for locale, language in (("ru-RU", "ru"), ("uz-Cyrl-UZ", "uz-Cyrl"), ("en-GB", "en"), ("uz-UZ", "uz-Latn"), ("de-DE", "uz-Latn")):
        visitor = visit(locale=locale)
        visitor.page.goto(f"{service.url}/v/{service.numbers['valid']}")
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text(said(language, "valid"))


@BOTH
def test_another_language_is_a_click_away(visit: Visit, service: Service, javascript: bool) -> None:
    page = visit(javascript=javascript).page
    page.goto(service.page("revoked", "uz-Latn"))
    for language, name in (("uz-Cyrl", "Ўзбекча"), ("ru", "Русский"), ("en", "English"), ("uz-Latn", "Oʻzbekcha")):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(said(language, "revoked"))
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        expect(page.locator("nav [aria-current]")).to_have_count(1)


# --- the forms --------------------------------------------------------------------------------------------------------------
@BOTH
@pytest.mark.parametrize("width", [360, 1280])
def test_a_number_is_typed_as_people_type(visit: Visit, service: Service, width: int, javascript: bool) -> None:
    page = visit(width=width, javascript=javascript).page
    page.goto(service.page("ask", "ru"))
    field = page.get_by_label("Номер сертификата")
    field.fill(service.numbers["valid"].lower().replace("-", " "))
    page.get_by_role("button", name="Проверить").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(said("ru", "valid"))
    assert page.url == service.page("valid", "ru")
    field.fill(service.numbers["mistyped"])
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(said("ru", "mistyped"))
    # What was typed stays, to be compared with the paper.
    expect(field).to_have_value(service.numbers["mistyped"])
    field.fill(service.numbers["revoked"])
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(said("ru", "revoked"))


@BOTH
@pytest.mark.parametrize("width", [360, 1280])
def test_a_surname_is_compared(visit: Visit, service: Service, width: int, javascript: bool) -> None:
    page = visit(width=width, javascript=javascript).page
    page.goto(service.page("valid"))
    for surname, answer in (
        ("Ғайратова", "The surname matches"),
        ("gayratova", "The surname matches"),
        ("Karimova", "The surname does not match"),
    ):
        page.get_by_label("Surname").fill(surname)
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("status")).to_contain_text(answer)
        expect(page.get_by_role("status")).to_be_in_viewport()
        assert re.sub("#.*", "", page.url) == service.page("valid")
        assert surname not in page.content()
        assert overflow(page) <= 0


def test_no_log_holds_what_was_typed(visit: Visit, service: Service) -> None:
    page = visit().page
    page.goto(service.page("valid"))
    page.get_by_label("Surname").fill("Neverwhere")
    page.get_by_label("Surname").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("does not match")
    log = service.log.read_text()
    assert '"route": "/v/{number:path}"' in log
    for secret in ("Neverwhere", service.numbers["valid"], service.numbers["valid"].replace("-", "")):
        assert secret not in log


def test_an_empty_field_is_not_sent(visit: Visit, service: Service) -> None:
    page = visit().page
    page.goto(service.page("valid"))
    page.get_by_role("button", name="Compare").click()
    assert page.url == service.page("valid")
    assert page.get_by_label("Surname").evaluate("field => field.validity.valueMissing")


@BOTH
def test_too_often(visit: Visit, service: Service, javascript: bool) -> None:
    visitor = visit(javascript=javascript)
    visitor.page.goto(service.page("valid"))
    for _ in range(10):
        visitor.context.request.post(service.page("valid"), form={"surname": "Karimova"})
    visitor.page.get_by_label("Surname").fill("Gʻayratova")
    visitor.page.get_by_role("button", name="Compare").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("Too many requests")
    for _ in range(60):
        answer = visitor.context.request.get(service.page("unknown"))
    assert answer.status == 429
    gone = visitor.page.goto(service.page("valid"))
    assert gone
    assert gone.status == 429
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Too many requests")
    expect(visitor.page.get_by_text("Please wait")).to_be_visible()
    assert overflow(visitor.page) <= 0
    # Somebody else is not kept out.
    other = visit(javascript=javascript)
    other.page.goto(service.page("valid"))
    expect(other.page.get_by_role("heading", level=1)).to_have_text(said("en", "valid"))


# --- for everybody ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("width", [360, 1280])
def test_every_text_stands_out(visit: Visit, service: Service, width: int) -> None:
    page = visit(width=width).page
    for state in STATES:
        page.goto(service.page(state))
        if state == "valid":
            page.get_by_label("Surname").fill("Karimova")
            page.get_by_role("button", name="Compare").click()
            expect(page.get_by_role("status")).to_be_visible()
        found: list[dict[str, Any]] = page.evaluate(CONTRAST)
        assert len(found) > 10
        assert [one for one in found if one["ratio"] < one["least"]] == [], state


def test_states_differ_without_color(visit: Visit, service: Service) -> None:
    page = visit().page
    signs, edges = set(), set()
    told = ("valid", "revoked", "superseded", "unknown")
    for state in told:
        page.goto(service.page(state))
        signs.add(page.locator(".status .sign").get_attribute("d"))
        edges.add(page.locator(".status").evaluate("it => getComputedStyle(it).borderTopStyle"))
    assert len(signs) == len(told)
    assert len(edges) > 2


@BOTH
def test_the_keyboard_goes_through_it_in_order(visit: Visit, service: Service, javascript: bool) -> None:
    page = visit(javascript=javascript).page
    page.goto(service.page("valid"))
    order = []
    for _ in range(9):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => { const it = document.activeElement, style = getComputedStyle(it);
            return [it.id || it.textContent.trim().replace(/\\s+/g, " "), style.outlineStyle, parseFloat(style.outlineWidth)]; }"""
        )
        assert focused[1:] == ["solid", 3], focused
        order.append(focused[0])
    brand, *rest = order
    assert brand.startswith("Himoya")
    assert rest == ["Oʻzbekcha", "Ўзбекча", "Русский", "English", "surname", "Compare", "number", "Check"]


def test_fingers_hit_what_they_mean(visit: Visit, service: Service) -> None:
    page = visit(width=360, has_touch=True, is_mobile=True).page
    page.goto(service.page("valid"))
    for target in page.locator("a, button, input:not([type=hidden])").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 44, target.inner_html()
        assert box["width"] >= 44


def test_large_letters_break_nothing(visit: Visit, service: Service) -> None:
    page = visit(width=360).page
    for state in ("valid", "long", "mistyped"):
        page.goto(service.page(state, "uz-Cyrl"))
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        assert overflow(page) <= 0, state


def test_it_can_be_printed(visit: Visit, service: Service) -> None:
    page = visit(width=1280).page
    page.emulate_media(media="print")
    page.goto(service.page("revoked"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Wrong details")).to_be_visible()
    expect(page.get_by_text("Tashkent time")).to_be_visible()
    for hidden in ("nav", "form"):
        for one in page.locator(hidden).all():
            expect(one).to_be_hidden()
    colors = page.evaluate(
        "() => [...document.querySelectorAll('h1, p, dt, dd')].filter(it => it.checkVisibility()).map(it => getComputedStyle(it).color)"
    )
    assert set(colors) <= {"rgb(0, 0, 0)", "rgb(35, 39, 46)"}
    assert len(page.pdf(format="A4").split(b"/Type /Page\n")) == 2, "one sheet is enough"


def test_nothing_is_kept_in_the_browser(visit: Visit, service: Service) -> None:
    visitor = visit()
    visitor.page.goto(service.page("valid"))
    visitor.page.get_by_label("Surname").fill("Karimova")
    visitor.page.get_by_role("button", name="Compare").click()
    expect(visitor.page.get_by_role("status")).to_be_visible()
    assert visitor.context.cookies() == []
    assert visitor.page.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 0]
