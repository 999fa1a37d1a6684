"""Unknown query parameters are refused on every route: a misspelled filter must not show everything."""

from typing import Any

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params

from app.bodies import forbidden
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
    """Invalid for a parameter that the route does not have or that stands twice, and for characters that bodies are refused for. Pages for
    people, which the contract does not list, pass over it: whoever sends a link on may have something of their own added to it.
    """
    route = request.scope["route"]
    if not request.scope.get("query_string") or not route.include_in_schema:
        return
    names, known = [name for name, _ in request.query_params.multi_items()], _names(route)
    faults = [Fault(_pointer(name), "unknown", "There is no such parameter here.", "query") for name in names if name not in known]
    repeated = sorted({name for name in names if names.count(name) > 1} & known)
    faults += [Fault(f"/{name}", "repeated", "Stands more than once.", "query") for name in repeated]
    marked = {name for name, value in request.query_params.multi_items() if forbidden(value)} & known
    told = "Holds a control or text-direction character."
    faults += [Fault(f"/{name}", "forbidden_character", told, "query") for name in sorted(marked)]
    if faults:
        raise Invalid(faults=faults[:50])


def _pointer(name: str) -> str:
    """A name that was sent, as a pointer; nothing of one that holds a control or text-direction character."""
    return "" if forbidden(name) else f"/{step_of(name)}"
