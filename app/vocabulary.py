"""The words of every closed list with their labels, so that front ends need no list of their own."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from pydantic import Field
from pydantic_core import to_json

from app import features
from app.access.grants import DataCategory
from app.languages import Language, choose, label
from app.schemas import Read

router = APIRouter(prefix="/v1/vocabulary", tags=["vocabulary"])
_INTERNAL = frozenset({"EndReason"})
_KEPT_AS_BITS = {"data_category": DataCategory}


class WordRead(Read):
    """One word of a list and its label."""

    word: str = Field(max_length=60)
    label: str = Field(max_length=200)


class ListRead(Read):
    """One closed list."""

    name: str = Field(max_length=60)
    words: list[WordRead] = Field(max_length=100)


class VocabularyRead(Read):
    """Every closed list of the API, in one language."""

    language: Language
    lists: list[ListRead] = Field(max_length=100)


@lru_cache(maxsize=1)
def lists() -> dict[str, type[StrEnum]]:
    """Every closed list that a table uses, by name."""
    found: dict[str, type[StrEnum]] = dict(_KEPT_AS_BITS)
    for module in features.models():
        for model in vars(module).values():
            for field in getattr(model, "model_fields", {}).values():
                for kind in (field.annotation, *get_args(field.annotation)):
                    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__name__ not in _INTERNAL:
                        found[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()] = kind
    return dict(sorted(found.items()))


@lru_cache(maxsize=len(Language))
def _vocabulary(language: Language) -> bytes:
    def words(name: str, kind: type[StrEnum]) -> list[dict[str, Any]]:
        return [{"word": word.value, "label": label(name, word.value, language)} for word in kind]

    return to_json({"language": language, "lists": [{"name": name, "words": words(name, kind)} for name, kind in lists().items()]})


@router.get("", response_model=VocabularyRead)
async def get_vocabulary(request: Request) -> Response:
    """The words of every closed list with their labels in the language of `Accept-Language`."""
    language = choose(request.headers.get("accept-language"), Language.EN)
    headers = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language", "Content-Language": str(language)}
    return Response(_vocabulary(language), headers=headers, media_type="application/json")
