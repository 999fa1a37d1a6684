"""The beneficiaries that are loaded: the same ones for the same number, with names derived as the service itself derives them."""

import csv
import random
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from multiprocessing import get_context
from typing import Any

from app.beneficiaries.models import Beneficiary
from app.beneficiaries.naming import derived
from app.places.loading import SOURCE
from tests.bench.names import Person, people

SEED = 2018
CHUNK = 10_000
PILOT_REGIONS = ("1733", "1718")
"""Khorezm and Samarkand, where the project worked: a district there has five times the people of another in the register."""
FIRST, LAST = datetime(2018, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC)
"""Between these two the rows were registered; what a run adds is younger, and so can be told apart and removed."""

ORGANIZATIONS = tuple(uuid.uuid5(uuid.NAMESPACE_URL, f"https://himoya.example/bench/ngo/{number}") for number in (1, 2, 3))
_SHARES = (0.5, 0.3, 0.2)
COLUMNS = tuple(Beneficiary.__table__.columns.keys())


@cache
def districts() -> tuple[list[str], list[float]]:
    """Every district and city, and cumulative weights."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        codes = [row["soato"] for row in csv.DictReader(file) if row["level"] in ("district", "city")]
    return codes, list(accumulate(5.0 if code.startswith(PILOT_REGIONS) else 1.0 for code in codes))


def person_fields(person: Person, dice: random.Random) -> dict[str, Any]:
    """What a caller would send of one person, the territory apart."""
    born = date(1940, 1, 1) + timedelta(days=dice.randrange(29_000))
    number = f"{dice.choice((90, 91, 93, 94, 97, 99))}{dice.randrange(10_000_000):07d}" if dice.random() < 0.4 else None
    return {
        "surname": person.surname,
        "given_name": person.given_name,
        "patronymic": person.patronymic,
        "sex": person.sex,
        "birth_date": born,
        "phone_as_written": number and f"+998 {number[:2]} {number[2:5]}-{number[5:7]}-{number[7:]}",
        "phone_e164": number and f"+998{number}",
    }


def chunk(start: int, count: int, total: int) -> list[tuple[Any, ...]]:
    """So many rows from the `start`-th on, in the order of COLUMNS."""
    dice = random.Random(SEED + start)
    step = (LAST - FIRST) / total
    codes, weights = districts()
    found = []
    for place, person in enumerate(people(count, SEED + start), start):
        moment = FIRST + place * step
        values = {
            "id": _uuid7(moment, dice),
            "created_at": moment,
            "updated_at": moment,
            "version": 1,
            "origin": None,
            "organization_id": dice.choices(ORGANIZATIONS, _SHARES)[0],
            "territory": dice.choices(codes, cum_weights=weights)[0],
            **person_fields(person, dice),
            **derived(person.surname, person.given_name, person.patronymic),
            "birth_precision": "day",
            "deceased_on": None,
            "note": None,
            "is_synthetic": True,
            "anonymized_at": None,
            "merged_into_id": None,
        }
        if values.keys() != set(COLUMNS):
            raise RuntimeError(f"the table has other columns than the benchmark loads: {sorted(values.keys() ^ set(COLUMNS))}")
        found.append(tuple(values[name] for name in COLUMNS))
    return found


def _uuid7(moment: datetime, dice: random.Random) -> uuid.UUID:
    number = dice.getrandbits(80) | int(moment.timestamp() * 1000) << 80
    return uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62)


def chunks(total: int) -> Iterator[list[tuple[Any, ...]]]:
    """All rows in chunks; deriving the keys of a million names takes a core two minutes, so every core helps."""
    starts = range(0, total, CHUNK)
    # Not by fork: a child must not hold the parent's connection to the database.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from pool.map(chunk, starts, [min(CHUNK, total - start) for start in starts], [total] * len(starts))
