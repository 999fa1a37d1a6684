"""The form of one consent as a PDF, with the notice behind it for the family to keep: A4, tagged and archival.

`form.typ` beside this file is the design and the fixed words; the words for purposes and categories are those of the notice's version.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from app.access.grants import DataCategory
from app.beneficiaries.models import ADULT_AGE
from app.consents.models import ASSENT_AGE, ConsentPurpose, ConsentStatus
from app.consents.notice import NOTICES
from app.consents.queries import Print
from app.languages import Language, nearest
from app.paper import Press, UnprintableText, in_figures, printable
from app.problems import Conflict

_PRESS = Press(Path(__file__).with_name("form.typ"))
_CYRILLIC = frozenset({Language.UZ_CYRL, Language.RU})
_CONTACTS = 2


class FormNotPrintable(Conflict):
    """`detail` names a text of this form that has a character without a form on paper; correct it and print again."""

    code, title = "form_not_printable", "Conflicts with the stored state"


def printed(one: Print, language: Language) -> bytes:
    """The form in one language, the same bytes for the same consent. Raises FormNotPrintable."""
    try:
        return _PRESS.print(_facts(one, language), made_at=one.consent["updated_at"])
    except UnprintableText as error:
        raise FormNotPrintable(error.told) from error


def _facts(one: Print, language: Language) -> dict[str, Any]:
    """What the template reads; each text is checked under the name of its field."""
    consent, text = one.consent, NOTICES[one.consent["notice_version"]].texts[language]
    opens = consent["purpose"] == ConsentPurpose.INFORMATION_SHARING
    people = [
        {
            "name": _name(person["names"], language),
            "assent": person["child_assent"],
            # Who gives a consent signs it as such; a child of ten or older signs beside.
            "signs": ASSENT_AGE <= one.ages.get(person["beneficiary_id"], 0) < ADULT_AGE,
        }
        for person in consent["covers"]
    ]
    return {
        "language": str(language),
        "organization": _in(one.organization, language, "organization"),
        "contacts": [_contact(contact) for contact in one.contacts[:_CONTACTS]],
        "family": one.family_number,
        "whole": consent["covers_household"] and (not opens or DataCategory.HOUSEHOLD in consent["categories"]),
        "giver": _name(one.giver, language) if one.giver else "",
        "capacity": consent["capacity"],
        "people": people,
        "not_covered": [{"name": _name(person["names"], language), "reason": person["reason"]} for person in consent["not_covered"]],
        "purposes": [[text.purposes[purpose], purpose == consent["purpose"]] for purpose in ConsentPurpose],
        "categories": [[text.categories[category], category in consent["categories"]] for category in DataCategory],
        "recipients": [
            {"name": _in(recipient["names"], language, "recipients"), "kind": None} if recipient["names"] else {"kind": recipient["kind"]}
            for recipient in consent["recipients"]
        ],
        "from": _known(consent["valid_from"]),
        "until": _known(consent["valid_until"]),
        "method": consent["method"],
        "given_on": _known(consent["given_on"]),
        "witness": printable(consent["witness"] or "", "witness"),
        "over": consent["status"] if consent["status"] not in (ConsentStatus.REQUESTED, ConsentStatus.GIVEN) else None,
        "number": str(consent["id"]),
        "notice": {
            "version": consent["notice_version"],
            "title": text.title,
            "sections": [[section.heading, section.text] for section in text.sections],
        },
    }


def _name(names: Mapping[str, str], language: Language) -> str:
    return printable(names["cyrillic" if language in _CYRILLIC else "latin"], "names")


def _in(names: Mapping[str, str | None], language: Language, where: str) -> str:
    return printable(nearest(names, language), where)


def _contact(contact: Mapping[str, Any]) -> str:
    parts = (contact.get("name"), contact.get("post"), contact.get("phone"), *(contact.get("emails") or ()))
    return printable(" · ".join(str(part) for part in parts if part), "contacts")


def _known(day: date | None) -> str | None:
    return in_figures(day) if day else None
