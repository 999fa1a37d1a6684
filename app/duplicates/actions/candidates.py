"""Reporting a pair by hand, and saying that two are distinct or left for later."""

import uuid

from app.access.actor import Visit
from app.access.fetch import fetch, find, made_before
from app.access.guard import GuardedSession, require_writable
from app.beneficiaries.actions.candidates import known_candidates
from app.beneficiaries.candidates import DuplicateCandidate, DuplicateStatus, common_territory
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.resemblance import COMPARED, RECORDED, ResemblanceReason, likeness, portrait
from app.database import uuid7
from app.duplicates.schemas import CandidateCreate, CandidateDecision
from app.problems import WrongState, invalid


def report_candidate(db: GuardedSession, *, body: CandidateCreate) -> tuple[DuplicateCandidate, bool]:
    """(pair, known before). Raises Invalid, IdTaken, Merged, and WrongState for a pair that was told to be distinct."""
    if before := made_before(db, DuplicateCandidate, body.id, body.origin()):
        return before, True
    if body.a_id == body.b_id:
        raise invalid("/b_id", "same_person", "Must be another person.")
    one, other = _person(db, "/a_id", body.a_id), _person(db, "/b_id", body.b_id)
    if one.organization_id != other.organization_id:
        raise invalid("/b_id", "other_organization", "Must have been registered by the same organization.")
    # Whoever sees a person through a consent does not decide who it is.
    require_writable(db, one)
    require_writable(db, other)
    a, b = sorted((one.id, other.id))
    db.hold(f"duplicate_candidate:{a}:{b}")
    if known := known_candidates(db, [(a, b)]).get((a, b)):
        if known.status in (DuplicateStatus.DISTINCT, DuplicateStatus.MERGED):
            raise WrongState(f"It is {known.status} already.")
        known.report()
        db.flush()
        return known, True
    drawn = [portrait([getattr(person, name) for name in COMPARED]) for person in (one, other)]
    found = likeness(*drawn)
    candidate = DuplicateCandidate(
        id=body.id or uuid7(),
        origin=body.origin(),
        organization_id=one.organization_id,
        territory=common_territory(one.territory, other.territory),
        a_id=a,
        b_id=b,
        # Somebody who knows both says so, which is as good as the least of what is recorded.
        score=max(found.score, RECORDED),
        reasons=[*found.reasons, ResemblanceReason.REPORTED_BY_HAND],
        note=body.note,
    )
    db.add(candidate)
    db.flush()
    return candidate, False


def _person(db: GuardedSession, at: str, key: uuid.UUID) -> Beneficiary:
    found = find(db, Beneficiary, key, keep=True)
    if found is None:
        raise invalid(at, "unknown", "There is no such beneficiary.")
    return found


def decide_candidate(
    db: GuardedSession, candidate_id: uuid.UUID, *, version: int, status: DuplicateStatus, body: CandidateDecision, by: Visit
) -> DuplicateCandidate:
    """The two are distinct, or it is left for later. Raises NotFound, Stale, WrongState."""
    candidate = fetch(db, DuplicateCandidate, candidate_id, version=version, lock=True)
    candidate.decide(status, by=by.actor.id, note=body.note)
    db.flush()
    return candidate
