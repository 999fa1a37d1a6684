"""Putting things on paper: Typst templates whose facts come as JSON and stay text, tagged and archival PDFs (PDF/A-2a, PDF/UA-1), the same
bytes for the same facts. Only the fonts inside the typst package are used, so every machine prints the same page.
"""

import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import typst

_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[])
# Controls, formatting marks such as bidirectional overrides, surrogates, private and unassigned characters: Typst drops most of them in
# silence, and none of them belongs on paper.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_MISSING_GLYPH = re.compile(r'the text `"(.*)"` could not be displayed', re.DOTALL)
_RUST_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
_TOO_LONG = re.compile(r"too long to print: ([a-z ]+)")


class Unprintable(ValueError):
    """A text that cannot be put on paper: `where` names its part of the sheet, `told` says so to people, without the text itself."""

    def __init__(self, message: str, where: str, why: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where = where
        self.told = f"Not printed, the {where}: {why}."


class UnprintableText(Unprintable):
    """A text holds a character that no font of ours has, or that has no form on paper."""

    def __init__(self, character: str, where: str) -> None:
        codes = " ".join(f"U+{ord(part):04X} {unicodedata.name(part, 'unnamed')}" for part in character)
        super().__init__(f"{codes} cannot be printed", where, "a character in it has no form on paper")
        self.character = character


class TextTooLong(Unprintable):
    """A text that would not fit on the sheet at any size that can be read."""

    def __init__(self, where: str) -> None:
        super().__init__("too long to be printed legibly", where, "too long to be legible")


class Press(threading.local):
    """A template with one compiler a thread: a compiler that two threads use at once fails."""

    def __init__(self, template: Path) -> None:
        # A path, because a compiler made from bytes fails on its second compile.
        self.compiler = typst.Compiler(str(template), font_paths=_FONTS)

    def print(self, facts: Mapping[str, Any], *, made_at: datetime, **inputs: str) -> bytes:
        """The facts as PDF. `made_at` (aware) is the document's own date and the only clock: equal input, equal bytes.

        The template must be given the same `inputs` at every call: a compiler keeps what the last call gave, and that was another person's.
        Raises UnprintableText and TextTooLong, where the template panics `too long to print: …`.
        """
        given = {"data": json.dumps(facts, ensure_ascii=False), **inputs}
        try:
            # With a PDF standard a glyph that is missing is an error; without one it would be left out in silence.
            pdf = self.compiler.compile(format="pdf", sys_inputs=given, timestamp=int(made_at.timestamp()), pdf_standards=["a-2a", "ua-1"])
        except typst.TypstError as error:
            raise _explained(error, facts) from error
        return cast("bytes", pdf)


def printable(text: str, where: str) -> str:
    """The text composed (NFC), runs of breakable white space as one space; UnprintableText for what has no form on paper."""
    composed = re.sub(r"[ \t\n\v\f\r\x85\u2028\u2029]+", " ", unicodedata.normalize("NFC", text)).strip()
    for character in composed:
        if unicodedata.category(character) in _INVISIBLE or character == "\N{REPLACEMENT CHARACTER}":
            raise UnprintableText(character, where)
    return composed


def in_figures(day: date) -> str:
    """A day as every form in the country writes it, in any language: 17.05.2012."""
    return day.strftime("%d.%m.%Y")


def _explained(error: typst.TypstError, facts: Mapping[str, Any]) -> Exception:
    """The reason in our words: Typst names the text it could not print, not the field it came from."""
    if missing := _MISSING_GLYPH.search(error.message):
        character = _RUST_ESCAPE.sub(lambda code: chr(int(code[1], 16)), missing[1])
        where = next((name for name, value in facts.items() if character in json.dumps(value, ensure_ascii=False)), "text")
        return UnprintableText(character, where)
    if too_long := _TOO_LONG.search(error.message):
        return TextTooLong(too_long[1])
    return error
