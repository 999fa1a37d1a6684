"""Making, changing and shutting out accounts."""

import hmac
import uuid

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.actor import Duty, Role, Visit
from app.access.fetch import check_territory, fetch, look_up, made_before
from app.access.guard import GuardedSession, prebuilt
from app.database import uuid7
from app.identity.actions.administrators import require_administrator
from app.identity.models import Account, EndReason, LoginSession
from app.identity.passwords import hashed
from app.identity.schemas import AccountCreate, AccountUpdate, PasswordChange
from app.keyring import secret_for
from app.problems import invalid

_OPEN_SESSIONS = prebuilt(
    sa.select(LoginSession).where(LoginSession.account_id == bindparam("account_id"), LoginSession.ended_at.is_(None)),  # type: ignore[arg-type, union-attr]
    "login_session.open",
)
RIGHTS = frozenset({"duty", "territory", "administrator"})


def role_of(db: GuardedSession, organization_id: uuid.UUID) -> Role:
    """The role that an organization's kind gives. The directory of organizations lies above this layer, so it is asked by name."""
    kind = look_up(db, "organization", "kind", by="id", value=organization_id)
    if kind is None:
        raise invalid("/organization_id", "unknown", "There is no such organization.")
    return Role(kind)


def _administrator_is_fit(role: Role, duty: Duty, *, administrator: bool) -> None:
    if administrator and (role, duty) != (Role.NGO, Duty.MANAGER):
        raise invalid("/administrator", "not_fit", "Only a manager of the NGO can be an administrator.")


def _origin(body: AccountCreate) -> bytes:
    """Keyed, since the body holds the password, and all else of it stands in the row: by a plain digest the password could be tried."""
    return hmac.digest(secret_for("account"), body.origin(), "sha256")


def create_account(db: GuardedSession, *, body: AccountCreate) -> tuple[Account, bool]:
    """(account, made before). Raises Invalid, AlreadyExists for a known e-mail, IdTaken."""
    origin = _origin(body)
    if before := made_before(db, Account, body.id, origin):
        return before, True
    role = role_of(db, body.organization_id)
    check_territory(db, body.territory)
    _administrator_is_fit(role, body.duty, administrator=body.administrator)
    values = body.model_dump(exclude={"id", "password"})
    account = Account(**values, id=body.id or uuid7(), role=role, password_hash=hashed(body.password), origin=origin)
    db.add(account)
    db.flush()
    return account, False


def update_account(db: GuardedSession, account_id: uuid.UUID, *, version: int, body: AccountUpdate) -> Account:
    """Change it; new rights or a new password end what was given out under the old ones.

    Raises NotFound, Stale, Invalid, and LastAdministrator where it takes the mark from the last one who has it.
    """
    account = fetch(db, Account, account_id, version=version, lock=True)
    was_administrator = account.administrator
    values = body.model_dump(exclude_unset=True)
    if "territory" in values:
        check_territory(db, values["territory"])
    if password := values.pop("password", None):
        account.password_hash = hashed(password)
        end_sessions(db, account, EndReason.PASSWORD)
    for name, value in values.items():
        setattr(account, name, value)
    _administrator_is_fit(account.role, account.duty, administrator=account.administrator)
    if RIGHTS & values.keys():
        account.invalidate_tokens()
    db.flush()
    if was_administrator and not account.administrator:
        require_administrator(db)
    return account


def end_sessions(db: GuardedSession, account: Account, reason: EndReason) -> None:
    """End every session of an account whose row is locked, so that none is opened meanwhile, and refuse its access tokens."""
    for session in db.execute(_OPEN_SESSIONS, {"account_id": account.id}).scalars():
        session.end(reason)
    account.invalidate_tokens()


def disable_account(db: GuardedSession, account_id: uuid.UUID, *, version: int) -> Account:
    """Shut a person out at once. Raises NotFound, Stale, WrongState, LastAdministrator."""
    account = fetch(db, Account, account_id, version=version, lock=True)
    account.disable()
    end_sessions(db, account, EndReason.DISABLED)
    db.flush()
    if account.administrator:
        require_administrator(db)
    return account


def enable_account(db: GuardedSession, account_id: uuid.UUID, *, version: int) -> Account:
    """Let a person in again; the old sessions stay ended."""
    account = fetch(db, Account, account_id, version=version)
    account.enable()
    db.flush()
    return account


def change_password(db: GuardedSession, *, by: Visit, body: PasswordChange) -> None:
    """One's own password, once the present one was confirmed. It ends every session, this one included: log in again with the new one."""
    account = fetch(db, Account, by.actor.id, lock=True)
    account.password_hash = hashed(body.new)
    end_sessions(db, account, EndReason.PASSWORD)
