"""The first organization and its first administrator, made on the machine itself: before there is one, nobody can log in to make any."""

import sqlalchemy as sa
from pydantic import ValidationError
from sqlmodel import col

from app.access.actor import Duty, Role
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import as_system, begin
from app.days import today
from app.identity.actions.accounts import create_account
from app.identity.schemas import AccountCreate
from app.partners.actions.organizations import create_organization
from app.partners.models import Organization
from app.partners.schemas import OrganizationCreate
from app.problems import AlreadyExists, Invalid
from app.schemas import Names
from app.uzbek.keys import strict_key
from app.uzbek.scripts import Script, script_of

COUNTRY = "17"
_DAY = sa.bindparam("day", type_=sa.Date())
_NGOS = prebuilt(
    sa.select(Organization)
    .where(
        col(Organization.kind) == Role.NGO.value,
        # Of one that has ended nobody is let in.
        sa.func.coalesce(col(Organization.valid_from), _DAY) <= _DAY,
        sa.func.coalesce(col(Organization.valid_to), _DAY) >= _DAY,
    )
    .order_by(col(Organization.id)),
    "organization.ngos",
)
_FIELDS = {"email": "e-mail", "name": "name", "password": "password", "uz_latn": "organization", "uz_cyrl": "organization"}


class FoundingRefused(ValueError):
    """What was given cannot be used; the message says why, and nothing was stored."""


def found_installation(*, email: str, name: str, organization: str, password: str) -> str:
    """Make an administrator of the NGO that runs the installation, and the NGO itself if there is none; answers what was made.

    An NGO that exists today is used even if its name is written otherwise; of several, the name must tell which. Cyrillic names are taken
    for Uzbek, all others for Uzbek in Latin; the administrator can put that right. Raises FoundingRefused for a password of fewer than
    12 characters, an e-mail that is none or has an account, and a name that is empty or too long.
    """
    try:
        with begin(as_system("found_installation")) as db:
            ngo = _ngo(db, organization)
            values = {"email": email, "name": name, "password": password, "organization_id": ngo.id}
            body = AccountCreate(**values, duty=Duty.MANAGER, territory=COUNTRY, administrator=True)  # type: ignore[arg-type]
            account, _ = create_account(db, body=body)
            return f"{account.email} is an administrator of {_names(ngo)[0]}."
    except ValidationError as error:
        raise FoundingRefused(_told(error)) from None
    except AlreadyExists:
        raise FoundingRefused("e-mail: there is an account with this one already.") from None
    except Invalid as problem:
        raise FoundingRefused("; ".join(f"{fault.pointer}: {fault.message}" for fault in problem.faults) or problem.title) from None


def _ngo(db: GuardedSession, name: str) -> Organization:
    present: list[Organization] = list(db.execute(_NGOS, {"day": today()}).scalars())
    if not present:
        language = "uz_cyrl" if script_of(name) is Script.CYRILLIC else "uz_latn"
        body = OrganizationCreate(kind=Role.NGO, names=Names(**{language: name}), territory=COUNTRY)
        return create_organization(db, body=body)[0]
    if len(present) == 1:
        return present[0]
    named = [one for one in present if strict_key(name) in map(strict_key, _names(one))]
    if len(named) != 1:
        raise FoundingRefused(f"organization: there are {len(present)} NGOs; give the whole name of one of them.")
    return named[0]


def _names(organization: Organization) -> list[str]:
    known = (organization.name_uz_latn, organization.name_uz_cyrl, organization.name_ru, organization.name_en)
    return [name for name in known if name]


def _told(error: ValidationError) -> str:
    """What is wrong, in the words of the command line; never what was given, since that may be a password."""
    found = [f"{_FIELDS.get(str(item['loc'][-1]), str(item['loc'][-1]))}: {item['msg']}" for item in error.errors(include_input=False)]
    return "; ".join(found)
