"""What a consent opens: grants are written in the transaction in which it is given, and closed in the one in which it ends."""

from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.grants import FOREVER, AccessGrant, GrantSource, to_organization, to_role
from app.access.guard import GuardedSession, prebuilt
from app.consents.actions.subjects import Person
from app.consents.models import Consent, ConsentPurpose, ConsentRecipient, comes_of_age
from app.database import UtcDateTime, now
from app.days import begins, ends

_OF_CONSENT = prebuilt(
    sa.select(AccessGrant).where(
        col(AccessGrant.source_id) == bindparam("source_id"), col(AccessGrant.closes_at) > bindparam("moment", type_=UtcDateTime)
    ),
    "access_grant.of_consent",
)


def speaks_until(consent: Consent, person: Person) -> date | None:
    """The day on which the giver's word ends for a person because it comes of age; None for the giver itself."""
    row = person.row
    return None if row.id == consent.given_by_id else comes_of_age(row.birth_date, row.birth_precision)


def open_grants(db: GuardedSession, consent: Consent, *, people: Sequence[Person], recipients: Iterable[ConsentRecipient]) -> None:
    """Let the recipients in to what was agreed to; only `information_sharing` lets anybody in, and to the family's own row only the word
    of one who speaks for the household.
    """
    if consent.purpose != ConsentPurpose.INFORMATION_SHARING or consent.valid_from is None:
        return
    opens = max(now(), begins(consent.valid_from))
    until = ends(consent.valid_until) if consent.valid_until else FOREVER
    grantees = [to_organization(one.organization_id) if one.organization_id else to_role(str(one.kind)) for one in recipients]

    def grant(grantee: str, closes_on: date | None, person: Person | None = None) -> None:
        closes = until if closes_on is None else min(until, begins(closes_on))
        # A form that is entered after its last day opens nothing any more.
        if closes > opens:
            db.add(
                AccessGrant(
                    organization_id=consent.organization_id,
                    grantee=grantee,
                    categories=consent.categories,
                    source=GrantSource.CONSENT,
                    source_id=consent.id,
                    opens_at=opens,
                    closes_at=closes,
                    family_id=None if person else consent.family_id,
                    beneficiary_id=person.row.id if person else None,
                    membership_id=person.membership_id if person else None,
                )
            )

    for grantee in grantees:
        if consent.covers_household:
            grant(grantee, None)
        for person in people:
            grant(grantee, speaks_until(consent, person), person)


def close_grants(db: GuardedSession, consent: Consent) -> None:
    """Whatever it opened, or was to open, is closed from this moment on."""
    for grant in db.execute(_OF_CONSENT, {"source_id": consent.id, "moment": now()}).scalars():
        grant.close()
