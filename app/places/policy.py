"""Everybody reads places; an administrator adds mahallas."""

from app.access.actor import ADMINISTRATOR, Role
from app.access.declare import Rows, declare, everything, nothing
from app.access.permissions import ANYONE, permission
from app.places.models import Place

READ = permission("places:read", "Read places.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("places:write", "Add mahallas and change them.", administrator=True)

_read = Rows(everything, write=nothing)
declare(Place, rows={**{role.value: _read for role in Role}, ADMINISTRATOR: Rows(everything)})
