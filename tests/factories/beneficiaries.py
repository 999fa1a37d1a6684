"""People and families, registered over HTTP."""

from typing import Any

from tests.callers import Caller
from tests.planted import all_planted

Body = dict[str, Any]
SHOVOT, URGANCH, ANDIJON = "1733230", "1733217", "1703203"
"""Two districts of Khorezm, and one of another region."""


def person_body(**other: Any) -> Body:
    """A girl, without a place."""
    named = all_planted({"surname": "Йўлдошева", "given_name": "Дилноза", "patronymic": "Карим қизи"})
    return {**named, "sex": "female", "birth_date": "2012-05-17", **other}


def beneficiary_body(**other: Any) -> Body:
    """The girl, in Shovot."""
    return person_body(**({"territory": SHOVOT} | other))


def make_beneficiary(caller: Caller, **other: Any) -> Body:
    """A registered person, as it is read afterwards."""
    made = caller.post("/v1/beneficiaries", beneficiary_body(**other))
    assert made.status_code == 201, made.text
    return read_afterwards(made.json())


def read_afterwards(made: Body) -> Body:
    """The answer to a create without what it alone tells."""
    return {name: value for name, value in made.items() if name != "possible_duplicates"}


def father(**other: Any) -> Body:
    """The head of the family."""
    named = {"surname": "Yoʻldoshev", "given_name": "Karim", "patronymic": None, "sex": "male", "birth_date": "1980-01-01"}
    return person_body(**(all_planted(named) | {"birth_precision": "year", "relationship_to_head": "head"} | other))


def mother(**other: Any) -> Body:
    """His wife."""
    named = {"surname": "Yoʻldosheva", "given_name": "Zuhra", "patronymic": None, "birth_date": "1984-03-02"}
    return person_body(**(all_planted(named) | {"relationship_to_head": "spouse", "is_primary_caregiver": True} | other))


def daughter(**other: Any) -> Body:
    """Their daughter."""
    return person_body(**({"relationship_to_head": "child"} | other))


def family_body(**other: Any) -> Body:
    """The three of them, in Shovot; the head stands last, to be moved to the front."""
    return {"territory": SHOVOT, "address": "Guliston koʻchasi 4", "members": [daughter(), mother(), father()], **other}


def make_family(caller: Caller, **other: Any) -> Body:
    """A registered family, as it is read afterwards."""
    made = caller.post("/v1/families", family_body(**other))
    assert made.status_code == 201, made.text
    return read_afterwards(made.json())
