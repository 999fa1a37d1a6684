"""Kinship, recorded over HTTP."""

from typing import Any

from tests.callers import Caller
from tests.factories.beneficiaries import Body, make_beneficiary

KINSHIPS = "/v1/kinships"


def make_parent(caller: Caller, **other: Any) -> Body:
    """A grown woman."""
    return make_beneficiary(caller, **({"given_name": "Zuhra", "birth_date": "1984-03-02"} | other))


def kinship_body(person: Body, relative: Body, **other: Any) -> Body:
    """The person is the parent of the relative."""
    return {"person_id": person["id"], "relative_id": relative["id"], "kind": "parent", "is_legal": True, **other}


def make_kinship(caller: Caller, person: Body, relative: Body, **other: Any) -> Body:
    """A recorded kinship."""
    made = caller.post(KINSHIPS, kinship_body(person, relative, **other))
    assert made.status_code == 201, made.text
    return dict(made.json())
