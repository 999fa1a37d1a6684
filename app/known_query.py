"""Unknown query parameters are refused on every route: a misspelt filter must not show everything."""

from typing import Any

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params

from app.problems import Fault, Invalid

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


async def known_query(request: Request) -> None:
    """Invalid for a parameter that the route does not have, or that stands twice."""
    if not request.scope.get("query_string"):
        return
    names = [name for name, _ in request.query_params.multi_items()]
    allowed = _names(request.scope["route"])
    faults = [Fault(f"/{name}"[:100], "unknown", "There is no such parameter here.", "query") for name in names if name not in allowed]
    faults += [
        Fault(f"/{name}", "repeated", "Stands more than once.", "query")
        for name in sorted({name for name in names if names.count(name) > 1} & allowed)
    ]
    if faults:
        raise Invalid(faults=faults[:50])
