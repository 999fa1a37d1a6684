"""What every area of the command line is given."""

from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"
"""Where an area puts its commands; the library has no public name for it."""
ROOT = Path(__file__).parent.parent.parent
