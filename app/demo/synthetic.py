"""Invented parents and children. The names are common ones put together by chance from a fixed seed; nobody is meant."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.uzbek.scripts import to_cyrillic

SURNAMES = (
    "Karimov", "Rahimov", "Yoʻldoshev", "Toʻrayev", "Qodirov", "Saidov", "Normatov", "Xolmatov", "Joʻrayev", "Ergashev",
    "Oʻrinov", "Gʻofurov", "Mirzayev", "Shodiyev", "Haydarov", "Boboyev", "Nazarov", "Ismoilov", "Tursunov", "Umarov",
)  # fmt: skip
WOMEN = (
    "Nigora", "Gulnora", "Zulfiya", "Dilfuza", "Maʼmura", "Shahnoza", "Nodira", "Feruza", "Munira", "Hulkar",
    "Oygul", "Saodat", "Zuhra", "Mohira", "Barno", "Gʻuncha", "Lola", "Oʻgʻiloy", "Rayhon", "Yulduz",
)  # fmt: skip
MEN = (
    "Alisher",
    "Bahodir",
    "Davron",
    "Eldor",
    "Gʻayrat",
    "Husan",
    "Isʼhoq",
    "Jahongir",
    "Kamol",
    "Oʻktam",
    "Rustam",
    "Sherzod",
    "Toʻlqin",
    "Ulugʻbek",
)
CYRILLIC_SHARE = 0.4
"""How many write their names in Cyrillic, as many people of their parents' age do."""


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person, named in one script."""

    surname: str
    given_name: str
    patronymic: str
    sex: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Household:
    """An invented family: a parent who comes to the training, and children."""

    parent: Person
    children: tuple[Person, ...]


def households(seed: int = 2019) -> Iterator[Household]:
    """Invented families without end, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 – the same people every time is the point.
    while True:
        surname, father = chance.choice(SURNAMES), chance.choice(MEN)
        is_mother = chance.random() < 0.8  # noqa: PLR2004 – most who come to such trainings are mothers.
        in_cyrillic = chance.random() < CYRILLIC_SHARE
        parent = _person(chance, surname, chance.choice(MEN), female=is_mother, years=(1972, 1993), in_cyrillic=in_cyrillic)
        given = father if is_mother else parent.given_name
        count = chance.randint(1, 3)
        children = tuple(
            _person(chance, surname, given, female=chance.random() < 0.5, years=(2006, 2017), in_cyrillic=in_cyrillic)  # noqa: PLR2004 – a half.
            for _ in range(count)
        )
        yield Household(parent, children)


def _person(chance: random.Random, surname: str, father: str, *, female: bool, years: tuple[int, int], in_cyrillic: bool) -> Person:
    names = (f"{surname}a" if female else surname, chance.choice(WOMEN if female else MEN), f"{father} {'qizi' if female else 'oʻgʻli'}")
    if in_cyrillic:
        names = tuple(to_cyrillic(name) for name in names)  # type: ignore[assignment]
    born = date(chance.randint(*years), chance.randint(1, 12), chance.randint(1, 28))
    return Person(*names, sex="female" if female else "male", birth_date=born)
