"""`python -m tests.bench`: load, start, measure, print. It asserts no times; its exit status is 1 only when ours answered an error."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from tests.bench import certificates, data, report
from tests.bench.bed import Bed, bed
from tests.bench.cluster import SETTINGS, postgres
from tests.bench.load import CONNECTIONS, Measure, NoLoad, check_wrk
from tests.bench.scenarios import FASTAPI, OURS, Pace, Results, check_alike, crowd, measure, measure_together, scenarios
from tests.bench.servers import NotReady

NAMES = ("get", "list", "pages", "search", "create", "crowd", "scaling", "certificates")
COMPARED = ("get", "list", "pages", "search", "create")
KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Plan:
    """How large and how long."""

    sqlite: int
    large: int
    small: int
    sheets: int
    pace: Pace


FULL = Plan(sqlite=100_000, large=1_000_000, small=10_000, sheets=300, pace=Pace(rounds=3, seconds=5, stall_seconds=20))
QUICK = Plan(sqlite=10_000, large=50_000, small=5_000, sheets=40, pace=Pace(rounds=1, seconds=2, stall_seconds=4))


@dataclass(slots=True)
class Outcome:
    """Everything that was measured."""

    compared: dict[tuple[str, str], dict[str, Results]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    crowds: dict[tuple[str, str, str], Measure] = field(default_factory=dict)
    scaled: dict[str, tuple[Measure, Measure]] = field(default_factory=dict)
    batch: certificates.Batch | None = None

    def lines(self, plan: Plan) -> Iterator[str]:
        goals: list[report.Goal] = []
        for (kind, title), rows in self.compared.items():
            yield from report.table(title, {self.titles[name]: results for name, results in rows.items()})
            goals += report.goals_of(kind, title.partition(",")[0], rows)
        if self.crowds:
            yield from report.crowd_table(self.crowds)
            goals += report.crowd_goals(self.crowds)
        if self.scaled:
            yield from report.scaling_table(self.scaled, plan.small, plan.large)
            goals += report.scaling_goals(self.scaled)
        if self.batch:
            yield from report.batch_lines(self.batch)
            goals.append(report.batch_goal(self.batch))
        yield from report.goal_table(goals)

    def faults(self) -> int:
        """Requests of ours that got no 2xx answer."""
        ours = [results[OURS] for rows in self.compared.values() for results in rows.values()]
        ours += [found for (_, _, label), found in self.crowds.items() if label == OURS]
        ours += [found for pair in self.scaled.values() for found in pair]
        return sum(not found.clean for found in ours)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data and one short round: shows that it works, not how fast it is")
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--only", metavar="NAME", action="append", choices=NAMES, help=f"only this, may be repeated: {', '.join(NAMES)}")
    given = parser.parse_args(arguments)
    plan, wanted = QUICK if given.quick else FULL, tuple(given.only or NAMES)
    kinds = KINDS if given.database == "both" else (given.database,)
    try:
        check_wrk()
        outcome = run(plan, wanted, kinds)
    except (NoLoad, NotReady, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(*outcome.lines(plan), sep="\n")
    if given.quick:
        print("\nThis was a quick run: too small and too short for any of its figures to count.")
    if faults := outcome.faults():
        print(f"\nOurs failed requests in {faults} of its measurements.", file=sys.stderr)
    return 1 if outcome.faults() else 0


def run(plan: Plan, wanted: Sequence[str], kinds: Sequence[str]) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="himoya-bench-") as name, data.cache_folder() as cache, ExitStack() as stack:
        bench = Bench(plan, wanted, Path(name))
        processors = f"{os.cpu_count()} processors shared with wrk"
        print(f"Python {platform.python_version()}, {processors}, one worker a service, {CONNECTIONS} connections.", flush=True)
        if "certificates" in wanted:
            _say("certificates")
            bench.outcome.batch = certificates.print_batch(plan.sheets)
        if "sqlite" in kinds and {*COMPARED, "crowd"} & set(wanted):
            bench.compare("sqlite", plan.sqlite, data.sqlite(plan.sqlite, cache, bench.folder))
        if "postgresql" in kinds and {*COMPARED, "crowd", "scaling"} & set(wanted):
            cluster = stack.enter_context(postgres(cache))
            _describe(cluster)
            large = data.postgresql(plan.large, cluster)
            if "scaling" in wanted:
                bench.scale(data.postgresql(plan.small, cluster), large)
            bench.compare("postgresql", plan.large, large)
        return bench.outcome


@dataclass(slots=True)
class Bench:
    """One run: what is wanted of it, and what it found."""

    plan: Plan
    wanted: Sequence[str]
    folder: Path
    outcome: Outcome = field(default_factory=Outcome)

    def compare(self, kind: str, rows: int, url: str) -> None:
        """Everything that sets ours beside the peers on one database."""
        if "crowd" in self.wanted:
            # Before anything is written, and on services of their own, since a peer may not survive it.
            with bed(kind, rows, url, self.folder / f"{kind}-crowd", ("ours", "fastapi")) as found:
                self._crowd(found)
        if not set(COMPARED) & set(self.wanted):
            return
        with bed(kind, rows, url, self.folder / kind, ("ours", "fastapi", "drf")) as found:
            check_alike(found)
            results = self.outcome.compared.setdefault((kind, found.title), {})
            for scenario in scenarios(found, self.wanted):
                _say(f"{found.title}: {scenario.title}")
                self.outcome.titles[scenario.name] = scenario.title
                results[scenario.name] = measure(found, scenario, self.plan.pace)

    def _crowd(self, found: Bed) -> None:
        id = found.sample.ids[0]
        targets = {
            OURS: {"GET one": f"/v1/beneficiaries/{id}", "list of 50": "/v1/beneficiaries?limit=50"},
            FASTAPI: {"GET one": f"/beneficiaries/{id}", "list of 50": "/beneficiaries/?limit=50&count=false"},
        }
        database = found.title.partition(",")[0]
        for label, requests in targets.items():
            for request, target in requests.items():
                _say(f"{found.title}: 128 connections, {request}, {label}")
                self.outcome.crowds[database, request, label] = crowd(found, label, target, self.plan.pace)

    def scale(self, small: str, large: str) -> None:
        """Ours alone, on a small and on a large database."""
        plan = self.plan
        with (
            bed("postgresql", plan.small, small, self.folder / "small", ("ours",)) as few,
            bed("postgresql", plan.large, large, self.folder / "large", ("ours",)) as many,
        ):
            for on_few, on_many in zip(scenarios(few, report.SCALED), scenarios(many, report.SCALED), strict=True):
                _say(f"PostgreSQL, {plan.small:,} and {plan.large:,} beneficiaries: {on_few.title}")
                parts = {"few": (few, on_few, OURS), "many": (many, on_many, OURS)}
                found = measure_together(parts, plan.pace)
                self.outcome.scaled[on_few.title] = found["few"], found["many"]


def _describe(cluster: str) -> None:
    engine = sa.create_engine(cluster, poolclass=sa.NullPool)
    with engine.connect() as connection:
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in SETTINGS}
    print(f"PostgreSQL {version}: {', '.join(f'{name}={value}' for name, value in found.items())}", flush=True)


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
