"""The throttle itself: a window for each address, counted in this process."""

import pytest

from app.certificates.throttle import MOST_ADDRESSES, Throttle


def test_so_many_and_no_more() -> None:
    throttle = Throttle("test", 3)
    assert [throttle.seconds_to_wait("192.0.2.1") for _ in range(3)] == [0, 0, 0]
    assert 1 <= throttle.seconds_to_wait("192.0.2.1") <= 60
    assert throttle.seconds_to_wait("192.0.2.2") == 0


def test_a_refused_request_does_not_count() -> None:
    throttle = Throttle("test", 1)
    throttle.seconds_to_wait("192.0.2.1")
    for _ in range(5):
        assert throttle.seconds_to_wait("192.0.2.1")
    assert len(throttle._storage.events[throttle._limit.key_for("192.0.2.1")]) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("unknown", "testclient", False),
    ],
)
def test_a_network_of_ipv6_counts_as_one(one: str, other: str, same: bool) -> None:
    throttle = Throttle("test", 1)
    assert throttle.seconds_to_wait(one) == 0
    assert bool(throttle.seconds_to_wait(other)) is same


def test_the_memory_is_bounded() -> None:
    throttle = Throttle("test", 1)
    for number in range(MOST_ADDRESSES * 2 + 10):
        throttle.seconds_to_wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(throttle._storage.events) <= MOST_ADDRESSES


def test_addresses_that_are_done_go_first() -> None:
    throttle = Throttle("test", 1)
    throttle.seconds_to_wait("192.0.2.1")
    # What the library leaves of an address whose minute is over.
    throttle._storage.events.update({f"done/{number}": [] for number in range(MOST_ADDRESSES)})
    assert throttle.seconds_to_wait("192.0.2.2") == 0
    assert throttle.seconds_to_wait("192.0.2.1") > 0
