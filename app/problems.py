"""Problems (RFC 9457): every refusal the service knows, as a class with its status, code and title.

A Problem is raised where the refusal is known and answered in one place; the title is translated by `Accept-Language`,
the rejected value is never echoed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, ClassVar, Literal, Self

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from app.languages import Language, choose, translate
from app.settings import settings

MEDIA_TYPE = "application/problem+json"
LONGEST_STEP = 60
"""Characters of a key that a pointer repeats."""
Place = Literal["body", "query", "path", "header"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `pointer` is a JSON pointer into the part of the request named by `place`."""

    pointer: str
    code: str
    message: str
    place: Place = "body"


class FaultRead(BaseModel):
    """One thing that is wrong with the request."""

    place: Place = Field(description="The part of the request.")
    pointer: str = Field(description="JSON pointer into that part, such as `/members/0/birth_date`.", max_length=300)
    code: str = Field(description="Stable code of the fault; translate by this. `/problems` lists all.", max_length=80)
    message: str = Field(description="What is wrong, in English, for whoever develops.", max_length=500)


class ProblemRead(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="Address of the page that describes this problem.", max_length=300)
    title: str = Field(description="What happened, in the language of `Accept-Language`.", max_length=200)
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str | None = Field(description="What to do about it, where more can be said than the title says.", max_length=1000)
    instance: str = Field(description="The path of the request.", max_length=2000)
    code: str = Field(description="Stable code of the problem; branch on this.", max_length=80)
    request_id: str = Field(description="Name this to us when you ask; it also stands in `X-Request-ID`.", max_length=64)
    errors: list[FaultRead] = Field(description="Each thing that is wrong; empty when the request as a whole was refused.", max_length=200)


class Problem(Exception):
    """A refusal. Subclasses give `status`, `code`, `title` and, as their docstring, what the caller can do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    headers: ClassVar[dict[str, str]] = {}
    is_refusal: ClassVar[bool] = True

    def __init__(
        self, detail: str | None = None, *, faults: Sequence[Fault] = (), headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(self.code)
        self.detail, self.faults, self.extra = detail, tuple(faults), extra
        self.sent = {**self.headers, **(headers or {})}

    def response(self, request: Request) -> Response:
        """The refusal as an answer, its title in the caller's language."""
        language = choose(request.headers.get("accept-language"), Language.EN)
        body = {
            "type": f"{settings().base_url}/problems/{self.code}",
            "title": translate(self.title, language),
            "status": self.status,
            "detail": self.detail,
            "instance": request.url.path[:2000],
            "code": self.code,
            "request_id": request.scope.get("state", {}).get("request_id", ""),
            "errors": [asdict(fault) for fault in self.faults],
            **self.extra,
        }
        headers = {"Cache-Control": "no-store", "Content-Language": str(language), **self.sent}
        return Response(to_json(body), self.status, headers=headers, media_type=MEDIA_TYPE)


class BadRequest(Problem):
    """The request could not be read: broken JSON, a duplicate key, a cursor of another list, a header that makes no sense."""

    status, code, title = 400, "malformed", "Malformed request"


class Unauthenticated(Problem):
    """Send a valid access token as `Authorization: Bearer …`; get one from `POST /v1/auth/login` or `POST /v1/oauth/token`."""

    status, code, title = 401, "unauthenticated", "Sign in first"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    """Your role, duty or scopes do not allow this; `x-permission` of the operation names what is needed."""

    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """There is no such thing, or none that you may see; the two are not told apart."""

    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(Problem):
    """This address answers other methods; `Allow` lists them."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class Conflict(Problem):
    """The stored state does not admit this; read it again and decide anew."""

    status, code, title = 409, "conflict", "Conflicts with the stored state"


class IdTaken(Conflict):
    """The `id` you chose belongs to another row, or to this one made from another body; `errors` names it. Choose a new one."""

    code, title = "id_taken", "This id is already taken"

    def __init__(self, *pointers: str) -> None:
        """`pointers` lead to the ids that are taken, or, where it cannot be told which of several is, to all of them."""
        told = "Belongs to another row, or to this one made from another body."
        several = "Of the ids at the places named here, at least one is taken."
        pointers = pointers or ("/id",)
        super().__init__(faults=[Fault(one, "taken", several if len(pointers) > 1 else told) for one in pointers])


class AlreadyExists(Conflict):
    """A row with the same unique value exists; `errors` names the field, or the fields that are unique together."""

    code, title = "already_exists", "Already exists"


class WrongState(Conflict):
    """The move is not possible from the present state; `detail` names the states from which it is."""

    code, title = "wrong_state", "This move is not possible in the present state"


class KeyInProgress(Conflict):
    """The first request with this Idempotency-Key still runs; send the same request again after `Retry-After` seconds."""

    code, title = "idempotency_key_in_progress", "Busy, try again"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class Stale(Problem):
    """The row changed since you read it: GET it again, look at the difference, send `If-Match` with the new `ETag`."""

    status, code, title = 412, "stale", "Changed since you read it"


class TooLarge(Problem):
    """The body is larger than this address takes."""

    status, code, title = 413, "too_large", "Request body is too large"


class TooSlow(Problem):
    """The body did not arrive in time."""

    status, code, title = 408, "too_slow", "Request took too long"
    headers: ClassVar[dict[str, str]] = {"Connection": "close"}


class WrongMediaType(Problem):
    """Send `Content-Type: application/json` in UTF-8."""

    status, code, title = 415, "wrong_media_type", "Unsupported media type"


class Invalid(Problem):
    """The request was read, but values in it are wrong; `errors` names each."""

    status, code, title = 422, "invalid", "Well-formed but wrong"


class KeyReused(Problem):
    """The Idempotency-Key was used for another request; a new request needs a new key."""

    status, code, title = 422, "idempotency_key_reused", "This Idempotency-Key was used for another request"


class KeyForgotten(Problem):
    """The answer to this Idempotency-Key spoke of somebody who was forgotten since, and is kept no longer. What you asked for was done
    then; do not send it again.
    """

    status, code, title = 410, "idempotency_key_forgotten", "The answer is kept no longer"


class VersionRequired(Problem):
    """Send `If-Match` with the `ETag` you read, so that nobody's change is overwritten unseen."""

    status, code, title = 428, "version_required", "If-Match is required"


class TooManyRequests(Problem):
    """Wait `Retry-After` seconds."""

    status, code, title = 429, "too_many_requests", "Too many requests"

    @classmethod
    def after(cls, wait: float, detail: str | None = None) -> Self:
        """One that says in how many seconds there is room again, rounded up, since whoever comes too early is refused anew."""
        return cls(detail, headers={"Retry-After": str(max(1, ceil(wait)))})


class Internal(Problem):
    """Something broke on our side; nothing was stored. Name the `request_id` to us."""


class Moved(Problem):
    """Not a refusal: what was asked for is to be had at another address."""

    status, code, title = 308, "moved", "Moved"
    is_refusal = False

    def __init__(self, location: str) -> None:
        super().__init__(headers={"Location": location})

    def response(self, request: Request) -> Response:
        """The other address, as `Location`."""
        return Response(status_code=self.status, headers={"Cache-Control": "no-store", **self.sent})


class Busy(Problem):
    """All connections are in use; try again after `Retry-After` seconds."""

    status, code, title = 503, "busy", "Busy, try again"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class Unavailable(Problem):
    """A part of the service is not ready; `detail` names it."""

    status, code, title = 503, "unavailable", "Unavailable"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class Misfit(ValueError):
    """Raised by a validator of a whole model: what is wrong, and at which of its fields. `pointer` begins at the model."""

    def __init__(self, pointer: str, code: str, message: str) -> None:
        super().__init__(message)
        self.pointer, self.code = pointer, code


_NOT_AN_OBJECT = frozenset({"model_type", "model_attributes_type", "dict_type"})
_in_words: dict[str, str] = {}


def in_words(pattern: str, message: str) -> str:
    """Say this where a text does not match the pattern, which tells most people nothing. Answers the pattern."""
    _in_words[pattern] = message
    return pattern


def invalid(pointer: str, code: str, message: str) -> Invalid:
    """A 422 about one field of the body."""
    return Invalid(faults=[Fault(pointer, code, message)])


def all_problems() -> list[type[Problem]]:
    """Every problem class of the service, by status and code."""
    found: set[type[Problem]] = set()
    todo = [Problem]
    while todo:
        kind = todo.pop()
        todo.extend(kind.__subclasses__())
        found.add(kind)
    return sorted((kind for kind in found - {Problem} if kind.is_refusal), key=lambda kind: (kind.status, kind.code))


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Refusals of one operation for its `responses=`; every status once, all its codes in `x-codes` and in the description."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in dict.fromkeys(kinds):
        entry = found.setdefault(kind.status, {"model": ProblemRead, "description": "", "content": {MEDIA_TYPE: {}}, "x-codes": []})
        entry["x-codes"].append(kind.code)
        entry["description"] += f"`{kind.code}`: {(kind.__doc__ or kind.title).strip()} "
    return found


def faults_of(error: RequestValidationError) -> list[Fault]:
    """Pydantic's findings without the values that were sent, in words that say what to send."""
    found = []
    for item in error.errors()[:200]:
        place, *path = item["loc"]
        pointer = "".join("/" + step_of(str(step)) for step in path if not str(step).startswith("function-"))
        known: Place = place if place in ("query", "path", "header") else "body"
        code, message = item["type"], item["msg"].removeprefix("Value error, ")
        context = item.get("ctx", {})
        if isinstance(misfit := context.get("error"), Misfit):
            pointer, code = pointer + misfit.pointer, misfit.code
        elif code in _NOT_AN_OBJECT:
            message = "must be a JSON object"
        elif code == "string_pattern_mismatch":
            message = _in_words.get(context.get("pattern", ""), message)
        found.append(Fault(pointer[:300], code, message[:500], known))
    return found


def step_of(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901, 3), cut: one that nobody here knows may be of any length."""
    return key[:LONGEST_STEP].replace("~", "~0").replace("/", "~1")


def allowed_methods(app: FastAPI, path: str) -> set[str]:
    """Every method that some route answers at this address."""
    fitting = (route for route in iter_route_contexts(app.routes) if route.path_regex.match(path))
    found = {method for route in fitting for method in route.methods or ()}
    return found | {"HEAD"} if "GET" in found else found


def install(app: FastAPI) -> None:
    """Answer every refusal, the framework's own included, as a problem."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 – registered for Problem alone.
        return error.response(request)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 – registered for this class alone.
        faults = faults_of(error)
        if any(fault.code == "json_invalid" for fault in faults):
            return BadRequest("The body is not JSON.").response(request)
        return Invalid(faults=faults).response(request)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 – registered for this class alone.
        kinds = {
            kind.status: kind for kind in (BadRequest, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, TooLarge, WrongMediaType)
        }
        kind = kinds.get(error.status_code, BadRequest if error.status_code < Internal.status else Internal)
        headers = dict(error.headers or {})
        if kind is MethodNotAllowed:
            # The framework names the methods of the first route that fits; an address may have several.
            headers["Allow"] = ", ".join(sorted(allowed_methods(app, request.url.path)))
        return kind(headers=headers).response(request)

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, framework)
