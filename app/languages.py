"""The four languages of the service: which one a request wants, what a message says in it, how it writes dates.

English is the language of the code, so the English text is the key of a message; the others are `translations/<locale>.po`, plain text
that a translator edits and that is compiled in memory at first use. Month names are those of Unicode CLDR, which Babel brings along.
Sources: RFC 9110, sections 12.5.4 (Accept-Language) and 12.4.2 (quality values); RFC 4647, section 3.4 (lookup).
"""

import gettext
import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


class Language(StrEnum):
    UZ_LATN = "uz-Latn"
    UZ_CYRL = "uz-Cyrl"
    RU = "ru"
    EN = "en"


Key = Literal["uz_latn", "uz_cyrl", "ru", "en"]
"""Under what a name in a language is kept."""
TRANSLATIONS = Path(__file__).parent / "translations"
HEADER_LENGTH = 256

# English is British here: the day comes first, as in the other three languages.
_LOCALES = {Language.UZ_LATN: "uz_Latn", Language.UZ_CYRL: "uz_Cyrl", Language.RU: "ru", Language.EN: "en_GB"}

# Labels that are not their word with a capital; a word that says something of its own in one list stands behind that list's name.
_ENGLISH_LABELS = {
    "ngo": "NGO",
    "womens_committee": "Women's Committee",
    "pre": "Test before",
    "post": "Test after",
    "housing.none": "No housing",
    "pinfl": "PINFL",
    "id_card": "ID card",
}

# First the same language in the other script, or the same script.
NEAREST: dict[Language, tuple[Key, ...]] = {
    Language.UZ_LATN: ("uz_latn", "uz_cyrl", "en", "ru"),
    Language.UZ_CYRL: ("uz_cyrl", "uz_latn", "ru", "en"),
    Language.RU: ("ru", "uz_cyrl", "uz_latn", "en"),
    Language.EN: ("en", "uz_latn", "ru", "uz_cyrl"),
}
"""The keys of names by which readers of a language are served best, in this order, where a name is missing in theirs."""

_LANGUAGE_RANGE = re.compile(
    r"[ \t]*(?P<tag>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)[ \t]*(?:;[ \t]*q=(?P<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?",
    re.IGNORECASE | re.ASCII,
)
_BY_TAG = {"uz": Language.UZ_LATN, "uz-latn": Language.UZ_LATN, "uz-cyrl": Language.UZ_CYRL, "ru": Language.RU, "en": Language.EN}


def choose(accept_language: str | None, default: Language) -> Language:
    """The language a request asks for, or `default`: without a header, with one that is too long, and where nothing asked for exists.

    `uz` without a script is Latin, the official alphabet. Elements that cannot be read are passed over.
    """
    if not accept_language or len(accept_language) > HEADER_LENGTH:
        return default
    return _negotiated(accept_language, default)


def translate(message: str, language: Language, /, **values: Any) -> str:
    """An English message in a language, with `{name}` filled from the values; English where no translation exists."""
    # The empty message is gettext's key for the header of a catalog.
    text = _catalog(language).gettext(message) if message else message
    return text.format(**values) if values else text


def nearest(names: Mapping[str, str | None], language: Language) -> str:
    """The name in a language, or in the one that serves its readers best; `names` as `NamesRead` has them, empty if there are none."""
    return next((name for near in NEAREST[language] if (name := names.get(near))), "")


def label(kind: str, word: str, language: Language) -> str:
    """The label of a word of a closed list; the list's name is the message's context, since `head` of what decides how it is said."""
    english = _ENGLISH_LABELS.get(f"{kind}.{word}") or _ENGLISH_LABELS.get(word, word.replace("_", " ").capitalize())
    return _catalog(language).pgettext(kind, english)


def date_text(value: date, precision: str, language: Language) -> str:
    """A date as exactly as it is known (`day`, `month` or `year`): `7-oktabr, 2019`, `oktabr 2019`, `2019`."""
    return _written(value, _pattern(precision, language), language)


def period_text(start: date, end: date | None, precision: str, language: Language) -> str:
    """A period without repeating what its ends share: `7–9-oktabr, 2019`, `oktabr – noyabr 2019`.

    Where both ends read the same, where there is no end or one before the start, the start stands alone.
    """
    full = _pattern(precision, language)
    shared = _shared(start, end or start, precision)
    if end is None or end <= start or shared == precision:
        return _written(start, full, language)
    first = full if shared is None else _FIRST_PATTERNS[precision, shared][language]
    # Two numbers are joined tightly, groups of words with spaces around the dash.
    dash = "–" if first in {"d", "y"} else " – "
    return _written(start, first, language) + dash + _written(end, full, language)


@lru_cache(maxsize=512)
def _negotiated(header: str, default: Language) -> Language:
    named: dict[Language, float] = {}
    anything = 0.0
    for element in header.split(","):
        match = _LANGUAGE_RANGE.fullmatch(element)
        if match is None:
            continue
        quality = float(match["quality"] or 1)
        if match["tag"] == "*":
            anything = max(anything, quality)
        elif (language := _looked_up(match["tag"].lower())) is not None:
            named[language] = max(named.get(language, 0.0), quality)
    # `max` takes the first of equals: languages in the order of the header, then the default, then the others.
    candidates = named | {language: anything for language in (default, *Language) if language not in named}
    best = max(candidates, key=candidates.__getitem__)
    return best if candidates[best] > 0 else default


def _looked_up(tag: str) -> Language | None:
    """The language of a tag, whatever regions and variants follow it (RFC 4647 lookup: cut from the end until one is known)."""
    while tag and tag not in _BY_TAG:
        tag = tag.rpartition("-")[0]
    return _BY_TAG.get(tag)


@lru_cache(maxsize=len(Language))
def _catalog(language: Language) -> gettext.NullTranslations:
    """The messages of a language, compiled in memory, so that no .mo file can lag behind its .po."""
    if language is Language.EN:
        return gettext.NullTranslations()
    locale = _LOCALES[language]
    compiled = BytesIO()
    with (TRANSLATIONS / f"{locale}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale, abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


# Patterns in CLDR's own notation, corrected where CLDR reads badly: the comma in "oktabr, 2019" goes, in Cyrillic that of the day as well,
# and the narrow no-break space before the Russian "г." becomes a plain one, which every font has.
_FULL_PATTERNS = {
    "day": {
        Language.UZ_LATN: "d-MMMM, y",
        Language.UZ_CYRL: "d MMMM y",
        Language.RU: "d MMMM y 'г'.",
        Language.EN: "d MMMM y",
    },
    "month": {
        Language.UZ_LATN: "MMMM y",
        Language.UZ_CYRL: "MMMM y",
        Language.RU: "LLLL y 'г'.",
        Language.EN: "MMMM y",
    },
    "year": dict.fromkeys(Language, "y"),
}
# How the first date of a period is written, by the precision and by the smallest unit that it shares with the second date.
_FIRST_PATTERNS = {
    ("day", "month"): dict.fromkeys(Language, "d"),
    ("day", "year"): {Language.UZ_LATN: "d-MMMM", Language.UZ_CYRL: "d MMMM", Language.RU: "d MMMM", Language.EN: "d MMMM"},
    ("month", "year"): {Language.UZ_LATN: "MMMM", Language.UZ_CYRL: "MMMM", Language.RU: "LLLL", Language.EN: "MMMM"},
}
# The official spelling, that of the laws on lex.uz, has the soft sign that CLDR leaves out.
_UZ_CYRL_MONTHS = ("январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь")


def _pattern(precision: str, language: Language) -> str:
    try:
        return _FULL_PATTERNS[precision][language]
    except KeyError:
        raise ValueError(f"no precision of a date: {precision!r}") from None


def _shared(start: date, end: date, precision: str) -> str | None:
    """The smallest unit in which two dates are the same, no smaller than the precision."""
    if start.year != end.year:
        return None
    if start.month != end.month or precision == "year":
        return "year"
    return "day" if start == end and precision == "day" else "month"


def _written(value: date, pattern: str, language: Language) -> str:
    if language is Language.UZ_CYRL:
        pattern = pattern.replace("MMMM", f"'{_UZ_CYRL_MONTHS[value.month - 1]}'")
    return format_date(value, pattern, locale=_LOCALES[language])
