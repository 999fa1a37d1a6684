"""The command line: serving, migrating, accounts and keys, housekeeping by hand, and what is printed from the code."""

import argparse
import getpass
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from app import database
from app.database import Database
from app.settings import settings

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 2 when a setting or an argument cannot be used."""
    try:
        settings()
    except ValidationError as error:
        for item in error.errors():
            print(f"{'.'.join(str(part) for part in item['loc']).upper()}: {item['msg']}", file=sys.stderr)
        return 2
    except SettingsError as error:
        # A value that should be JSON and is not; the message names the field and not the value.
        print(f"{str(error).partition(chr(34))[2].partition(chr(34))[0].upper()}: is not JSON", file=sys.stderr)
        return 2
    given = _parser().parse_args(arguments)
    return int(given.run(given) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Himoya, from the command line. Settings come from the environment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve HTTP")
    serve.add_argument("--migrate", action="store_true", help="bring the database to the newest migration first")
    serve.add_argument("--demo", action="store_true", help="load the demonstration data first, unless the database has other data")
    serve.set_defaults(run=_serve)
    commands.add_parser("migrate", help="bring the database to the newest migration").set_defaults(run=_migrate)
    commands.add_parser("load-demo", help="load the demonstration data into an empty database").set_defaults(run=_load_demo)
    commands.add_parser("purge", help="forget what has been kept long enough").set_defaults(run=_purge)
    trail = commands.add_parser("audit", help="the trail as a chain").add_subparsers(required=True, metavar="ACTION")
    trail.add_parser("seal", help="seal the entries that are older than a minute").set_defaults(run=_seal_trail)
    verify = trail.add_parser("verify", help="walk the chain; the exit status is 1 when sealed entries were changed, removed or added")
    verify.add_argument("--digest", type=_digest, help="a digest that was noted earlier: it must still be in the chain")
    verify.set_defaults(run=_verify_trail)
    retention = commands.add_parser("retention", help="how long data are kept").add_subparsers(required=True, metavar="ACTION")
    run = retention.add_parser("run", help="forget whose time is over and who asked for it, and print what was done")
    run.add_argument("--dry-run", action="store_true", help="only count")
    run.set_defaults(run=_run_retention)
    duplicates = commands.add_parser("duplicates", help="the same person registered twice")
    scanning = duplicates.add_subparsers(required=True, metavar="ACTION").add_parser(
        "scan", help="compare everybody with everybody, to be run every night, and print how many pairs were found"
    )
    scanning.set_defaults(run=_scan_duplicates)
    account = commands.add_parser("account", help="accounts").add_subparsers(required=True, metavar="ACTION")
    create = account.add_parser("create", help="make the first administrator, with the organization if there is none")
    create.add_argument("--email", required=True)
    create.add_argument("--name", required=True)
    create.add_argument("--organization", required=True, help="name of the NGO that runs the installation")
    create.set_defaults(run=_create_account)
    keys = commands.add_parser("keys", help="signing keys").add_subparsers(required=True, metavar="ACTION")
    keys.add_parser("rotate", help="make a new signing key; the old one verifies for another hour").set_defaults(run=_rotate_keys)
    identifiers = commands.add_parser("identifiers", help="keys of PINFLs and other identifiers")
    rekey = identifiers.add_subparsers(required=True, metavar="ACTION").add_parser(
        "rotate", help="make a new key and encrypt all identifiers anew, while the service runs; the old key stays"
    )
    rekey.add_argument("--index", action="store_true", help="renew the key by which identifiers are found as well")
    rekey.add_argument(
        "--finish", action="store_true", help="make no new key: finish what was interrupted, or use one added to the settings"
    )
    rekey.set_defaults(run=_rotate_identifiers)
    commands.add_parser("openapi", help="print the contract").set_defaults(run=_openapi)
    commands.add_parser("access-matrix", help="print who may do what to which rows").set_defaults(run=_access_matrix)
    commands.add_parser("settings", help="print every setting with its default").set_defaults(run=_settings)
    commands.add_parser("problems", help="print every problem and what to do about it").set_defaults(run=_problems)
    return parser


def _use_database() -> Database:
    found = Database(settings().database_url, settings().database_pool)
    database.use(found)
    return found


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
    _use_database()
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

    _use_database()
    try:
        rekeying.start()
    except KeysUnusable as unusable:
        print(unusable, file=sys.stderr)
        return False
    return True


def _load_demo(_given: argparse.Namespace) -> None:
    from app.demo.loading import load_demo

    _use_database()
    for line in load_demo():
        print(line, flush=True)


def _purge(_given: argparse.Namespace) -> None:
    from app.worker import purge

    _use_database()
    print(json.dumps(purge()))


def _digest(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("a digest is 64 hexadecimal digits")
    return bytes.fromhex(text)


def _seal_trail(_given: argparse.Namespace) -> None:
    from app.audit import chain

    _use_database()
    done = chain.seal()
    print(json.dumps({"seals": done.seals, "entries": done.entries, "last": {"number": done.number, "digest": done.digest.hex()}}))


def _verify_trail(given: argparse.Namespace) -> int:
    from app.audit import chain

    _use_database()
    found = chain.verify(given.digest)
    told = {name: getattr(found, name) for name in ("seals", "entries", "came_late", "late", "unsealed")}
    faults = [{"seal": fault.seal, "what": fault.what} for fault in found.faults]
    print(json.dumps({**told, "last": {"number": found.number, "digest": found.digest.hex()}, "faults": faults}))
    if found.faults:
        print(f"seal {found.faults[0].seal} is the first one that does not hold: {found.faults[0].what}", file=sys.stderr)
    if given.digest is not None and not found.noted:
        print("no seal has the digest that was noted: the chain was cut or made anew", file=sys.stderr)
        return 1
    return 1 if found.faults else 0


def _run_retention(given: argparse.Namespace) -> None:
    from app import features
    from app.retention.actions.running import run_retention

    features.policies()
    _use_database()
    print(json.dumps(run_retention(is_dry_run=given.dry_run)))


def _scan_duplicates(_given: argparse.Namespace) -> None:
    from app import features
    from app.duplicates.scanning import scan

    features.policies()
    _use_database()
    print(json.dumps(scan()))


def _create_account(given: argparse.Namespace) -> int:
    from app import features, health
    from app.partners.founding import FoundingRefused, found_installation
    from app.problems import Problem

    features.policies()
    _use_database()
    try:
        health.is_ready()
        password = os.environ.get("ACCOUNT_PASSWORD") or _new_password()
        print(found_installation(email=given.email, name=given.name, organization=given.organization, password=password))
    except Problem as problem:
        print(problem.detail or problem.title, file=sys.stderr)
        return 1
    except FoundingRefused as refused:
        print(refused, file=sys.stderr)
        return 2
    return 0


def _new_password() -> str:
    from app.partners.founding import FoundingRefused

    password = getpass.getpass("Password (at least 12 characters): ")
    if getpass.getpass("The same again: ") != password:
        raise FoundingRefused("password: the two are not the same.")
    return password


def _rotate_keys(_given: argparse.Namespace) -> None:
    from app.identity import keys

    keys.ensure()
    print(keys.rotate())


def _rotate_identifiers(given: argparse.Namespace) -> int:
    from app import features, health
    from app.identifiers import rekeying
    from app.identifiers.keys import KeysUnusable
    from app.problems import Problem

    features.policies()
    _use_database()
    try:
        health.is_ready()
        done = rekeying.rotate(index=given.index, make=not given.finish)
    except KeysUnusable as unusable:
        print(unusable, file=sys.stderr)
        return 2
    except Problem as problem:
        print(problem.detail or problem.title, file=sys.stderr)
        return 1
    print(json.dumps(done.told()))
    return 0 if done.whole else 1


def _openapi(_given: argparse.Namespace) -> None:
    from app.main import create_app

    print(json.dumps(create_app().openapi(), ensure_ascii=False, indent=2))


def _access_matrix(_given: argparse.Namespace) -> None:
    from app.access_matrix import access_matrix

    print(access_matrix(), end="")


def _settings(_given: argparse.Namespace) -> None:
    from app.reference import settings_page

    print(settings_page(), end="")


def _problems(_given: argparse.Namespace) -> None:
    from app.reference import problems_page

    print(problems_page(), end="")
