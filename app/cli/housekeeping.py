"""Housekeeping by hand: what is forgotten, whom the rules of retention reach, who is registered twice, and the keys of identifiers."""

import argparse
import json

from app.cli import opening
from app.cli.opening import Commands


def register(commands: Commands) -> None:
    """The commands `purge`, `retention run`, `duplicates scan` and `identifiers rotate`."""
    commands.add_parser("purge", help="forget what has been kept long enough").set_defaults(run=_purge)
    retention = commands.add_parser("retention", help="how long data are kept").add_subparsers(required=True, metavar="ACTION")
    run = retention.add_parser("run", help="forget whose time is over and who asked for it, and print what was done")
    run.add_argument("--dry-run", action="store_true", help="only count")
    run.set_defaults(run=_run_retention)
    duplicates = commands.add_parser("duplicates", help="the same person registered twice")
    scanning = duplicates.add_subparsers(required=True, metavar="ACTION").add_parser(
        "scan", help="compare everybody with everybody at once, as the service does once a day, and print how many pairs were found"
    )
    scanning.set_defaults(run=_scan_duplicates)
    identifiers = commands.add_parser("identifiers", help="keys of PINFLs and other identifiers")
    rekey = identifiers.add_subparsers(required=True, metavar="ACTION").add_parser(
        "rotate", help="make a new key and encrypt all identifiers anew, while the service runs; the old key stays"
    )
    rekey.add_argument("--index", action="store_true", help="renew the key by which identifiers are found as well")
    rekey.add_argument(
        "--finish", action="store_true", help="make no new key: finish what was interrupted, or use one added to the settings"
    )
    rekey.set_defaults(run=_rotate_identifiers)


def _purge(_given: argparse.Namespace) -> None:
    from app.worker import purge

    opening.use_migrated_database()
    print(json.dumps(purge()))


def _run_retention(given: argparse.Namespace) -> None:
    from app.retention.actions.running import run_retention

    opening.use_migrated_database()
    print(json.dumps(run_retention(is_dry_run=given.dry_run)))


def _scan_duplicates(_given: argparse.Namespace) -> None:
    from app.duplicates.scanning import scan

    opening.use_migrated_database()
    print(json.dumps(scan()))


def _rotate_identifiers(given: argparse.Namespace) -> int:
    from app.identifiers import rekeying

    opening.use_migrated_database()
    with opening.using("KEYS_DIR"):
        done = rekeying.rotate(index=given.index, make=not given.finish)
    print(json.dumps(done.told()))
    return 0 if done.whole else 1
