"""Carrying out the rules and the approved requests: in the service's own name, since a person's rows may lie in several territories.

Each person is a transaction of its own: a run that is interrupted has forgotten whom it has forgotten, and the next one goes on.
"""

import uuid
from calendar import monthrange
from datetime import datetime
from typing import Any

from app.access.fetch import find
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary, Merged
from app.database import now
from app.retention import due
from app.retention.actions.erasing import erase
from app.retention.models import ErasureRequest, ErasureStatus, RetentionAction, RetentionRule, RetentionRun
from app.search import forget_words

_BATCH = 200
_ASKED = "erasure_requests"


def months_before(moment: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last one of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def run_retention(*, is_dry_run: bool = False) -> dict[str, Any]:
    """Forget whose time is over and who asked for it; answers the counts by rule, which stay on record as a RetentionRun."""
    with begin(as_system("retention_run")) as db:
        record = RetentionRun(is_dry_run=is_dry_run)
        db.add(record)
        rules = due.active_rules(db)
    counts = {_ASKED: _requests(is_dry_run=is_dry_run)}
    for rule in rules:
        counts[rule.code] = _rule(rule, is_dry_run=is_dry_run)
    if not is_dry_run:
        forget_words(Beneficiary.__tablename__)
    with begin(as_system("retention_run")) as db:
        done = find(db, RetentionRun, record.id)
        if done is not None:
            done.counts, done.finished_at = counts, now()
    return counts


def carry_out(request_id: uuid.UUID) -> bool:
    """Forget the person of an approved request; false if a legal hold came in between, or it is carried out already."""
    if done := _carry_out(request_id):
        forget_words(Beneficiary.__tablename__)
    return done


def _carry_out(request_id: uuid.UUID) -> bool:
    with begin(as_system("erasure")) as db:
        request = find(db, ErasureRequest, request_id, lock=True)
        if request is None or request.status != ErasureStatus.APPROVED:
            return False
        # The person is held first: a legal hold that is being placed refers to it, and is seen afterwards.
        person = find(db, Beneficiary, request.beneficiary_id, lock=True)
        if due.is_held(db, request.beneficiary_id):
            return False
        if person is not None and person.anonymized_at is None:
            erase(db, person)
        request.carried_out()
        return True


def _requests(*, is_dry_run: bool) -> dict[str, int]:
    with begin(as_system("retention_run")) as db:
        found = due.approved(db)
    done = 0 if is_dry_run else sum(_carry_out(request_id) for request_id, _ in found)
    return {"due": len(found), "held": 0 if is_dry_run else len(found) - done, "anonymized": done, "deleted": 0}


def _rule(rule: RetentionRule, *, is_dry_run: bool) -> dict[str, int]:
    counts = {"due": 0, "held": 0, "anonymized": 0, "deleted": 0}
    moment = months_before(now(), rule.months)
    after = uuid.UUID(int=0)
    while True:
        with begin(as_system("retention_run")) as db:
            batch = due.people(db, rule.basis, moment=moment, after=after, most=_BATCH)
        for person_id, held in batch:
            counts["due"] += 1
            if held:
                counts["held"] += 1
            elif not is_dry_run:
                counts[_forget(person_id, rule.action)] += 1
        if len(batch) < _BATCH:
            return counts
        after = batch[-1][0]


def _forget(person_id: uuid.UUID, action: RetentionAction) -> str:
    """`anonymized`, `deleted`, or `held` where a hold came in between."""
    with begin(as_system("retention_run")) as db:
        try:
            person = find(db, Beneficiary, person_id, lock=True)
        except Merged:
            # Merged since it was found due: it goes when the other row goes.
            return "held"
        if person is None or due.is_held(db, person_id):
            return "held"
        return erase(db, person, delete=action == RetentionAction.DELETE)
