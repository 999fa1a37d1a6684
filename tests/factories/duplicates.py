"""Two rows of one person, and what is decided about them."""

from typing import Any

from tests.callers import Caller
from tests.factories.beneficiaries import beneficiary_body

Body = dict[str, Any]
PAIRS = "/v1/duplicate-candidates"


def register(caller: Caller, **other: Any) -> Body:
    """A registered person with who may be the same, as the create answers it."""
    made = caller.post("/v1/beneficiaries", beneficiary_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def make_twice(caller: Caller, **other: Any) -> tuple[Body, Body, Body]:
    """(first row, second row, the pair as it is read): the girl, written the Russian way the second time."""
    first = register(caller)
    second = register(caller, **({"surname": "Yuldasheva", "given_name": "Dilnoza", "patronymic": None} | other))
    (found,) = second["possible_duplicates"]
    return first, second, read_pair(caller, found["candidate_id"])


def read_pair(caller: Caller, candidate_id: str) -> Body:
    """The pair as it is now."""
    read = caller.get(f"{PAIRS}/{candidate_id}")
    assert read.status_code == 200, read.text
    return dict(read.json())


def side_of(pair: Body, person: Body) -> str:
    """`a` or `b`."""
    return "a" if pair["a"]["id"] == person["id"] else "b"


def merge(caller: Caller, pair: Body, winner: Body, **other: Any) -> Body:
    """The pair made one."""
    made = caller.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": winner["id"], **other}, version=pair["version"])
    assert made.status_code == 201, made.text
    return dict(made.json())


def undo(caller: Caller, merged: Body, **other: Any) -> Any:
    """The answer to undoing it."""
    return caller.post(f"/v1/merges/{merged['id']}/undo", other, version=merged["version"])
