"""Which pages of other origins may call the API from a browser (CORS, WHATWG Fetch), by setting; without one, none."""

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from app.problems import BadRequest
from app.settings import settings


class _Refused(Response):
    """A refused preflight as a problem, like every other refusal."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The problem, without any header that would allow something."""
        problem = BadRequest("This origin, method or header is not allowed from another origin.")
        await problem.response(Request(scope))(scope, receive, send)


class CrossOrigin(CORSMiddleware):
    """The framework's own, whose refusals alone are ours."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a browser that asks first."""
        response = super().preflight_response(request_headers)
        return response if response.status_code == Response().status_code else _Refused()


def install(app: FastAPI) -> None:
    """Let the pages of CORS_ORIGINS call; they send a token of their own, so no cookie is ever needed."""
    if not settings().cors_origins:
        return
    app.add_middleware(
        CrossOrigin,
        allow_origins=list(settings().cors_origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID", "Accept-Language"],
        expose_headers=["Date", "ETag", "Location", "Link", "Content-Disposition", "X-Request-ID", "Retry-After", "Idempotent-Replayed"],
        max_age=600,
    )
