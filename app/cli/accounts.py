"""Accounts and signing keys."""

import argparse
import getpass
import os
import sys

from app.cli import opening
from app.cli.opening import Commands


def register(commands: Commands) -> None:
    """The commands `account create` and `keys rotate`."""
    account = commands.add_parser("account", help="accounts").add_subparsers(required=True, metavar="ACTION")
    create = account.add_parser("create", help="make the first administrator, with the organization if there is none")
    create.add_argument("--email", required=True)
    create.add_argument("--name", required=True)
    create.add_argument("--organization", required=True, help="name of the NGO that runs the installation")
    create.set_defaults(run=_create_account)
    keys = commands.add_parser("keys", help="signing keys").add_subparsers(required=True, metavar="ACTION")
    keys.add_parser("rotate", help="make a new signing key; the old one verifies for another hour").set_defaults(run=_rotate_keys)


def _create_account(given: argparse.Namespace) -> int:
    from app.identity import keys
    from app.partners.founding import FoundingRefused, found_installation

    opening.use_migrated_database()
    with opening.using("KEYS_DIR"):
        keys.ensure()
    try:
        password = os.environ.get("ACCOUNT_PASSWORD") or _new_password()
        print(found_installation(email=given.email, name=given.name, organization=given.organization, password=password))
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

    with opening.using("KEYS_DIR"):
        keys.ensure()
        print(keys.rotate())
