"""The three services as processes of their own, each on a free port, waited for until it is ready and ended by its id."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.cluster import free_port

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
GUNICORN_THREADS = 8


@dataclass(frozen=True, slots=True)
class Server:
    """A service that runs; `address` is the base of its URLs."""

    name: str
    address: str
    pid: int

    def cpu(self) -> float | None:
        """Seconds of processor that the service and its workers have used; None where the system does not tell as Linux does."""
        process = Path(f"/proc/{self.pid}")
        try:
            workers = (process / f"task/{self.pid}/children").read_text().split()
            fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in (self.pid, *workers)]
        except OSError:
            return None
        return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


class NotReady(RuntimeError):
    """A service ended or did not answer in time; carries the end of its log."""


def _command(name: str, port: int) -> tuple[list[str], str]:
    """(program, address that tells readiness). Each is started in its documented way, with one worker and its own logging."""
    python = [sys.executable, "-m"]
    if name == "ours":
        return [*python, "app", "serve"], "/readyz"
    if name == "fastapi":
        return [*python, "uvicorn", "tests.bench.peer_fastapi:app", "--host", "127.0.0.1", "--port", str(port)], "/health"
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", str(GUNICORN_THREADS)]
    return [*python, "gunicorn", "tests.bench.peer_django.wsgi:application", *bind], "/health"


@contextlib.contextmanager
def serving(name: str, database_url: str, folder: Path) -> Iterator[Server]:
    """One of `ours`, `fastapi` and `drf` on a database; its log is in `folder`."""
    port = free_port()
    command, ready = _command(name, port)
    known = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")}
    environment = {**known, "DATABASE_URL": database_url, "HOST": "127.0.0.1", "PORT": str(port), "KEYS_DIR": str(folder / "keys")}
    log = folder / f"{name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}", log)
        yield Server(name, f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            # A service that hangs does not end politely either.
            process.kill()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(address, timeout=5).is_success:
                return
        time.sleep(0.1)
    raise NotReady(f"{' '.join(map(str, process.args))} is not ready:\n{log.read_text(errors='replace')[-3000:]}")
