"""The command line: serving, migrating, accounts and keys, housekeeping by hand, and what is printed from the code."""

import argparse
import sys
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.cli import accounts, housekeeping, printing, refusals, serving, trail
from app.settings import settings

INTERRUPTED = 130
"""As shells report a program that Ctrl-C ended."""
AREAS = (serving, accounts, housekeeping, trail, printing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 2 when a setting or an argument cannot be used, 1 when what was asked for is refused."""
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
    try:
        return int(given.run(given) or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        found = refusals.told(error)
        if found is None:
            raise
        status, words = found
        print(words, file=sys.stderr)
        return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Himoya, from the command line. Settings come from the environment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for area in AREAS:
        area.register(commands)
    return parser
