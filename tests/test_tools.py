"""Where a program is missing, a test says so; in continuous integration it fails."""

from pathlib import Path

import pytest

from tests.tools import tool

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_program(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="want of nonsense-1 or nonsense-2: install Debian's nonsense"):
        tool("nonsense-1", "nonsense-2", package="nonsense")


def test_the_first_one_that_is_there() -> None:
    assert tool("nonsense", "sh", package="dash").endswith("/sh")


def test_nothing_is_skipped_where_all_must_hold() -> None:
    assert "\nexport CI=true\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
