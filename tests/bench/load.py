"""wrk as the caller of all three services, and what it measured."""

import json
import os
import secrets
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = 32
WARM_UP_SECONDS = 2


class NoLoad(RuntimeError):
    """wrk is missing or failed."""


@dataclass(slots=True)
class Requests:
    """What is sent: targets to GET, taken at random, or bodies to POST to `target`, taken in turn. `first` is the body with which the next
    run begins, so that nobody is registered twice: a register does not live on the same people coming again and again.
    """

    lines: Path
    method: str = "GET"
    target: str = ""
    keyed: bool = False
    first: int = 0

    @classmethod
    def get(cls, path: Path, targets: Sequence[str]) -> "Requests":
        path.write_text("".join(f"{target}\n" for target in targets), encoding="ascii")
        return cls(path)

    @classmethod
    def post(cls, path: Path, target: str, bodies: Sequence[dict[str, Any]], *, keyed: bool) -> "Requests":
        path.write_text("".join(f"{json.dumps(body, ensure_ascii=False)}\n" for body in bodies), encoding="utf-8")
        return cls(path, "POST", target, keyed)


@dataclass(frozen=True, slots=True)
class Measure:
    """One run, or the medians of several; times in milliseconds. Errors are summed, never averaged away.

    `cpu` is the service's own time of processor a request, its database's apart: what a busy machine does not change.
    """

    rate: float
    p50: float
    p99: float
    longest: float
    requests: int
    refused: int
    broken: int
    timeouts: int
    cpu: float | None = None

    @property
    def clean(self) -> bool:
        """Whether every request got a 2xx answer in time, so that the figure counts."""
        return self.requests > 0 and not self.faults

    @property
    def faults(self) -> int:
        return self.refused + self.broken + self.timeouts


def check_wrk() -> None:
    """NoLoad, with how to install it, unless wrk is there."""
    if not shutil.which("wrk"):
        raise NoLoad(
            "The benchmark needs wrk, the HTTP load generator: `apt-get install wrk` (Debian, Ubuntu), `brew install wrk` (macOS)."
        )


def run(address: str, requests: Requests, token: str, *, seconds: int, connections: int = CONNECTIONS, timeout: int = 10) -> Measure:
    """Send for so many seconds; `timeout` is what wrk waits for one answer, in seconds."""
    seed = "-" if requests.method == "POST" and not requests.keyed else str(secrets.randbelow(1 << 31))
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={timeout}s", "-s", str(SCRIPT), address]
    arguments = [requests.method, str(requests.lines), seed, *([requests.target, str(requests.first)] if requests.target else [])]
    environment = {**os.environ, "BENCH_TOKEN": token}
    done = subprocess.run(
        ["wrk", *options, "--", *arguments], capture_output=True, text=True, env=environment, timeout=seconds + 60, check=False
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if done.returncode or line is None:
        raise NoLoad(f"wrk failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    told = json.loads(line.removeprefix("RESULT "))
    # What was on its way at the end was sent as well.
    requests.first += told["requests"] + connections
    return Measure(rate=told["requests"] / told.pop("seconds"), **told)


def median(runs: Sequence[Measure]) -> Measure:
    """The median of each figure over the rounds, the worst latency, and all errors."""

    def middle(name: str) -> float:
        return statistics.median(getattr(run, name) for run in runs)

    def total(name: str) -> int:
        return sum(getattr(run, name) for run in runs)

    return Measure(
        rate=middle("rate"),
        p50=middle("p50"),
        p99=middle("p99"),
        longest=max(run.longest for run in runs),
        requests=total("requests"),
        refused=total("refused"),
        broken=total("broken"),
        timeouts=total("timeouts"),
        cpu=None if any(run.cpu is None for run in runs) else middle("cpu"),
    )
