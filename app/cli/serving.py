"""Serving, and what is brought to the database before: migrations and the demonstration data."""

import argparse
import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from app.cli import opening
from app.cli.opening import Commands, Unusable
from app.settings import settings

if TYPE_CHECKING:
    from fastapi import FastAPI

BACKLOG = 2048
"""Connections that wait until the service takes them."""


def register(commands: Commands) -> None:
    """The commands `serve`, `migrate` and `load-demo`."""
    serve = commands.add_parser("serve", help="serve HTTP")
    serve.add_argument("--migrate", action="store_true", help="bring the database to the newest migration first")
    serve.add_argument("--demo", action="store_true", help="load the demonstration data first, unless the database has other data")
    serve.set_defaults(run=_serve)
    commands.add_parser("migrate", help="bring the database to the newest migration").set_defaults(run=_migrate)
    commands.add_parser("load-demo", help="load the demonstration data into an empty database").set_defaults(run=_load_demo)


def application() -> "FastAPI":
    """The service in a process of its own: each of several workers begins here, with nothing configured."""
    from app.logs import configure
    from app.main import create_app

    configure(settings().log_level)
    return create_app()


def _migrate(_given: argparse.Namespace | None = None) -> None:
    from app import features, migrating
    from app.places.loading import load_places
    from app.retention.actions.rules import load_rules
    from app.vulnerability.loading import load_schemes

    # Made first: an embedded database needs its folder.
    opening.use_database()
    migrating.upgrade(settings().database_url)
    features.policies()
    load_places()
    load_schemes()
    load_rules()


def _load_demo(_given: argparse.Namespace) -> None:
    from app.demo.loading import load_demo

    opening.use_migrated_database()
    for line in load_demo():
        print(line, flush=True)


def _serve(given: argparse.Namespace) -> int:
    from app.logs import configure

    configure(settings().log_level)
    if settings().workers > 1 and settings().database_url.startswith("sqlite"):
        raise Unusable("WORKERS: more than one needs PostgreSQL.")
    # Before anything is done to the database: where the port is taken, the service that has it may be working on it.
    with ExitStack() as held:
        listening = _sockets(held)
        if given.migrate:
            _migrate()
        if given.demo:
            _load_demo(given)
        _try_files()
        with _told_of_the_port():
            for one in listening:
                one.listen(BACKLOG)
        print(f"Himoya serves {settings().base_url}\nInteractive docs: {settings().base_url}/docs", flush=True)
        _run(listening)
    return 0


def _sockets(held: ExitStack) -> list[socket.socket]:
    """One for each address that HOST stands for, bound and not listening yet; closed with `held`. Raises Unusable."""
    with _told_of_the_port():
        found = socket.getaddrinfo(settings().host, settings().port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [_bound(held.enter_context(socket.socket(family, kind)), address) for family, kind, *_, address in dict.fromkeys(found)]


def _bound(made: socket.socket, address: Any) -> socket.socket:
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family is socket.AF_INET6:
        # :: is not to take the IPv4 address as well, which has a socket of its own where HOST names both.
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind(address)
    # Workers are given it.
    made.set_inheritable(True)
    return made


@contextmanager
def _told_of_the_port() -> Iterator[None]:
    host, port = settings().host, settings().port
    try:
        yield
    except socket.gaierror as error:
        raise Unusable(f"HOST: {host} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unusable(f"PORT: {port} is taken on {host}; set another one, or stop what listens there.") from error
        raise Unusable(f"HOST, PORT: cannot listen on port {port} of {host}: {error.strerror}.") from error


def _try_files() -> None:
    """The keys and the embedded database, told here, where an operator reads it; each process looks again for itself. Raises Unusable,
    KeysUnusable, Unavailable. A PostgreSQL that does not answer yet is waited for, which `/readyz` tells.
    """
    from app import health
    from app.identifiers import rekeying
    from app.identity import keys

    if opening.use_database().is_sqlite:
        health.revision()
    with opening.using("KEYS_DIR"):
        keys.ensure()
        rekeying.start()


def _run(listening: list[socket.socket]) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from app.wire import Gathered

    config = uvicorn.Config(
        "app.cli.serving:application",
        factory=True,
        host=settings().host,
        port=settings().port,
        workers=settings().workers,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(settings().trusted_proxies),
        forwarded_allow_ips=settings().trusted_proxies or None,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=25,
        # It reads headers of any size, as the locked packages would choose by themselves: the proxy bounds them (docs/operators.md).
        http=Gathered,
    )
    if settings().workers > 1:
        Multiprocess(config, sockets=listening).run()
        return
    with suppress(KeyboardInterrupt):
        # Ctrl-C stops it as it should, and is told once more when it has.
        uvicorn.Server(config).run(sockets=listening)
