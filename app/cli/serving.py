"""Serving, and what is brought to the database before: migrations and the demonstration data."""

import argparse
import sys

from app.cli import opening
from app.cli.areas import ROOT, Commands
from app.settings import settings


def register(commands: Commands) -> None:
    """The commands `serve`, `migrate` and `load-demo`."""
    serve = commands.add_parser("serve", help="serve HTTP")
    serve.add_argument("--migrate", action="store_true", help="bring the database to the newest migration first")
    serve.add_argument("--demo", action="store_true", help="load the demonstration data first, unless the database has other data")
    serve.set_defaults(run=_serve)
    commands.add_parser("migrate", help="bring the database to the newest migration").set_defaults(run=_migrate)
    commands.add_parser("load-demo", help="load the demonstration data into an empty database").set_defaults(run=_load_demo)


def _migrate(_given: argparse.Namespace | None = None) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = settings().database_url
    from app import features
    from app.places.loading import load_places
    from app.retention.actions.rules import load_rules
    from app.vulnerability.loading import load_schemes

    # Made first: an embedded database needs its folder.
    opening.use_database()
    command.upgrade(config, "head")
    features.policies()
    load_places()
    load_schemes()
    load_rules()


def _serve(given: argparse.Namespace) -> int:
    import uvicorn

    from app.logs import configure
    from app.wire import Gathered

    configure(settings().log_level)
    if settings().workers > 1 and settings().database_url.startswith("sqlite"):
        print("WORKERS: more than one needs PostgreSQL.", file=sys.stderr)
        return 2
    if given.migrate:
        _migrate()
    if given.demo:
        _load_demo(given)
    if not _keys_fit():
        return 2
    print(f"Himoya serves {settings().base_url}\nInteractive docs: {settings().base_url}/docs", flush=True)
    uvicorn.run(
        "app.main:create_app",
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
    return 0


def _keys_fit() -> bool:
    """Whether the keys of identifiers can be used; told here, where an operator reads it. Each process looks again for itself."""
    from app.identifiers import rekeying
    from app.identifiers.keys import KeysUnusable

    opening.use_database()
    try:
        rekeying.start()
    except KeysUnusable as unusable:
        print(unusable, file=sys.stderr)
        return False
    return True


def _load_demo(_given: argparse.Namespace) -> None:
    from app.demo.loading import load_demo

    opening.use_database()
    for line in load_demo():
        print(line, flush=True)
