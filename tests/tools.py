"""Programs of the machine that some tests need: where one is missing the test is skipped and says so; where nothing may be, it fails."""

import os
import shutil

import pytest


def tool(*names: str, package: str) -> str:
    """The first of these that is on PATH. In continuous integration (CI=true) a missing one is a failure."""
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    missing = f"NOT CHECKED for want of {' or '.join(names)}: install Debian's {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)
