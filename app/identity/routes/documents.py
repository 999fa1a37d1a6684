"""The documents by which others verify our tokens and find the token endpoint."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field
from pydantic_core import to_json

from app.access.permissions import PERMISSIONS
from app.identity import tokens
from app.schemas import Read
from app.settings import settings

router = APIRouter(prefix="/.well-known", tags=["tokens"])
_CACHED = {"Cache-Control": "public, max-age=300"}


class KeySetRead(Read):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]] = Field(max_length=20)


class MetadataRead(Read):
    """Authorization server metadata (RFC 8414)."""

    issuer: str = Field(max_length=300)
    token_endpoint: str = Field(max_length=300)
    jwks_uri: str = Field(max_length=300)
    grant_types_supported: list[str] = Field(max_length=10)
    token_endpoint_auth_methods_supported: list[str] = Field(max_length=10)
    response_types_supported: list[str] = Field(max_length=10)
    scopes_supported: list[str] = Field(max_length=200)


@router.get("/jwks.json", response_model=KeySetRead)
async def get_key_set() -> Response:
    """The public keys of the access tokens."""
    return Response(to_json(tokens.public_keys()), headers=_CACHED, media_type="application/json")


@router.get("/oauth-authorization-server", response_model=MetadataRead)
async def get_server_metadata() -> Response:
    """Where tokens come from and which scopes there are."""
    base = settings().base_url
    found = MetadataRead(
        issuer=base,
        token_endpoint=f"{base}/v1/oauth/token",
        jwks_uri=f"{base}/.well-known/jwks.json",
        grant_types_supported=["client_credentials"],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
        response_types_supported=[],
        scopes_supported=sorted(PERMISSIONS),
    )
    return Response(to_json(found), headers=_CACHED, media_type="application/json")
