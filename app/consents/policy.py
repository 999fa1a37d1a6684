"""Consents: read and written by the organization that asked for them, where their subject lies in the caller's territory; read by whoever
is let in through them, as long as they open something to it there, without what is the organization's own business.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.actor import Actor
from app.access.declare import ORGANIZATION, Criterion, FieldRule, both, criterion, declare, either, organization_is, within
from app.access.grants import GRANTEES, INTERNAL, MOMENT, AccessGrant, DataCategory, granted
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.models import Beneficiary, Family
from app.beneficiaries.policy import shared
from app.consents.models import Consent, ConsentRecipient, ConsentSubject

READ = permission("consents:read", "Read consents, and who may see what.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("consents:write", "Ask families for consents and record what they say.", ngo=STAFF, womens_committee=STAFF)

_OWN_BUSINESS = (
    "note",
    "given_by_id",
    "witness",
    "refusal_note",
    "withdrawn_by_id",
    "withdrawal_reason",
    "withdrawal_note",
)
_GRANT = aliased(AccessGrant)


def _there_is(child: Any, parent: Any, link: Any, rule: Criterion) -> Criterion:
    """Rows to which there is a row of another table that the rule admits. EXISTS rather than IN: beside an OR the database would gather
    all of the other table's rows first.
    """
    return lambda actor: sa.exists(sa.select(parent.id).where(link, rule(actor)).correlate(child))


def _mine(model: Any) -> Criterion:
    return both(organization_is(model.organization_id), within(model.territory))


def _through_grant(actor: Actor) -> sa.ColumnElement[bool]:
    """Consents by which an open grant shows the actor a person or a family in its territory."""
    here = either(
        _there_is(_GRANT, Beneficiary, col(Beneficiary.id) == _GRANT.beneficiary_id, _opened_person),
        _there_is(_GRANT, Family, col(Family.id) == _GRANT.family_id, _opened_family),
    )
    to_me = col(_GRANT.grantee).in_(GRANTEES)
    is_open = sa.and_(col(_GRANT.opens_at) <= MOMENT, col(_GRANT.closes_at) > MOMENT)
    return sa.exists(sa.select(col(_GRANT.id)).where(col(_GRANT.source_id) == Consent.id, to_me, is_open, here(actor)).correlate(Consent))


_opened_person = both(within(Beneficiary.territory), granted(Beneficiary.id, AccessGrant.beneficiary_id, DataCategory.IDENTITY))
_opened_family = both(within(Family.territory), granted(Family.id, AccessGrant.family_id, DataCategory.HOUSEHOLD))
_own = both(
    organization_is(Consent.organization_id),
    either(
        _there_is(Consent, Beneficiary, col(Beneficiary.id) == Consent.beneficiary_id, _mine(Beneficiary)),
        _there_is(Consent, Family, col(Family.id) == Consent.family_id, _mine(Family)),
    ),
)
declare(
    Consent,
    rows=shared(_own, _through_grant),
    fields=dict.fromkeys(_OWN_BUSINESS, FieldRule(INTERNAL)),
    conceal=frozenset({"capacity", "categories", "note", "witness", "refusal_note", "withdrawal_reason", "withdrawal_note"}),
)


def _of_consent(model: Any, *, write: bool = False) -> Criterion:
    return _there_is(model, Consent, col(Consent.id) == model.consent_id, lambda actor: criterion(Consent, actor, write=write))


def _names_me(_actor: Actor) -> sa.ColumnElement[bool]:
    """Recipients that are the actor's organization or of its kind."""
    _, role, _ = GRANTEES
    return sa.or_(col(ConsentRecipient.organization_id) == ORGANIZATION, sa.literal("role:") + col(ConsentRecipient.kind) == role)


# Whoever is let in learns that itself was, not who else.
declare(
    ConsentRecipient,
    rows=shared(_of_consent(ConsentRecipient, write=True), both(_of_consent(ConsentRecipient), _names_me)),
)
_person_seen = _there_is(
    ConsentSubject, Beneficiary, col(Beneficiary.id) == ConsentSubject.beneficiary_id, lambda actor: criterion(Beneficiary, actor)
)
declare(
    ConsentSubject,
    rows=shared(_of_consent(ConsentSubject, write=True), both(_of_consent(ConsentSubject), _person_seen)),
    # What a child said, and for whom nobody may speak, is not for whoever reads the trail of the whole organization.
    conceal=frozenset({"child_assent", "reason"}),
)
