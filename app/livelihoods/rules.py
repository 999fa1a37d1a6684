"""The rules by which the income per head is computed, each with the day since which it is in force: data, in `rules.yaml`."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("rules.yaml")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the income of so many months before a day, divided by the members of the family on that day and by the months."""

    code: str
    title: dict[str, str]
    in_force_from: date
    source: str
    months: int

    def months_before(self, on: date) -> list[date]:
        """The months before the one in which the day lies, by their first days, the oldest first."""
        last = on.year * 12 + on.month - 1
        return [date(number // 12, number % 12 + 1, 1) for number in range(last - self.months, last)]

    def per_capita(self, total: int, members: int) -> int:
        """Whole UZS, rounded down."""
        return total // (members * self.months)


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """All rules, the oldest first."""
    entries: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return tuple(sorted((Rule(**entry) for entry in entries), key=lambda rule: rule.in_force_from))


def in_force(on: date) -> Rule | None:
    """The rule of a day; None before the first one."""
    return next((rule for rule in reversed(rules()) if rule.in_force_from <= on), None)
