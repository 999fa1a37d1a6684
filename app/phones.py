"""Telephone numbers as people write them, and the one international form (E.164) of each, by the library `phonenumbers`.

What was written is kept beside it wherever a number is stored: the form says which line was meant, not that it rings.
"""

import re

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher

HOME = "UZ"
LONGEST = 40
"""Characters of a number as written that are stored; a longer text is none."""

# A national number of Uzbekistan has nine digits: a code of two, of a region or an operator, and seven of the subscriber
# ("System and plan for the numbering of telecommunications networks in Uzbekistan", order 490 of the State Committee for
# Communications, 26 December 2013; ITU-T E.164, +998). In public papers the code stands behind a plus of its own, as if it were that of
# a country: "(+78) 140-97-27". So exactly two digits behind a plus, set apart, with exactly seven more, are such a code.
_PLUS = r"[+\uff0b]"
_GAP = r"[\s\-‐-―.]"
_SUBSCRIBER = rf"(\d(?:{_GAP}*\d){{6}})(?!{_GAP}*\d)"
_IN_BRACKETS = re.compile(rf"\(\s*{_PLUS}\s*(\d{{2}})\s*\){_GAP}*{_SUBSCRIBER}")
_SET_APART = re.compile(rf"{_PLUS}\s?(\d{{2}}){_GAP}+{_SUBSCRIBER}")


def parse(written: str, region: str = HOME) -> str | None:
    """The E.164 form of a number as written, such as `+998781409727`; None where no number can be read, or more than one.

    `region` is the country of a number that names none. An extension is not part of the form. Never raises, whatever is written.
    Bracketed area codes with a plus come first, since `(+62) 223-12-34` is Urgench and would read as Indonesia; without brackets the
    country comes first, since `+95 123-45-67` may well be Myanmar. Only ranges that the library knows as assigned are answered, so a
    slip of the pen does not turn into somebody else's line.
    """
    if len(written) > LONGEST:
        return None
    national = region == HOME
    found = (_area_code(_IN_BRACKETS, written) if national else None) or _whole(written, region) or _within(written, region)
    return found or (_area_code(_SET_APART, written) if national else None)


def _area_code(pattern: re.Pattern[str], written: str) -> str | None:
    return _only({_whole(code + subscriber, HOME) for code, subscriber in pattern.findall(written)})


def _whole(written: str, region: str) -> str | None:
    """The text as one number."""
    try:
        number = phonenumbers.parse(written, region)
    except NumberParseException:
        return None
    return _form(number) if phonenumbers.is_valid_number(number) else None


def _within(written: str, region: str) -> str | None:
    """The only number in a text with other words, such as `90 123-45-67 (Telegram)`; two are not chosen between."""
    return _only({_form(match.number) for match in PhoneNumberMatcher(written, region, leniency=Leniency.VALID)})


def _only(found: set[str | None] | set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _form(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
