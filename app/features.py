"""The one list of the service's rooms: their models, policies and routers. `main`, the migrations and the tests read it."""

from importlib import import_module
from types import ModuleType

from fastapi import APIRouter

TRAIL = ("app.audit.trail", "app.audit.views")
"""What writes down changes and looks; imported with the policies, so that no way into the service works without it."""
HEARERS = ("app.kinship.actions", "app.consents.actions.words")
"""What hears of a change in a room below, or judges it; imported with the policies for the same reason."""
ROOMS = (
    *("identity", "audit", "places", "partners", "beneficiaries"),
    *("kinship", "livelihoods", "circumstances", "vulnerability", "identifiers", "consents", "oversight"),
    *("participation", "certificates", "trainings", "duplicates", "retention"),
)
"""From the ground up; a room may use those before it."""
BESIDE = ("beneficiaries.candidates", "beneficiaries.history")
"""Modules with tables beside a room's `models`."""


def models() -> list[ModuleType]:
    """Every module with tables."""
    named = ("idempotency", "access.grants", *(f"{room}.models" for room in ROOMS), *BESIDE)
    return [import_module(f"app.{name}") for name in named]


def policies() -> list[ModuleType]:
    """Every module that declares rows and permissions; importing it is what declares them."""
    models()
    found = [import_module(f"app.{room}.policy") for room in ROOMS]
    for name in (*TRAIL, *HEARERS):
        import_module(name)
    return found


def routers() -> list[APIRouter]:
    """Every router, in the order of the contract."""
    policies()
    return [import_module(f"app.{room}.routes").router for room in ROOMS]
