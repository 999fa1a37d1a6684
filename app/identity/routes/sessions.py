"""Logging in and out; tokens for scripts; who am I."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Depends, Request, Response

from app.access.transaction import as_system, begin, reading
from app.answers import answer, no_content
from app.bodies import forbidden
from app.identity import policy, queries
from app.identity.actions import accounts as account_actions
from app.identity.actions import sessions as session_actions
from app.identity.actions.sessions import InvalidClient, InvalidScope, SessionEnded, WrongCredentials
from app.identity.door import Caller, allow
from app.identity.revocations import revocations
from app.identity.schemas import ClientTokenRead, LogIn, MeRead, PasswordChange, Refresh, TokensRead
from app.limits import address_of
from app.problems import BadRequest, Invalid, NotFound, Problem, TooManyRequests, problems

router = APIRouter(tags=["sessions"])


@router.post("/v1/auth/login", response_model=TokensRead, responses=problems(WrongCredentials, TooManyRequests))
def log_in(request: Request, body: LogIn) -> Response:
    """Log in with e-mail and password. After too many wrong attempts: 429, for a known and an unknown account alike."""
    return answer(session_actions.log_in(body=body, address=address_of(request)))


@router.post("/v1/auth/refresh", response_model=TokensRead, responses=problems(SessionEnded))
def refresh_session(body: Refresh) -> Response:
    """Get the next tokens. A refresh token works once; sent again within 30 s it gives the same answer, later it ends the session."""
    with begin(as_system("refresh_session")) as db:
        found = session_actions.refresh(db, token=body.refresh_token)
    if isinstance(found, Problem):
        revocations.forget()
        raise found
    return answer(found)


@router.post("/v1/auth/logout", status_code=204, dependencies=[allow(policy.ME)])
def log_out(caller: Caller) -> Response:
    """End this session: its access and refresh tokens are refused from now on."""
    with begin(caller) as db:
        session_actions.log_out(db, actor=caller.actor)
        response = no_content()
    revocations.forget()
    return response


@router.get("/v1/me", response_model=MeRead, dependencies=[allow(policy.ME)])
def get_me(caller: Caller) -> Response:
    """Who the caller is and which permissions it has."""
    actor = caller.actor
    with reading(caller) as db:
        find = queries.account if actor.kind == "account" else queries.service_client
        found = find(db, actor.id)
    shown = {**found, "email": found.get("email"), "kind": actor.kind, "duty": actor.duty or None, "administrator": actor.administrator}
    shown |= {"permissions": sorted(actor.permissions), "version": None}
    return answer({name: shown[name] for name in MeRead.model_fields})


@router.post("/v1/me/password", status_code=204, dependencies=[allow(policy.ME)], responses=problems(NotFound, Invalid, TooManyRequests))
def change_password(request: Request, caller: Caller, body: PasswordChange) -> Response:
    """Change one's own password; every session ends, log in again."""
    session_actions.confirm_password(by=caller, password=body.current, address=address_of(request))
    with begin(caller) as db:
        account_actions.change_password(db, by=caller, body=body)
        response = no_content()
    revocations.forget()
    return response


_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "additionalProperties": False,
                    "properties": {
                        "grant_type": {"type": "string", "const": "client_credentials"},
                        "client_id": {"type": "string", "maxLength": 80, "description": "Unless sent by HTTP Basic."},
                        "client_secret": {"type": "string", "maxLength": 200, "description": "Unless sent by HTTP Basic."},
                        "scope": {
                            "type": "string",
                            "maxLength": 4000,
                            "description": "Blank-separated; left out or empty: all scopes of the client.",
                        },
                    },
                },
                "example": {
                    "grant_type": "client_credentials",
                    "client_id": "client-019ce535503277658420e69ba47255e2",
                    "client_secret": "…",
                },
            }
        },
    }
}


_FIELDS = _FORM["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Who asks for a token, and for which scopes. Of HTTP Basic there are two readings of the secret, which count as one attempt."""

    client_id: str
    secrets: tuple[str, ...]
    scope: str


async def _asked(request: Request) -> TokenRequest:
    """The token request; the client's name and secret may come by HTTP Basic instead of in the form (RFC 6749, 2.3.1)."""
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=10)
    except ValueError as error:
        raise BadRequest("Send grant_type=client_credentials as application/x-www-form-urlencoded.", error="invalid_request") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadRequest("A field stands twice.", error="invalid_request")
    if form.keys() - _FIELDS.keys():
        # A misspelled `scope` would get all that the client has.
        raise BadRequest(f"Only {', '.join(_FIELDS)} are taken here.", error="invalid_request")
    if any(forbidden(value) for value in form.values()):
        raise BadRequest("A field holds a control character.", error="invalid_request")
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    by_form = form.get("client_id", ""), (form.get("client_secret", ""),)
    client_id, secrets = _basic(coded) if scheme.lower() == "basic" else by_form
    if form.get("grant_type") != "client_credentials":
        raise BadRequest("Only grant_type=client_credentials is offered here.", error="unsupported_grant_type")
    if _too_long("client_id", client_id) or any(_too_long("client_secret", secret) for secret in secrets):
        raise InvalidClient(error="invalid_client")
    if _too_long("scope", form.get("scope", "")):
        raise InvalidScope("That is longer than all scopes together.", error="invalid_scope")
    return TokenRequest(client_id, secrets, form.get("scope", ""))


def _basic(coded: str) -> tuple[str, tuple[str, ...]]:
    """Name and secret. Both are to be encoded as in a form, but many libraries send them as they are: then a secret with + or % reads
    otherwise, so it is tried as it stands too.
    """
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise InvalidClient(error="invalid_client") from error
    client_id, secrets = unquote_plus(name), tuple(dict.fromkeys((unquote_plus(secret), secret)))
    if any(map(forbidden, (client_id, secrets[0]))):
        raise InvalidClient(error="invalid_client")
    return client_id, secrets


def _too_long(field: str, value: str) -> bool:
    return len(value) > int(_FIELDS[field]["maxLength"])


@router.post(
    "/v1/oauth/token",
    response_model=ClientTokenRead,
    responses=problems(BadRequest, InvalidScope, InvalidClient, TooManyRequests),
    openapi_extra=_FORM,
)
def get_client_token(request: Request, asked: Annotated[TokenRequest, Depends(_asked)]) -> Response:
    """A script's access token (OAuth 2 client credentials)."""
    found = session_actions.client_token(client_id=asked.client_id, secrets=asked.secrets, scope=asked.scope, address=address_of(request))
    return answer(found)
