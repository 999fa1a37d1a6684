"""Carrying out the rules and the approved requests: in the service's own name, since a person's rows may lie in several territories.

Each person is a transaction of its own: a run that is interrupted has forgotten whom it has forgotten, and the next one goes on.
"""

import logging
import uuid
from calendar import monthrange
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from app.access.fetch import fetch, find
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary, Family, Merged, WasForgotten
from app.database import now
from app.problems import Busy, Problem, Stale
from app.retention import due
from app.retention.actions.erasing import Forgotten, erase, erase_rest, forget_family, hold_subject
from app.retention.holding import freed
from app.retention.models import ErasureRequest, ErasureStatus, RetentionAction, RetentionBasis, RetentionRule, RetentionRun
from app.search import forget_words

log = logging.getLogger("himoya.retention")
_BATCH = 200
_ASKED, _FREED = "erasure_requests", "released_holds"


def months_before(moment: datetime, months: int) -> datetime:
    """The same day so many months earlier, or the last one of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


class _Counts:
    """What one rule, or the requests, came to."""

    def __init__(self) -> None:
        self._people = {"due": 0, "held": 0, "anonymized": 0, "deleted": 0, "failed": 0}
        self._families = 0
        self._rows: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()

    def due(self, *, is_held: bool = False) -> None:
        """One more's time is over, be they held or not."""
        self._people["due"] += 1
        self._people["held"] += is_held

    def family(self, forgotten: Forgotten) -> None:
        """One more family to which nobody ever belonged."""
        self._families += 1
        self._rows += forgotten.rows

    def tried(self, forget: Callable[[], Forgotten | None]) -> None:
        """One more, if nobody is in the way: whoever changes something of the person meanwhile is let pass, and the next run goes on. What
        else goes wrong with one is no reason to leave the others.
        """
        try:
            self._done(forget())
        except (Busy, Stale):
            self._people["failed"] += 1
        except Problem:
            log.exception("somebody could not be forgotten; tried again by the next run")
            self._people["failed"] += 1

    def _done(self, forgotten: Forgotten | None) -> None:
        """One more was forgotten, or, without anything forgotten, held after all."""
        outcome = "held" if forgotten is None else "deleted" if forgotten.is_deleted else "anonymized"
        self._people[outcome] += 1
        if forgotten is not None:
            self._rows += forgotten.rows
            self._kept += forgotten.kept

    def told(self) -> dict[str, Any]:
        """As it is kept on record, in the form of RuleCountsRead."""
        counted = {"rows_deleted": self._rows, "rows_kept": self._kept}
        rows = {name: [{"table": table, "rows": count} for table, count in sorted(found.items())] for name, found in counted.items()}
        return {**self._people, "families": self._families, **rows}


def run_retention(*, is_dry_run: bool = False) -> dict[str, Any]:
    """Forget whose time is over and who asked for it; answers the counts by rule, which stay on record as a RetentionRun."""
    with begin(as_system("retention_run")) as db:
        record = RetentionRun(is_dry_run=is_dry_run)
        db.add(record)
        rules = due.active_rules(db)
    counts = {_ASKED: _requests(is_dry_run=is_dry_run), _FREED: _released(is_dry_run=is_dry_run)}
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
    """Forget the person of an approved request; false if a legal hold came in between, it is carried out already, or somebody changes
    something of the person at this moment: then the next run does it.
    """
    try:
        done = _carry_out(request_id)
    except (Busy, Stale):
        return False
    if done:
        forget_words(Beneficiary.__tablename__)
    return done is not None


def _carry_out(request_id: uuid.UUID) -> Forgotten | None:
    with begin(as_system("erasure")) as db:
        request = find(db, ErasureRequest, request_id)
        if request is None:
            return None
        # The person is held first: a legal hold that is being placed refers to it, and is seen afterwards; and a merge holds persons
        # before what hangs on them, this request among it.
        named = request.beneficiary_id
        hold_subject(db, named)
        try:
            person = find(db, Beneficiary, named, lock=True)
        except WasForgotten:
            # By a rule, meanwhile.
            person = None
        except Merged as error:
            # Meanwhile too, and the request with the person.
            raise Stale from error
        request = fetch(db, ErasureRequest, request_id, lock=True)
        if request.beneficiary_id != named:
            raise Stale
        if request.status != ErasureStatus.APPROVED:
            return None
        if due.is_held(db, request.beneficiary_id):
            return None
        forgotten = erase(db, person) if person is not None else Forgotten()
        request.carried_out()
        return forgotten


def _requests(*, is_dry_run: bool) -> dict[str, Any]:
    counts = _Counts()
    with begin(as_system("retention_run")) as db:
        found = due.approved(db)
    for request_id, _ in found:
        counts.due()
        if not is_dry_run:
            counts.tried(partial(_carry_out, request_id))
    return counts.told()


def _released(*, is_dry_run: bool) -> dict[str, Any]:
    """What holds on others kept of people who are forgotten goes when they are released."""
    counts = _Counts()
    with begin(as_system("retention_run")) as db:
        found = freed(db)
    for person_id in found:
        counts.due()
        if not is_dry_run:
            counts.tried(partial(_rest, person_id))
    return counts.told()


def _rest(person_id: uuid.UUID) -> Forgotten | None:
    """None where another hold keeps all of it."""
    with begin(as_system("retention_run")) as db:
        hold_subject(db, person_id)
        done = erase_rest(db, person_id)
        return None if done.kept and not done.rows else done


def _rule(rule: RetentionRule, *, is_dry_run: bool) -> dict[str, Any]:
    counts = _Counts()
    moment = months_before(now(), rule.months)
    delete_before = moment if rule.action == RetentionAction.DELETE else None
    after = uuid.UUID(int=0)
    while True:
        with begin(as_system("retention_run")) as db:
            batch = due.people(db, rule.basis, moment=moment, after=after, most=_BATCH)
        for person_id, held in batch:
            counts.due(is_held=held)
            if not held and not is_dry_run:
                counts.tried(partial(_forget, person_id, rule.basis, moment, delete_before))
        if len(batch) < _BATCH:
            break
        after = batch[-1][0]
    _empty_families(counts, rule.basis, moment, delete_before, is_dry_run=is_dry_run)
    return counts.told()


def _empty_families(counts: _Counts, basis: RetentionBasis, moment: datetime, delete_before: datetime | None, *, is_dry_run: bool) -> None:
    """Families go with the last of their members; those that never had any go by themselves, when nothing was written of them for long."""
    if basis != RetentionBasis.LAST_ACTIVITY:
        return
    with begin(as_system("retention_run")) as db:
        found = due.empty_families(db, moment=moment)
    for family_id in found:
        counts.family(Forgotten() if is_dry_run else _forget_family(family_id, moment, delete_before))


def _forget_family(family_id: uuid.UUID, moment: datetime, delete_before: datetime | None) -> Forgotten:
    with begin(as_system("retention_run")) as db:
        family = find(db, Family, family_id, lock=True)
        # Somebody may have come to it since.
        if family is None or family_id not in due.empty_families(db, moment=moment):
            return Forgotten()
        return forget_family(db, family, delete_before=delete_before)


def _forget(person_id: uuid.UUID, basis: RetentionBasis, moment: datetime, delete_before: datetime | None) -> Forgotten | None:
    """None where a hold came in between. Raises Stale where somebody has begun to work with the person again."""
    with begin(as_system("retention_run")) as db:
        hold_subject(db, person_id)
        try:
            person = find(db, Beneficiary, person_id, lock=True)
        except (Merged, WasForgotten):
            # Since it was found due. Whoever was merged goes when the other row goes.
            return None
        if person is None or due.is_held(db, person_id):
            return None
        if not due.is_still_due(db, person_id, basis, moment=moment):
            raise Stale
        return erase(db, person, delete_before=delete_before)
