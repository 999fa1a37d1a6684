"""What is printed from the code."""

import argparse
import json

from app.cli.opening import Commands


def register(commands: Commands) -> None:
    """The commands `openapi`, `access-matrix`, `settings` and `problems`."""
    commands.add_parser("openapi", help="print the contract").set_defaults(run=_openapi)
    commands.add_parser("access-matrix", help="print who may do what to which rows").set_defaults(run=_access_matrix)
    commands.add_parser("settings", help="print every setting with its default").set_defaults(run=_settings)
    commands.add_parser("problems", help="print every problem and what to do about it").set_defaults(run=_problems)


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
