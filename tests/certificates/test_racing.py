"""Racers: whatever meets whatever, a participant has one valid certificate, and nobody gets a 500."""

import uuid
from collections import Counter

import pytest
import sqlalchemy as sa

from app.access.transaction import as_system, begin
from app.audit.models import AuditEntry
from app.certificates import actions, grounds
from app.certificates.models import Certificate
from app.trainings.actions import certificates as training_actions
from tests.callers import Caller, Callers
from tests.factories.certificates import Course, issue, make_certificate, make_course, names, revoke
from tests.racing import outcomes, together

RACERS = 8


def race(caller: Caller, course: Course) -> Counter[str]:
    """Eight at once; the sum of their outcomes."""
    answers = together([lambda: caller.post(course.url, {"dry_run": False})] * RACERS)
    assert [answer.status_code for answer in answers] == [200] * RACERS, [answer.text[:200] for answer in answers]
    told = {tuple(one["certificate_id"] for one in answer.json()["outcomes"]) for answer in answers}
    assert len(told) == 1, "every racer must be told the same certificates"
    total: Counter[str] = Counter()
    for answer in answers:
        total.update(answer.json()["counts"])
    return total


def stored() -> tuple[int, int, int]:
    """(certificates, enrollments with one, entries in the trail about a certificate being made)."""
    with begin(as_system("test")) as db:
        made = sa.select(sa.func.count()).where(AuditEntry.action == "certificate.created")
        count = sa.select(sa.func.count(), sa.func.count(sa.distinct(Certificate.enrollment_id)))
        return (*db.execute(count).one(), db.execute(made).scalar_one())


def test_eight_racers_over_97_make_97(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(103), absent=6)
    assert race(ngo, course) == {"issued": 97, "already_issued": 97 * (RACERS - 1), "not_eligible": 6 * RACERS}
    assert stored() == (97, 97, 97)


def test_without_the_lock_the_index_alone_judges(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_actions.rosters, "lock", lambda db, roster_id: None)
    ngo = callers.ngo()
    course = make_course(ngo, *names(20))
    assert race(ngo, course)["issued"] == 20
    assert stored() == (20, 20, 20)


def test_who_lost_the_race_takes_what_the_winner_made(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(3))
    first = issue(ngo, course)
    revoke(ngo, ngo.get(f"/v1/certificates/{first[2]['certificate_id']}").json())
    see, looks = grounds.issued, []

    def late(db: object, roster_id: uuid.UUID) -> object:
        """The first look is older than the winner's commit."""
        looks.append(roster_id)
        return {} if len(looks) == 1 else see(db, roster_id)

    monkeypatch.setattr(grounds, "issued", late)
    again = issue(ngo, course)
    assert [one["outcome"] for one in again] == ["already_issued", "already_issued", "issued"]
    assert [one["certificate_id"] for one in again[:2]] == [one["certificate_id"] for one in first[:2]]
    # What was tried and rolled back left nothing, in the trail either.
    assert stored() == (4, 3, 4)


def test_a_number_that_is_taken_is_drawn_again(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo()
    taken = make_certificate(ngo)["number"].replace("-", "")
    draw, drawn = actions.new_number, iter([taken])
    monkeypatch.setattr(actions, "new_number", lambda: next(drawn, None) or draw())
    assert make_certificate(ngo)["number"].replace("-", "") != taken


def test_who_always_loses_is_told_to_come_again(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo()
    course = make_course(ngo)
    issue(ngo, course)
    monkeypatch.setattr(grounds, "issued", lambda db, roster_id: {})
    refused = ngo.post(course.url, {"dry_run": False})
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert "retry-after" in refused.headers
    assert stored() == (1, 1, 1)


def test_one_of_two_who_revoke_with_the_same_version_wins(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"/v1/certificates/{make_certificate(ngo)['id']}/revoke"
    body = {"category": "fraud", "reason": "Copied."}
    answers = together([lambda: ngo.post(url, body, version=1)] * RACERS)
    assert outcomes(answers) == {(200, ""): 1, (412, "stale"): RACERS - 1}
