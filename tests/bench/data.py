"""Loaded databases, made once and kept in the system's temporary folder until what they are made of changes."""

import contextlib
import fcntl
import hashlib
import os
import random
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app import database, features, migrating
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary
from app.database import Database
from app.identity.models import Account
from app.identity.passwords import hashed
from app.partners.models import Organization
from app.places.loading import load_places
from tests.bench.names import people, rarity
from tests.bench.rows import COLUMNS, LAST, ORGANIZATIONS, SEED, chunks, districts, person_fields

ROOT = Path(__file__).parents[2]
PASSWORD = "the benchmark opens nothing"
REGION = "1733"
CALLERS = {"specialist": ("specialist", REGION), "manager": ("manager", "17")}
"""Who calls: name → (duty, territory), both of the first organization. The specialist's rows are about a tenth of all."""
_FRESH = ("idempotency", "audit_entry", "access_entry", "login_attempt", "login_session")
_PREFIX = "himoya_bench_"
NEW_PEOPLE = 90_000
"""Who can be registered in a run: more than three services do."""
_beneficiary: sa.Table = Beneficiary.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Sample:
    """What the callers ask for, drawn from the specialist's rows."""

    ids: list[str]
    surnames: dict[str, list[str]]
    bodies: list[dict[str, Any]]


@contextlib.contextmanager
def cache_folder() -> Iterator[Path]:
    """The folder that is kept between runs; one run at a time holds it. RuntimeError when another run, or another user, does."""
    folder = Path(tempfile.gettempdir()) / f"himoya-bench-{os.getuid()}"
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise RuntimeError(f"{folder} belongs to somebody else")
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError("another benchmark is running") from error
        yield folder


def _made_of() -> str:
    """A digest of the migrations and of everything that decides what is loaded."""
    here = Path(__file__).parent
    sources = [
        *ROOT.glob("migrations/*.py"),
        *ROOT.glob("migrations/versions/*.py"),
        *(ROOT / "app/uzbek").glob("*.py"),
        ROOT / "app/places/places.csv",
        ROOT / "app/beneficiaries/naming.py",
    ]
    sources += [here / name for name in ("data.py", "rows.py", "names.py", "names.yaml")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources))).hexdigest()[:10]


def sqlite(rows: int, cache: Path, folder: Path) -> str:
    """The URL of a copy in `folder` of the kept database."""
    kept = cache / f"{_PREFIX}{rows}_{_made_of()}.db"
    if not kept.exists():
        for old in cache.glob(f"{_PREFIX}{rows}_*"):
            old.unlink()
        draft = folder / "draft.db"
        _build(f"sqlite:///{draft}", rows)
        shutil.move(draft, kept)
    return f"sqlite:///{shutil.copy(kept, folder / 'bench.db')}"


def postgresql(rows: int, cluster: str) -> str:
    """The URL of the kept database, as it was when it was made."""
    name = f"{_PREFIX}{rows}_{_made_of()}"
    url = sa.make_url(cluster).set(database=name).render_as_string(hide_password=False)
    with contextlib.closing(_autocommit(cluster)) as server:
        known = set(server.execute(sa.text("SELECT datname FROM pg_database")).scalars())
        for old in sorted(found for found in known if found.startswith(f"{_PREFIX}{rows}_") and found != name):
            server.exec_driver_sql(f"DROP DATABASE {old} WITH (FORCE)")
        if name not in known:
            server.exec_driver_sql(f"CREATE DATABASE {name}_draft")
            _build(sa.make_url(url).set(database=f"{name}_draft").render_as_string(hide_password=False), rows)
            server.exec_driver_sql(f"ALTER DATABASE {name}_draft RENAME TO {name}")
    with contextlib.closing(_autocommit(url)) as connection:
        _clean(connection)
    return url


def _autocommit(url: str) -> sa.Connection:
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect()


def _clean(connection: sa.Connection) -> None:
    """Remove what an earlier run added."""
    connection.execute(_beneficiary.delete().where(_beneficiary.c.created_at > LAST))
    connection.exec_driver_sql(f"TRUNCATE {', '.join(_FRESH)}")
    connection.exec_driver_sql("VACUUM ANALYZE")


def _build(url: str, rows: int) -> None:
    print(f"Loading {rows:,} beneficiaries into {sa.make_url(url).get_backend_name()}; the next run finds them there.", flush=True)
    migrating.upgrade(url)
    features.policies()
    made = Database(url)
    database.use(made)
    load_places()
    _add_callers()
    with made.engine.connect() as connection:
        (_insert if made.is_sqlite else _copy)(connection, rows)
    made.engine.dispose()


def _add_callers() -> None:
    with begin(as_system("bench")) as db:
        for number, id in enumerate(ORGANIZATIONS, 1):
            db.add(Organization(id=id, kind="ngo", name_en=f"Organization {number}", territory="17"))
        db.flush()
        for name, (duty, territory) in CALLERS.items():
            values = {
                "email": email(name),
                "password_hash": hashed(PASSWORD),
                "name": name,
                "role": "ngo",
                "duty": duty,
                "territory": territory,
            }
            db.add(Account(id=account_id(name), organization_id=ORGANIZATIONS[0], **values))


def email(caller: str) -> str:
    return f"{caller}@bench.example"


def account_id(caller: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"https://himoya.example/bench/account/{caller}")


def _insert(connection: sa.Connection, rows: int) -> None:
    for part in chunks(rows):
        connection.execute(_beneficiary.insert(), [dict(zip(COLUMNS, row, strict=True)) for row in part])
    connection.commit()
    connection.exec_driver_sql("ANALYZE")
    connection.commit()


def _copy(connection: sa.Connection, rows: int) -> None:
    """COPY without the secondary indexes, which are made afterwards as the migrations define them."""
    found = connection.execute(
        sa.text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'beneficiary' AND indexdef NOT LIKE 'CREATE UNIQUE%'")
    ).all()
    # The service's own timeout for a statement is far too short for this.
    connection.exec_driver_sql("SET statement_timeout = 0")
    for name, _ in found:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY beneficiary ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for part in chunks(rows):
            copy.write("".join("\t".join(map(_text, row)) + "\n" for row in part))
    for _, definition in found:
        connection.exec_driver_sql(definition)
    connection.commit()


def _text(value: Any) -> str:
    r"""A value in COPY's text form; none of ours holds a tab, a line end or a backslash."""
    if value is None:
        return r"\N"
    return str(value).lower() if isinstance(value, bool) else str(value)


def sample(url: str, *, most: int) -> Sample:
    """At most so many of each, drawn at random, the same for the same database."""
    dice = random.Random(SEED)
    own = sa.func.substr(_beneficiary.c.territory, 1, len(REGION)) == REGION
    with contextlib.closing(_autocommit(url)) as connection:
        rows = connection.execute(
            sa.select(_beneficiary.c.id, _beneficiary.c.surname)
            .where(own, _beneficiary.c.organization_id == ORGANIZATIONS[0])
            .order_by(_beneficiary.c.id)
        ).all()
    chosen = dice.sample(rows, min(most, len(rows)))
    surnames: dict[str, list[str]] = {"frequent": [], "middling": [], "rare": []}
    for _, surname in chosen:
        surnames[rarity(surname)].append(surname)
    return Sample([str(id) for id, _ in chosen], surnames, _bodies(NEW_PEOPLE, dice))


def _bodies(count: int, dice: random.Random) -> list[dict[str, Any]]:
    """New people, as a partner would send them, in districts of the specialist's region."""
    own = [code for code in districts()[0] if code.startswith(REGION)]
    found = []
    for person in people(count, SEED - 1):
        known = person_fields(person, dice)
        body = {name: known[name] for name in ("surname", "given_name", "patronymic", "sex") if known[name]}
        phone = {"phone": known["phone_as_written"]} if known["phone_as_written"] else {}
        found.append({**body, **phone, "birth_date": known["birth_date"].isoformat(), "territory": dice.choice(own)})
    return found
