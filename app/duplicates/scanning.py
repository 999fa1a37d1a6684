"""Looking for duplicates in a whole register: `python -m app duplicates scan`, to be run every night.

It acts for the service itself, since the two rows of one person may lie in territories that no specialist sees both of; who decides sees
the pair if both rows are theirs to see, a manager of the whole organization for one.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.guard import prebuilt
from app.access.transaction import as_system, begin, reading
from app.beneficiaries.actions.candidates import Pair, record
from app.beneficiaries.candidates import UNDECIDED, DuplicateCandidate
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.resemblance import COMPARED, Why, portrait
from app.duplicates.blocking import alike
from app.identifiers.models import Identifier, IdentifierKind
from app.partners.models import Organization

BATCH = 200
_ORGANIZATIONS = prebuilt(sa.select(col(Organization.id)).order_by(col(Organization.id)), "scan.organizations")
_of_organization = col(Beneficiary.organization_id) == bindparam("organization_id")
_stands = (col(Beneficiary.merged_into_id).is_(None), col(Beneficiary.anonymized_at).is_(None))
_PEOPLE = prebuilt(sa.select(*(getattr(Beneficiary, name) for name in COMPARED)).where(_of_organization, *_stands), "scan.people")
# A birth certificate's number is not unique; what was entered in error or lost says nothing either.
_NUMBERS = prebuilt(
    sa.select(col(Identifier.kind), col(Identifier.blind_index), col(Identifier.beneficiary_id)).where(
        col(Identifier.organization_id) == bindparam("organization_id"),
        col(Identifier.ended_on).is_(None),
        col(Identifier.kind) != IdentifierKind.BIRTH_CERTIFICATE.value,
    ),
    "scan.numbers",
)
_KNOWN = prebuilt(
    sa.select(
        *(getattr(DuplicateCandidate, name) for name in ("a_id", "b_id", "id", "status", "reasons")),
    ).where(col(DuplicateCandidate.organization_id) == bindparam("organization_id")),
    "scan.known",
)
# Held, so that whoever decides about one meanwhile is waited for, and seen.
_GONE = prebuilt(
    sa.select(DuplicateCandidate)
    .where(col(DuplicateCandidate.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(DuplicateCandidate.id))
    .with_for_update(),
    "scan.gone",
)


def scan() -> dict[str, int]:
    """Compare everybody with everybody, organization by organization; answers how many people there are and what was found of them."""
    told = {"people": 0, "pairs": 0, "new": 0}
    with reading(as_system("scan_duplicates")) as db:
        organizations = [row[0] for row in db.rows(_ORGANIZATIONS)]
    for organization_id in organizations:
        for name, count in _scan(organization_id).items():
            told[name] += count
    return told


def _scan(organization_id: uuid.UUID) -> dict[str, int]:
    values = {"organization_id": organization_id}
    with reading(as_system("scan_duplicates")) as db:
        # The pairs before the people: a pair of somebody who is registered in between is not known then, rather than found no more.
        known = {(a, b): found for a, b, *found in db.rows(_KNOWN, values)}
        people = [portrait(row) for row in db.rows(_PEOPLE, values)]
        identified = _identified(db.rows(_NUMBERS, values))
    found = [Pair(*pair) for pair in alike(people, identified)]
    # What is decided stays decided, and what says the same as yesterday need not be written again.
    news = [pair for pair in found if pair.key not in known or _differs(pair, *known[pair.key])]
    for start in range(0, len(news), BATCH):
        with begin(as_system("scan_duplicates")) as db:
            record(db, news[start : start + BATCH], organization_id=organization_id, same_identifier=False)
    still = {pair.key for pair in found}
    _remove([key for pair, (key, status, _) in known.items() if status in UNDECIDED and pair not in still])
    return {"people": len(people), "pairs": len(found), "new": sum(pair.key not in known for pair in news)}


def _remove(ids: Sequence[uuid.UUID]) -> None:
    """Pairs that are alike no longer, since one of the two was corrected, forgotten or merged."""
    for start in range(0, len(ids), BATCH):
        with begin(as_system("scan_duplicates")) as db:
            for candidate in db.execute(_GONE, {"ids": list(ids[start : start + BATCH])}).scalars():
                if candidate.status in UNDECIDED and not candidate.is_kept:
                    db.delete(candidate)


def _differs(pair: Pair, _key: uuid.UUID, status: str, reasons: list[str]) -> bool:
    return status in UNDECIDED and set(reasons) - {Why.REPORTED_BY_HAND} != set(pair.likeness.reasons)


def _identified(rows: Any) -> dict[frozenset[uuid.UUID], bool]:
    """Pairs of people who have an equal number."""
    bearers: dict[tuple[str, bytes], set[uuid.UUID]] = defaultdict(set)
    for kind, blind_index, person in rows:
        bearers[kind, blind_index].add(person)
    return {frozenset(pair): True for persons in bearers.values() if len(persons) > 1 for pair in combinations(sorted(persons), 2)}
