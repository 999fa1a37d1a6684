"""Keeping keys and stored numbers together: keys are tried before anybody is served, and renewed while the service runs.

Rows are written here in bulk, past the session: a number that was encrypted anew is the same number, so its version and its entry in the
trail stay as they are; that a rotation ran, and over how many rows, is one entry.
"""

import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from app.audit import trail
from app.database import current
from app.identifiers import sealing, values
from app.identifiers.keys import Keys, KeysUnusable, keys, make_first, make_next
from app.identifiers.models import Identifier, IdentifierKeyMissing, IdentifierKind, IdentifierUnreadable
from app.identifiers.values import Value
from app.problems import Invalid

log = logging.getLogger("himoya.identifiers")
BATCH = 500
_TRIED = 3
"""Numbers that a key is tried on: one that was tampered with must not keep the service from starting."""
_ROW = (Identifier.id, Identifier.beneficiary_id, Identifier.kind, Identifier.ciphertext, Identifier.key_version, Identifier.blind_index)
_columns: Sequence[Any] = _ROW
_versions = sa.select(col(Identifier.key_version)).distinct()
_some = sa.select(*_columns).where(col(Identifier.key_version) == bindparam("of")).order_by(col(Identifier.id).desc()).limit(_TRIED)
_next = sa.select(*_columns).where(col(Identifier.id) > bindparam("after", type_=sa.Uuid())).order_by(col(Identifier.id)).with_for_update()
_outdated = col(Identifier.key_version) != bindparam("newest")
_left = sa.select(func.count()).select_from(Identifier).where(_outdated)
_write = (
    sa.update(Identifier)
    .where(col(Identifier.id) == bindparam("row"))
    # Said, since a change would set the moment by itself.
    .values(
        ciphertext=bindparam("sealed"),
        key_version=bindparam("sealed_by"),
        blind_index=bindparam("found_by"),
        updated_at=Identifier.updated_at,
    )
)


# --- before anybody is served -------------------------------------------------------------------------------------------------
def start() -> None:
    """Make the first keys where nothing is stored yet; otherwise see that the keys open what is stored. Raises KeysUnusable."""
    found = keys(anew=True)
    try:
        stored = _stored()
    except SQLAlchemyError:
        # Whether keys are missing or not needed yet cannot be told; `/readyz` says what is the matter.
        log.warning("the keys of identifiers could not be tried: the database does not answer")
        return
    if stored and not found.complete:
        raise KeysUnusable("KEYS_DIR: identifiers are stored, but their keys are missing; put `identifiers-*.key` back from the backup.")
    if not found.complete:
        found = make_first()
    for version, rows in stored.items():
        _try(found, version, rows)


def _stored() -> dict[int, Sequence[Any]]:
    """Some rows of each key version."""
    with current().reads.connect() as connection:
        if not sa.inspect(connection).has_table("identifier"):
            return {}
        return {version: connection.execute(_some, {"of": version}).all() for version in connection.execute(_versions).scalars().all()}


def _try(found: Keys, version: int, rows: Sequence[Any]) -> None:
    if version not in found.sealing:
        raise KeysUnusable(f"Identifiers are stored that need key version {version}, which is missing.")
    opened = [(row.blind_index, value) for row in rows if (value := _open(row)) is not None]
    if not opened:
        raise KeysUnusable(f"Key version {version} is not the one that the stored identifiers were encrypted with.")
    if not any(found_by in sealing.blinds(value) for found_by, value in opened):
        raise KeysUnusable("The index keys are not those that the stored identifiers are found by.")


def _open(row: Any) -> Value | None:
    """The number of a row, or None if it does not open."""
    try:
        kept = sealing.unseal(row.ciphertext, row.key_version, row=row.id, person=row.beneficiary_id, kind=row.kind)
        return values.read(IdentifierKind(row.kind), kept)
    except (IdentifierUnreadable, IdentifierKeyMissing, Invalid):
        return None


# --- while the service runs ---------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Done:
    """What a rotation did: over how many rows, and which did not open."""

    version: int
    index_version: int
    batches: int = 0
    rekeyed: int = 0
    unreadable: set[uuid.UUID] = field(default_factory=set)
    left: int = 0

    @property
    def whole(self) -> bool:
        """Whether every stored number is under the newest key."""
        return not self.left

    def told(self) -> dict[str, Any]:
        """For the operator."""
        return {
            "key_version": self.version,
            "index_key_version": self.index_version,
            "batches": self.batches,
            "rekeyed": self.rekeyed,
            "unreadable": sorted(str(key) for key in self.unreadable),
            "left": self.left,
        }


def rotate(*, index: bool = False, make: bool = True, batch: int = BATCH) -> Done:
    """Make the next key, of the index as well if that is asked for, and seal every number anew, in batches of a transaction each. Numbers
    that do not open are told and left. With `make` false only the second part: what was interrupted is finished so. Raises KeysUnusable.
    """
    start()
    if make:
        make_next()
        if index:
            make_next(index=True)
    *_, done = batches(index=index, batch=batch)
    return done


def batches(*, index: bool = False, batch: int = BATCH) -> Iterator[Done]:
    """The same batch by batch: what was done so far after each commit, at last with what is left."""
    found = keys(anew=True)
    done = Done(max(found.sealing), max(found.index))
    try:
        again = True
        while again:
            # Once more for what was added meanwhile by a process that had not seen the new key yet; with a new index, every row once.
            before, after = done.rekeyed, uuid.UUID(int=0)
            while (last := _batch(done, after, index=index, batch=batch)) is not None:
                after = last
                yield done
            again = not index and done.rekeyed > before
        with current().reads.connect() as connection:
            done.left = connection.execute(_left, {"newest": done.version}).scalar_one()
            done.left = max(done.left, len(done.unreadable))
        yield done
    finally:
        told = done.told()
        trail.note("identifier.rekeyed", subject_type="identifier", details=told | {"unreadable": len(done.unreadable)})


def _batch(done: Done, after: uuid.UUID, *, index: bool, batch: int) -> uuid.UUID | None:
    """Seal the next rows anew; answers the last one's id, or None if there was none."""
    statement = _next if index else _next.where(_outdated)
    with current().engine.begin() as connection:
        rows = connection.execute(statement.limit(batch), {"after": after} | ({} if index else {"newest": done.version})).all()
        written = []
        for row in rows:
            if (value := _open(row)) is None:
                done.unreadable.add(row.id)
                continue
            sealed, version = sealing.seal(value.kept, row=row.id, person=row.beneficiary_id, kind=row.kind)
            found_by = sealing.blind(value) if index else row.blind_index
            written.append({"row": row.id, "sealed": sealed, "sealed_by": version, "found_by": found_by})
        if written:
            connection.execute(_write, written)
    if rows:
        done.batches += 1
        done.rekeyed += len(written)
        return uuid.UUID(str(rows[-1].id))
    return None
