"""The right language for every header, every message in every language, dates as people write them."""

import ast
import string
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import app.languages
from app.languages import TRANSLATIONS, Language, choose, date_text, period_text, translate
from app.uzbek.keys import loose_key

UZ_LATN, UZ_CYRL, RU, EN = Language.UZ_LATN, Language.UZ_CYRL, Language.RU, Language.EN
CATALOGS = ("ru", "uz_Cyrl", "uz_Latn")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ru", RU),
        ("uz", UZ_LATN),
        ("uz-UZ", UZ_LATN),
        ("uz-Latn-UZ", UZ_LATN),
        ("UZ-CYRL", UZ_CYRL),
        ("uz-Cyrl-UZ", UZ_CYRL),
        ("en-US,en;q=0.9", EN),
        ("en-US;q=0.8, ru-RU;q=0.9", RU),
        ("ru;q=0.5, uz-Cyrl;q=0.5", RU),
        ("uz;q=0.4, uz-Cyrl;q=0.9", UZ_CYRL),
        ("de, kk;q=0.9, ru;q=0.1", RU),
        (" ru ; q=0.7 ,\ten;q=0.8", EN),
        ("ru;Q=1.000", RU),
        ("ru;q=0, en;q=0.001", EN),
        ("en;q=0, en-GB;q=0.2", EN),
        (",, ru,", RU),
        ("*", UZ_LATN),
        ("*;q=0.5, ru;q=0.4", UZ_LATN),
        ("uz;q=0, *", UZ_CYRL),
        ("*, ru", RU),
    ],
)
def test_negotiation(header, language):
    assert choose(header, UZ_LATN) is language


UNUSABLE = "|,|de|russian-language|ru;q=0|*;q=0|ru;q=2|ru;q=1.001|ru;q=0.1234|ru;q=|ru;q=-1|ru;level=1|ru en|uz_Cyrl|-ru|ru-|рус|ru\n|\0"


@pytest.mark.parametrize("header", [None, *UNUSABLE.split("|"), "ru," * 100, "ru;q=" + "0" * 1000])
@pytest.mark.parametrize("default", Language)
def test_nothing_to_negotiate_gives_the_default(header, default):
    assert choose(header, default) is default


def test_what_cannot_be_read_does_not_spoil_the_rest():
    assert choose("uz_Cyrl, ru;q=high, en;q=0.3", UZ_LATN) is EN


@given(st.one_of(st.text(max_size=300), st.text("ruzenlatcyq*;=-,. 01", max_size=300)), st.sampled_from(Language))
def test_negotiation_never_raises(header, default):
    assert choose(header, default) in Language


def test_remembered_headers_are_bounded():
    app.languages._negotiated.cache_clear()
    for number in range(2000):
        choose(f"ru, x-{number}", EN)
    assert app.languages._negotiated.cache_info().currsize <= 512


def catalog(locale: str) -> Catalog:
    with (TRANSLATIONS / f"{locale}.po").open("rb") as source:
        return read_po(source, locale=locale, abort_invalid=True)


def entries(locale: str) -> dict[str, str]:
    return {str(message.id): str(message.string) for message in catalog(locale) if message.id}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def messages_in_the_code() -> set[str]:
    """Titles of problems (a class that has both a code and a title) and what is given to `translate` as it stands."""
    found = set()
    for path in Path(app.languages.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                constants = dict(assignment for statement in node.body for assignment in assignments(statement))
                if {"code", "title"} <= constants.keys():
                    found.add(constants["title"])
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "translate":
                found |= {argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)}
    return found


def assignments(statement: ast.stmt) -> list[tuple[str, object]]:
    """Names and constants of `a = 1`, `a: int = 1` and `a, b = 1, 2`."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    elif isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    else:
        return []
    if isinstance(targets[0], ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(targets[0].elts, value.elts, strict=False)
    else:
        pairs = zip(targets, [value], strict=False)
    return [(target.id, part.value) for target, part in pairs if isinstance(target, ast.Name) and isinstance(part, ast.Constant)]


@pytest.mark.parametrize("locale", CATALOGS)
def test_every_message_of_the_code_is_translated(locale):
    assert messages_in_the_code() - entries(locale).keys() == set()


def test_there_is_a_catalog_for_every_language_but_english():
    assert sorted(path.stem for path in TRANSLATIONS.iterdir()) == sorted(CATALOGS)


@pytest.mark.parametrize("locale", CATALOGS)
def test_a_catalog_is_complete(locale):
    translated = entries(locale)
    assert translated.keys() == entries("ru").keys()
    for message, translation in translated.items():
        assert translation.strip(), message
        assert placeholders(translation) == placeholders(message), message
    assert [str(message.id) for message in catalog(locale) if message.id and message.fuzzy] == []


def test_the_two_uzbek_catalogs_say_the_same():
    latin, cyrillic = entries("uz_Latn"), entries("uz_Cyrl")
    assert {message: loose_key(latin[message]) for message in latin} == {message: loose_key(cyrillic[message]) for message in cyrillic}


def test_latin_catalog_uses_the_official_signs():
    for translation in entries("uz_Latn").values():
        assert not set(translation) & set("'`’‘")


def test_translate():
    assert [translate("Not found", language) for language in Language] == ["Topilmadi", "Топилмади", "Не найдено", "Not found"]


@pytest.mark.parametrize("language", Language)
def test_translate_falls_back_to_the_message(language):
    assert translate("Nobody translated {this}", language) == "Nobody translated {this}"
    assert translate("", language) == ""
    assert translate("{message} of {language}", language, message=1, language=2) == "1 of 2"


@pytest.mark.parametrize(
    ("precision", "texts"),
    [
        ("day", ["7-oktabr, 2019", "7 октябрь 2019", "7 октября 2019 г.", "7 October 2019"]),
        ("month", ["oktabr 2019", "октябрь 2019", "октябрь 2019 г.", "October 2019"]),
        ("year", ["2019", "2019", "2019", "2019"]),
    ],
)
def test_dates(precision, texts):
    assert [date_text(date(2019, 10, 7), precision, language) for language in Language] == texts


def test_cyrillic_months_are_spelled_officially():
    months = [date_text(date(2024, month, 1), "month", UZ_CYRL).removesuffix(" 2024") for month in range(1, 13)]
    assert " ".join(months) == "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"


PERIODS = """
    day   2019-10-09 | 7–9-oktabr, 2019 | 7–9 октябрь 2019 | 7–9 октября 2019 г. | 7–9 October 2019
    day   2019-11-09 | 7-oktabr – 9-noyabr, 2019 | 7 октябрь – 9 ноябрь 2019 | 7 октября – 9 ноября 2019 г. | 7 October – 9 November 2019
    day   2020-10-07 | 7-oktabr, 2019 – 7-oktabr, 2020 | 7 октябрь 2019 – 7 октябрь 2020 | 7 октября 2019 г. – 7 октября 2020 г. | \
7 October 2019 – 7 October 2020
    month 2019-11-01 | oktabr – noyabr 2019 | октябрь – ноябрь 2019 | октябрь – ноябрь 2019 г. | October – November 2019
    month 2020-02-01 | oktabr 2019 – fevral 2020 | октябрь 2019 – февраль 2020 | октябрь 2019 г. – февраль 2020 г. | \
October 2019 – February 2020
    year  2021-01-01 | 2019–2021 | 2019–2021 | 2019–2021 | 2019–2021
"""


@pytest.mark.parametrize("row", PERIODS.strip().splitlines())
def test_periods(row):
    head, *texts = row.split(" | ")
    precision, end = head.split()
    assert [period_text(date(2019, 10, 7), date.fromisoformat(end), precision, language) for language in Language] == texts


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("end", "precision"),
    [
        (date(2019, 10, 7), "day"),
        (date(2019, 10, 31), "month"),
        (date(2019, 12, 31), "year"),
        (None, "day"),
        (None, "month"),
        (date(2019, 1, 1), "day"),
    ],
)
def test_a_period_that_reads_as_one_date_is_one(end, precision, language):
    assert period_text(date(2019, 10, 7), end, precision, language) == date_text(date(2019, 10, 7), precision, language)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="precision"):
        date_text(date(2019, 10, 7), "century", EN)
    with pytest.raises(ValueError, match="precision"):
        period_text(date(2019, 10, 7), None, "century", EN)
