"""Looking through a register while the key of the index is renewed: rows of one number look different, and are no two numbers for that."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.database import Database
from app.duplicates.scanning import scan
from app.identifiers import rekeying
from app.identifiers.keys import make_next
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.duplicates import PAIRS, read_pair
from tests.factories.identifiers import make_identifier
from tests.identifiers.test_sealing import tamper

OTHER = {"surname": "Qosimov", "given_name": "Botir", "patronymic": None, "sex": "male", "birth_date": "1970-01-01"}
DECISION = ("status", "score", "reasons", "note", "version")


@pytest.fixture
def ngo(own_keys: Any, callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def numbers(ngo: Caller) -> list[dict[str, Any]]:
    """One number of two people who have nothing else in common."""
    return [make_identifier(ngo, make_beneficiary(ngo, **other)) for other in ({}, OTHER)]


@pytest.fixture
def pair(ngo: Caller, numbers: list[dict[str, Any]]) -> dict[str, Any]:
    """That the two may be one was left for later."""
    (found,) = ngo.get(PAIRS).json()["items"]
    told = ngo.post(f"{PAIRS}/{found['id']}/defer", {"note": "ZAGSdan soʻrash kerak"}, version=found["version"])
    assert told.status_code == 200
    return read_pair(ngo, found["id"])


def halfway() -> Iterator[Any]:
    """One of two rows has the new index."""
    make_next()
    make_next(index=True)
    batches = rekeying.batches(index=True, batch=1)
    next(batches)
    return batches


def decision(found: dict[str, Any]) -> list[Any]:
    return [found[name] for name in DECISION]


def test_a_pair_that_shares_a_number_stays_as_it_is(ngo: Caller, pair: dict[str, Any]) -> None:
    batches = halfway()
    for _ in ("meanwhile", "afterwards"):
        assert scan() == {"people": 2, "pairs": 1, "new": 0}
        assert decision(read_pair(ngo, pair["id"])) == decision(pair)
        list(batches)
    assert scan()["new"] == 0


def test_so_it_does_where_a_number_does_not_open(db: Database, ngo: Caller, pair: dict[str, Any], numbers: list[dict[str, Any]]) -> None:
    """Whose it is cannot be told then."""
    halfway()
    for one in numbers:
        tamper(db, one["id"], ciphertext=b"0" * 60)
    scan()
    assert decision(read_pair(ngo, pair["id"])) == decision(pair)


@pytest.mark.parametrize("is_over", [False, True])
def test_a_number_that_ended_says_nothing_though_the_older_key_stays(
    ngo: Caller, pair: dict[str, Any], numbers: list[dict[str, Any]], is_over: bool
) -> None:
    batches = halfway()
    if is_over:
        list(batches)
    ended = {"ended_on": "2026-01-15", "end_reason": "entered_in_error"}
    version = ngo.get(f"/v1/identifiers/{numbers[0]['id']}").json()["version"]
    assert ngo.post(f"/v1/identifiers/{numbers[0]['id']}/end", ended, version=version).status_code == 200
    assert ngo.get(f"{PAIRS}/{pair['id']}").status_code == 404


def test_it_is_the_other_number_that_ended(ngo: Caller, pair: dict[str, Any], numbers: list[dict[str, Any]]) -> None:
    """The two have two numbers in common; one is left."""
    for one in numbers:
        made = ngo.post(f"/v1/beneficiaries/{one['beneficiary_id']}/identifiers", {"kind": "passport", "value": "AA1234567"})
        assert made.status_code == 201
    halfway()
    version = ngo.get(f"/v1/identifiers/{numbers[0]['id']}").json()["version"]
    ended = {"ended_on": "2026-01-15", "end_reason": "replaced"}
    assert ngo.post(f"/v1/identifiers/{numbers[0]['id']}/end", ended, version=version).status_code == 200
    assert decision(read_pair(ngo, pair["id"]))[:4] == decision(pair)[:4]
    assert scan()["new"] == 0
