"""Whatever is sent to any operation, in the form that its schema describes or not, is answered and never a 500."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from app.access.actor import ADMINISTRATOR
from app.access.transaction import as_system, begin
from app.access_matrix import LINES, REGION, Samples
from app.certificates.models import Certificate
from app.certificates.number import new_number
from app.consents.models import Consent
from app.consents.notice import NOTICES
from app.database import Database
from app.identifiers.models import Identifier
from app.identifiers.sealing import seal
from app.main import create_app
from tests.callers import Caller, Callers
from tests.planted import forget_sent

DOCUMENT: dict[str, Any] = create_app().openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in ("get", "post", "put", "patch", "delete") and not path.startswith("/v1/auth/logout")
}
JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.just([])
    | st.just({})
)
IDS = st.uuids(version=4).map(str)
TABLES = {
    "access": "break_glass",
    "candidate": "duplicate_candidate",
    "category": "vulnerability_category",
    "client": "service_client",
    "headcount": "reported_headcount",
    "hold": "legal_hold",
    "membership": "family_membership",
    "merge": "beneficiary_merge",
    "record": "vulnerability_record",
    "request": "erasure_request",
    "rule": "retention_rule",
    "run": "retention_run",
    "scheme": "vulnerability_scheme",
    "session": "roster_session",
}
"""Tables whose rows' ids go by a shorter name."""
FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat()}+05:00"),
}
NAMES = {"uz_latn": "Namuna", "uz_cyrl": None, "ru": None, "en": None}
TERRITORIES = st.sampled_from(["17", "1733", "1733230", "1718224", "1799999"])
PROPERTY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def plausible(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """What a schema lets through, and now and then something else."""
    if reference := schema.get("$ref"):
        return plausible(DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]], name)
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return st.one_of([plausible(part, name) for part in parts])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {"string": _text, "integer": _number, "number": _number, "boolean": _boolean, "array": _list, "object": _object, "null": _null}[
        schema.get("type", "null")
    ](schema, name)


def _mark(name: str) -> str:
    """What stands for the id of the row that is there, of the table that a name such as `family_id` or `roster_ids` tells."""
    noun = re.sub(r"_(ids?|key)$", "", name)
    table = TABLES.get(noun, noun)
    return f"<{table}>" if table in SQLModel.metadata.tables else ""


def with_rows(value: Any, rows: dict[str, str]) -> Any:
    """A request with the ids of rows that are there."""
    if isinstance(value, dict):
        return {name: with_rows(one, rows) for name, one in value.items()}
    if isinstance(value, list):
        return [with_rows(one, rows) for one in value]
    return rows.get(value, value) if isinstance(value, str) else value


def _text(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    if schema.get("format") == "uuid":
        return st.one_of(IDS, *(st.just(mark) for mark in 3 * [_mark(name)] if mark))
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    if "territory" in name or name in ("place", "district"):
        return TERRITORIES
    if pattern := schema.get("pattern"):
        return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= schema.get("maxLength", 9999))
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 40), 40)) | st.text(
        "Иванова Oʻzbekiston-'", min_size=1, max_size=20
    )


def _number(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", -(2**53)), schema.get("maximum", 2**53))


def _boolean(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.booleans()


def _null(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.none()


def _list(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    return st.lists(plausible(schema.get("items", {}), name), max_size=3)


def _object(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    known = {key: plausible(value, key) for key, value in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    fitting = st.fixed_dictionaries(
        {key: value for key, value in known.items() if key in required},
        optional={key: value for key, value in known.items() if key not in required},
    )
    if not known:
        return fitting
    spoilt = st.tuples(fitting, st.sampled_from(sorted(known)), JUNK).map(lambda parts: {**parts[0], parts[1]: parts[2]})
    return st.one_of(fitting, fitting, fitting, spoilt)


def requests_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Path, query and body of one operation."""
    operation = OPERATIONS[name]
    parts: dict[str, st.SearchStrategy[Any]] = {"path": st.fixed_dictionaries({}), "query": st.fixed_dictionaries({})}
    for place in ("path", "query"):
        found = {one["name"]: plausible(one["schema"], one["name"]) for one in operation.get("parameters", ()) if one["in"] == place}
        parts[place] = st.fixed_dictionaries(found) if place == "path" else st.fixed_dictionaries({}, optional=found)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    parts["body"] = plausible(body["schema"]) if body else st.none()
    return st.fixed_dictionaries(parts)


def make_sense(row: Any) -> None:
    """What only the rooms themselves write, and rely on when they read."""
    if isinstance(row, Certificate):
        words = dict.fromkeys(("hours", "ends_on", "ends_precision", "place")) | {"issuer": NAMES, "title": NAMES, "signers": []}
        held = {"holder": {"surname": "Karimova", "given_name": "Nigora", "patronymic": None}, "starts_on": "2020-01-01"}
        row.snapshot, row.number = {**words, **held, "starts_precision": "day"}, new_number()
    elif isinstance(row, Identifier):
        row.ciphertext, row.key_version = seal("30101900120014", row=row.id, person=row.beneficiary_id, kind=row.kind)
    elif isinstance(row, Consent):
        row.notice_version = next(iter(NOTICES))


@pytest.fixture
def rows(db: Database) -> dict[str, str]:
    """One row of every table, of one organization of the NGO and in one another's relation, by the marks of their ids."""
    samples = Samples(ADMINISTRATOR)
    mine = [row for (_, title), row in samples.rows.items() if title == LINES[0].title and row is not samples.own]
    for row in mine:
        make_sense(row)
    with begin(as_system("test")) as session:
        # Organizations, and the other one of each pair of persons.
        for row in (*samples.extra, *mine):
            session.add(row)
            session.flush()
    return {f"<{row.__tablename__}>": str(row.id) for row in (samples.own, *mine)}


@pytest.fixture
def everybody(callers: Callers, rows: dict[str, str]) -> list[Caller]:
    """Callers who between them open every door; the first one's are the rows."""
    return [callers.make("ngo", REGION, organization_id=rows["<organization>"], administrator=True), callers.committee()]


READ_BY_ID = {
    name: [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
    for name, operation in OPERATIONS.items()
    if name.startswith("GET") and "{" in name and "security" in operation
}


def address_of(name: str, rows: dict[str, str]) -> str:
    """Where the rows are, or what hangs on them."""
    path = name.partition(" ")[2]
    for one in READ_BY_ID[name]:
        path = path.replace("{" + one + "}", rows.get(_mark(one), OTHERS.get(one, "")))
    return path


OTHERS = {"month": "2026-01", "soato": "1733230"}
"""What stands in an address and is no id."""


def test_the_rows_are_there(everybody: list[Caller], rows: dict[str, str]) -> None:
    """Whatever is sent about one row, and what hangs on it, is sent about one that is there, and not refused before it is looked at."""
    found = {name: everybody[0].get(address_of(name, rows)).status_code for name in READ_BY_ID}
    assert len(found) > 40
    assert {name: status for name, status in found.items() if status != 200} == {}


READ_BY_ALL = {
    *("GET /v1/organizations/{organization_id}", "GET /v1/specialists/{specialist_id}", "GET /v1/venues/{venue_id}"),
    *("GET /v1/retention-rules/{rule_id}", "GET /v1/vulnerability-schemes/{scheme_id}"),
    *("GET /v1/vulnerability-categories/{category_id}", "GET /v1/places/{soato}"),
}
"""What every organization may know."""


def test_what_is_not_ones_own_is_unknown(callers: Callers, rows: dict[str, str], everybody: list[Caller]) -> None:
    """To another organization in another part of the country, and to everybody what does not exist."""
    stranger = callers.ngo("1703")
    wrong = {}
    for name in READ_BY_ID:
        unknown = everybody[0].get(address_of(name, dict.fromkeys(rows, "01930c2e-5f3a-7c4e-9d1b-2a6f4e8c0d17")))
        if unknown.status_code != 404 and name != "GET /v1/places/{soato}":
            wrong[f"{name}, unknown"] = unknown.status_code
        foreign = stranger.get(address_of(name, rows))
        # The runs are the administrator's alone, whose rows they are all.
        allowed = 200 if name in READ_BY_ALL else 403 if "retention-runs" in name else 404
        if foreign.status_code != allowed:
            wrong[name] = foreign.status_code
    assert wrong == {}


EXACT = {
    (name, one["name"]): form["format"]
    for name, operation in OPERATIONS.items()
    for one in operation.get("parameters", ())
    for form in one["schema"].get("anyOf", [one["schema"]])
    if one["in"] == "query" and form.get("format") in ("date", "uuid") and "{" not in name
}


@pytest.mark.parametrize(("name", "parameter"), EXACT)
def test_a_filter_takes_days_and_ids_in_their_one_form(callers: Callers, name: str, parameter: str) -> None:
    """A number is no day, of 1970 or else; an id without its hyphens would be another cursor and another cached answer."""
    wrong = {"date": ("0", "1577836800", "2020-W01-1", "20200101"), "uuid": ("0", "01930c2e5f3a7c4e9d1b2a6f4e8c0d17")}
    administrator = callers.administrator()
    for value in wrong[EXACT[name, parameter]]:
        refused = administrator.get(name.partition(" ")[2], params={parameter: value})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{parameter}"), value


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_sent_is_answered(everybody: list[Caller], rows: dict[str, str], name: str) -> None:
    method, _, template = name.partition(" ")

    @PROPERTY
    @given(request=requests_of(name), who=st.sampled_from([0, 0, 0, 1]))
    def answered(request: dict[str, Any], who: int) -> None:
        request = with_rows(request, rows)
        path = template
        for key, value in request["path"].items():
            path = path.replace("{" + key + "}", quote(str(value), safe="") or "-")
        options = {} if request["body"] is None else {"json": request["body"]}
        headers = {"If-Match": '"1"'} if method in ("PATCH", "PUT", "DELETE") or template.count("{") else {}
        response = everybody[who].request(method, path, params=request["query"], headers=headers, **options)
        forget_sent()
        assert response.status_code < 500, response.text

    answered()
