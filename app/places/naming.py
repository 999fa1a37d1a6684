"""What a place can be found by."""

from collections.abc import Iterable

from app.uzbek.keys import search_text


def search_of(names: Iterable[str | None], aliases: Iterable[str]) -> str:
    """The search column of a place: its names in every language and its aliases."""
    return search_text(*(name for name in (*names, *aliases) if name))
