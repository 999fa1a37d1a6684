"""The trail as a chain."""

import argparse
import json
import re
import sys

from app.cli import opening
from app.cli.opening import Commands


def register(commands: Commands) -> None:
    """The commands `audit seal` and `audit verify`."""
    trail = commands.add_parser("audit", help="the trail as a chain").add_subparsers(required=True, metavar="ACTION")
    trail.add_parser("seal", help="seal the entries that are older than a minute").set_defaults(run=_seal_trail)
    verify = trail.add_parser("verify", help="walk the chain; the exit status is 1 when sealed entries were changed, removed or added")
    verify.add_argument("--digest", type=_digest, help="a digest that was noted earlier: it must still be in the chain")
    verify.set_defaults(run=_verify_trail)


def _digest(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("a digest is 64 hexadecimal digits")
    return bytes.fromhex(text)


def _seal_trail(_given: argparse.Namespace) -> None:
    from app.audit import chain

    opening.use_migrated_database()
    done = chain.seal()
    print(json.dumps({"seals": done.seals, "entries": done.entries, "last": {"number": done.number, "digest": done.digest.hex()}}))


def _verify_trail(given: argparse.Namespace) -> int:
    from app.audit import chain

    opening.use_migrated_database()
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
