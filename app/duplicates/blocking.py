"""Which pairs of a whole register are worth comparing: those that share a birth date, a telephone, an identifier, or surname and given
name by their consonants. Everything happens in memory, on a few hundred bytes a person.
"""

import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from app.beneficiaries.resemblance import RECORDED, Likeness, Portrait, could_be, likeness, match_key_of
from app.schemas import Precision

LARGEST = 400
"""Rows that are compared with each other because they share one thing; what more of them share, such as a date that was filled in for
want of a better one, tells nothing.
"""
Block = Sequence[Portrait]


def blocks(people: Iterable[Portrait]) -> Iterator[Block]:
    """Groups of people within which duplicates are looked for; a pair may meet in several."""
    found: dict[tuple[str, Hashable], list[Portrait]] = defaultdict(list)
    for one in people:
        if one.precision == Precision.DAY:
            found["born", one.born].append(one)
        found["named", match_key_of(one)].append(one)
        if one.phone:
            found["phone", one.phone].append(one)
    return (block for (kind, _), block in found.items() if len(block) > 1 and (kind == "named" or len(block) <= LARGEST))


def alike(
    people: Iterable[Portrait], identified: Mapping[frozenset[uuid.UUID], object] | None = None
) -> Iterator[tuple[Portrait, Portrait, Likeness]]:
    """Every pair that is to be recorded, once. `identified` are the pairs with an equal identifier."""
    known = {one.id: one for one in people}
    same = identified or {}
    for keys in same:
        bearers = [known[key] for key in sorted(keys) if key in known]
        if len(bearers) == 2:  # noqa: PLR2004 – a pair, unless one of them is forgotten or merged.
            yield *bearers, likeness(*bearers, same_identifier=True)  # type: ignore[misc]
    seen: set[tuple[uuid.UUID, uuid.UUID]] = set()
    for block in blocks(known.values()):
        for one, other in combinations(block, 2):
            if not could_be(one, other):
                continue
            pair = (one.id, other.id) if one.id < other.id else (other.id, one.id)
            if pair in seen or frozenset(pair) in same:
                continue
            seen.add(pair)
            if (found := likeness(one, other)).score >= RECORDED:
                yield one, other, found
