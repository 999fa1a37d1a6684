"""A JSON body, checked once for every route: UTF-8, no duplicate keys, at most 1,000 of them, no characters that cannot be seen; NFC.

Sources: RFC 8259 (JSON), RFC 8785's I-JSON restrictions, Unicode TR #36 and CVE-2021-42574 for bidirectional controls.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from app.problems import BadRequest, Fault, Invalid, step_of

MOST_KEYS = 1000
DEEPEST = 20
LARGEST = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact (RFC 7493, 2.2)."""
_POINTER = 300
_DIGITS = 40
INVISIBLE = "a control, text-direction or other invisible character"
# Line feed, carriage return and tab pass here; a single-line field refuses them itself. Of what Unicode calls format characters (Cf) two
# pass, since people send them without knowing: the soft hyphen, which comes with Uzbek and Russian text that is copied from a page, and the
# joiner of which emoji are made. No letter of either language needs any other; a name takes not even these.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    # Separators of lines and paragraphs, and marks of direction; letters that show nothing.
    "\u2028-\u202e\u115f\u1160\u3164\uffa0"
    "\ud800-\udfff]"
)


class _Keys:
    """Counts the keys of one body and refuses a duplicate."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.count += len(pairs)
        if self.count > MOST_KEYS:
            raise BadRequest(f"A body may hold at most {MOST_KEYS} keys; send it in parts.")
        found = dict(pairs)
        if len(found) != len(pairs):
            raise BadRequest("A key stands twice in one object.")
        return found


def _no_constant(_name: str) -> None:
    raise BadRequest("NaN and Infinity are not JSON.")


def _read(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Keys(), parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # A number of thousands of digits, which Python does not even try to read: its first ones are enough to be out of range.
        return json.loads(text, object_pairs_hook=_Keys(), parse_constant=_no_constant, parse_int=lambda digits: int(digits[:_DIGITS]))


def checked(raw: bytes) -> bytes:
    """The body as it may be read on: the same bytes, or, where a text was not in NFC, the body written anew, without blanks.

    Raises BadRequest when it is no JSON, Invalid with a pointer for each forbidden character.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise BadRequest("The body starts with a byte-order mark; send plain UTF-8.")
    try:
        value = _read(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadRequest(f"The body is not JSON{place}.") from error
    faults: list[Fault] = []
    normal = _walk(value, "", 0, faults)
    if faults:
        raise Invalid(faults=faults[:100])
    return raw if normal == value else json.dumps(normal, ensure_ascii=False, separators=(",", ":")).encode()


def forbidden(text: str) -> bool:
    """Whether it holds a character that cannot be seen: one of control, of text direction or of format."""
    return _FORBIDDEN.search(text) is not None


def _walk(value: Any, pointer: str, depth: int, faults: list[Fault]) -> Any:
    """The value with its texts in NFC; what is wrong with it goes to `faults`."""
    if depth > DEEPEST:
        raise BadRequest(f"A body may nest at most {DEEPEST} levels deep.")
    if isinstance(value, str):
        if forbidden(value):
            faults.append(Fault(pointer, "forbidden_character", f"Holds {INVISIBLE}."))
        return unicodedata.normalize("NFC", value)
    if isinstance(value, int | float):
        if abs(value) > LARGEST if isinstance(value, int) else not math.isfinite(value):
            faults.append(Fault(pointer, "out_of_range", f"Must lie within ±{LARGEST}."))
        return value
    if isinstance(value, dict):
        if any(map(forbidden, value)):
            # A pointer below such a key would repeat it.
            faults.append(Fault(pointer, "forbidden_character", f"A key holds {INVISIBLE}."))
            return value
        return dict(zip(value, _each(value.values(), map(step_of, value), pointer, depth, faults), strict=True))
    if isinstance(value, list):
        return _each(value, map(str, range(len(value))), pointer, depth, faults)
    return value


def _each(values: Iterable[Any], steps: Iterable[str], pointer: str, depth: int, faults: list[Fault]) -> list[Any]:
    return [_walk(value, f"{pointer}/{step}"[:_POINTER], depth + 1, faults) for value, step in zip(values, steps, strict=True)]
