"""Names of people as a register in Uzbekistan holds them: skewed, in both scripts, with the apostrophes that people really type.

A few surnames are borne by many, thousands by a handful; most are made of a given name. Patronymics come in the Russian form
(Karimovich) and in the Uzbek one (Karim oʻgʻli).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import yaml

from app.uzbek.keys import strict_key
from app.uzbek.scripts import to_cyrillic

_POOLS = {key: names.split() for key, names in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")).items()}
MEN, WOMEN, FREQUENT, MIDDLING = (_POOLS[key] for key in ("men", "women", "frequent", "middling"))
_ENDINGS = ("jonov", "boyev", "qulov", "murodov", "berdiyev", "nazarov", "niyozov", "mirzayev", "xonov", "shoyev", "toyev", "bekov")
RARE = [f"{name}{ending}" for name in MEN for ending in _ENDINGS]

_SHARES = (0.35, 0.45, 0.20)
_APOSTROPHES = ("ʻ", "ʻ", "ʻ", "'", "'", "‘")


def _skewed(count: int, exponent: float) -> list[float]:
    """Cumulative weights: the n-th most common is borne by n^-exponent of what the first is."""
    return list(accumulate((n + 1) ** -exponent for n in range(count)))


_GIVEN = {"male": (MEN, _skewed(len(MEN), 0.6)), "female": (WOMEN, _skewed(len(WOMEN), 0.6))}
_SURNAMES = ((FREQUENT, _skewed(len(FREQUENT), 0.4)), (MIDDLING, _skewed(len(MIDDLING), 0.3)), (RARE, _skewed(len(RARE), 0.0)))
_CLASSES = {strict_key(name): rarity for rarity, pool in (("rare", RARE), ("middling", MIDDLING), ("frequent", FREQUENT)) for name in pool}


@dataclass(frozen=True, slots=True)
class Person:
    surname: str
    given_name: str
    patronymic: str | None
    sex: str


def rarity(surname: str) -> str:
    """`frequent`, `middling` or `rare`: how many bear a surname of these pools, in whatever spelling and gender."""
    return _CLASSES[strict_key(surname).removesuffix("a")]


def people(count: int, seed: int) -> Iterator[Person]:
    """So many people, the same ones for the same seed."""
    dice = random.Random(seed)
    for _ in range(count):
        yield _person(dice)


def _person(dice: random.Random) -> Person:
    sex = dice.choice(("female", "male"))
    pool, weights = dice.choices(_SURNAMES, _SHARES)[0]
    surname = dice.choices(pool, cum_weights=weights)[0] + ("a" if sex == "female" else "")
    names, weights = _GIVEN[sex]
    given_name = dice.choices(names, cum_weights=weights)[0]
    fathers, weights = _GIVEN["male"]
    father = dice.choices(fathers, cum_weights=weights)[0]
    patronymic = None if dice.random() < 0.1 else _patronymic(father, sex, russian=dice.random() < 0.4)
    cyrillic, sign = dice.random() < 0.35, dice.choice(_APOSTROPHES)
    return Person(
        _typed(surname, cyrillic, sign), _typed(given_name, cyrillic, sign), patronymic and _typed(patronymic, cyrillic, sign), sex
    )


def _patronymic(father: str, sex: str, *, russian: bool) -> str:
    if not russian:
        return f"{father} {'qizi' if sex == 'female' else 'oʻgʻli'}"
    stem = f"{father}y" if father[-1] in "aeiou" else father
    vowel = "e" if father[-1] in "aeiouy" else "o"
    return f"{stem}{vowel}{'vna' if sex == 'female' else 'vich'}"


@lru_cache(maxsize=100_000)
def _typed(name: str, cyrillic: bool, sign: str) -> str:
    return to_cyrillic(name) if cyrillic else name.replace("ʻ", sign)
