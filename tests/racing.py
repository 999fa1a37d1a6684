"""Several at once: each starts in a thread of its own, none before all are there."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 60
"""After which a racer that the others wait for is given up."""


def together(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each of them answers, in their order; raises what one of them raised."""
    start = Barrier(len(works), timeout=SECONDS)

    def run(work: Callable[[], T]) -> T:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def outcomes(responses: Sequence[Any]) -> Counter[tuple[int, str]]:
    """How often each (status, code of the problem) was answered."""
    return Counter((one.status_code, one.json().get("code", "")) for one in responses)
