"""Adding numbers, saying more of them and ending them; moving them to another person when two turn out to be one."""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch, find, read_anew
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.access.transaction import every_row
from app.beneficiaries.actions.candidates import compare_again, record_same_identifier
from app.beneficiaries.models import Beneficiary
from app.database import uuid7
from app.identifiers import bearers, lookups, sealing, values
from app.identifiers.models import Identifier, IdentifierExists, IdentifierKind
from app.identifiers.schemas import IdentifierCreate, IdentifierEnd, IdentifierUpdate
from app.identifiers.values import Doubt, Value
from app.problems import IdTaken, Invalid

_HELD = prebuilt(
    sa.select(Identifier).where(col(Identifier.id).in_(bindparam("ids", expanding=True))).order_by(col(Identifier.id)).with_for_update(),
    "identifier.moved",
)


class Added(NamedTuple):
    """A number that was added: what speaks against it, who else carries it (None where the adder may not look that up), and whether the
    same create made it before.
    """

    row: Identifier
    doubts: Sequence[Doubt]
    others: Sequence[dict[str, Any]] | None
    again: bool


def add_identifier(db: GuardedSession, beneficiary_id: uuid.UUID, *, body: IdentifierCreate, by: Visit) -> Added:
    """A number of a person; it belongs to whoever registered the person. It counts as a look-up, and is told as one: of the refusals those
    that say whether it is, or was, the number of a row. The same create again counts no second time.

    Raises NotFound, OutOfScope, Invalid, TooManyRequests, IdentifierExists, IdTaken, IdentifierKeyMissing.
    """
    lookups.hold(db, by=by)
    person = fetch(db, Beneficiary, beneficiary_id, keep=True)
    # Whoever sees a person through a consent must not learn by trying whether a number is the person's.
    require_writable(db, person)
    value = values.read(body.kind, body.value)
    # Before anything is compared with it, be it with what was added under the same id.
    lookups.require_few(db, by=by)
    origins = sealing.origins(body.model_dump_json())
    before = _made_before(db, beneficiary_id, key=body.id, origins=origins, value=value)
    found = before or _added(db, person, body, value, origin=origins[0])
    others = lookups.others(db, value, but=person.id, by=by)
    if before is None:
        lookups.note_added(db, value, hits=len(others or ()))
    doubts = values.doubts(value, sex=person.sex, born=person.birth_date, precision=person.birth_precision)
    return Added(found, doubts, others, before is not None)


def _added(db: GuardedSession, person: Beneficiary, body: IdentifierCreate, value: Value, *, origin: bytes) -> Identifier:
    key = body.id or uuid7()
    ciphertext, version = sealing.seal(value.kept, row=key, person=person.id, kind=value.kind)
    added = Identifier(
        id=key,
        origin=origin,
        organization_id=person.organization_id,
        territory=person.territory,
        beneficiary_id=person.id,
        kind=body.kind,
        ciphertext=ciphertext,
        key_version=version,
        blind_index=sealing.blind(value),
        issued_on=body.issued_on,
        expires_on=body.expires_on,
        issuer=body.issuer,
    )
    if faults := added.faults(born=person.birth_date):
        raise Invalid(faults=faults)
    # Two that add the same number at once would both find that it is not there.
    db.hold(f"identifiers of {person.id}")
    if bearers.carries(db, person.id, value):
        lookups.note_tried(value, hits=1)
        raise IdentifierExists
    db.add(added)
    db.flush()
    # The series of birth certificates were given out more than once.
    if body.kind != IdentifierKind.BIRTH_CERTIFICATE:
        # The pair is for those who see both; whoever added the number is told of nobody.
        with every_row():
            record_same_identifier(db, person, bearers.bearers(db, value, organization_id=person.organization_id, but=person.id))
    return added


def _made_before(
    db: GuardedSession, beneficiary_id: uuid.UUID, *, key: uuid.UUID | None, origins: list[bytes], value: Value
) -> Identifier | None:
    """As `access.fetch.made_before`, for origins that depend on a key."""
    if key is None or (before := find(db, Identifier, key)) is None:
        return None
    if before.origin not in origins or before.beneficiary_id != beneficiary_id:
        lookups.note_tried(value, hits=0)
        raise IdTaken
    return before


def _own(db: GuardedSession, identifier_id: uuid.UUID, version: int) -> Identifier:
    found = fetch(db, Identifier, identifier_id, version=version)
    # Before anything is compared: whether a change would change nothing tells what a field holds.
    require_writable(db, found)
    return found


def update_identifier(db: GuardedSession, identifier_id: uuid.UUID, *, version: int, body: IdentifierUpdate) -> Identifier:
    """Say more of the document. Raises NotFound, Stale, OutOfScope, Invalid."""
    found = _own(db, identifier_id, version)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(found, name, value)
    if faults := found.faults(born=fetch(db, Beneficiary, found.beneficiary_id).birth_date):
        raise Invalid(faults=faults)
    db.flush()
    return found


def end_identifier(db: GuardedSession, identifier_id: uuid.UUID, *, version: int, body: IdentifierEnd) -> Identifier:
    """The number is no longer the person's. Raises NotFound, Stale, OutOfScope, WrongState, Invalid."""
    found = _own(db, identifier_id, version)
    found.end(on=body.ended_on, reason=body.end_reason)
    db.flush()
    person = fetch(db, Beneficiary, found.beneficiary_id, keep=True)
    with every_row():
        sharing = bearers.sharing(db, person.id)
    compare_again(db, person, identified=sharing)
    return found


def move_to(db: GuardedSession, moving: Sequence[Identifier], *, beneficiary: Beneficiary) -> None:
    """The numbers are another person's: each is sealed anew, since it opens for its own person alone, and belongs to who registered that
    one.

    Raises IdentifierUnreadable, IdentifierKeyMissing.
    """
    if not moving:
        return
    # Held, since what is read here must not be sealed anew by a rotation before it is written.
    for one in db.execute(_HELD, {"ids": [one.id for one in moving]}, execution_options=read_anew(db, Identifier)).scalars():
        kept = sealing.unseal(one.ciphertext, one.key_version, row=one.id, person=one.beneficiary_id, kind=one.kind)
        one.ciphertext, one.key_version = sealing.seal(kept, row=one.id, person=beneficiary.id, kind=one.kind)
        one.beneficiary_id = beneficiary.id
        one.organization_id, one.territory = beneficiary.organization_id, beneficiary.territory
    db.flush()
