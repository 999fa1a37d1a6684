"""Legal holds, and the requests of those who want to be forgotten."""

import uuid

from app.access.actor import Visit
from app.access.fetch import fetch, find, made_before
from app.access.guard import GuardedSession, require_writable
from app.beneficiaries.actions.members import words_about
from app.beneficiaries.models import Beneficiary
from app.constraints import refuse
from app.database import uuid7
from app.problems import AlreadyExists, invalid
from app.retention import due
from app.retention.models import ErasureRequest, ErasureStatus, LegalHold, OnHold
from app.retention.schemas import ErasureRefusal, ErasureRequestCreate, LegalHoldCreate, LegalHoldRelease

refuse("ix_erasure_request_open", AlreadyExists)


def _person(db: GuardedSession, key: uuid.UUID) -> Beneficiary:
    person = find(db, Beneficiary, key, keep=True)
    if person is None:
        raise invalid("/beneficiary_id", "unknown", "There is no such beneficiary.")
    # Before anything is compared: that the family asked to be forgotten is nothing for whoever sees the person through a consent.
    require_writable(db, person)
    return person


def place_hold(db: GuardedSession, *, body: LegalHoldCreate) -> tuple[LegalHold, bool]:
    """(hold, made before). Raises Invalid for an unknown person, Merged, WasForgotten, OutOfScope, IdTaken."""
    if before := made_before(db, LegalHold, body.id, body.origin()):
        return before, True
    person = _person(db, body.beneficiary_id)
    hold = LegalHold(
        id=body.id or uuid7(),
        origin=body.origin(),
        organization_id=person.organization_id,
        territory=person.territory,
        beneficiary_id=person.id,
        reason=body.reason,
    )
    db.add(hold)
    db.flush()
    return hold, False


def release_hold(db: GuardedSession, hold_id: uuid.UUID, *, version: int, body: LegalHoldRelease) -> LegalHold:
    """Let the rules act again. Raises NotFound, Stale, WrongState."""
    hold = fetch(db, LegalHold, hold_id, version=version)
    hold.release(body.reason)
    db.flush()
    return hold


def request_erasure(db: GuardedSession, *, body: ErasureRequestCreate) -> tuple[ErasureRequest, bool]:
    """(request, made before).

    Raises Invalid for an unknown person, Merged, WasForgotten, OutOfScope, AlreadyExists while another request is open, IdTaken.
    """
    if before := made_before(db, ErasureRequest, body.id, body.origin()):
        return before, True
    person = _person(db, body.beneficiary_id)
    request = ErasureRequest(
        id=body.id or uuid7(),
        origin=body.origin(),
        organization_id=person.organization_id,
        territory=person.territory,
        beneficiary_id=person.id,
        asked_by=body.asked_by,
        asked_on=body.asked_on,
        note=body.note,
    )
    db.add(request)
    db.flush()
    return request, False


def approve_erasure(db: GuardedSession, request_id: uuid.UUID, *, version: int, by: Visit) -> ErasureRequest:
    """Decide that the person is to be forgotten. Raises NotFound, Stale, WrongState, OnHold."""
    request = fetch(db, ErasureRequest, request_id, version=version)
    if due.is_held(db, request.beneficiary_id):
        raise OnHold("Release the legal hold first.")
    request.decide(ErasureStatus.APPROVED, by=by.actor.id)
    db.flush()
    return request


def refuse_erasure(db: GuardedSession, request_id: uuid.UUID, *, version: int, body: ErasureRefusal, by: Visit) -> ErasureRequest:
    """Decide that the data are kept. Raises NotFound, Stale, WrongState."""
    request = fetch(db, ErasureRequest, request_id, version=version)
    request.decide(ErasureStatus.REFUSED, by=by.actor.id, reason=words_about(db, [request.beneficiary_id], body.reason))
    db.flush()
    return request
