"""How often one address may ask about certificates without logging in. Counted in this process: nothing about anybody is stored."""

import math
import time

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.limits import address_of, counted_as
from app.problems import TooManyRequests

MOST_ADDRESSES = 2_000
"""Addresses that are remembered; the library walks over all of them now and then."""


class Throttle:
    """A moving window of one minute for each address. As a dependency it refuses what comes too often."""

    def __init__(self, name: str, times: int) -> None:
        self._limit = RateLimitItemPerMinute(times, 1, name)
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def allow(self, times: int) -> None:
        """Admit so many a minute from now on."""
        self._limit = RateLimitItemPerMinute(times, 1, self._limit.namespace)

    def forget(self) -> None:
        """Begin anew with every address."""
        self._storage.reset()

    def seconds_to_wait(self, address: str) -> int:
        """0 if this request is admitted, and then it counts; else how long to wait. A refused request does not count."""
        key = counted_as(address)
        if len(self._storage.events) >= MOST_ADDRESSES:
            self._make_room()
        if self._limiter.hit(self._limit, key):
            return 0
        return max(1, math.ceil(self._limiter.get_window_stats(self._limit, key).reset_time - time.time()))

    def _make_room(self) -> None:
        # The library keeps an address for ever once it was seen.
        for key in [key for key, events in list(self._storage.events.items()) if not events]:
            self._storage.clear(key)
        if len(self._storage.events) >= MOST_ADDRESSES:
            self.forget()

    async def __call__(self, request: Request) -> None:
        """Raises TooManyRequests with the seconds to wait."""
        if wait := self.seconds_to_wait(address_of(request)):
            raise TooManyRequests.after(wait)


LOOK_UPS = Throttle("look-ups", 60)
SURNAMES = Throttle("surnames", 10)
"""Few, so that nobody finds out a masked name by trying a list of surnames."""
