"""Every test begins with a clean count of who asked how often."""

from collections.abc import Iterator

import pytest

from app.certificates.throttle import LOOK_UPS, SURNAMES


@pytest.fixture(autouse=True)
def unthrottled() -> Iterator[None]:
    yield
    for throttle, times in ((LOOK_UPS, 60), (SURNAMES, 10)):
        throttle.allow(times)
        throttle.forget()
