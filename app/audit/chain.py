"""The trail as a chain: entries are sealed afterwards, in batches, so that no writer waits for another one.

A seal's `digest` is SHA-256 over the previous seal's digest (32 zero bytes before the first one) and, in the order (at, id), the canonical
form of every entry of its batch. The canonical form of an entry is one line of UTF-8: a JSON object with sorted keys, without spaces, with
only what JSON must escape escaped, ended by a line feed; its keys are

    action, actor_id, actor_kind, at, changes, id, organization_id, request_id, subject_id, subject_type

with UUIDs in lower case with hyphens, `at` in UTC with six decimals (`2026-11-23T21:28:00.000000+00:00`), null for what is empty.

Sealed is what is older than a minute, and on PostgreSQL than every open transaction that has written, by a minute; SQLite has no other
writer while a batch is sealed. So an entry can only appear behind the last seal where clocks differ by more, or by hand. Within an hour
behind it such an entry is called late and goes into the next seal, which says for good that it came late: nobody can tell a late commit
from an entry that somebody put there. Further behind it is added. `entry_ids` says which entries a seal holds; the digest vouches for it.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from app.audit.models import AuditEntry, AuditSeal
from app.database import UtcDateTime, current, now, uuid7

BATCH = 5_000
"""On SQLite whoever writes waits while a batch is sealed: about a sixth of a second for so many."""
SETTLED = timedelta(minutes=1)
"""Younger entries are left to the next time: clocks may differ by so much."""
LATE = timedelta(hours=1)
FIRST = bytes(32)
"""What stands before the first seal."""

Place = tuple[datetime, uuid.UUID]
What = Literal["unlinked", "changed", "removed", "added"]
Entries = Sequence[sa.Row[Any]]
_START: Place = (datetime(2, 1, 1, tzinfo=UTC), uuid.UUID(int=0))
_entries: sa.Table = AuditEntry.__table__  # type: ignore[attr-defined]
_seals: sa.Table = AuditSeal.__table__  # type: ignore[attr-defined]


def _place(name: str) -> sa.Tuple:
    return sa.tuple_(sa.bindparam(f"{name}_at", type_=UtcDateTime()), sa.bindparam(f"{name}_id", type_=sa.Uuid()))


def _values(**places: Place) -> dict[str, Any]:
    return {f"{name}_{part}": value for name, place in places.items() for part, value in zip(("at", "id"), place, strict=True)}


_at_id = sa.tuple_(_entries.c.at, _entries.c.id)
_in_order = (_entries.c.at, _entries.c.id)
_before = _entries.c.at <= sa.bindparam("before", type_=UtcDateTime())
_after = sa.bindparam("after", type_=UtcDateTime())
_HOLD = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("audit_seal", 0)))
_activity = sa.table("pg_stat_activity", *(sa.column(name) for name in ("datname", "pid", "backend_xid", "xact_start")))
_OPEN_SINCE = sa.select(sa.extract("epoch", sa.func.clock_timestamp() - sa.func.min(_activity.c.xact_start))).where(
    _activity.c.datname == sa.func.current_database(),
    _activity.c.pid != sa.func.pg_backend_pid(),
    _activity.c.backend_xid.is_not(None),
)
_LAST = sa.select(_seals.c.number, _seals.c.digest).order_by(_seals.c.number.desc()).limit(1)
_END = sa.select(_seals.c.last_at, _seals.c.last_id).order_by(_seals.c.last_at.desc(), _seals.c.last_id.desc()).limit(1)
_NEXT = sa.select(_seals).where(_seals.c.number > sa.bindparam("number")).order_by(_seals.c.number).limit(1)
_HELD = sa.select(_seals.c.entry_ids).where(_seals.c.last_at > _after)
_BEHIND = sa.select(_entries.c.id).where(_entries.c.at > _after, _at_id <= _place("end"), _before).order_by(*_in_order)
_CHOSEN = sa.select(_entries).where(_entries.c.id.in_(sa.bindparam("ids", expanding=True))).order_by(*_in_order)
_AHEAD = sa.select(_entries).where(_at_id > _place("end"), _before).order_by(*_in_order).limit(sa.bindparam("most"))
_RANGE = sa.select(_entries).where(_at_id >= _place("start"), _at_id <= _place("end")).order_by(*_in_order)
_UNSEALED = sa.select(sa.func.count()).select_from(_entries).where(_at_id > _place("end"))
_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(entry: Any) -> bytes:
    """An entry as it goes into the digest; this module's docstring says how."""
    values = {
        "action": entry.action,
        "actor_id": str(entry.actor_id),
        "actor_kind": entry.actor_kind,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "changes": entry.changes,
        "id": str(entry.id),
        "organization_id": entry.organization_id and str(entry.organization_id),
        "request_id": entry.request_id,
        "subject_id": entry.subject_id and str(entry.subject_id),
        "subject_type": entry.subject_type,
    }
    # SQLite takes half a surrogate pair, which is no UTF-8; it must not stop the sealing.
    return _json(values).encode("utf-8", "surrogatepass") + b"\n"


def digest_of(previous: bytes, entries: Entries) -> bytes:
    """The digest of a seal over these entries in their order."""
    found = hashlib.sha256(previous)
    for entry in entries:
        found.update(canonical(entry))
    return found.digest()


# --- sealing ------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sealed:
    """What one run sealed, and the last seal there is."""

    seals: int
    entries: int
    number: int
    digest: bytes


def seal() -> Sealed:
    """Seal what is old enough, batch by batch; several processes may do it at once and make one chain."""
    counts = [BATCH]
    while counts[-1] == BATCH:
        counts.append(_seal_batch())
    with current().reads.connect() as connection:
        number, digest = connection.execute(_LAST).first() or (0, FIRST)
    return Sealed(sum(count > 0 for count in counts[1:]), sum(counts[1:]), number, digest)


def _seal_batch() -> int:
    """One seal in a transaction of its own; answers how many entries it holds."""
    with current().engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_HOLD)
        number, previous = connection.execute(_LAST).first() or (0, FIRST)
        # Asked before the entries are read: what is committed between the two is seen, what is not is younger than this.
        before = now() - SETTLED - _open_for(connection)
        entries = _batch(connection, before)
        if entries:
            first, last = entries[0], entries[-1]
            made = AuditSeal(
                id=uuid7(),
                number=number + 1,
                at=now(),
                first_at=first.at,
                first_id=first.id,
                last_at=last.at,
                last_id=last.id,
                entries=len(entries),
                previous=previous,
                digest=digest_of(previous, entries),
                entry_ids=_ids(entries),
            )
            connection.execute(_seals.insert(), made.model_dump())
        return len(entries)


def _open_for(connection: sa.Connection) -> timedelta:
    """For how long the longest of the other transactions that have written is open."""
    if connection.dialect.name != "postgresql":
        return timedelta()
    return timedelta(seconds=max(0.0, float(connection.execute(_OPEN_SINCE).scalar() or 0)))


def _end(connection: sa.Connection) -> Place:
    """The place of the furthest entry that is sealed."""
    found = connection.execute(_END).first()
    return (found.last_at, found.last_id) if found else _START


def _batch(connection: sa.Connection, before: datetime) -> Entries:
    """The next entries to seal: first those that came late, then those after the last seal."""
    end = _end(connection)
    recent = {"after": end[0] - LATE}
    held = {one for ids in connection.execute(_HELD, recent).scalars() for one in _split(ids)}
    behind = connection.execute(_BEHIND, {**recent, **_values(end=end), "before": before}).scalars()
    late = [key for key in behind if key.bytes not in held][:BATCH]
    chosen = connection.execute(_CHOSEN, {"ids": late}).all() if late else []
    return [*chosen, *connection.execute(_AHEAD, {**_values(end=end), "before": before, "most": BATCH - len(late)})]


def _ids(entries: Entries) -> bytes:
    return b"".join(entry.id.bytes for entry in entries)


def _split(ids: bytes) -> Iterator[bytes]:
    return (ids[start : start + 16] for start in range(0, len(ids), 16))


# --- verifying ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong with a seal: its entries were changed, removed or added, or it does not follow on the one before."""

    seal: int
    what: What


@dataclass(slots=True)
class Verdict:
    """What the walk found. `came_late`: sealed, but behind an earlier seal's end; `late`: the same, to be sealed next; `unsealed`: younger
    than the last seal; `noted`: whether some seal has the digest that was asked for.
    """

    seals: int = 0
    entries: int = 0
    came_late: int = 0
    late: int = 0
    unsealed: int = 0
    number: int = 0
    digest: bytes = FIRST
    noted: bool = False
    faults: list[Fault] = field(default_factory=list)


def verify(noted: bytes | None = None) -> Verdict:
    """Walk the chain from its first seal; every seal is judged by itself, so that a fault does not hide those after it."""
    verdict, end = Verdict(), _START
    strays: dict[bytes, tuple[datetime, int]] = {}
    moved: set[bytes] = set()
    with current().reads.connect() as connection:
        while (one := connection.execute(_NEXT, {"number": verdict.number}).first()) is not None:
            place, last = (one.first_at, one.first_id), (one.last_at, one.last_id)
            rows = connection.execute(_RANGE, _values(start=min(place, end), end=last)).all()
            members = set(_split(one.entry_ids))
            held = [row for row in rows if row.id.bytes in members]
            missing = members - {row.id.bytes for row in held}
            # What has another moment than it was sealed with is not taken for a stray where it is now.
            elsewhere = (
                {row.id.bytes for row in connection.execute(_CHOSEN, {"ids": [uuid.UUID(bytes=key) for key in missing]})}
                if missing
                else set()
            )
            moved |= elsewhere
            verdict.faults += [Fault(one.number, what) for what in _judge(one, held, verdict, removed=missing != elsewhere)]
            verdict.came_late += sum((row.at, row.id) <= end for row in held)
            for key in members & strays.keys():
                del strays[key]
            known = members | moved
            strays |= {row.id.bytes: (row.at, one.number) for row in rows if row.id.bytes not in known and (row.at, row.id) > end}
            verdict.seals, verdict.entries = verdict.seals + 1, verdict.entries + len(held)
            verdict.number, verdict.digest, end = one.number, one.digest, max(end, last)
            verdict.noted |= one.digest == noted
        added = {number for at, number in strays.values() if at <= end[0] - LATE}
        verdict.late = sum(at > end[0] - LATE for at, _ in strays.values())
        verdict.unsealed = connection.execute(_UNSEALED, _values(end=end)).scalar_one()
    verdict.faults = sorted([*verdict.faults, *(Fault(number, "added") for number in added)])
    return verdict


def _judge(one: sa.Row[Any], held: Entries, before: Verdict, *, removed: bool) -> Iterator[What]:
    if (one.number, one.previous) != (before.number + 1, before.digest):
        yield "unlinked"
    edges = ((one.first_at, one.first_id), (one.last_at, one.last_id))
    if removed:
        yield "removed"
    elif (
        _ids(held) != one.entry_ids
        or one.entries != len(held)
        or edges != tuple((entry.at, entry.id) for entry in (held[0], held[-1]))
        or digest_of(one.previous, held) != one.digest
    ):
        yield "changed"
