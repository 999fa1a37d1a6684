"""Bounds for the values that an answer holds, so that a client can size what it reads (OWASP API4:2023).

Requests are bounded where they are declared; what is left here are answers, whose values come from bounded columns.
"""

from typing import Any

from app.bodies import LARGEST

_LENGTHS = {"uuid": 36, "date": 10, "date-time": 40, "uri": 2000}
_LONGEST_TEXT = 8192
_MOST_ITEMS = 10_000
_INT32 = 2**31 - 1


def bound(node: Any) -> None:
    """Fill in the missing bounds below a node of the contract, in place."""
    if isinstance(node, list):
        for item in node:
            bound(item)
        return
    if not isinstance(node, dict):
        return
    if node.get("type") == "string" and not {"enum", "const"} & node.keys():
        node.setdefault("maxLength", _LENGTHS.get(node.get("format", ""), _LONGEST_TEXT))
    elif node.get("type") == "integer":
        low: Any = node.setdefault("minimum", node.pop("exclusiveMinimum", -LARGEST))
        high: Any = node.setdefault("maximum", node.pop("exclusiveMaximum", LARGEST))
        node.setdefault("format", "int32" if low >= -_INT32 and high <= _INT32 else "int64")
    elif node.get("type") == "array":
        node.setdefault("maxItems", _MOST_ITEMS)
    for value in list(node.values()):
        bound(value)
