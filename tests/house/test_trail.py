"""Whoever uses the rooms, the command line too, leaves a trail."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_policies_bring_the_trail_along() -> None:
    """In a process of its own, since this one has imported the routes, which bring it along as well."""
    code = (
        "from app import changes, features; from app.access import guard; features.policies(); "
        "print(len(changes.WRITERS), len(guard.WATCHERS), 'app.main' in __import__('sys').modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1", "1", "False"]
