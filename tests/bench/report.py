"""The tables and the goals, as Markdown on standard output."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.bench.certificates import Batch
from tests.bench.load import Measure
from tests.bench.scenarios import FASTAPI, OURS, UNCOUNTED, Results

SCALED = ("list", "search")
"""The scenarios that must not feel the size of the table."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal of the project. `figure` is None where it was not measured, or where an error spoils it."""

    text: str
    limit: float
    figure: float | None
    unit: str = "×"
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.figure is not None and (self.figure <= self.limit if self.at_most else self.figure >= self.limit)

    def line(self) -> str:
        figure = "no figure" if self.figure is None else f"{self.figure:.2f}{self.unit}"
        wanted = f"{'≤' if self.at_most else '≥'} {self.limit:g}{self.unit}"
        return f"| {self.text} | {wanted} | {figure} | {'reached' if self.reached else 'NOT REACHED'} |"


def ratio(results: Results, to: str) -> float | None:
    """How many times ours is the other, by requests a second: infinite where the other finished none in time, None where one failed any."""
    ours, other = results.get(OURS), results.get(to)
    if not ours or not other or not ours.clean or other.faults:
        return None
    return ours.rate / other.rate if other.rate else math.inf


def table(title: str, rows: Mapping[str, Results]) -> Iterator[str]:
    """One database: each scenario, each service."""
    yield f"\n### {title}\n"
    yield "| scenario | service | req/s | p50 ms | p99 ms | longest ms | CPU ms | not 2xx | broken, late | ours is |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for scenario, results in rows.items():
        for label, measure in results.items():
            times = ratio(results, label) if label != OURS else None
            yield _row(scenario, label, measure, "" if times is None else f"{times:.1f}×")


def _row(scenario: str, label: str, measure: Measure, note: str) -> str:
    spoilt = "" if measure.clean else " (does not count)" if measure.faults else " (none finished)"
    cpu = "" if measure.cpu is None else f"{measure.cpu:.2f}"
    return (
        f"| {scenario} | {label} | {measure.rate:,.0f}{spoilt} | {measure.p50:.1f} | {measure.p99:.1f} | {measure.longest:.0f} | {cpu} "
        f"| {measure.refused} | {measure.broken + measure.timeouts} | {note} |"
    )


def crowd_table(rows: Mapping[tuple[str, str, str], Measure]) -> Iterator[str]:
    """128 connections: (database, request, service) → what happened."""
    yield "\n### 128 connections at once\n"
    yield "| database | request | service | answers | req/s | longest ms | not 2xx | broken | later than 5 s |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|"
    for (database, request, label), found in rows.items():
        counts = f"{found.refused} | {found.broken} | {found.timeouts}"
        yield f"| {database} | {request} | {label} | {found.requests:,} | {found.rate:,.0f} | {found.longest:.0f} | {counts} |"


def scaling_table(rows: Mapping[str, tuple[Measure, Measure]], small: int, large: int) -> Iterator[str]:
    """(small, large) by scenario."""
    yield "\n### The same service on a small and on a large PostgreSQL\n"
    yield f"| request | p50 ms at {small:,} | p50 ms at {large:,} | ratio |"
    yield "|---|--:|--:|--:|"
    for scenario, (few, many) in rows.items():
        yield f"| {scenario} | {few.p50:.1f} | {many.p50:.1f} | {many.p50 / few.p50:.2f} |"


def batch_lines(batch: Batch) -> Iterator[str]:
    yield "\n### Certificates\n"
    cpu, wall = (seconds / batch.count * 1000 for seconds in (batch.cpu, batch.wall))
    yield (
        f"{batch.count} different sheets in one process: {cpu:.1f} ms of CPU and {wall:.1f} ms of time a PDF, "
        f"{batch.rate:.0f} a second and core, {batch.size / 1000:.0f} kB each."
    )


def goals_of(kind: str, title: str, rows: Mapping[str, Results]) -> Iterator[Goal]:
    """The goals of one database, as far as it was measured."""
    by_name = dict(rows)
    if found := by_name.get("get"):
        yield Goal(f"{title}: GET one, ours to FastAPI", 3, ratio(found, FASTAPI))
    if found := by_name.get("list"):
        yield Goal(f"{title}: list of 50, ours to FastAPI without its count", 2 if kind == "sqlite" else 3, ratio(found, UNCOUNTED))
        yield Goal(f"{title}: list of 50, ours to FastAPI with its count", 8, ratio(found, FASTAPI))
    if found := by_name.get("create"):
        yield Goal(f"{title}: create with a key, ours to FastAPI's plain insert", 1.6, ratio(found, FASTAPI))


def crowd_goals(rows: Mapping[tuple[str, str, str], Measure]) -> Iterator[Goal]:
    for (database, request, label), found in rows.items():
        if label == OURS:
            faults = float(found.faults) if found.requests else None
            yield Goal(f"{database}: {request} at 128 connections, errors and stalls", 0, faults, unit="", at_most=True)


def scaling_goals(rows: Mapping[str, tuple[Measure, Measure]]) -> Iterator[Goal]:
    for scenario, (few, many) in rows.items():
        figure = many.p50 / few.p50 if few.clean and many.clean else None
        yield Goal(f"PostgreSQL: p50 of {scenario}, large to small", 1.5, figure, at_most=True)


def batch_goal(batch: Batch) -> Goal:
    return Goal("Certificates a second and core", 60, batch.rate, unit="")


def goal_table(goals: list[Goal]) -> Iterator[str]:
    yield "\n### Goals\n"
    yield "| goal | wanted | measured | |"
    yield "|---|--:|--:|---|"
    yield from (goal.line() for goal in goals)
