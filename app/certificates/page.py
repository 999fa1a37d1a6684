"""The public page: one document without scripts and without anything from elsewhere, in four languages.

Whoever opens it holds a paper in the other hand, maybe on an old phone and a bad line; so everything comes in one answer of some
12 KB, and color says nothing that words and shapes do not say.
"""

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.certificates.masking import masked
from app.certificates.number import LONGEST_TYPED, shown
from app.certificates.queries import Verified
from app.certificates.snapshot import nearest
from app.database import now
from app.days import TASHKENT
from app.languages import Language, date_text, label, translate

State = Literal["ask", "mistyped", "unknown", "throttled", "found"]
Checked = Literal["matches", "differs", "missing", "throttled"]
SPOKEN = {Language.UZ_LATN: "Oʻzbekcha", Language.UZ_CYRL: "Ўзбекча", Language.RU: "Русский", Language.EN: "English"}
_FOLDER = Path(__file__).with_name("templates")
_STATUS = {"ask": 200, "mistyped": 404, "unknown": 404, "throttled": 429, "found": 200}
_CHECKED = {"matches": 200, "differs": 200, "missing": 422, "throttled": 429}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is to be shown. `typed` goes back into the field; `found` belongs to the state of that name, `checked` to its surname form."""

    state: State
    language: Language
    typed: str = ""
    found: Verified | None = None
    checked: Checked | None = None
    wait: int = 0


def rendered(page: Page) -> Response:
    """The page, with headers that keep it out of search engines and let nothing be loaded or run."""
    text = _templates().get_template("page.html").render(_facts(page))
    status = _CHECKED[page.checked] if page.checked else _STATUS[page.state]
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": str(page.language),
        "Content-Security-Policy": _policy(),
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        **({"Retry-After": str(page.wait)} if page.wait else {}),
    }
    return Response(text, status, headers=headers, media_type="text/html; charset=utf-8")


def _facts(page: Page) -> dict[str, Any]:
    words = _words(page.language)
    return {
        "t": words,
        "page": page,
        "language": str(page.language),
        "languages": [(str(language), name) for language, name in SPOKEN.items()],
        "style": _style(),
        "icon": Markup(_icon()),  # noqa: S704 – drawn below.
        "star": _khatam(12, 12, 12),
        "typed": page.typed[:LONGEST_TYPED],
        "longest_typed": LONGEST_TYPED,
        "please_wait": translate("Please wait {seconds} s and try again.", page.language, seconds=page.wait),
        "certificate": _certificate(page.found, page.language, words) if page.found else None,
        "checked_on": translate("Checked on {time}, Tashkent time", page.language, time=_moment(page.language)),
    }


def _certificate(found: Verified, language: Language, words: Mapping[str, str]) -> dict[str, Any]:
    """One certificate in the words of the page. A name that exists in another language only comes with that language."""
    snapshot = found.snapshot
    latin, cyrillic = masked(snapshot.holder.parts())
    since = date_text(found.revoked_at.astimezone(TASHKENT).date(), "day", language) if found.revoked_at else ""
    lead = {"valid": words["valid_lead"], "superseded": words["superseded_lead"]}
    return {
        "number": shown(found.number),
        "status": str(found.status),
        "heading": words[found.status],
        "lead": lead.get(found.status) or translate("It has not been valid since {date}.", language, date=since),
        "since": since,
        "reason": label("revocation_category", found.revocation_category, language) if found.revocation_category else "",
        "latin": latin,
        "cyrillic": cyrillic,
        "title": nearest(snapshot.title, language),
        "issuer": nearest(snapshot.issuer, language),
        "hours": snapshot.hours,
        "dates": snapshot.dates(language),
        "issued_on": date_text(found.issued_on, "day", language),
        "is_specimen": found.is_synthetic,
    }


def _moment(language: Language) -> str:
    moment: datetime = now().astimezone(TASHKENT)
    return f"{date_text(moment.date(), 'day', language)}, {moment:%H:%M}"


@lru_cache(maxsize=len(Language))
def _words(language: Language) -> Mapping[str, str]:
    return {
        "page": translate("Certificate verification", language),
        "language": translate("Language", language),
        "ask": translate("Is the certificate genuine?", language),
        "ask_lead": translate("Type the number that is printed on the certificate, or scan its QR code.", language),
        "number": translate("Certificate number", language),
        "number_hint": translate("Twelve letters and digits. Spaces, dashes and lower case do not matter.", language),
        "check": translate("Check", language),
        "another": translate("Check another number", language),
        "valid": translate("This certificate is valid", language),
        "valid_lead": translate("It was issued by the organization named below and is in force.", language),
        "revoked": translate("This certificate is revoked", language),
        "superseded": translate("This certificate has been replaced", language),
        "superseded_lead": translate("A newer certificate stands in its place; ask the holder for that one.", language),
        "unknown": translate("There is no certificate with this number", language),
        "unknown_lead": translate(
            "Compare the number with the paper once more. If it is the same, the paper was not issued here.", language
        ),
        "mistyped": translate("The number is mistyped", language),
        "mistyped_lead": translate(
            "Compare it with the certificate, character by character. It has twelve; the letters I, L, O and U are not among them.",
            language,
        ),
        "throttled": translate("Too many requests", language),
        "specimen": translate("Specimen", language),
        "specimen_lead": translate("The holder is an invented person: this sample certifies nothing.", language),
        "holder": translate("Holder", language),
        "masked": translate("First letters only, to protect the holder.", language),
        "training": translate("Training", language),
        "issuer": translate("Issued by", language),
        "dates": translate("Dates", language),
        "hours": translate("Hours of training", language),
        "issued_on": translate("Issued on", language),
        "revoked_on": translate("Revoked on", language),
        "reason": translate("Reason", language),
        "compare": translate("Compare all this with the paper. If anything differs, the paper is not genuine.", language),
        "whose": translate("Whose certificate is it?", language),
        "surname_hint": translate("Type the surname in any script. You learn whether it matches; nothing is kept.", language),
        "surname": translate("Surname", language),
        "surname_check": translate("Compare", language),
        "matches": translate("The surname matches", language),
        "differs": translate("The surname does not match", language),
        "differs_lead": translate("Compare the spelling with the certificate and try again.", language),
        "missing": translate("Type the surname first", language),
    }


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@lru_cache(maxsize=1)
def _style() -> Markup:
    return Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))  # noqa: S704 – a file of ours.


@lru_cache(maxsize=1)
def _policy() -> str:
    """Only this very style sheet, only the icon in the page itself, forms only to us."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def _khatam(x: float, y: float, radius: float) -> str:
    """The star of two crossed squares that stands on every certificate, as the path of an SVG."""
    notch = math.cos(math.radians(45)) / math.cos(math.radians(22.5))
    points = []
    for step in range(16):
        reach = radius * (notch if step % 2 else 1)
        angle = math.radians(22.5 * step)
        points.append(f"{x + reach * math.cos(angle):.2f} {y + reach * math.sin(angle):.2f}")
    return f"M{'L'.join(points)}Z"


@lru_cache(maxsize=1)
def _icon() -> str:
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path fill='#17365c' d='{_khatam(12, 12, 12)}'/></svg>"
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
