"""Who has completed an activity, and what each of the others lacks: pure arithmetic over what was recorded.

The share of attendance is that of the attended sessions (present or late) among all sessions of the roster, rounded down, so that a
share shown as 80 is never less than 80.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.participation.models import SEATED, EnrollmentStatus


class UnmetCode(StrEnum):
    """A criterion that is not met. The numbers that come with each stand in `Unmet.details`."""

    NOT_SEATED = "not_seated"
    NO_SESSIONS = "no_sessions"
    ATTENDANCE_TOO_LOW = "attendance_too_low"
    MANDATORY_SESSION_MISSED = "mandatory_session_missed"
    POST_TEST_MISSING = "post_test_missing"
    POST_TEST_TOO_LOW = "post_test_too_low"


@dataclass(frozen=True, slots=True)
class Unmet:
    """One criterion that a participant does not meet, with its numbers.

    `not_seated` {status} · `no_sessions` {} · `attendance_too_low` {required_percent, attended_percent} ·
    `mandatory_session_missed` {session_numbers} · `post_test_missing` {required} · `post_test_too_low` {required, score}.
    """

    code: UnmetCode
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What completion asks for, in percent; a post-test only where `min_post_test` is set."""

    min_attendance_percent: int
    min_post_test: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """A session as far as completion is concerned."""

    id: uuid.UUID
    number: int
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How one enrollment stands, whatever its state. `participant_name` is the present name where the caller may see that person,
    else the name as it stood when enrolled.
    """

    enrollment_id: uuid.UUID
    status: EnrollmentStatus
    participant_kind: str
    beneficiary_id: uuid.UUID | None
    specialist_id: uuid.UUID | None
    participant_name: str
    is_complete: bool
    unmet: list[Unmet]


def evaluate(rule: Rule, sessions: Sequence[Held], *, status: str, attended: Collection[uuid.UUID], post_test: int | None) -> list[Unmet]:
    """Every criterion that a participant does not meet; an empty list means complete.

    `sessions` are all of the roster's, by number; `attended` the ids of those where the participant was present or late; `post_test`
    the score in percent. Who has no seat is not measured any further. A roster without sessions is completed by nobody, whatever the
    rule: there is no record that anything was held.
    """
    if status not in SEATED:
        return [Unmet(UnmetCode.NOT_SEATED, {"status": str(status)})]
    unmet = []
    if not sessions:
        unmet.append(Unmet(UnmetCode.NO_SESSIONS, {}))
    else:
        percent = sum(one.id in attended for one in sessions) * 100 // len(sessions)
        if percent < rule.min_attendance_percent:
            numbers = {"required_percent": rule.min_attendance_percent, "attended_percent": percent}
            unmet.append(Unmet(UnmetCode.ATTENDANCE_TOO_LOW, numbers))
        if missed := [one.number for one in sessions if one.mandatory and one.id not in attended]:
            unmet.append(Unmet(UnmetCode.MANDATORY_SESSION_MISSED, {"session_numbers": missed}))
    if rule.min_post_test is not None:
        if post_test is None:
            unmet.append(Unmet(UnmetCode.POST_TEST_MISSING, {"required": rule.min_post_test}))
        elif post_test < rule.min_post_test:
            unmet.append(Unmet(UnmetCode.POST_TEST_TOO_LOW, {"required": rule.min_post_test, "score": post_test}))
    return unmet
