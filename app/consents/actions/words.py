"""How long a giver's word counts. What a consent opened is looked at anew, in the same transaction, when a family, a kinship or a date
changed by which somebody spoke for somebody else.

- A word for a child counts until the child comes of age by the birth date that is known now, and as long as the giver may speak for it:
  alive, not forgotten, as a present caregiver of the child's family, or as its legal guardian.
- A consent about one child ends with that, for whatever purpose it was given. One about a family goes on for the others, and ends when
  the giver belongs to the family no more: its own row is then open by the word of nobody who lives there.
- A word for the household, the family's own row, counts as long as the giver is its head or a primary caregiver. A parent who is neither
  any more speaks on for its own children in that family, and for itself.
- Whoever turns out not to be of age has not spoken for anybody.

What ends so is never opened again by itself, be it that the member comes back or the date was wrong twice; nor is anything prolonged for a
child that turns out to be younger: the family was told a last day, and nobody agreed to a later one. It is asked anew, by renewing.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.grants import AccessGrant
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import every_row
from app.beneficiaries.actions.standing import HEARERS
from app.beneficiaries.models import Beneficiary, is_adult
from app.consents.actions.subjects import Bonds, bonds, speaks_for_household
from app.consents.models import Consent, ConsentStatus, ConsentSubject, comes_of_age
from app.database import UtcDateTime, now
from app.days import begins, today

_people: sa.BindParameter[Any] = bindparam("people", expanding=True)
_covers: sa.ColumnElement[bool] = col(ConsentSubject.reason).is_(None)
_by_them = sa.select(col(Consent.id)).where(col(Consent.given_by_id).in_(_people))
_about_them = sa.select(col(ConsentSubject.consent_id)).where(col(ConsentSubject.beneficiary_id).in_(_people), _covers)
_CONCERNED = prebuilt(
    sa.select(Consent)
    .where(col(Consent.status) == ConsentStatus.GIVEN, col(Consent.id).in_(sa.union(_by_them, _about_them)))
    .order_by(col(Consent.id))
    .with_for_update(),
    "consent.concerned",
)
_COVERED = prebuilt(
    sa.select(col(ConsentSubject.consent_id), col(ConsentSubject.beneficiary_id)).where(
        col(ConsentSubject.consent_id).in_(bindparam("consents", expanding=True)), _covers
    ),
    "consent.covered",
)
_PERSONS = prebuilt(sa.select(Beneficiary).where(col(Beneficiary.id).in_(_people)), "consent.persons")
_GRANTS = prebuilt(
    sa.select(AccessGrant)
    .where(
        col(AccessGrant.source_id).in_(bindparam("consents", expanding=True)),
        col(AccessGrant.closes_at) > bindparam("moment", type_=UtcDateTime),
    )
    .order_by(col(AccessGrant.id)),
    "access_grant.of_consents",
)


def weigh_words(db: GuardedSession, people: Collection[uuid.UUID]) -> None:
    """Close what was opened by words that count no more, of these persons or for them, and shorten what ends earlier than it seemed."""
    # Whoever ends a membership need not see a child that lies elsewhere, nor the consents about it.
    with every_row():
        found = db.execute(_CONCERNED, {"people": list(people)}, execution_options={"populate_existing": True}).scalars().all()
        if not found:
            return
        keys = {"consents": [one.id for one in found]}
        covered: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
        for consent_id, person_id in db.rows(_COVERED, keys):
            covered[consent_id].add(person_id)
        grants: dict[uuid.UUID, list[AccessGrant]] = defaultdict(list)
        for grant in db.execute(_GRANTS, {**keys, "moment": now()}).scalars():
            grants[grant.source_id].append(grant)
        givers, children = {one.given_by_id for one in found}, set().union(*covered.values())
        persons = {one.id: one for one in db.execute(_PERSONS, {"people": list(givers | children)}).scalars()}
        known = bonds(db, speakers=givers, children=children)
        for consent in found:
            others = [persons[key] for key in covered[consent.id] - {consent.given_by_id}]
            _weigh(consent, grants[consent.id], giver=persons[consent.given_by_id], others=others, known=known, day=today())
        db.flush()


HEARERS.append(weigh_words)


def _weigh(consent: Consent, grants: list[AccessGrant], *, giver: Beneficiary, others: list[Beneficiary], known: Bonds, day: date) -> None:
    spoken_for = [one for one in others if _speaks(consent, giver, one, known)]
    if _is_silent(consent, giver, known, day=day) or (consent.beneficiary_id and len(spoken_for) < len(others)):
        consent.fall_silent(day)
        for grant in grants:
            grant.close()
        return
    last = {one.id: comes_of_age(one.birth_date, one.birth_precision) for one in spoken_for}
    own = known.memberships.get(giver.id)
    for grant in grants:
        if grant.family_id is not None and (own is None or not speaks_for_household(own)):
            grant.close()
        if grant.beneficiary_id is not None and grant.beneficiary_id != giver.id:
            of_age = last.get(grant.beneficiary_id)
            grant.close(begins(of_age) if of_age else None)
    if consent.beneficiary_id and last:
        consent.shorten(min(last.values()) - timedelta(days=1))


def _speaks(consent: Consent, giver: Beneficiary, child: Beneficiary, known: Bonds) -> bool:
    """Whether the giver may speak for the child as what it gave the consent."""
    is_there = giver.deceased_on is None and giver.anonymized_at is None
    return is_there and known.may_speak(speaker_id=giver.id, child_id=child.id, capacity=consent.capacity)


def _is_silent(consent: Consent, giver: Beneficiary, known: Bonds, *, day: date) -> bool:
    """Whether the giver's word counts for nobody, not for itself either."""
    if giver.deceased_on is not None or giver.anonymized_at is not None or not is_adult(giver, day):
        return True
    own = known.memberships.get(giver.id)
    return consent.family_id is not None and (own is None or own.family_id != consent.family_id)
