"""The numbers as they are written: what is kept of them, what they are compared by, how they are masked, what speaks against them.

A PINFL has 14 digits: one for sex and century (odd is male; 1 and 2 are the 1800s, 3 and 4 the 1900s, 5 and 6 the 2000s), the birth date
as DDMMYY, three for the district, three for the person, and a check digit: the sum of the 13 others, weighted 7, 3, 1 in turn, modulo
10. Only the 14 digits are demanded, as the domain asks: what stands in a document is the person's number even where it was made wrong.
"""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from itertools import cycle

from app.beneficiaries.models import Sex
from app.identifiers.models import IdentifierKind
from app.problems import invalid
from app.schemas import Precision

_LOOK_ALIKES = str.maketrans("АВСЕНІЈКМОРЅТХУ", "ABCEHIJKMOPSTXY")
"""Cyrillic capitals that are typed for the Latin ones of a series."""
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−_./№]+")
_FORMS = {
    IdentifierKind.PINFL: (re.compile("[0-9]{14}"), "not_a_pinfl", "Must be 14 digits."),
    IdentifierKind.PASSPORT: (re.compile("[A-Z]{2}[0-9]{7}"), "not_a_document", "Must be two Latin letters and seven digits."),
    IdentifierKind.ID_CARD: (re.compile("[A-Z]{2}[0-9]{7}"), "not_a_document", "Must be two Latin letters and seven digits."),
    IdentifierKind.BIRTH_CERTIFICATE: (
        re.compile(r"(?=.*[0-9])[A-ZА-ЯЎҚҒҲ0-9]{4,20}"),
        "not_a_certificate",
        "Must be a series and a number: 4 to 20 letters and digits.",
    ),
    IdentifierKind.PROJECT_NUMBER: (re.compile(".+"), "empty", "Must have letters or digits."),
}
_AS_COMPARED = frozenset({IdentifierKind.PINFL, IdentifierKind.PASSPORT, IdentifierKind.ID_CARD})
_SHOWN = {IdentifierKind.PINFL: 7}
_DOT = "•"
_CENTURIES = {1: 1800, 2: 1800, 3: 1900, 4: 1900, 5: 2000, 6: 2000}


@dataclass(frozen=True, slots=True)
class Value:
    """A number: as it is `kept` and shown, and as it is `compared`, however it was typed."""

    kind: IdentifierKind
    kept: str
    compared: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against a number without ruling it out."""

    code: str
    message: str


def read(kind: IdentifierKind, text: str) -> Value:
    """The number that was typed. Raises Invalid at `/value`, without saying what it was."""
    # Without separators already before, since of № this would make two letters.
    plain = unicodedata.normalize("NFKC", _SEPARATORS.sub("", text)).upper()
    compared = _SEPARATORS.sub("", plain).translate(_LOOK_ALIKES)
    form, code, message = _FORMS[kind]
    if not form.fullmatch(compared):
        raise invalid("/value", code, message)
    return Value(kind, compared if kind in _AS_COMPARED else " ".join(text.split()), compared)


def masked(kind: str, kept: str) -> str:
    """The number as it is shown to those who may not read it: of a PINFL what the birth date and sex tell anyway, of others two
    characters, and fewer of a short one.
    """
    shown = _SHOWN.get(IdentifierKind(kind), min(2, len(kept) // 3))
    return kept[:shown] + _DOT * (len(kept) - shown)


def doubts(value: Value, *, sex: str, born: date, precision: str) -> list[Doubt]:
    """What speaks against a PINFL of this person; of the birth date only what is known of it is compared."""
    if value.kind != IdentifierKind.PINFL:
        return []
    digits = [int(digit) for digit in value.compared]
    found = []
    if sum(digit * weight for digit, weight in zip(digits[:13], cycle((7, 3, 1)), strict=False)) % 10 != digits[13]:
        found.append(Doubt("check_digit", "The check digit does not fit; perhaps a digit was mistyped."))
    if digits[0] not in _CENTURIES:
        found.append(Doubt("unknown_century", "The first digit stands for no sex and century."))
        return found
    if (Sex.MALE if digits[0] % 2 else Sex.FEMALE) != sex:
        found.append(Doubt("sex_differs", "The first digit speaks of the other sex than the person's."))
    day, month = int(value.compared[1:3]), int(value.compared[3:5])
    year = _CENTURIES[digits[0]] + int(value.compared[5:7])
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:  # noqa: PLR2004 – months of a year.
        found.append(Doubt("no_such_date", "The digits of the birth date make no date."))
    elif not _agree(date(year, month, day), born, precision):
        found.append(Doubt("birth_date_differs", "The digits of the birth date are not the person's birth_date."))
    return found


def _agree(told: date, born: date, precision: str) -> bool:
    known = {Precision.YEAR.value: 1, Precision.MONTH.value: 2}.get(precision, 3)
    return (told.year, told.month, told.day)[:known] == (born.year, born.month, born.day)[:known]
