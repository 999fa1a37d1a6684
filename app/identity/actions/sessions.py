"""Logging in, refreshing, logging out; tokens for scripts."""

import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar, TypeVar

from app.access.actor import Actor, Visit
from app.access.fetch import fetch, find
from app.access.guard import GuardedSession
from app.access.permissions import PERMISSIONS
from app.access.transaction import as_system, begin
from app.database import now
from app.identity import tokens
from app.identity.actions import throttle
from app.identity.models import Account, EndReason, LoginSession, ServiceClient, Subject
from app.identity.passwords import matches
from app.identity.schemas import ClientTokenRead, LogIn, TokensRead
from app.identity.standing import admitted
from app.problems import NotFound, Problem, Unauthenticated, invalid

T = TypeVar("T", bound=Subject)
Hearer = Callable[[GuardedSession, str, LoginSession, uuid.UUID | None], None]
HEARERS: list[Hearer] = []
"""Called with (session, what happened, log-in, its account's organization): the trail, which stands above, puts itself here."""
GRACE = timedelta(seconds=30)
"""A refresh token that was just spent gives the same answer again: the first may have been lost on a bad line."""


class WrongCredentials(Unauthenticated):
    """The e-mail or the password is wrong, or the account is disabled, or its organization does not exist today (`valid_from`, `valid_to`);
    which of them is not told.
    """

    code, title = "wrong_credentials", "E-mail or password is wrong"


class SessionEnded(Unauthenticated):
    """The session ended, or its refresh token was used twice, or the account is disabled, or its organization does not exist today; which
    of them is not told. Log in again.
    """

    code, title = "session_ended", "This session has ended"


class InvalidClient(Unauthenticated):
    """The client's id or secret is wrong, or the client is disabled, or its organization does not exist today (RFC 6749, 5.2
    `invalid_client`); which of them is not told.
    """

    code, title = "invalid_client", "Client id or secret is wrong"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Basic realm="himoya", charset="UTF-8"'}


class InvalidScope(Problem):
    """The client was not given these scopes (RFC 6749, 5.2 `invalid_scope`); `detail` names them."""

    status, code, title = 400, "invalid_scope", "These scopes cannot be granted"


def actor_of(subject: Subject, *, session: uuid.UUID | None = None) -> Actor:
    """The actor that an account or a service client is."""
    account = subject if isinstance(subject, Account) else None
    return Actor(
        id=subject.id,
        role=subject.role,
        duty=account.duty if account else "",
        organization_id=subject.organization_id,
        territory=subject.territory,
        administrator=account.administrator if account else False,
        kind="account" if account else "client",
        session=str(session) if session else "",
        generation=subject.generation,
    )


def _tokens(account: Account, session: LoginSession) -> TokensRead:
    return TokensRead(
        access_token=tokens.issue(actor_of(account, session=session.id)),
        token_type="Bearer",  # noqa: S106 – the scheme's name.
        expires_in=tokens.LIFE_SECONDS,
        refresh_token=tokens.refresh_token(session.id, session.step),
    )


def _admitted(model: type[T], column: str, value: object, *, secrets: Sequence[str], address: str, stored: str) -> T | None:
    """The account or client whose secret one of these is, its attempt given back; None otherwise.

    The slow comparison runs outside any transaction. Raises TooManyRequests.
    """
    with begin(as_system("log_in")) as db:
        attempts = throttle.reserve(db, subject=str(value), address=address)
        found = admitted(db, model, column, value)
        known = getattr(found, stored) if found is not None else None
    if not any(matches(known, secret) for secret in secrets) or found is None or not found.active:
        return None
    with begin(as_system("log_in")) as db:
        throttle.give_back(db, attempts)
    return found


def confirm_password(*, by: Visit, password: str, address: str) -> None:
    """Whether the caller knows its own password, throttled as logging in is: a stolen token must not serve to guess it. Raises Invalid."""
    if by.actor.kind != "account":
        raise NotFound
    if _admitted(Account, "id", by.actor.id, secrets=[password], address=address, stored="password_hash") is None:
        raise invalid("/current", "wrong", "This is not the present password.")


def log_in(*, body: LogIn, address: str) -> TokensRead:
    """Open a session. Raises WrongCredentials, TooManyRequests."""
    found = _admitted(Account, "email", body.email, secrets=[body.password], address=address, stored="password_hash")
    if found is None:
        raise WrongCredentials
    with begin(as_system("log_in")) as db:
        # The comparison took its time. Whoever disables the account or sets a password holds its row, so this sees what they made of it, or
        # they see the session and end it.
        account = fetch(db, Account, found.id, lock=True)
        if not account.active or account.password_hash != found.password_hash:
            raise WrongCredentials
        session = LoginSession(account_id=account.id)
        db.add(session)
        _tell(db, "logged_in", session, account.organization_id)
        return _tokens(account, session)


def refresh(db: GuardedSession, *, token: str) -> TokensRead | Problem:
    """The session's next tokens. What is refused is answered, not raised, since ending a session that was abused must be kept."""
    read = tokens.read_refresh_token(token)
    session = find(db, LoginSession, read[0], lock=True) if read else None
    if read is None or session is None or not session.alive:
        return SessionEnded()
    account = admitted(db, Account, "id", session.account_id)
    if account is None or not account.active:
        return SessionEnded()
    if read[1] == session.step:
        session.refresh()
    elif read[1] != session.step - 1 or now() - session.stepped_at > GRACE:
        # A spent token came back: it was stolen, or its thief used it first. Nobody goes on with this session (RFC 9700, 4.14).
        session.end(EndReason.REUSE)
        _tell(db, "session_ended", session, account.organization_id)
        return SessionEnded()
    return _tokens(account, session)


def log_out(db: GuardedSession, *, actor: Actor) -> None:
    """End the caller's session; a script has none."""
    if actor.session:
        session = fetch(db, LoginSession, uuid.UUID(actor.session))
        session.end(EndReason.LOGOUT)
        _tell(db, "logged_out", session, actor.organization_id)


def _tell(db: GuardedSession, what: str, session: LoginSession, organization_id: uuid.UUID | None) -> None:
    for hear in HEARERS:
        hear(db, what, session, organization_id)


def _refused(scopes: set[str]) -> str:
    """Which scopes are not granted; those that do not exist are only counted, for what was sent is never repeated."""
    known = sorted(scopes & PERMISSIONS.keys())
    unknown = len(scopes) - len(known)
    told = [f"This client was not given {', '.join(known)}."] if known else []
    return " ".join([*told, *([f"{unknown} of the scopes asked for do not exist."] if unknown else [])])


def client_token(*, client_id: str, secrets: Sequence[str], scope: str, address: str) -> ClientTokenRead:
    """A script's access token, for all its scopes or those it asks for. Raises InvalidClient, InvalidScope, TooManyRequests."""
    client = _admitted(ServiceClient, "client_id", client_id, secrets=secrets, address=address, stored="secret_hash")
    if client is None:
        raise InvalidClient(error="invalid_client")
    # An empty parameter is one that was left out (RFC 6749, 3.2); blanks alone are neither that nor scopes.
    asked = list(dict.fromkeys(scope.split())) if scope else client.scopes
    if not asked:
        raise InvalidScope("No scope is named; leave `scope` out for all of the client's.", error="invalid_scope")
    if refused := set(asked) - set(client.scopes):
        raise InvalidScope(_refused(refused), error="invalid_scope")
    granted = " ".join(asked)
    token = tokens.issue(actor_of(client), scope=granted)
    return ClientTokenRead(access_token=token, token_type="Bearer", expires_in=tokens.LIFE_SECONDS, scope=granted)  # noqa: S106 – the scheme's name.
