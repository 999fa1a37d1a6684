"""Requests and answers about accounts, sessions and service clients."""

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.access.actor import Duty, Role
from app.listing import Listing
from app.problems import Misfit, in_words
from app.schemas import Email, EntityRead, Id, Line, NewId, Read, Strict, Territory, kept, word
from app.settings import LONGEST_PASSWORD, SHORTEST_PASSWORD

Password = Annotated[
    str,
    StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD),
    Field(description=f"At least {SHORTEST_PASSWORD} characters; a sentence is good.", examples=["correct horse battery"]),
]
_SCOPE = in_words(r"^[a-z_-]+(:[a-z_-]+)?$", "must be the name of a permission, such as trainings:read")
Scope = Annotated[str, StringConstraints(max_length=60, pattern=_SCOPE)]


class LogIn(Strict):
    """A person's e-mail and password."""

    email: Email = Field(examples=["ngo-manager@demo.example"])
    password: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSWORD)] = Field(examples=["correct horse battery"])


class Refresh(Strict):
    """The refresh token given out last."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSWORD)]


class TokensRead(Read):
    """An access token of 15 minutes and the token that gets the next one."""

    access_token: str = Field(max_length=8192, description="Send as `Authorization: Bearer …`.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=0, le=86_400, description="Seconds until the access token ends.")
    refresh_token: str = Field(
        max_length=200, description="Give it to `POST /v1/auth/refresh`; each can be used once, with 30 s of grace for a lost answer."
    )


class ClientTokenRead(Read):
    """An access token of a script (RFC 6749, 4.4)."""

    access_token: str = Field(max_length=8192)
    token_type: Literal["Bearer"]
    expires_in: int = Field(ge=0, le=86_400)
    scope: str = Field(max_length=4000, description="The scopes of this token, separated by blanks.")


class MeRead(Read):
    """Who the caller is and what it may do."""

    id: uuid.UUID
    kind: Literal["account", "client"]
    name: str = Field(max_length=200)
    email: str | None = Field(max_length=254)
    role: Role
    duty: Duty | None
    organization_id: uuid.UUID
    territory: str = Field(max_length=16)
    administrator: bool
    permissions: list[str] = Field(max_length=200)


class PasswordChange(Strict):
    """One's own new password."""

    current: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSWORD)]
    new: Password

    @model_validator(mode="after")
    def _is_new(self) -> Self:
        if self.new == self.current:
            raise Misfit("/new", "same", "Must differ from the present password.")
        return self


class AccountCreate(Strict):
    """A person who shall log in. The role comes from the organization's kind."""

    id: NewId = None
    email: Email
    name: Line
    password: Password
    organization_id: Id
    duty: word(Duty)  # type: ignore[valid-type]
    territory: Territory
    administrator: bool = False


class AccountUpdate(Strict):
    """What is to change; fields left out stay."""

    name: Line = kept()
    duty: word(Duty) = kept()  # type: ignore[valid-type]
    territory: Territory = kept()
    administrator: bool = kept()
    password: Password = kept()


class AccountRead(EntityRead):
    """A person's account."""

    email: str = Field(max_length=254)
    name: str = Field(max_length=200)
    organization_id: uuid.UUID
    role: Role
    duty: Duty
    territory: str = Field(max_length=16)
    administrator: bool
    disabled_at: datetime | None


class AccountListing(Listing):
    """Filters of the list of accounts."""

    organization_id: Annotated[Id | None, Field(description="Accounts of this organization.")] = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class ServiceClientCreate(Strict):
    """A script that shall get tokens of its own."""

    id: NewId = None
    name: Line
    organization_id: Id
    territory: Territory
    scopes: list[Scope] = Field(min_length=1, max_length=50, description="Permissions the script needs, and no more.")


class ServiceClientRead(EntityRead):
    """A script's registration."""

    client_id: str = Field(max_length=80)
    name: str = Field(max_length=200)
    organization_id: uuid.UUID
    role: Role
    territory: str = Field(max_length=16)
    scopes: list[str] = Field(max_length=50)
    disabled_at: datetime | None


class ServiceClientCreated(ServiceClientRead):
    """The registration with its secret, which is shown this once."""

    client_secret: str | None = Field(
        max_length=200, description="Keep it; it is not shown again. Null when the same registration is sent again."
    )


class ServiceClientListing(Listing):
    """Filters of the list of service clients."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
