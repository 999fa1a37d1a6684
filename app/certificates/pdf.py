"""One certificate as a PDF: A4 landscape, tagged and archival (PDF/A-2a, PDF/UA-1), the same bytes for the same sheet.

`certificate.typ` beside this file is the design and the fixed words. Here the facts are checked and handed to it as JSON, where they
stay text whatever they contain; `paper.py` prints them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import segno

from app.certificates.number import parse_number, shown
from app.certificates.snapshot import LANGUAGES
from app.languages import NEAREST, Key
from app.paper import Press, printable

Texts = Mapping[Key, str | None]
"""One text in some of the four languages."""

MOST_SIGNERS = 3

# In the order in which the languages stand on paper.
_NEAREST: dict[Key, tuple[Key, ...]] = {key: NEAREST[LANGUAGES[key]] for key in ("uz_cyrl", "uz_latn", "ru", "en")}


@dataclass(frozen=True, slots=True)
class Signer:
    name: str
    post: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that is printed. Dates and places come as the words to print.

    `issuer` is printed in the languages it has; `title`, `dates` and `place` borrow the nearest language where one is missing. The
    holder's name is printed once where both scripts are the same or one is missing. `issued_on` and `revoked_on` are in figures,
    which all languages share: `14.10.2019`.

    Raises ValueError for a number that fails its check, an address that is not http, a name, title or issuer missing in every
    language, hours that are not positive, more than three signers, and a revocation without its date (or a date without it).
    """

    number: str
    verify_url: str
    issuer: Texts
    title: Texts
    issued_on: str
    holder_cyrl: str | None = None
    holder_latn: str | None = None
    hours: int | Decimal | None = None
    dates: Texts = field(default_factory=dict)
    place: Texts = field(default_factory=dict)
    signers: tuple[Signer, ...] = ()
    status: Literal["valid", "revoked"] = "valid"
    revoked_on: str | None = None
    synthetic: bool = False

    def __post_init__(self) -> None:
        wrong = {
            "number is not canonical": parse_number(self.number) != self.number,
            "verify_url is not an http address": not self.verify_url.startswith(("https://", "http://")),
            "issuer is missing": not any(self.issuer.values()),
            "title is missing": not any(self.title.values()),
            "holder is missing": not (self.holder_cyrl or self.holder_latn),
            "hours are not positive": self.hours is not None and self.hours <= 0,
            f"more than {MOST_SIGNERS} signers": len(self.signers) > MOST_SIGNERS,
            "status and revoked_on do not agree": (self.status == "revoked") != bool(self.revoked_on),
        }
        if reasons := [reason for reason, holds in wrong.items() if holds]:
            raise ValueError("; ".join(reasons))


_PRESS = Press(Path(__file__).with_name("certificate.typ"))


def render(sheet: Sheet, *, issued_at: datetime) -> bytes:
    """The sheet as PDF, one page. `issued_at` (aware) is the document's own date and the only clock: equal input, equal bytes.

    Raises UnprintableText or TextTooLong, and ValueError for an `issued_at` without a time zone.
    """
    if issued_at.utcoffset() is None:
        raise ValueError("issued_at has no time zone")
    return _PRESS.print(_facts(sheet), made_at=issued_at, qr=_qr(sheet.verify_url))


def _facts(sheet: Sheet) -> dict[str, object]:
    """What the template reads; each text is checked under the name of its field."""
    title, dates, place = (_in_all(getattr(sheet, name), name) for name in ("title", "dates", "place"))
    holder = [printable(name, "holder") for name in (sheet.holder_cyrl, sheet.holder_latn) if name]
    return {
        "number": shown(sheet.number),
        "url": printable(sheet.verify_url, "verify_url"),
        "shown_url": printable(sheet.verify_url.partition("://")[2].rstrip("/"), "verify_url"),
        "issuer": {language: printable(name, "issuer") for language in _NEAREST if (name := sheet.issuer.get(language))},
        "holder": list(dict.fromkeys(holder)),
        "title": title,
        "hours, dates and place": {
            language: [
                fact for fact in (" · ".join(filter(None, (_hours(sheet.hours, language), dates[language]))), place[language]) if fact
            ]
            for language in _NEAREST
        },
        "issued_on": printable(sheet.issued_on, "issued_on"),
        "signers": [[printable(signer.name, "signers"), printable(signer.post, "signers")] for signer in sheet.signers],
        "revoked_on": printable(sheet.revoked_on, "revoked_on") if sheet.revoked_on else None,
        "synthetic": sheet.synthetic,
    }


def _in_all(texts: Texts, where: str) -> dict[Key, str]:
    return {
        language: printable(next((text for near in nearest if (text := texts.get(near))), ""), where)
        for language, nearest in _NEAREST.items()
    }


def _hours(hours: int | Decimal | None, language: Key) -> str:
    if hours is None:
        return ""
    figure = format(hours.normalize() if isinstance(hours, Decimal) else hours, "f" if isinstance(hours, Decimal) else "d")
    if language == "en":
        return f"{figure} {'hour' if figure == '1' else 'hours'}"
    word = {"uz_cyrl": "соат", "uz_latn": "soat", "ru": _russian_hours(figure)}[language]
    return f"{figure.replace('.', ',')} {word}"


def _russian_hours(figure: str) -> str:
    """1 час, 2 часа, 5 часов, 11 часов, 21 час; a fraction governs the singular genitive: 1,5 часа."""
    if "." in figure or (figure[-1] in "234" and figure[-2:-1] != "1"):
        return "часа"
    return "час" if figure[-1] == "1" and figure[-2:-1] != "1" else "часов"


def _qr(url: str) -> str:
    # The mask is fixed: trying all eight costs 3 ms a certificate, a fifth of the whole, and every reader takes any mask.
    return segno.make_qr(url, error="m", mask=3).svg_inline(border=0)
