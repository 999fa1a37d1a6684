"""Who is told who looked: managers, about the people of their own organization. Who breaks the glass: those to whom a family's data can be
opened at all; who sees that they did: they, their managers, and the managers of the organization that registered the person.

The views are written by `audit`, which cannot know whose people they speak of; so they are admitted here, by the person or family as it
is today. A column of the owner in each view would cost a look-up for every read of the service, and would not follow when people change
hands.

An emergency access is reviewed wherever the person lives: its row says who opened whose data and why, by the person's id alone, and nothing
of what is known of the person. Were it for the managers of that territory only, an organization whose managers all cover another one would
hear of nothing, and whoever opened it would be barred for good. The person itself stays out of sight from there.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.access.actor import Actor, Duty, Role, visiting
from app.access.declare import Criterion, Rows, actor_is, admit, both, criterion, declare, either, nothing, organization_is
from app.access.permissions import MANAGERS, STAFF, permission
from app.audit.models import AccessEntry
from app.beneficiaries.models import Beneficiary, Family
from app.oversight.models import BreakGlass

ACCESSES = permission("accesses:read", "Read who looked at the people of one's own organization.", ngo=MANAGERS, womens_committee=MANAGERS)
BREAK = permission(
    "beneficiaries:break_glass", "Open a person's data for hours in an emergency.", womens_committee=STAFF, state_partner=STAFF
)
READ = permission(
    "break_glass:read",
    "Read emergency accesses: one's own; as a manager those of one's staff and those to one's people.",
    ngo=MANAGERS,
    womens_committee=STAFF,
    state_partner=STAFF,
)
CLOSE = permission("break_glass:close", "End an emergency access early.", ngo=MANAGERS, womens_committee=STAFF, state_partner=STAFF)
REVIEW = permission(
    "break_glass:review", "Review the emergency accesses to one's own organization's people.", ngo=MANAGERS, womens_committee=MANAGERS
)
ALERTS = permission("alerts:read", "Read what waits for a manager.", ngo=MANAGERS, womens_committee=MANAGERS)

_DUTY = bindparam("acting_duty", callable_=lambda: visiting.get().actor.duty, type_=sa.String())


def _is_manager(_actor: Actor) -> sa.ColumnElement[bool]:
    return sa.literal(Duty.MANAGER.value, sa.String()) == _DUTY


def _is_mine(key: Any, subject: Any) -> Criterion:
    """Rows whose `key` names a person or family that the actor's own organization registered, within its territory. EXISTS rather than IN:
    beside an OR the database would gather all of them first.
    """

    def rule(actor: Actor) -> sa.ColumnElement[bool]:
        mine = sa.select(subject.id).where(subject.id == key, criterion(subject, actor, write=True))
        return sa.exists(mine.correlate_except(subject))

    return rule


_looked_at_mine = either(_is_mine(AccessEntry.subject_id, Beneficiary), _is_mine(AccessEntry.subject_id, Family))
admit(AccessEntry, {Role.NGO: _looked_at_mine, Role.WOMENS_COMMITTEE: _looked_at_mine})

_of_my_people = both(_is_manager, organization_is(BreakGlass.organization_id))
_by_my_staff = either(actor_is(BreakGlass.account_id), both(_is_manager, organization_is(BreakGlass.accessor_organization_id)))
declare(
    BreakGlass,
    rows={
        Role.NGO: Rows(_of_my_people),
        Role.WOMENS_COMMITTEE: Rows(either(_of_my_people, _by_my_staff), write=_of_my_people),
        Role.STATE_PARTNER: Rows(_by_my_staff, write=nothing),
    },
    conceal=frozenset({"account_name", "reason", "review_note"}),
)
