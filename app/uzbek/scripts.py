"""The same text in the other alphabet: Uzbek Cyrillic to the official Latin of 1995, and back.

Cyrillic to Latin loses little (ь, щ, ы and ц), Latin to Cyrillic must guess at loanwords. A name is therefore kept as it was entered and
only the other form is derived; `in_both_scripts` does that, and derives none where a letter has no counterpart: half a name in each
alphabet, or a foreign one by ear, is no form of it. The rules and their sources stand in `app.uzbek.letters`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from app.uzbek.letters import (
    APOSTROPHES,
    CYRILLIC_IN_CONTEXT,
    CYRILLIC_OF,
    CYRILLIC_STEMS,
    INVISIBLE,
    LATIN_IN_CONTEXT,
    LATIN_OF,
    LATIN_OF_1995,
    LATIN_STEMS,
    OKINA,
    TUTUQ,
    UNSURE_LATIN,
    alternatives,
)


class Script(StrEnum):
    LATIN = "latin"
    CYRILLIC = "cyrillic"
    MIXED = "mixed"
    OTHER = "other"


_Rules = tuple[re.Pattern[str], tuple[str, ...]]

_LATIN_LETTER = re.compile("[A-Za-zÀ-ÖØ-öø-\u024f\u1e00-\u1eff]")
_CYRILLIC_LETTER = re.compile("[\u0400-\u052f]")
_WITHOUT_INVISIBLE = str.maketrans("", "", INVISIBLE)
_WORD = re.compile(rf"(?:[^\W\d_]|[{APOSTROPHES}])+")
_WORD_WITH_MARKS = re.compile(rf"(?:[^\W\d_]|[{APOSTROPHES}\u0300-\u036f])+")
_SURE_LATIN = (frozenset("abcdefghijklmnopqrstuvwxyz") | LATIN_OF_1995.keys()) - UNSURE_LATIN
# Roman numerals up to 39 stay as they are: "II bosqich" is "II босқич". With L and C they would look like surnames (LI).
_ROMAN = re.compile("(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3})")


def _rules(contexts: tuple[tuple[str, str], ...], letters: Mapping[str, str]) -> _Rules:
    """A table of contexts and one of letters as one pattern, and the output for each of its groups."""
    table = (*contexts, *letters.items())
    return alternatives(table), tuple(output for _, output in table)


# Where the keyboard has no ў and ғ, о' and г' are typed in Cyrillic too.
_TO_1995 = _rules(((f"(?<=[ogог])[{APOSTROPHES}]", OKINA), (rf"(?<=[^\W\d_])[{APOSTROPHES}](?=[^\W\d_])", TUTUQ)), LATIN_OF_1995)
_TO_LATIN = _rules(LATIN_IN_CONTEXT, LATIN_OF)
_TO_CYRILLIC = _rules(CYRILLIC_IN_CONTEXT, CYRILLIC_OF)
_LATIN_STEM = re.compile("|".join(LATIN_STEMS), re.IGNORECASE)
_CYRILLIC_STEM = re.compile("|".join(CYRILLIC_STEMS), re.IGNORECASE)


def script_of(text: str) -> Script:
    """The alphabet of the letters of a text; signs and digits do not count."""
    latin = _LATIN_LETTER.search(text) is not None
    cyrillic = _CYRILLIC_LETTER.search(text) is not None
    if latin and cyrillic:
        return Script.MIXED
    if latin or cyrillic:
        return Script.LATIN if latin else Script.CYRILLIC
    return Script.OTHER


def to_latin(text: str) -> str:
    """The text in the official Latin of 1995, with ʻ (U+02BB) and ʼ (U+02BC); Latin words only get their signs and letters put right."""
    return _WORD.sub(lambda match: _latin(match[0]), _prepared(text))


def to_cyrillic(text: str) -> str:
    """The text in Uzbek Cyrillic, whatever apostrophes and whichever Latin alphabet it comes in; Cyrillic words stay."""
    return _WORD.sub(lambda match: _cyrillic(match[0]), _prepared(text))


def in_both_scripts(text: str) -> tuple[str, str]:
    """The text in Latin and in Cyrillic. The one it was entered in is kept verbatim; it stands in both places where the other alphabet
    lacks one of its letters, as Cyrillic does for Żółć and Karakalpak Ńıyaz.
    """
    (latin,), (cyrillic,) = all_in_both_scripts([text])
    return latin, cyrillic


def all_in_both_scripts(parts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The parts of one text in Latin and in Cyrillic, as `in_both_scripts` has the whole: all of them in an alphabet, or none."""
    given, script = list(parts), script_of(" ".join(parts))
    if script is Script.OTHER or not all(map(_is_sure, given)):
        return given, given
    latin = given if script is Script.LATIN else [to_latin(part) for part in given]
    cyrillic = given if script is Script.CYRILLIC else [to_cyrillic(part) for part in given]
    return (
        latin if all(_spelled(part, _LATIN_LETTER) for part in latin) else given,
        cyrillic if all(_spelled(part, _CYRILLIC_LETTER) for part in cyrillic) else given,
    )


def _is_sure(text: str) -> bool:
    """Whether each Latin letter of a text has a counterpart in Cyrillic."""
    letters = _LATIN_LETTER.findall(_prepared(text).lower())
    return all(letter in _SURE_LATIN for letter in letters)


def _spelled(text: str, alphabet: re.Pattern[str]) -> bool:
    """Whether a text has no letter of another alphabet, and no accent that its own has not composed; Roman numerals are of both."""
    for word in _WORD_WITH_MARKS.findall(text):
        if _ROMAN.fullmatch(word):
            continue
        if any(not alphabet.match(letter) and letter not in APOSTROPHES for letter in word):
            return False
    return True


def _prepared(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(_WITHOUT_INVISIBLE))


def _latin(word: str) -> str:
    word = _official(word)
    if not _CYRILLIC_LETTER.search(word):
        return word
    return _converted(word, _LATIN_STEM, LATIN_STEMS, _TO_LATIN)


def _cyrillic(word: str) -> str:
    if not _LATIN_LETTER.search(word) or _ROMAN.fullmatch(word):
        return word
    return _converted(_without_marks(_official(word)), _CYRILLIC_STEM, CYRILLIC_STEMS, _TO_CYRILLIC)


def _official(word: str) -> str:
    """A Latin word in the letters and signs of 1995. A sign at its edge may be a quotation mark and stays, except in oʻ and gʻ."""
    return _rewritten(word, _TO_1995)


def _without_marks(word: str) -> str:
    """A Latin word without the accents that no Uzbek alphabet knows; é becomes e. Cyrillic letters keep theirs: й is no и."""
    if word.isascii():
        return word
    return "".join(unicodedata.normalize("NFD", letter)[0] if _LATIN_LETTER.match(letter) else letter for letter in word)


def _converted(word: str, stem: re.Pattern[str], stems: Mapping[str, str], rules: _Rules) -> str:
    """A word by the table of stems as far as that reaches, and by the rules from there on."""
    known = stem.match(word)
    if known is None:
        return _rewritten(word, rules)
    return _cased(known, stems[known[0].lower()]) + _rewritten(word, rules, known.end())


def _rewritten(word: str, rules: _Rules, start: int = 0) -> str:
    """The word from `start` on by the rules; what stands before `start` is still seen by patterns that look behind."""
    pattern, outputs = rules
    pieces = []
    for match in pattern.finditer(word, start):
        pieces += [word[start : match.start()], _cased(match, outputs[(match.lastindex or 1) - 1])]
        start = match.end()
    return "".join([*pieces, word[start:]])


def _cased(match: re.Match[str], output: str) -> str:
    """The output in the case of its source: Шавкат, Shavkat; ШАВКАТ, SHAVKAT; ЖШШИРни, JSHSHIRni; the initial Ш., Sh."""
    source = match[0]
    if source.islower():
        return output
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    if not source.isupper():
        # Sh begins a word in Title Case; a sign has no case of its own and follows its neighbors.
        among_capitals = before.isupper() and not after.islower()
        return output.upper() if among_capitals else _title(source, output)
    return output.upper() if len(source) > 1 or before.isupper() or after.isupper() else _title(source, output)


def _title(source: str, output: str) -> str:
    return output[:1].upper() + output[1:] if source[:1].isupper() else output
