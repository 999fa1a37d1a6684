"""What families are told before they are asked: `notices/<version>.yaml`, in four languages. A published version is never changed, since
consents refer to it; another wording is another file.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from app.access.grants import DataCategory
from app.consents.models import ConsentPurpose
from app.languages import Language

FOLDER = Path(__file__).with_name("notices")


class Section(BaseModel):
    """One part of a notice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    heading: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=2000)


class Text(BaseModel):
    """A notice in one language, and how purposes and categories are explained there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200)
    sections: tuple[Section, ...] = Field(min_length=1)
    purposes: dict[ConsentPurpose, str]
    categories: dict[DataCategory, str]


class Notice(BaseModel):
    """One version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    valid_from: date
    texts: dict[Language, Text]


def _read(path: Path) -> Notice:
    """Raises ValueError for one that lacks a language, a purpose or a category, or is not called by its version."""
    notice = Notice.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    complete = notice.texts.keys() == set(Language) and all(
        text.purposes.keys() == set(ConsentPurpose) and text.categories.keys() == set(DataCategory) for text in notice.texts.values()
    )
    if not complete or path.stem != notice.version:
        raise ValueError(f"{path.name} is incomplete or not called by its version")
    return notice


_found = sorted((_read(path) for path in FOLDER.glob("*.yaml")), key=lambda notice: notice.valid_from, reverse=True)
NOTICES: Mapping[str, Notice] = {notice.version: notice for notice in _found}
"""By version, the newest first."""


def current(day: date) -> Notice:
    """The newest version that is in use on a day; the oldest of all before there was one."""
    return next((notice for notice in _found if notice.valid_from <= day), _found[-1])


def _worded(texts: Mapping[Any, str]) -> list[dict[str, str]]:
    return [{"word": str(word), "text": text} for word, text in texts.items()]


def shown() -> dict[str, Any]:
    """Every version as it is answered, the newest first."""
    return {
        "items": [
            {
                "version": notice.version,
                "valid_from": notice.valid_from,
                "texts": [
                    {
                        "language": str(language),
                        "title": text.title,
                        "sections": [section.model_dump() for section in text.sections],
                        "purposes": _worded(text.purposes),
                        "categories": _worded(text.categories),
                    }
                    for language, text in notice.texts.items()
                ],
            }
            for notice in NOTICES.values()
        ]
    }
