"""Certificates: awarded and revoked by the organization of the activity, read by co-hosts and by the organizations of specialists."""

import sqlalchemy as sa

from app.access.actor import PUBLIC, Role
from app.access.declare import Rows, both, declare, either, everything, nothing, organization_is, within
from app.access.permissions import ANYONE, MANAGERS, STAFF, permission
from app.certificates.models import Certificate
from app.participation.models import RosterCoHost

READ = permission("certificates:read", "Read certificates and print them.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
ISSUE = permission("certificates:issue", "Issue the certificates of a training.", ngo=STAFF)
REVOKE = permission("certificates:revoke", "Revoke a certificate.", ngo=MANAGERS)

_mine = organization_is(RosterCoHost.organization_id)
_of_own_specialists = organization_is(Certificate.participant_organization_id)


declare(
    Certificate,
    rows={
        Role.NGO: Rows(both(organization_is(Certificate.organization_id), within(Certificate.territory))),
        Role.WOMENS_COMMITTEE: Rows(
            either(lambda actor: Certificate.roster_id.in_(sa.select(RosterCoHost.roster_id).where(_mine(actor))), _of_own_specialists),  # type: ignore[attr-defined, call-overload]
            write=nothing,
        ),
        Role.STATE_PARTNER: Rows(_of_own_specialists, write=nothing),
        PUBLIC: Rows(everything, write=nothing),
    },
    conceal=frozenset({"holder_latin", "holder_cyrillic", "surname", "snapshot", "revocation_reason"}),
    watch_reads=True,
)
