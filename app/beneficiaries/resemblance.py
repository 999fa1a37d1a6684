"""How alike two registered persons are: a score with its reasons, by what is known of both. No database and no clock.

Each thing that is compared weighs for or against as in record linkage after Fellegi and Sunter ("A Theory for Record Linkage", Journal of
the American Statistical Association 64, 1969): the binary logarithm of how much likelier the agreement is between two rows of one person
than between two persons. The sum, from the odds that any two rows of a register of some 100,000 are one person, becomes a score of 0 to 1.
Two things are decided rather than weighed, as no sum of the rest may outweigh them: twins differ in the given name and agree in all else,
a father and the son named after him differ in the birth date by a generation. An equal identifier is above all of this.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from app.beneficiaries.models import Sex
from app.schemas import Precision
from app.uzbek.keys import loose_key, skeleton_key, strict_key

RECORDED = 0.9
"""From this score on a pair is written down, to be decided by people."""


class ResemblanceReason(StrEnum):
    """Why two rows may be one person, or may not."""

    SAME_IDENTIFIER = "same_identifier"
    NAMES_MATCH_STRICTLY = "names_match_strictly"
    NAMES_MATCH_LOOSELY = "names_match_loosely"
    NAMES_MATCH_NEARLY = "names_match_nearly"
    SAME_PATRONYMIC = "same_patronymic"
    SAME_BIRTH_DATE = "same_birth_date"
    NEAR_BIRTH_DATE = "near_birth_date"
    SAME_BIRTH_YEAR = "same_birth_year"
    SAME_PHONE = "same_phone"
    SAME_MAHALLA = "same_mahalla"
    SAME_DISTRICT = "same_district"
    SAME_SEX = "same_sex"
    OTHER_GIVEN_NAME = "other_given_name"
    OTHER_SURNAME = "other_surname"
    OTHER_PATRONYMIC = "other_patronymic"
    OTHER_BIRTH_DATE = "other_birth_date"
    OTHER_REGION = "other_region"
    OTHER_SEX = "other_sex"
    REPORTED_BY_HAND = "reported_by_hand"


KEY_LENGTH = 40
"""Characters of a match key, enough for the consonants of two long names. SQLite takes an index for the more costly the wider its columns
are declared, and would rather read a whole region.
"""
Why = ResemblanceReason
_PRIOR = -16.0
"""Of 100,000 rows one in about 2^16 is the other row of the same person."""
IDENTIFIED = 0.99
"""The least score of two who have an equal identifier: a document has one bearer, whatever else was written down otherwise."""
_FATHERS = {"strict": 5.0, "loose": 5.0, "near": 3.0}
_NAMES = {"strict": 11.0, "loose": 10.0, "near": 8.0}
_SECOND_SLIP = -3.0
_RULES_OUT = -60.0
_MARRIED = 2.0
"""Of a woman whose given name agrees and whose surname does not."""
_NEAR_WORD, _SHORTEST = 0.9, 4
_LONG_WORD = 8
_MAHALLA, _DISTRICT, _REGION = 12, 7, 4


class Word(NamedTuple):
    """One word of a name in its three keys."""

    strict: str
    loose: str
    skeleton: str


class Portrait(NamedTuple):
    """What is compared of a person; `names` are the words of surname and given name, whatever stood in which field."""

    id: uuid.UUID
    surname: tuple[Word, ...]
    given: tuple[Word, ...]
    father: Word | None
    sex: str
    born: date
    precision: str
    phone: str | None
    territory: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two persons are, and why."""

    score: float
    reasons: list[Why]


# --- names ------------------------------------------------------------------------------------------------------------------
# Endings in the loose spelling, by which a patronymic is known wherever it was written: Karimovich, Karimovna, Karim oʻgʻli, Karim qizi.
_CHILD_OF = frozenset({"ogli", "ogly", "kizi", "kizy", "kyzi", "kyzy"})
_SON_OF = ("ovich", "evich", "ovna", "evna")
_SHORTEST_FATHER = 3
_FEMININE = re.compile("(?<=[a-z]{3})(ov|ev)a$")
# Twins are by custom called Hasan and Husan, Fotima and Zuhra; the former two differ in one vowel and are no slip of the pen.
_TWINS = ("hasan", "hosan")


@lru_cache(maxsize=50_000)
def _words(text: str) -> tuple[Word, ...]:
    """Surnames without their feminine ending, which is left out as often as it is set."""
    found = (_FEMININE.sub(r"\1", strict) for strict in strict_key(text).split())
    return tuple(Word(strict, loose_key(strict), skeleton_key(strict)) for strict in found)


def _father_in(words: list[Word]) -> Word | None:
    """The father's name among the words, which is taken out of them with what marks it."""
    for place, word in enumerate(words):
        if word.loose in _CHILD_OF:
            father = words[place - 1] if place else None
            del words[max(place - 1, 0) : place + 1]
            return father
    for place, word in enumerate(words):
        if word.loose.endswith(_SON_OF) and len(words) > 1:
            del words[place]
            return _stem(word)
    return None


@lru_cache(maxsize=20_000)
def _stem(word: Word) -> Word:
    """The father's name in a patronymic of the Russian form."""
    for ending in _SON_OF:
        if word.loose.endswith(ending) and len(word.loose) - len(ending) >= _SHORTEST_FATHER:
            strict = word.strict.removesuffix(ending).removesuffix("y")
            loose = word.loose.removesuffix(ending).removesuffix("y")
            return Word(strict, loose, skeleton_key(strict))
    return word


@lru_cache(maxsize=100_000)
def _parts(surname: str, given_name: str, patronymic: str | None) -> tuple[tuple[Word, ...], tuple[Word, ...], Word | None]:
    """(words of the surname, words of the given name, the father's name), the last wherever it was written."""
    family, given = list(_words(surname)), list(_words(given_name))
    own = list(_words(patronymic)) if patronymic else []
    father = _father_in(own) or (own and _stem(own[0])) or _father_in(given) or _father_in(family)
    return tuple(family), tuple(given), father or None


def match_key(surname: str, given_name: str, patronymic: str | None) -> str:
    """The skeletons of surname and given name in the order of the alphabet, so that it says the same whichever stood first and whichever
    vowels were written. Without the patronymic, which is missing as often as it is written in another form. In a register of 100,000
    seven rows share a key on the average, a hundred the commonest one.
    """
    family, given, _ = _parts(surname, given_name, patronymic)
    return _key((*family, *given))


def match_key_of(one: Portrait) -> str:
    """The same of a portrait."""
    return _key((*one.surname, *one.given))


def _key(words: Iterable[Word]) -> str:
    return " ".join(sorted(word.skeleton for word in words))[:KEY_LENGTH]


COMPARED = ("id", "surname", "given_name", "patronymic", "sex", "birth_date", "birth_precision", "phone_e164", "territory")
"""The columns of a beneficiary that a portrait is drawn from, in its order."""


def portrait(row: Sequence[Any]) -> Portrait:
    """What is compared of a person; the row begins with COMPARED."""
    key, surname, given_name, patronymic, *rest = row[: len(COMPARED)]
    return Portrait(key, *_parts(surname, given_name, patronymic), *rest)


@lru_cache(maxsize=200_000)
def _level(one: Word, other: Word) -> str:
    """How two words agree: `strict`, `loose`, `near` (a slip of the pen, or other vowels) or not at all."""
    if one.strict == other.strict:
        return "strict"
    if one.loose == other.loose:
        return "loose"
    a, b = one.loose, other.loose
    if min(len(a), len(b)) < _SHORTEST or {a[:5], b[:5]} == set(_TWINS):
        return ""
    if JaroWinkler.similarity(a, b) < _NEAR_WORD:
        return ""
    slips = 1 if min(len(a), len(b)) < _LONG_WORD else 2
    is_slip = OSA.distance(a, b, score_cutoff=slips) <= slips
    return "near" if is_slip or (one.skeleton == other.skeleton and len(one.skeleton) >= _SHORTEST) else ""


class _Names(NamedTuple):
    """How two names agree; `level` is that of the worst pair of words."""

    level: str
    slips: int
    surname_differs: bool
    given_differs: bool


_ORDER = ("strict", "loose", "near")


def _names(one: Portrait, other: Portrait) -> _Names:
    mine = [*((word, "s") for word in one.surname), *((word, "g") for word in one.given)]
    theirs = [*((word, "s") for word in other.surname), *((word, "g") for word in other.given)]
    worst, slips = 0, 0
    for place, level in enumerate(_ORDER):
        for pair in list(mine):
            if (found := next((known for known in theirs if _level(pair[0], known[0]) == level), None)) is not None:
                mine.remove(pair)
                theirs.remove(found)
                worst, slips = place, slips + (level == "near")
    # What is left over on one side alone is a second given name or a title; on both sides, two names that differ.
    if not mine or not theirs:
        matched = len(one.surname) + len(one.given) - len(mine)
        return _Names(_ORDER[worst], slips, surname_differs=False, given_differs=matched < 2)  # noqa: PLR2004 – a surname and a given name.
    only_surnames = all(role == "s" for _, role in (*mine, *theirs))
    return _Names(_ORDER[worst], slips, surname_differs=only_surnames, given_differs=not only_surnames)


# --- dates ------------------------------------------------------------------------------------------------------------------
_GUESSED = 2
"""Years by which a year of birth that was only guessed may be wrong."""


def _is_slip(one: date, other: date) -> bool:
    """Day and month swapped, one digit off, or two neighboring digits swapped."""
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return True
    return OSA.distance(one.strftime("%Y%m%d"), other.strftime("%Y%m%d"), score_cutoff=1) <= 1


@lru_cache(maxsize=50_000)
def _dates(one: date, precision: str, other: date, other_precision: str) -> tuple[float, Why | None]:
    """(weight, reason)."""
    known = {precision, other_precision}
    if Precision.YEAR in known:
        alike, near = one.year == other.year, abs(one.year - other.year) <= _GUESSED
        agreed = 5.0, Why.SAME_BIRTH_YEAR
    elif Precision.MONTH in known:
        alike, near = (one.year, one.month) == (other.year, other.month), one.year == other.year
        agreed = 9.0, Why.NEAR_BIRTH_DATE
    elif one == other:
        return 13.0, Why.SAME_BIRTH_DATE
    else:
        alike, near = _is_slip(one, other), one.year == other.year and (one.month == other.month or one.day == other.day)
        agreed = 5.0, Why.NEAR_BIRTH_DATE
    return agreed if alike else ((-1.0 if near else _RULES_OUT), Why.OTHER_BIRTH_DATE)


# --- the whole --------------------------------------------------------------------------------------------------------------
def _place(one: str, other: str) -> tuple[float, Why | None]:
    if len(one) >= _MAHALLA and one == other:
        return 7.0, Why.SAME_MAHALLA
    if len(one) >= _DISTRICT and one[:_DISTRICT] == other[:_DISTRICT]:
        return 4.0, Why.SAME_DISTRICT
    return (0.0, None) if one[:_REGION] == other[:_REGION] else (-1.0, Why.OTHER_REGION)


def _evidence(one: Portrait, other: Portrait, names: _Names) -> Iterator[tuple[float, Why | None]]:
    if names.given_differs:
        yield _RULES_OUT, Why.OTHER_GIVEN_NAME
    elif names.surname_differs:
        married = one.sex == other.sex == Sex.FEMALE
        yield (_MARRIED if married else -8.0), Why.OTHER_SURNAME
    else:
        words = {"strict": Why.NAMES_MATCH_STRICTLY, "loose": Why.NAMES_MATCH_LOOSELY, "near": Why.NAMES_MATCH_NEARLY}
        yield _NAMES[names.level] + _SECOND_SLIP * max(names.slips - 1, 0), words[names.level]
    if one.father and other.father:
        level = _level(one.father, other.father)
        yield (_FATHERS[level], Why.SAME_PATRONYMIC) if level else (-7.0, Why.OTHER_PATRONYMIC)
    yield _dates(one.born, one.precision, other.born, other.precision)
    if one.phone and one.phone == other.phone:
        yield 8.0, Why.SAME_PHONE
    yield _place(one.territory, other.territory)
    if one.sex == other.sex:
        yield 1.0, Why.SAME_SEX
    else:
        # A brother and a sister may be called Nodir and Nodira.
        yield (-6.0 if names.level != "near" and not names.surname_differs else _RULES_OUT), Why.OTHER_SEX


def likeness(one: Portrait, other: Portrait, *, same_identifier: bool = False) -> Likeness:
    """How alike the two are; the order of the two makes no difference."""
    found = list(_evidence(one, other, _names(one, other)))
    score = 1 / (1 + 2 ** -(_PRIOR + sum(points for points, _ in found)))
    reasons = [reason for _, reason in found if reason]
    if same_identifier:
        score, reasons = max(score, IDENTIFIED), [Why.SAME_IDENTIFIER, *reasons]
    return Likeness(round(score, 4), reasons)


def could_be(one: Portrait, other: Portrait) -> bool:
    """Whether the birth dates leave anything to compare; quick, for the many pairs of a whole register."""
    return _dates(one.born, one.precision, other.born, other.precision)[0] > _RULES_OUT


def alike(people: Iterable[tuple[Portrait, Portrait]]) -> Iterator[tuple[Portrait, Portrait, Likeness]]:
    """Those pairs that are to be recorded."""
    for one, other in people:
        if could_be(one, other) and (found := likeness(one, other)).score >= RECORDED:
            yield one, other, found
