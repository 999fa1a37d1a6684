"""Which fields of requests speak of people or are secrets, so that the watch in `tests.planted` looks for what they said; and which do
not, each with the reason. A house test holds both against the contract: a field that stands in neither fails it by name.
"""

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from app.access import guard

CONTRACT = Path(__file__).parent.parent / "openapi" / "openapi.json"

PERSONAL = frozenset(
    {"surname", "given_name", "patronymic", "phone", "email", "emails", "address", "birth_date", "q"}
    | {"value", "pinfl", "issuer", "monthly_income", "amount"}
    | {"note", "reason", "evidence", "witness", "papers_note", "chronic_conditions", "polyclinic", "school"}
    | {"facilitators", "name"}
    | {"password", "current", "new", "refresh_token", "client_secret"}
)
"""Fields of bodies and queries whose values are looked for, whatever the operation."""

NOT_PERSONAL: dict[str, frozenset[str]] = {
    "a part of the country, the callers' own as well": frozenset({"territory", "place", "district", "soato", "parent", "successor_soato"}),
    "a number too short to be told from others": frozenset(
        {
            "size",
            "grade",
            "minutes",
            "score",
            "min_score",
            "capacity",
            "hours",
            "min_attendance_percent",
            "min_post_test",
            "months",
            "limit",
        }
        | {"certificates", "participants"}
    ),
    "a word or a mark that the service itself gave out": frozenset(
        {
            "code",
            "category",
            "scheme",
            "scope",
            "scopes",
            "action",
            "notice_version",
            "client_id",
            "languages",
            "citizenship",
            "cursor",
        }
    ),
    "of a training, a place, an organization or a scheme": frozenset(
        {"uz_latn", "uz_cyrl", "ru", "en", "aliases", "description", "competencies", "topic", "source", "audience"}
    ),
    "what somebody does, as the directory shows it": frozenset({"post"}),
}
"""Names of fields that are never looked for, by the reason. Days are not either, but for that of a birth: the trail is full of its own."""

PUBLIC: dict[tuple[str, str], str] = {
    ("/v1/places", "q"): "names of places are no secret",
    ("/v1/organizations", "q"): "names of organizations are no secret",
    ("/v1/specialists", "q"): "finds posts too, which the trail shows; the factory plants the names",
    ("/v1/venues", "q"): "names of venues are no secret",
    ("/v1/venues", "address"): "a venue's address is announced",
    ("/v1/trainings$", "q"): "titles of trainings are no secret",
    ("/v1/trainings/[^/]+/cancel", "reason"): "said of the training, and announced",
    ("/v1/retention-rules", "reason"): "the law that a rule follows",
    ("/v1/service-clients", "name"): "of a program",
    ("/v1/certificates", "number"): "printed on paper for everybody to verify",
    ("/v1/families", "number"): "the service made it; an answer's row is found by it and nobody is named",
    ("/v1/trainings/[^/]+/sessions", "number"): "which session of the training it is",
}
"""What would be looked for by its name and is not in one room, by (the room's address, the field)."""


def is_room(room: str, path: str) -> bool:
    """Whether an address is that of the room, or lies beneath it."""
    return re.match(f"{room}(/|$)", path) is not None


@lru_cache(10_000)
def is_public(path: str, name: str) -> bool:
    """Whether the field is no secret at an address."""
    return any(field == name and is_room(room, path) for room, field in PUBLIC)


def is_personal(path: str, name: str) -> bool:
    """Whether what a field says at an address is looked for."""
    return name in PERSONAL and not is_public(path, name)


@cache
def contract() -> dict[str, Any]:
    """The contract, as it is written down."""
    return dict(json.loads(CONTRACT.read_text(encoding="utf-8")))


def operations() -> dict[str, dict[str, Any]]:
    """Every operation of the contract, by method and address."""
    verbs = ("get", "post", "put", "patch", "delete")
    return {
        f"{verb.upper()} {path}": one for path, methods in contract()["paths"].items() for verb, one in methods.items() if verb in verbs
    }


@cache
def words_of_the_service() -> str:
    """Names that the service has given to things, so that they stand in logs and in the trail whoever is spoken of: fields, values of
    lists, addresses, operations, tables, statements.
    """
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.update(key for key in value if isinstance(key, str))
            found.update(one for one in (*value.get("enum", ()), value.get("const"), value.get("operationId")) if isinstance(one, str))
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk({key: value for key, value in contract().items() if key in ("paths", "components")})
    for table in SQLModel.metadata.tables.values():
        found.update({table.name, *(column.name for column in table.columns)})
    found.update(guard._named)
    return "\n".join(sorted(found)).casefold()
