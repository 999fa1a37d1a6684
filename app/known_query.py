"""Unknown query parameters are refused on every route: a misspelled filter must not show everything."""

from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params

from app.bodies import INVISIBLE, forbidden
from app.problems import Fault, Invalid, step_of

_known: dict[int, frozenset[str]] = {}
"""Parameters by route; a route lives as long as the process and cannot be hashed, so its identity is the key."""


def _names(route: Any) -> frozenset[str]:
    if id(route) not in _known:
        _known[id(route)] = frozenset(
            field.alias
            for field in get_flat_params(route.dependant)
            if not isinstance(field.field_info, params.Path | params.Header | params.Cookie)
        )
    return _known[id(route)]


def known_query(request: Request) -> None:
    """Invalid for a parameter that the route does not have or that stands twice, for characters that bodies are refused for, and for what
    is not UTF-8. Pages for people, which the contract does not list, pass over it: whoever sends a link on may have something of their own
    added to it.
    """
    route = request.scope["route"]
    if not request.scope.get("query_string") or not route.include_in_schema:
        return
    names, known = [name for name, _ in request.query_params.multi_items()], _names(route)
    faults = [Fault(_pointer(name), "unknown", "There is no such parameter here.", "query") for name in names if name not in known]
    repeated = sorted({name for name in names if names.count(name) > 1} & known)
    faults += [Fault(f"/{name}", "repeated", "Stands more than once.", "query") for name in repeated]
    marked = {name for name, value in request.query_params.multi_items() if forbidden(value)} & known
    faults += [Fault(f"/{name}", "forbidden_character", f"Holds {INVISIBLE}.", "query") for name in sorted(marked)]
    faults += [Fault(_pointer(name), "not_utf8", "Is no text in UTF-8.", "query") for name in _unreadable(request.scope["query_string"])]
    if faults:
        raise Invalid(faults=faults[:50])


def _unreadable(query: bytes) -> list[str]:
    """The parameters with bytes that are no UTF-8; the framework reads them as U+FFFD, which would be looked for."""
    if b"%" not in query and query.isascii():
        return []
    found = []
    for part in query.split(b"&"):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            found.append(unquote_to_bytes(part.partition(b"=")[0]).decode(errors="replace"))
    return found


def _pointer(name: str) -> str:
    """A name that was sent, as a pointer; nothing of one that holds a character that cannot be seen."""
    return "" if forbidden(name) else f"/{step_of(name)}"
