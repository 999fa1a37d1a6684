"""What follows from a person's name as it was entered: its form in both scripts, and what it is found by."""

from typing import Any

from app.beneficiaries.models import Beneficiary
from app.beneficiaries.resemblance import match_key
from app.uzbek.keys import name_keys
from app.uzbek.scripts import in_both_scripts

_KEY, _SEARCH = 500, 1500
"""Characters that the columns hold. Letters of foreign alphabets take eight each, so a key can outgrow its column and is cut off."""


def derived(surname: str, given_name: str, patronymic: str | None) -> dict[str, Any]:
    """The columns that are derived from the three parts of a name, in the order Surname Given Patronymic."""
    whole = " ".join(part for part in (surname, given_name, patronymic) if part)
    latin, cyrillic = in_both_scripts(whole)
    keys = name_keys(surname, given_name, patronymic)
    return {
        "name_latin": latin[:_KEY],
        "name_cyrillic": cyrillic[:_KEY],
        "strict_key": keys.strict[:_KEY],
        "loose_key": keys.loose[:_KEY],
        "skeleton_key": keys.skeleton[:_KEY],
        "search": keys.search[:_SEARCH],
        "match_key": match_key(surname, given_name, patronymic),
    }


def rename(person: Beneficiary) -> None:
    """Derive everything anew after a part of the name changed."""
    for column, value in derived(person.surname, person.given_name, person.patronymic).items():
        setattr(person, column, value)
