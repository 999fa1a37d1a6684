"""The contract: what FastAPI knows of the routes, with permissions, headers, the common refusals, bounds on every value and examples.

The interactive page's assets come from an installed package, so it works without a network.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic_core import to_json

from app.access.permissions import holders
from app.answers import if_match, if_none_match
from app.contract_bounds import bound
from app.contract_examples.composing import exemplify
from app.identity.door import Door, asks_only, secret_answer
from app.problems import (
    MEDIA_TYPE,
    BadRequest,
    Busy,
    Forbidden,
    Internal,
    Invalid,
    KeyForgotten,
    KeyInProgress,
    KeyReused,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    VersionRequired,
    WrongMediaType,
    problems,
)

TITLE, VERSION = "Himoya", "1.0.0"
DESCRIPTION = """Social support for families in mahallas: beneficiaries, trainings and certificates.

People log in at `POST /v1/auth/login`, scripts at `POST /v1/oauth/token`; send the token as `Authorization: Bearer …`.
A row that you may not see is 404. Every refusal is a problem (RFC 9457) with a stable `code`; its page says what to do.
`x-codes` of a response are all codes that come with it; those of the whole contract come at any address, for a request that is none of
its operations or has a body where none belongs.
`x-permission` names the permission of an operation and its holders: of each role the duties that have it; `administrator`, without
duties of its own, is the mark that an account may bear beside its duty.
`ETag` is a row's version: send it as `If-Match` when you change the row. Send an `Idempotency-Key` with a POST that you may
have to repeat. Lists answer `next`; give it back as `cursor`."""
TAGS = {
    "sessions": "Logging in and out, tokens for scripts, who am I.",
    "accounts": "The people who log in.",
    "service clients": "The scripts that log in.",
    "tokens": "The documents by which others verify access tokens.",
    "audit": "What happened, by whom.",
    "oversight": "Who looked at whom, and access in an emergency.",
    "places": "Regions, districts and mahallas.",
    "organizations": "The partners.",
    "specialists": "The partners' professionals.",
    "venues": "Where people meet.",
    "families": "Families in need of support.",
    "beneficiaries": "The members of families.",
    "kinship": "Who is whose parent, guardian, sibling or spouse, across families.",
    "livelihoods": "Families' incomes by month, and the income per head by the rule in force.",
    "circumstances": "Functioning, schooling, health and papers of beneficiaries.",
    "vulnerability": "Schemes of categories that change by decree, and who is in which since when.",
    "identifiers": "PINFLs, documents and other numbers of beneficiaries.",
    "duplicates": "The same person registered twice: who may be, what was decided, merges and their undoing.",
    "consents": "What families agreed to, whom it lets in, and the notice they are given.",
    "trainings": "Trainings for parents, their sessions, enrollments and results.",
    "reported headcounts": "What was reported without names.",
    "certificates": "Certificates, their PDFs and their revocation.",
    "verification": "What anybody can check about a certificate.",
    "retention": "How long data are kept and what the rules did; legal holds, and requests to be forgotten.",
    "vocabulary": "The words of every closed list, with labels in four languages.",
    "health": "Is it alive, is it ready.",
}
router = APIRouter(include_in_schema=False)
_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)
_SERVERS = [
    {
        "url": "https://himoya.example",
        "description": "Production environment; every installation has an address of its own.",
        "x-internal": False,
    }
]
_BEARER = "Access token (JWT, ES256) from `POST /v1/auth/login` or `POST /v1/oauth/token`; checked as RFC8725 advises."
_TEXT = {"type": "string", "maxLength": 2000}
_SHARED_HEADERS = {
    "X-Request-ID": {"description": "Names the request in our logs.", "schema": _TEXT},
    "Retry-After": {
        "description": "Seconds to wait, where waiting helps.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 86400},
    },
}
"""Of so many answers that they stand once."""
NOWHERE: tuple[type[Problem], ...] = (NotFound, MethodNotAllowed)
BODIES: tuple[type[Problem], ...] = (BadRequest, TooSlow, TooLarge, WrongMediaType, Invalid, Internal)
"""Refusals that need no operation: of an address or a method that there is not, and of a body, be it where none belongs. Listed once."""


def _header(name: str, description: str, *, required: bool = False, longest: int = 200, example: str | None = None) -> dict[str, Any]:
    shown = {"example": example} if example else {}
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", "maxLength": longest},
        **shown,
    }


_IF_MATCH = _header("If-Match", "The `ETag` as you read it; 412 if the row changed since.", required=True, example='"3"')
_IDEMPOTENCY = _header(
    "Idempotency-Key", "A key of your own, once for each thing you want done; a repeated request gets the first answer.", longest=64
)
_IF_NONE_MATCH = _header("If-None-Match", "The `ETag` as you read it; 304 if the row is still the same.", example='"3"')
_MADE_BEFORE = "The same create, with the same `id` and body, made this row before; here it is as it is now."
_LANGUAGE = _header("Accept-Language", "Language of problem titles: `uz-Latn`, `uz-Cyrl`, `ru` or `en`.", example="uz-Latn")


def door_of(route: Any) -> Door | None:
    """The door of a route, or None for a public one."""
    found = [one.dependency for one in route.dependencies if isinstance(one.dependency, Door)]
    return found[0] if found else None


def install(app: FastAPI) -> None:
    """Make `app.openapi()` answer the whole contract."""

    @lru_cache(maxsize=1)
    def whole() -> dict[str, Any]:
        tags = [{"name": name, "description": text} for name, text in TAGS.items()]
        contact = {"name": "Himoya maintainers", "url": "https://himoya.example"}
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=tags,
            contact=contact,
            servers=_SERVERS,
            license_info={"name": "MIT", "identifier": "MIT"},
        )
        for route in iter_route_contexts(app.routes):
            path = document["paths"].get(getattr(route, "path", ""), {})
            for method in getattr(route, "methods", None) or ():
                if operation := path.get(method.lower()):
                    _complete(operation, method, route)
        for unused in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(unused, None)
        document["components"]["securitySchemes"]["bearer"]["description"] = _BEARER
        document["components"]["headers"] = _SHARED_HEADERS
        document["x-codes"] = [kind.code for kind in (*NOWHERE, *BODIES)]
        bound(document)
        exemplify(document)
        return document

    app.openapi = whole  # type: ignore[method-assign]


def _complete(operation: dict[str, Any], method: str, route: Any) -> None:
    refusals = _take(operation, method, route)
    responses = operation["responses"]
    if _is_among(route, if_none_match):
        operation["parameters"].append(_IF_NONE_MATCH)
        responses["304"] = {"description": "Not changed since you read it."}
    if "201" in responses and _takes_an_id(route):
        responses["200"] = {"description": _MADE_BEFORE, "content": dict(responses["201"]["content"])}
    operation["parameters"].append(_LANGUAGE)
    if "x-codes" not in responses.get("422", {}):
        # The framework's own, which says nothing.
        responses.pop("422", None)
    for kind in refusals:
        [(status, told)] = problems(kind).items()
        declared = responses.setdefault(str(status), told)
        if kind.code not in declared["x-codes"]:
            declared["x-codes"] = [*declared["x-codes"], kind.code]
            declared["description"] += told["description"]
    for status, response in responses.items():
        _answer(status, response)


def _take(operation: dict[str, Any], method: str, route: Any) -> list[type[Problem]]:
    """Add what the operation takes beside its own parameters; answers the refusals that come with it."""
    parameters = operation.setdefault("parameters", [])
    # A query parameter that the operation does not have is refused everywhere, so each can answer 422.
    refusals: list[type[Problem]] = [BadRequest, Invalid, Internal, Busy, Unavailable]
    for parameter in parameters:
        parameter["schema"] = _without_null(parameter["schema"])
    if door := door_of(route):
        operation["x-permission"] = {"name": door.permission.name, "holders": holders(door.permission)}
        refusals += [Unauthenticated, Forbidden]
    if door and method == "POST" and not any(_is_among(route, one) for one in (secret_answer, asks_only)):
        parameters.append(_IDEMPOTENCY)
        refusals += [KeyReused, KeyInProgress, KeyForgotten]
    if "requestBody" in operation:
        refusals += [TooSlow, TooLarge, WrongMediaType]
    if _is_among(route, if_match):
        parameters.append(_IF_MATCH)
        refusals.append(VersionRequired)
    return refusals


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out cannot be null."""
    some = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**some[0], **rest} if len(some) == 1 else schema


def _calls(dependant: Any) -> list[Any]:
    return [one for direct in dependant.dependencies for one in (direct, *_calls(direct))]


def _is_among(route: Any, dependency: Any) -> bool:
    return any(one.call is dependency for one in _calls(route.dependant))


def _takes_an_id(route: Any) -> bool:
    """Whether the client may choose the new row's id, so that the same create can come again."""
    return any("id" in getattr(one.field_info.annotation, "model_fields", {}) for one in route.dependant.body_params)


def _answer(status: str, response: dict[str, Any]) -> None:
    headers = response.setdefault("headers", {})
    headers["X-Request-ID"] = {"$ref": "#/components/headers/X-Request-ID"}
    if status == "304":
        return
    if not status.startswith("2"):
        response.pop("model", None)
        response["description"] = response["description"].strip()
        response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemRead"}}}
        if status in ("429", "503", "409"):
            headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
        return
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    if name.startswith("Page_"):
        headers["Link"] = {"description": 'The next page: `<…>; rel="next"`.', "schema": _TEXT}
    elif schema:
        headers["ETag"] = {"description": "The row's version, where it has one.", "schema": _TEXT}
    if status == "201":
        headers["Location"] = {"description": "Address of the new row.", "schema": _TEXT}


@router.get("/openapi.json")
async def get_contract(request: Request) -> Response:
    """The contract, with this installation as its server."""
    document = {**request.app.openapi(), "servers": [{"url": "/", "description": "This installation."}]}
    return Response(to_json(document), media_type="application/json", headers={"Cache-Control": "no-cache"})


@router.get("/docs")
async def get_docs() -> Response:
    """The interactive page."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=TITLE,
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    page.headers["Content-Security-Policy"] = _PAGE_POLICY
    return page


@router.get("/docs/{asset}")
async def get_docs_asset(asset: str) -> Response:
    """A script or style of the interactive page."""
    if asset not in _ASSETS:
        raise NotFound
    content = files("fastapi_swagger").joinpath("resources", asset).read_bytes()
    return Response(content, media_type=_ASSETS[asset], headers={"Cache-Control": "public, max-age=86400"})
