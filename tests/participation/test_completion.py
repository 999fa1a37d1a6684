"""The rule of completion: what it measures, how it rounds, and what it says of those who fall short."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from app.participation.completion import Held, Rule, Unmet, UnmetCode, evaluate

SESSIONS = [Held(uuid.UUID(int=number), number, mandatory=number == 2) for number in range(1, 7)]
EASY = Rule(0, None)


def ids(*numbers: int) -> set[uuid.UUID]:
    return {uuid.UUID(int=number) for number in numbers}


def test_who_reaches_all_of_it_is_complete() -> None:
    assert evaluate(Rule(80, 60), SESSIONS, status="confirmed", attended=ids(1, 2, 3, 4, 5), post_test=60) == []


def test_every_criterion_that_is_not_met_is_named_with_its_numbers() -> None:
    assert evaluate(Rule(80, 60), SESSIONS, status="confirmed", attended=ids(1, 3), post_test=59) == [
        Unmet(UnmetCode.ATTENDANCE_TOO_LOW, {"required_percent": 80, "attended_percent": 33}),
        Unmet(UnmetCode.MANDATORY_SESSION_MISSED, {"session_numbers": [2]}),
        Unmet(UnmetCode.POST_TEST_TOO_LOW, {"required": 60, "score": 59}),
    ]
    assert evaluate(Rule(0, 60), SESSIONS, status="confirmed", attended=ids(2), post_test=None) == [
        Unmet(UnmetCode.POST_TEST_MISSING, {"required": 60})
    ]


def test_a_share_is_rounded_down() -> None:
    assert evaluate(Rule(84, None), SESSIONS, status="confirmed", attended=ids(1, 2, 3, 4, 5), post_test=None) == [
        Unmet(UnmetCode.ATTENDANCE_TOO_LOW, {"required_percent": 84, "attended_percent": 83})
    ]
    assert evaluate(Rule(83, None), SESSIONS, status="confirmed", attended=ids(1, 2, 3, 4, 5), post_test=None) == []


def test_the_test_counts_only_where_the_rule_asks_for_it() -> None:
    assert evaluate(EASY, SESSIONS, status="confirmed", attended=ids(2), post_test=0) == []
    assert evaluate(Rule(0, 0), SESSIONS, status="confirmed", attended=ids(2), post_test=0) == []


def test_without_sessions_nobody_completes() -> None:
    assert evaluate(EASY, [], status="confirmed", attended=(), post_test=100) == [Unmet(UnmetCode.NO_SESSIONS, {})]


def test_who_has_no_seat_is_not_measured_further() -> None:
    for status in ("applied", "waitlisted", "withdrawn", "rejected"):
        assert evaluate(Rule(80, 60), [], status=status, attended=(), post_test=None) == [Unmet(UnmetCode.NOT_SEATED, {"status": status})]
    for status in ("confirmed", "completed", "not_completed"):
        assert evaluate(EASY, SESSIONS, status=status, attended=ids(2), post_test=None) == []


@given(
    required=st.integers(0, 100),
    flags=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    min_post_test=st.none() | st.integers(0, 100),
    score=st.none() | st.integers(0, 100),
)
def test_complete_means_every_criterion_holds(
    required: int, flags: list[tuple[bool, bool]], min_post_test: int | None, score: int | None
) -> None:
    sessions = [Held(uuid.UUID(int=number), number, mandatory) for number, (mandatory, _) in enumerate(flags, 1)]
    attended = {session.id for session, (_, was_there) in zip(sessions, flags, strict=True) if was_there}
    unmet = evaluate(Rule(required, min_post_test), sessions, status="confirmed", attended=attended, post_test=score)
    enough = len(attended) * 100 >= required * len(sessions)
    none_missed = all(session.id in attended for session in sessions if session.mandatory)
    passed = min_post_test is None or (score is not None and score >= min_post_test)
    assert (not unmet) == (enough and none_missed and passed)
    assert [one.code for one in unmet] == sorted((one.code for one in unmet), key=list(UnmetCode).index)
