"""Search keys: one name, typed in Cyrillic, in Latin with any apostrophe or in Russian spelling, meets itself again.

`strict_key` is the same for both alphabets and keeps every letter apart. `loose_key` also forgives lost apostrophes and Russian-style
spelling. `skeleton_key` keeps little more than consonants and serves to find candidates of duplicates, nothing else. Results rank in that
order; no key is unique. The prototype of these rules was measured on 398 given names and surnames: groups of different names that fall
together were 0 in the strict key, 3 in the loose one and 39 in the skeleton.

Keys are plain ASCII and hold no character that means something to LIKE:

* words of a-z and 0-9, one space between them;
* `o'` and `g'` for the letters oʻ and gʻ. All other apostrophes and punctuation are gone, so the apostrophe cannot collide and the spelling
  can be read back; as the plain letter comes first, a typed `Yo` still finds `Yo'ldoshev`;
* `#` and seven digits for a letter of an alphabet that is not known here (Arabic, Chinese), so that such names can be found as well;
* `*` and `~` in the skeleton alone: a word that begins with a vowel, and a patronymic ending.

How to search. `search_text` fills one column of a row: its strict words, a gap, and those of its loose words that are no strict ones.
`query_tokens` splits what a user typed. Every word of the query must be the beginning of some word of the column, in its strict or in its
loose form and in any order; `app/search.py` says so to either database. The space before each word is what ties a match to the start of a
word, the gap tells a strict match from a loose one. A query without any word, such as `-`, gives no tokens: the caller decides whether that
means everything or nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from app.uzbek.letters import APOSTROPHES, INVISIBLE, LATIN_IN_CONTEXT, LATIN_OF, LATIN_OF_1995, OKINA, TUTUQ, alternatives

QUERY_WORDS = 8
QUERY_LENGTH = 256
BETWEEN = "  "
"""The gap between the strict and the loose words of a search column: no words stand so far apart otherwise."""

# Before Unicode normalization, which would take the acute accent for a space with a mark.
_CLEAN = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(INVISIBLE, ""))
_CONTEXT = alternatives(LATIN_IN_CONTEXT)
# Letters that have no decomposition into a Latin letter and a mark.
_WHOLE_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ə": "a", "ħ": "h"}
# The sign of a foreign letter is this module's own, so a typed one goes.
_LETTERS = str.maketrans(
    {letter: latin.replace(OKINA, "'").replace(TUTUQ, "'") for letter, latin in (LATIN_OF | LATIN_OF_1995 | _WHOLE_LETTERS).items()}
    | dict.fromkeys(APOSTROPHES, "'")
    | {"#": " "}
)
_LOST_APOSTROPHE = re.compile("(?<![og])'")
_BETWEEN_WORDS = re.compile("[^a-z0-9'#]+")

# Russian-style and other common spellings, one after the other; the order matters.
_LOOSE_SPELLINGS = (
    ("'", ""),
    ("shch", "sh"),
    ("dzh", "j"),
    ("dj", "j"),
    ("zh", "j"),
    ("kh", "h"),
    ("x", "h"),
    ("gh", "g"),
    ("q", "k"),
    ("ts", "s"),
    ("w", "v"),
    ("iy", "i"),
    ("ye", "e"),
    ("u", "o"),
)
_GLIDE = re.compile("(?<=[aeo])y(?=[aeo])")
_DOUBLED = re.compile(r"([a-z])\1+")
_PATRONYMIC = re.compile("(?:ovich|evich|ovna|evna|ogl[iy]|k[iy]z[iy])$")
_WEAK_LETTERS = str.maketrans("", "", "aeiouy")


def strict_key(text: str) -> str:
    """One key for Cyrillic, the Latin of 1995 and that of 2026; oʻ and o, gʻ and g stay apart, the tutuq does not count."""
    text = unicodedata.normalize("NFKC", text.translate(_CLEAN)).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        text = _CONTEXT.sub(_in_context, text)
    text = text.translate(_LETTERS)
    if not text.isascii():
        text = "".join(letter if letter.isascii() else _foreign(letter) for letter in text)
    return _BETWEEN_WORDS.sub(" ", _LOST_APOSTROPHE.sub("", text)).strip()


def loose_key(text: str) -> str:
    """The strict key without what people leave out or spell the Russian way."""
    return _loosened(strict_key(text))


def skeleton_key(text: str) -> str:
    """First letters and consonants of the loose key, all patronymic endings alike: for candidates of duplicates only."""
    return " ".join(_skeleton(word) for word in loose_key(text).split())


def search_text(*names: str | None) -> str:
    """What a row can be found by: each distinct word of the names; empty if there is no word."""
    return _search([word for name in names if name for word in strict_key(name).split()])


def _search(strict: Sequence[str], loosened: Iterable[str] = ()) -> str:
    """A search column of strict words; `loosened` are the same words in their loose form, if they are known."""
    words = dict.fromkeys(strict)
    loose = [word for word in dict.fromkeys(loosened or map(_loosened, words)) if word not in words]
    return f" {' '.join(words)}{BETWEEN}{' '.join(loose)}" if words else ""


class NameKeys(NamedTuple):
    """What one name, given in its parts, is found by."""

    strict: str
    loose: str
    skeleton: str
    search: str


def name_keys(*parts: str | None) -> NameKeys:
    """The keys and the search column of a name, each word of it looked at once."""
    strict = [word for part in parts if part for word in strict_key(part).split()]
    loose = [_loosened(word) for word in strict]
    return NameKeys(" ".join(strict), " ".join(loose), " ".join(map(_skeleton, loose)), _search(strict, loose))


def query_tokens(query: str) -> tuple[tuple[str, str], ...]:
    """The first eight words of a query, each in its strict and its loose form; neither is ever empty."""
    words = strict_key(query[:QUERY_LENGTH]).split()
    return tuple((word, _loosened(word)) for word in words[:QUERY_WORDS])


def _in_context(match: re.Match[str]) -> str:
    return LATIN_IN_CONTEXT[(match.lastindex or 1) - 1][1]


@lru_cache(maxsize=1024)
def _foreign(letter: str) -> str:
    """ASCII for a character that no table knows: its base letter, its digit, a space for a sign, or a code."""
    base = "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.category(part).startswith("M"))
    known = base.translate(_LETTERS)
    if known.isascii():
        return known
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    return f"#{ord(letter):07d}" if letter.isalnum() else " "


def _loosened(strict: str) -> str:
    for spelling, common in _LOOSE_SPELLINGS:
        strict = strict.replace(spelling, common)
    return _DOUBLED.sub(r"\1", _GLIDE.sub("", strict))


def _skeleton(word: str) -> str:
    stem = _PATRONYMIC.sub("", word)
    ending = "~" if stem != word else ""
    if not stem:
        return ending
    first = "*" if stem[0] in "aeiou" else stem[0]
    rest = stem[1:].translate(_WEAK_LETTERS)
    # A patronymic of one word (Karimovich) and one of two (Karim oʻgʻli) come out alike.
    return f"{first}{rest} {ending}".rstrip()
