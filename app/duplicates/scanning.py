"""Looking for duplicates in a whole register: once a day by the housekeeping, or at once by `python -m app duplicates scan`.

It acts for the service itself, since the two rows of one person may lie in territories that no specialist sees both of; who decides sees
the pair if both rows are theirs to see, a manager of the whole organization for one.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import as_system, begin, reading
from app.audit import trail
from app.audit.models import AuditEntry
from app.beneficiaries.actions.candidates import Pair, record
from app.beneficiaries.candidates import UNDECIDED, DuplicateCandidate
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.resemblance import COMPARED, RECORDED, Why, likeness, portrait
from app.database import UtcDateTime, now
from app.duplicates.blocking import alike
from app.identifiers import bearers, sealing
from app.identifiers.models import Identifier, IdentifierKeyMissing, IdentifierKind
from app.partners.models import Organization

Key: TypeAlias = tuple[uuid.UUID, uuid.UUID]
BATCH = 200
SCANNED, BEGAN = "duplicate_candidate.scanned", "duplicate_candidate.scan_began"
"""What the trail calls them."""
GIVEN_UP = timedelta(minutes=50)
"""After this time a scan that has begun and is not done is taken for interrupted. Two at once do no harm."""


def _since(action: str) -> sa.ColumnElement[bool]:
    since = bindparam(f"{action}_since", type_=UtcDateTime())
    return sa.and_(col(AuditEntry.action) == bindparam(action), col(AuditEntry.at) > since)


_NOTED = prebuilt(sa.select(col(AuditEntry.id)).where(sa.or_(_since("scanned"), _since("began"))).limit(1), "scan.noted")
_ORGANIZATIONS = prebuilt(sa.select(col(Organization.id)).order_by(col(Organization.id)), "scan.organizations")
_of_organization = col(Beneficiary.organization_id) == bindparam("organization_id")
_stands = (col(Beneficiary.merged_into_id).is_(None), col(Beneficiary.anonymized_at).is_(None))
_drawn = sa.select(*(getattr(Beneficiary, name) for name in COMPARED)).where(*_stands)
_PEOPLE = prebuilt(_drawn.where(_of_organization), "scan.people")
_AGAIN = prebuilt(_drawn.where(col(Beneficiary.id).in_(bindparam("people", expanding=True))), "scan.people_again")
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
        *(getattr(DuplicateCandidate, name) for name in ("a_id", "b_id", "id", "version", "status", "reasons")),
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


@dataclass(frozen=True, slots=True)
class Known:
    """What was found of a pair before."""

    id: uuid.UUID
    version: int
    status: str
    reasons: list[str]

    @property
    def shares_number(self) -> bool:
        """Whether it is undecided, and the two bore one number."""
        return self.status in UNDECIDED and Why.SAME_IDENTIFIER in self.reasons

    def differs(self, pair: Pair) -> bool:
        """Whether the pair is to be written anew."""
        return self.status in UNDECIDED and set(self.reasons) - {Why.REPORTED_BY_HAND} != set(pair.likeness.reasons)


def scan() -> dict[str, int]:
    """Compare everybody with everybody, organization by organization; answers how many people there are and what was found of them, and
    notes it in the trail.
    """
    told = {"people": 0, "pairs": 0, "new": 0}
    with reading(as_system("scan_duplicates")) as db:
        organizations = [row[0] for row in db.rows(_ORGANIZATIONS)]
    for organization_id in organizations:
        for name, count in _scan(organization_id).items():
            told[name] += count
    trail.note(SCANNED, subject_type="duplicate_candidate", details=told)
    return told


def scan_if_due(every: timedelta) -> bool:
    """Scan unless that was done within this time; answers whether it did. Of several processes that ask, one does: the others find that it
    has begun. One that was interrupted is begun anew after `GIVEN_UP`.
    """
    with begin(as_system("scan_duplicates")) as db:
        db.hold("duplicates.scan")
        moment = now()
        values = {"scanned": SCANNED, "scanned_since": moment - every, "began": BEGAN, "began_since": moment - GIVEN_UP}
        if db.rows(_NOTED, values):
            return False
        trail.note_within(db, BEGAN, subject_type="duplicate_candidate", details={})
    scan()
    return True


def _scan(organization_id: uuid.UUID) -> dict[str, int]:
    values = {"organization_id": organization_id}
    with reading(as_system("scan_duplicates")) as db:
        # The pairs before the people: a pair of somebody who is registered in between is not known then, rather than found no more.
        known = {(a, b): Known(*found) for a, b, *found in db.rows(_KNOWN, values)}
        people = {row[0]: portrait(row) for row in db.rows(_PEOPLE, values)}
        identified = _identified(db.rows(_NUMBERS, values))
    same, untold = _numbers_again([pair for pair, one in known.items() if one.shares_number and frozenset(pair) not in identified])
    found = {pair.key: pair for one in alike(people.values(), identified | same) if (pair := Pair(*one)).key not in untold}
    # Two who are still alike are found, whatever block they meet in no more; two of whom one is merged, or was forgotten, are not compared.
    undecided = [key for key, one in known.items() if one.status in UNDECIDED and key not in found and key not in untold]
    drawn = [Pair(people[a], people[b], likeness(people[a], people[b])) for a, b in undecided if a in people and b in people]
    found |= {pair.key: pair for pair in drawn if pair.likeness.score >= RECORDED}
    # What is decided stays decided, and what says the same as yesterday need not be written again.
    news = [pair for pair in found.values() if pair.key not in known or known[pair.key].differs(pair)]
    for start in range(0, len(news), BATCH):
        with begin(as_system("scan_duplicates")) as db:
            _write(db, news[start : start + BATCH], known, organization_id)
    _remove([(pair.key, known[pair.key]) for pair in drawn if pair.key not in found])
    return {"people": len(people), "pairs": len(found), "new": sum(pair.key not in known for pair in news)}


def _write(db: GuardedSession, pairs: Sequence[Pair], known: Mapping[Key, Known], organization_id: uuid.UUID) -> None:
    """That two bear one number is taken back where it was known, and found untrue here; others may have been told meanwhile."""
    by_reason: dict[bool, list[Pair]] = {True: [], False: []}
    for pair in pairs:
        by_reason[pair.key in known and known[pair.key].shares_number].append(pair)
    for shared_number, some in by_reason.items():
        if some:
            record(db, some, organization_id=organization_id, same_identifier=False if shared_number else None)


def _remove(pairs: Sequence[tuple[Key, Known]]) -> None:
    """Pairs that are alike no longer, since one of the two was corrected: by what is known of both at this moment, and unless somebody
    wrote the pair anew meanwhile. What was decided, or noted when it was left for later, must not be lost by anything else.
    """
    for start in range(0, len(pairs), BATCH):
        versions = {one.id: one.version for _, one in pairs[start : start + BATCH]}
        people = sorted({person for key, _ in pairs[start : start + BATCH] for person in key})
        with begin(as_system("scan_duplicates")) as db:
            held = db.execute(_GONE, {"ids": list(versions)}).scalars().all()
            drawn = {row[0]: portrait(row) for row in db.rows(_AGAIN, {"people": people})}
            for candidate in held:
                one, other = drawn.get(candidate.a_id), drawn.get(candidate.b_id)
                is_alike = one is None or other is None or likeness(one, other).score >= RECORDED
                if not is_alike and candidate.version == versions[candidate.id] and not candidate.is_kept:
                    db.delete(candidate)


def _numbers_again(pairs: Sequence[Key]) -> tuple[dict[frozenset[uuid.UUID], bool], set[Key]]:
    """(those of the pairs who bear one number all the same, those of whom it cannot be told). While the key of the index is renewed, two
    rows of one number look different.
    """
    same: dict[frozenset[uuid.UUID], bool] = {}
    if not pairs:
        return same, set()
    untold: set[Key] = set()
    with begin(as_system("scan_duplicates")) as db:
        try:
            if not sealing.has_older_index():
                return same, untold
            for a, b in pairs:
                others = bearers.sharing(db, a)
                if others is None:
                    untold.add((a, b))
                elif b in others:
                    same[frozenset((a, b))] = True
        except IdentifierKeyMissing:
            untold = set(pairs)
    return same, untold


def _identified(rows: Any) -> dict[frozenset[uuid.UUID], bool]:
    """Pairs of people who have an equal number."""
    carried: dict[tuple[str, bytes], set[uuid.UUID]] = defaultdict(set)
    for kind, blind_index, person in rows:
        carried[kind, blind_index].add(person)
    return {frozenset(pair): True for persons in carried.values() if len(persons) > 1 for pair in combinations(sorted(persons), 2)}
