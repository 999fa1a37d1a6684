"""A name that can be held against paper without being told: its first letters, and never how long it is."""

import re
import unicodedata
from collections.abc import Iterable

from app.uzbek.scripts import Script, all_in_both_scripts, script_of, to_latin

HIDDEN = "***"
# In the Latin alphabet oʻ, gʻ, sh and ch are one letter each, as their Cyrillic forms are.
_FIRST = re.compile("(?:[og][ʻʼ'‘’`´]|sh|ch|[^\\W\\d_])[\u0300-\u036f]*", re.IGNORECASE)


def masked(parts: Iterable[str]) -> tuple[str, str]:
    """(Latin, Cyrillic): `Gʻ*** H*** Q***` for surname, given name and patronymic.

    Each part gives one letter, however many words it has and however short it is, so neither can be told. A letter of an alphabet other
    than these two is left out: where a character is a syllable, the first one may be the whole name.
    """
    latin, cyrillic = all_in_both_scripts([unicodedata.normalize("NFC", part) for part in parts])
    if latin != cyrillic:
        latin = [to_latin(part) for part in latin]
    return " ".join(map(_first, latin)), " ".join(map(_first, cyrillic))


def _first(part: str) -> str:
    found = _FIRST.search(part)
    letter = found[0] if found and script_of(found[0]) in (Script.LATIN, Script.CYRILLIC) else ""
    return f"{letter[:1].upper()}{letter[1:].lower()}{HIDDEN}"
