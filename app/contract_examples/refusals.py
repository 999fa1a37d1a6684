"""One example of every refusal."""

from typing import Any

from app.contract_examples.scene import FAMILY, SITE
from app.problems import AlreadyExists, BadRequest, IdTaken, Invalid, Unavailable, all_problems

_DETAILS = {
    BadRequest.code: "The body is not JSON (line 3, column 14).",
    Unavailable.code: "The database does not answer.",
}
_FAULTS = {
    AlreadyExists.code: ("/code", "taken", "Another row has this already."),
    IdTaken.code: ("/id", "taken", "Belongs to another row, or to this one made from another body."),
    Invalid.code: ("/birth_date", "value_error", "lies in the future"),
}


def refusals() -> dict[str, dict[str, Any]]:
    """By the problem's code, as it comes with its title in English."""
    found: dict[str, dict[str, Any]] = {}
    for kind in all_problems():
        faults = [dict(zip(("pointer", "code", "message"), _FAULTS[kind.code], strict=True))] if kind.code in _FAULTS else []
        value = {
            "type": f"{SITE}/problems/{kind.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": _DETAILS.get(kind.code),
            "instance": f"/v1/families/{FAMILY}",
            "code": kind.code,
            "request_id": "019c2f6e6d1b7a378d1b2a6f4e8c0d17",
            "errors": [{"place": "body", **fault} for fault in faults],
        }
        found[kind.code] = {"summary": kind.title, "value": value}
    return found
