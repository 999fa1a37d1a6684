"""The pages of `docs/` that are made from the code: every setting, every problem."""

from typing import Any

from pydantic import SecretStr

from app import features
from app.fault_codes import faults
from app.problems import Problem, all_problems
from app.settings import Settings

_SETTINGS = """# Settings

Every environment variable that the service reads. Made by `python -m app settings`; a test fails when it is out of date. A value that
cannot be used stops the start, with the reason.

| Variable | Default | What it is for |
| --- | --- | --- |
"""
_PROBLEMS = """# Problems

Every refusal is `application/problem+json` (RFC 9457). Branch on `code`; `title` is in the language of `Accept-Language`, `errors`
names each thing that is wrong. The same list stands at `/problems` of a running service. Made by `python -m app problems`; a test fails
when it is out of date.
"""
_FAULTS = """
## Codes of `errors[]`

`errors[].code` says what is wrong at `pointer`. Translate by it: `message` is English, for whoever develops. New codes are added as the
service grows; show `message`, or the problem's `title`, for one that you do not know.

| Code | What it says of the value |
| --- | --- |
"""


def settings_page() -> str:
    """The settings, in Markdown."""
    return _SETTINGS + "".join(
        f"| `{name.upper()}` | {_default(field.get_default(call_default_factory=True))} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )


def _default(value: Any) -> str:
    if value is None or value in ("", ()) or isinstance(value, SecretStr):
        return "–"
    return f"`{value}`"


def problems_page() -> str:
    """The problems by status, in Markdown."""
    features.routers()
    text, status = [_PROBLEMS], 0
    for kind in all_problems():
        if kind.status != status:
            status = kind.status
            text.append(f"\n## {status}\n")
        text.append(_described(kind))
    rows = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in sorted(faults().items()))
    return "".join((*text, _FAULTS, rows))


def _described(kind: type[Problem]) -> str:
    meaning = " ".join((kind.__doc__ or "").split())
    headers = "".join(f" Sends `{name}`." for name in kind.headers)
    return f"\n### `{kind.code}`\n\n{kind.title}. {meaning}{headers}\n"
