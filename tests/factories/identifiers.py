"""Identifiers over HTTP, and PINFLs that fit."""

from itertools import cycle
from typing import Any

from app.access.grants import AccessGrant
from app.access.transaction import as_system, begin
from tests.callers import Caller
from tests.planted import planted

Body = dict[str, Any]
PINFL = planted("61705120340010")
"""Of the girl of `tests.factories.beneficiaries`, born on 17 May 2012."""
MASKED = "6170512" + "•" * 7


def pinfl(first: str = "6170512034001") -> str:
    """Thirteen digits with the check digit that fits."""
    return f"{first}{sum(int(digit) * weight for digit, weight in zip(first, cycle((7, 3, 1)), strict=False)) % 10}"


def url_of(person: Body) -> str:
    """Where a person's identifiers are."""
    return f"/v1/beneficiaries/{person['id']}/identifiers"


def identifier_body(**other: Any) -> Body:
    """The girl's PINFL."""
    return {"kind": "pinfl", "value": PINFL, **other}


def make_identifier(caller: Caller, person: Body, **other: Any) -> Body:
    """A number of a person."""
    made = caller.post(url_of(person), identifier_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def close(grant: AccessGrant) -> None:
    """What a withdrawal does."""
    with begin(as_system("test")) as db:
        found = db.get(AccessGrant, grant.id)
        assert found is not None
        found.close()
