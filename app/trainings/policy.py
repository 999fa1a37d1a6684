"""Trainings: the NGO runs its own; whoever has the territory reads what is announced there."""

import sqlalchemy as sa
from sqlmodel import col

from app.access.actor import Actor, Role
from app.access.declare import Rows, both, declare, either, nothing, organization_is, through, within
from app.access.permissions import ANYONE, MANAGERS, STAFF, permission
from app.participation.models import Roster
from app.trainings.models import Training, TrainingStatus

READ = permission("trainings:read", "Read trainings.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("trainings:write", "Plan trainings, change and hold them.", ngo=STAFF)
CANCEL = permission("trainings:cancel", "Cancel a training.", ngo=MANAGERS)

_own = both(organization_is(Training.organization_id), within(Training.territory))


def _announced(_actor: Actor) -> sa.ColumnElement[bool]:
    return col(Training.status) != TrainingStatus.DRAFT


_seen = both(within(Training.territory), _announced)
declare(
    Training,
    rows={
        Role.NGO: Rows(either(_own, _seen), write=_own),
        Role.WOMENS_COMMITTEE: Rows(either(_seen, both(through(Training.roster_id, Roster), _announced)), write=nothing),
        Role.STATE_PARTNER: Rows(_seen, write=nothing),
    },
    conceal=frozenset({"signers"}),
)
