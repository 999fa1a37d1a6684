"""What a request says of people is looked for in the logs and in the trail, or stands on a list with the reason why not."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import SQLModel

from app import changes, features
from tests import personal, planted

features.policies()
OPERATIONS = personal.operations()
SCHEMAS: dict[str, Any] = personal.contract()["components"]["schemas"]
# Tables that hold what people were told, decided or named, and are no trail of it; each that conceals something is one as well.
HOLD_NOTHING_PERSONAL = {
    "certificate, training, place or organization": {"organization", "place", "reported_headcount", "reported_headcount_roster", "roster"},
    "links of rows": {"consent_recipient", "consent_subject", "roster_co_host"},
    "words of lists that everybody reads": {"retention_rule", "venue", "vulnerability_category", "vulnerability_scheme"},
}


def said(schema: dict[str, Any], name: str = "", seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The fields in which a schema takes a text or a number of the sender's own; ids, days and words of lists are none."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference and reference not in seen:
        yield from said(SCHEMAS[reference], name, seen | {reference})
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from said(part, name, seen)
    if "items" in schema:
        yield from said(schema["items"], name, seen)
    for key, value in schema.get("properties", {}).items():
        yield from said(value, key, seen)
    of_its_own = schema.get("type") in ("string", "integer", "number") and not {"enum", "const"} & schema.keys()
    if of_its_own and (schema.get("format") not in ("uuid", "date", "date-time") or name in personal.PERSONAL):
        yield name


def fields() -> set[tuple[str, str]]:
    """(address, field) of every body and query of the contract."""
    found = set()
    for operation, one in OPERATIONS.items():
        path = operation.partition(" ")[2]
        bodies = [content["schema"] for content in one.get("requestBody", {}).get("content", {}).values()]
        queries = [{"properties": {p["name"]: p["schema"]}} for p in one.get("parameters", ()) if p["in"] == "query"]
        found |= {(path, field) for schema in (*bodies, *queries) for field in said(schema)}
    return found


FIELDS = fields()
NEVER = frozenset[str]().union(*personal.NOT_PERSONAL.values())


def test_every_field_is_watched_or_has_a_reason_not_to_be() -> None:
    forgotten = {f"{path}: {name}" for path, name in FIELDS if not personal.is_public(path, name) and name not in personal.PERSONAL | NEVER}
    assert forgotten == set(), "say in tests/personal.py that the watch looks for it, or why not"


def test_the_lists_hold_what_there_is() -> None:
    """What was renamed or removed does not stand there as if it were watched."""
    gone = (personal.PERSONAL | NEVER) - {name for _, name in FIELDS}
    assert gone == set()
    assert not personal.PERSONAL & NEVER
    unused = {key for key in personal.PUBLIC if not any(name == key[1] and personal.is_room(key[0], path) for path, name in FIELDS)}
    assert unused == set()


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/break-glass", "pinfl"),
        ("/v1/break-glass/{access_id}/review", "note"),
        ("/v1/consents/{consent_id}/give", "witness"),
        ("/v1/vulnerability-records", "evidence"),
        ("/v1/kinships", "note"),
        ("/v1/trainings/{training_id}/enrollments/{enrollment_id}/withdraw", "reason"),
        ("/v1/trainings/{training_id}/enrollments", "q"),
        ("/v1/verify/{number}", "surname"),
        ("/v1/families/{family_id}/incomes/{month}", "amount"),
        ("/v1/auth/login", "password"),
    ],
)
def test_what_speaks_of_people_is_watched(path: str, field: str) -> None:
    assert (path, field) in FIELDS
    assert personal.is_personal(path, field)


@pytest.mark.parametrize(
    ("path", "field"), [("/v1/trainings", "q"), ("/v1/trainings/{training_id}/cancel", "reason"), ("/v1/venues", "address")]
)
def test_what_is_announced_is_not(path: str, field: str) -> None:
    assert (path, field) in FIELDS
    assert not personal.is_personal(path, field)


def test_every_table_is_searched_or_holds_what_people_are_called() -> None:
    """A new table is either one of people, part of whose columns no trail may hold, or one where nothing of them may stand."""
    concealing = {str(model.__tablename__) for model, hidden in changes.CONCEALED.items() if hidden}
    listed = set().union(*HOLD_NOTHING_PERSONAL.values())
    assert SQLModel.metadata.tables.keys() == concealing | set(planted.WATCHED) | listed
