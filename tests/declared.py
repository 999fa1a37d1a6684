"""What the contract declares of refusals, held against what really comes: a client that is made from it knows of nothing else."""

from functools import cache, wraps

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.access.actor import visiting
from app.beneficiaries.models import Beneficiary, Family, Merged, WasForgotten
from app.contract import BODIES, NOWHERE
from app.fault_codes import faults
from app.main import create_app
from app.problems import MEDIA_TYPE, Problem

Refusals = frozenset[tuple[int, str]]
_asking: set[str] = set()


def listen() -> None:
    """Note which operations ask whether a row was merged or forgotten: they can refuse for it, be it that no test does so first."""
    for model in (Beneficiary, Family):
        found = model.successor

        @wraps(found)
        def successor(self, found=found):  # type: ignore[no-untyped-def]
            visit = visiting.get(None)
            _asking.add(visit.operation if visit else "")
            return found(self)

        model.successor = successor  # type: ignore[method-assign]


def _codes(*kinds: type[Problem]) -> Refusals:
    return frozenset((kind.status, kind.code) for kind in kinds)


def check(app: FastAPI, method: str, response: httpx.Response) -> None:
    """Whether the operation declares what it refused with, and its faults are documented."""
    # In one step each, since tests send several requests at once.
    asking = _asking.copy()
    _asking.difference_update(asking)
    for name in asking:
        known = next((codes for (_, _, operation), codes in _declared().items() if operation == name), None)
        assert known is None or _codes(Merged, WasForgotten) <= known, f"{name} does not declare {Merged.code} or {WasForgotten.code}"
    if response.headers.get("content-type") != MEDIA_TYPE or method == "HEAD":
        return
    problem = response.json()
    unknown = {fault["code"] for fault in problem["errors"]} - faults().keys()
    assert not unknown, f"codes of faults that are not documented: {sorted(unknown)}"
    refusal = response.status_code, problem["code"]
    fitting = [one for one in app.routes if isinstance(one, APIRoute) and one.path_regex.match(response.request.url.path)]
    route = next((one for one in fitting if method in one.methods), None)
    if refusal in _codes(*BODIES):
        return
    if route is None:
        assert refusal in _codes(*NOWHERE), f"{method} {response.request.url.path}, which there is not, answers {refusal}"
        return
    # Pages for people, and routes of tests, stand nowhere.
    known = _declared().get((method, route.path, route.name))
    assert known is None or refusal in known, f"{route.name} does not declare {refusal}"


@cache
def _declared() -> dict[tuple[str, str, str], Refusals]:
    """The refusals of each operation, by method, address and name."""
    return {
        (method.upper(), path, operation["operationId"]): frozenset(
            (int(status), code) for status, response in operation["responses"].items() for code in response.get("x-codes", ())
        )
        for path, operations in create_app().openapi()["paths"].items()
        for method, operation in operations.items()
    }
