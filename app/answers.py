"""Rows or a model → Response: bytes, `ETag`, `Link`, `Location`.

The endpoint answers a Response, so the framework's second validation pass and its thread hop fall away; a test holds every
route's real answers against its `response_model`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from app.access.actor import visiting
from app.access.fields import WITHHELD
from app.idempotency import answered
from app.languages import Language
from app.listing import Found
from app.problems import BadRequest, VersionRequired

PRIVATE = {"Cache-Control": "no-store"}


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def answer(values: Mapping[str, Any] | BaseModel, status: int = 200, *, location: str | None = None) -> Response:
    """One resource; its `version`, where it has one, becomes the `ETag`."""
    version = values.get("version") if isinstance(values, Mapping) else getattr(values, "version", None)
    headers = dict(PRIVATE)
    if version is not None:
        headers["ETag"] = etag(version)
    if location:
        headers["Location"] = location
    response = Response(to_json(_shown(values)), status, headers=headers, media_type="application/json")
    answered.set(response)
    return response


@dataclass(frozen=True, slots=True)
class Known:
    """The versions that the caller has already, as `If-None-Match` names them (RFC 9110, 13.1.2)."""

    tags: frozenset[str]

    def __contains__(self, tag: str) -> bool:
        # Compared weakly, as the header asks for: a proxy that packs answers makes their tags weak.
        return tag in self.tags or "*" in self.tags


async def if_none_match(request: Request) -> Known:
    """What the caller has already; nothing without the header."""
    given = request.headers.get("if-none-match", "")
    return Known(frozenset(one.strip().removeprefix("W/") for one in given.split(",") if one.strip()))


IfNoneMatch = Annotated[Known, Depends(if_none_match)]
"""What the caller has already. An operation that takes it can answer 304, and the contract says so."""


def not_changed(known: Known, tag: str) -> Response | None:
    """304 when the caller has what this tag stands for."""
    return Response(status_code=304, headers={**PRIVATE, "ETag": tag}) if tag in known else None


def answer_if_changed(known: Known, values: Mapping[str, Any]) -> Response:
    """One resource, or 304 when the caller has this version already."""
    return not_changed(known, etag(values["version"])) or answer(values)


def created(values: Mapping[str, Any] | BaseModel, location: str, *, again: bool = False) -> Response:
    """A new resource: 201, or 200 when the very same create made it before."""
    return answer(values, 200 if again else 201, location=location)


def answer_page(request: Request, found: Found) -> Response:
    """One page of a list; `next` in the body and as `Link`."""
    headers = dict(PRIVATE)
    if found.next:
        # Relative, so that it holds behind any proxy (RFC 8288, 3.1).
        target = request.url.include_query_params(cursor=found.next)
        headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
    body = {"items": _shown(found.items), "next": found.next, **found.more}
    return Response(to_json(body), headers=headers, media_type="application/json")


MOST_BYTES = 10_485_760
"""How large a printed sheet can be."""


def file(kind: str, description: str, *, most: int = MOST_BYTES, headers: Mapping[str, Any] = MappingProxyType({})) -> dict[int | str, Any]:
    """What the contract says of an operation that answers a file of this media type."""
    content = {kind: {"schema": {"type": "string", "format": "binary", "maxLength": most}}}
    return {200: {"content": content, "description": description, **({"headers": dict(headers)} if headers else {})}}


def answer_file(content: bytes, kind: str, name: str, *, language: Language | None = None, tag: str | None = None) -> Response:
    """A file of this media type, to be kept under a name."""
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    if language:
        headers["Content-Language"] = str(language)
    if tag:
        headers["ETag"] = tag
    return Response(content, headers=headers, media_type=kind)


def _shown(values: Any) -> Any:
    """The values without those that were withheld from the visit; the others are not even looked through."""
    visit = visiting.get(None)
    return _without_withheld(values) if visit is not None and visit.withheld else values


def _without_withheld(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _without_withheld(value) for name, value in values.items() if value is not WITHHELD}
    if isinstance(values, list):
        return [_without_withheld(value) for value in values if value is not WITHHELD]
    return values


def no_content() -> Response:
    """Done, and nothing to say."""
    response = Response(status_code=204, headers=PRIVATE)
    answered.set(response)
    return response


async def if_match(request: Request) -> int:
    """The version in `If-Match`; VersionRequired without one, BadRequest for what is no single strong ETag."""
    tag = request.headers.get("if-match", "").strip()
    if not tag:
        raise VersionRequired
    if tag.startswith("W/"):
        # If-Match compares strongly (RFC 9110, 13.1.1), so that a weak one would never fit.
        raise BadRequest('If-Match takes no weak ETag: send it without W/, such as "3". A proxy that packs answers may have put it there.')
    digits = tag.removeprefix('"').removesuffix('"')
    if tag != f'"{digits}"' or not digits.isascii() or not digits.isdigit() or len(digits) > 9:  # noqa: PLR2004 – no row is changed a billion times.
        raise BadRequest('If-Match takes one ETag as you read it, such as "3".')
    return int(digits)


IfMatch = Annotated[int, Depends(if_match)]
"""The version the caller read; 428 without it."""
