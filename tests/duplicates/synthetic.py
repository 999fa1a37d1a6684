"""A register with people who were registered twice, and with people who only look so: made up, the same one for the same number.

Whoever is registered a second time is registered by somebody else: in the other alphabet, with another apostrophe, the Russian way, with
the parts of the name in another order or without the patronymic, and now and then with a slip of the pen in a name or in the date. Beside
them stand twins, namesakes, fathers and the sons who are called like them: whoever takes those for one person errs.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from app.beneficiaries.resemblance import Portrait, portrait
from app.uzbek.scripts import to_cyrillic, to_latin
from tests.bench.names import MEN, WOMEN, people
from tests.bench.rows import districts

SHARE_TWICE, SHARE_ALIKE = 0.05, 0.05
"""Of all rows: those that are a second row of somebody, and those that are there to be mistaken."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as it would be registered."""

    id: uuid.UUID
    surname: str
    given_name: str
    patronymic: str | None
    sex: str
    born: date
    precision: str
    phone: str | None
    territory: str

    def portrait(self) -> Portrait:
        return portrait(
            (self.id, self.surname, self.given_name, self.patronymic, self.sex, self.born, self.precision, self.phone, self.territory)
        )


@dataclass(slots=True)
class Register:
    """The rows, and what is true of them."""

    rows: list[Entry] = field(default_factory=list)
    twice: dict[frozenset[uuid.UUID], tuple[str, ...]] = field(default_factory=dict)
    """Pairs that are one person → what was done to the second row."""
    alike: dict[frozenset[uuid.UUID], str] = field(default_factory=dict)
    """Pairs that are not."""


def register(count: int, seed: int = 2018) -> Register:
    """So many rows."""
    dice = random.Random(seed)
    found = Register()
    singles = round(count * (1 - SHARE_TWICE - SHARE_ALIKE))
    codes, weights = districts()
    for person in people(singles, seed):
        precision = "year" if dice.random() < 0.05 else "day"
        born = date(1940, 1, 1) + timedelta(days=dice.randrange(30_000))
        place = dice.choices(codes, cum_weights=weights)[0]
        found.rows.append(
            Entry(
                _key(dice),
                person.surname,
                person.given_name,
                person.patronymic,
                person.sex,
                born.replace(month=1, day=1) if precision == "year" else born,
                precision,
                _phone(dice) if dice.random() < 0.5 else None,
                f"{place}-{dice.randrange(1, 31):04d}" if dice.random() < 0.8 else place,
            )
        )
    originals = dice.sample(found.rows, round(count * SHARE_TWICE))
    for one in originals:
        second, done = again(one, dice)
        found.rows.append(second)
        found.twice[frozenset((one.id, second.id))] = done
    taken = {one.id for one in originals}
    rest = [one for one in found.rows[:singles] if one.id not in taken]
    for one in dice.sample(rest, round(count * SHARE_ALIKE)):
        other, why = lookalike(one, dice)
        found.rows.append(other)
        found.alike[frozenset((one.id, other.id))] = why
    dice.shuffle(found.rows)
    return found


def _key(dice: random.Random) -> uuid.UUID:
    return uuid.UUID(int=dice.getrandbits(128), version=4)


def _phone(dice: random.Random) -> str:
    return f"+9989{dice.choice('013479')}{dice.randrange(10_000_000):07d}"


# --- the same person, registered by somebody else ---------------------------------------------------------------------------
_RUSSIAN = (("қ", "к"), ("ғ", "г"), ("ҳ", "х"), ("ў", "у"), ("Қ", "К"), ("Ғ", "Г"), ("Ҳ", "Х"), ("Ў", "У"))
_RUSSIAN_LATIN = (
    ("x", "kh"),
    ("X", "Kh"),
    ("q", "k"),
    ("Q", "K"),
    ("j", "dj"),
    ("J", "Dj"),
    ("oʻ", "u"),
    ("Oʻ", "U"),
    ("gʻ", "g"),
    ("Gʻ", "G"),
)


def _respelt(name: str, way: str) -> str:
    if way == "cyrillic":
        return to_cyrillic(name)
    latin = to_latin(name)
    if way == "apostrophes":
        return latin.replace("ʻ", "'").replace("ʼ", "")
    pairs = _RUSSIAN if way == "russian" else _RUSSIAN_LATIN
    text = to_cyrillic(name) if way == "russian" else latin
    for ours, theirs in pairs:
        text = text.replace(ours, theirs)
    return text


def _as_patronymic(one: Entry, dice: random.Random) -> str | None:
    """Karim oʻgʻli as Karimovich, and the other way round."""
    if one.patronymic is None:
        return None
    latin = to_latin(one.patronymic)
    words = latin.split()
    female = one.sex == "female"
    if len(words) > 1:
        father = words[0]
        stem = f"{father}y" if father[-1] in "aeiou" else father
        return f"{stem}{'e' if stem[-1] == 'y' else 'o'}{'vna' if female else 'vich'}"
    for ending in ("yevich", "yevna", "ovich", "ovna", "evich", "evna"):
        if latin.endswith(ending):
            return f"{latin.removesuffix(ending)} {'qizi' if female else dice.choice(('oʻgʻli', 'ogli', 'ugli'))}"
    return latin


def _slip(word: str, dice: random.Random) -> str:
    """One slip of the pen: a letter left out, doubled, swapped with its neighbour, or hit beside."""
    place = dice.randrange(1, len(word) - 1)
    kind = dice.choice(("left out", "doubled", "swapped", "beside"))
    if kind == "left out":
        return word[:place] + word[place + 1 :]
    if kind == "doubled":
        return word[:place] + word[place] + word[place:]
    if kind == "swapped":
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + dice.choice("аоуиенр" if word[place] > "я" or word[place] >= "А" else "aouinrs") + word[place + 1 :]


def _slipped_date(born: date, dice: random.Random) -> date:
    """Day and month swapped, or one digit wrong."""
    for _ in range(50):
        if dice.random() < 0.4:
            digits = born.strftime("%Y%d%m")
        else:
            digits = born.strftime("%Y%m%d")
            place = dice.randrange(3, 8)
            digits = digits[:place] + str(dice.randrange(10)) + digits[place + 1 :]
        try:
            other = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            continue
        if other != born:
            return other
    return born


def again(one: Entry, dice: random.Random) -> tuple[Entry, tuple[str, ...]]:
    """A second row of the person, and what is different in it."""
    way = dice.choice(("cyrillic", "apostrophes", "russian", "russian latin"))
    done = [way]
    names = [_respelt(one.surname, way), _respelt(one.given_name, way)]
    patronymic = one.patronymic
    if patronymic and dice.random() < 0.25:
        patronymic = _as_patronymic(one, dice)
        done.append("patronymic in another form")
    patronymic = patronymic and _respelt(patronymic, way)
    if patronymic and dice.random() < 0.2:
        patronymic = None
        done.append("without patronymic")
    born, precision = one.born, one.precision
    drawn = dice.random()
    if drawn < 0.2:
        place = dice.randrange(2)
        names[place] = _slip(names[place], dice)
        done.append("slip in a name")
    elif drawn < 0.35 and precision == "day":
        born = _slipped_date(born, dice)
        done.append("slip in the date")
    elif drawn < 0.4 and precision == "day":
        born, precision = born.replace(month=1, day=1), "year"
        done.append("only the year")
    if one.sex == "female" and dice.random() < 0.1 and names[0].endswith(("va", "ва")):
        names[0] = names[0][:-1]
        done.append("without the feminine ending")
    if dice.random() < 0.1:
        names.reverse()
        done.append("another order")
    phone = one.phone if dice.random() < 0.5 else (_phone(dice) if dice.random() < 0.5 else None)
    territory = one.territory if dice.random() < 0.75 else one.territory[:7]
    if dice.random() < 0.1:
        codes, weights = districts()
        territory = dice.choices(codes, cum_weights=weights)[0]
        done.append("moved")
    return Entry(_key(dice), *names, patronymic, one.sex, born, precision, phone, territory), tuple(done)


# --- somebody else ----------------------------------------------------------------------------------------------------------
def lookalike(one: Entry, dice: random.Random) -> tuple[Entry, str]:
    """Another person, and how that one is like the first."""
    kind = dice.choice(("twin", "twin", "sibling", "namesake", "namesake of the day", "named after the father"))
    own = replace(one, id=_key(dice))
    pool = [name for name in (WOMEN if one.sex == "female" else MEN) if name != to_latin(one.given_name)]
    if kind == "twin":
        return replace(own, given_name=_like(one.given_name, dice.choice(pool))), kind
    if kind == "sibling":
        return replace(own, given_name=_like(one.given_name, dice.choice(pool)), born=_other_year(one.born, dice, 1, 8)), kind
    codes, weights = districts()
    elsewhere = dice.choices(codes, cum_weights=weights)[0]
    if kind == "namesake":
        return replace(own, born=_other_year(one.born, dice, 3, 30), territory=elsewhere, phone=_phone(dice)), kind
    if kind == "namesake of the day":
        # A father of another name is what tells them apart.
        father = next(name for name in dice.sample(MEN, len(MEN)) if name[:2] != to_latin(one.patronymic or "??")[:2])
        ending = "qizi" if one.sex == "female" else "oʻgʻli"
        return replace(own, patronymic=f"{father} {ending}", territory=elsewhere, phone=_phone(dice)), kind
    return replace(own, born=_other_year(one.born, dice, 20, 40)), kind


def _like(name: str, other: str) -> str:
    return to_cyrillic(other) if not name.isascii() and name[:1] > "ʼ" else other


def _other_year(born: date, dice: random.Random, least: int, most: int) -> date:
    return born + timedelta(days=365 * dice.choice((-1, 1)) * dice.randrange(least, most) + dice.randrange(20, 300))


# --- how well they are told apart -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Quality:
    """Of what was planted, the share that was found; of what was found, the share that is wrong."""

    recall: float
    false: float
    missed: dict[tuple[str, ...], int]
    mistaken: dict[str, int]


def quality(made: Register, found: set[frozenset[uuid.UUID]]) -> Quality:
    """Compare what was found with what is true."""
    hits = found & made.twice.keys()
    missed: dict[tuple[str, ...], int] = {}
    for pair in made.twice.keys() - found:
        missed[made.twice[pair]] = missed.get(made.twice[pair], 0) + 1
    mistaken: dict[str, int] = {}
    for pair in found - made.twice.keys():
        why = made.alike.get(pair, "by chance")
        mistaken[why] = mistaken.get(why, 0) + 1
    return Quality(len(hits) / len(made.twice), 1 - len(hits) / len(found) if found else 0.0, missed, mistaken)


def portraits(made: Register) -> Iterator[Portrait]:
    return (one.portrait() for one in made.rows)
