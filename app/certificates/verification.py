"""Answering anybody who asks about a number: first whether it can be one at all, without the database, then what stands behind it."""

from typing import Any

from app.access.transaction import as_public, reading
from app.certificates import queries
from app.certificates.masking import masked
from app.certificates.number import parse_number, shown
from app.certificates.queries import HINT, Verified
from app.certificates.schemas import printed, verify_url
from app.days import TASHKENT
from app.languages import Language, label
from app.problems import NotFound


class NumberMistyped(NotFound):
    """No certificate can have this number: one of its characters is wrong, or two are swapped. Compare it with the certificate."""

    code, title = "number_mistyped", "The number is mistyped"


def look_up(typed: str) -> Verified:
    """The certificate that somebody's typing means. Raises NumberMistyped, before any database, or NotFound."""
    number = parse_number(typed)
    if number is None:
        raise NumberMistyped(HINT)
    with reading(as_public("verify")) as db:
        found = queries.verified(db, number)
    if found is None:
        raise NotFound("The number is well-formed, but no certificate has it.")
    return found


def verification(found: Verified, language: Language) -> dict[str, Any]:
    """A VerificationRead."""
    latin, cyrillic = masked(found.snapshot.holder.parts())
    facts = printed(found.snapshot)
    return {
        "number": shown(found.number),
        "status": found.status,
        "holder": {"latin": latin, "cyrillic": cyrillic},
        **{name: facts[name] for name in ("issuer", "title", "hours", "starts_on", "ends_on")},
        "issued_on": found.issued_on,
        "revocation": _revocation(found, language),
        "is_specimen": found.is_synthetic,
        "page": verify_url(found.number),
    }


def _revocation(found: Verified, language: Language) -> dict[str, Any] | None:
    if found.revoked_at is None or found.revocation_category is None:
        return None
    category = found.revocation_category
    return {
        "on": found.revoked_at.astimezone(TASHKENT).date(),
        "category": category,
        "label": label("revocation_category", category, language),
    }
