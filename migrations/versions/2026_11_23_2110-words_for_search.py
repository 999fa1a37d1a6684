"""Words for search, in place of trigrams.

Revision: 7a41c0d95e22; after: 5c2d8e4f1a07.
"""

import sqlalchemy as sa
from alembic import op

from app.uzbek.keys import BETWEEN, loose_key
from migrations import search_tables

revision = "7a41c0d95e22"
down_revision = "5c2d8e4f1a07"
branch_labels = None
depends_on = None

TABLES = ("beneficiary", "organization", "place", "specialist", "training", "venue")
CHUNK = 5000
# Another user of the server may have made the extension, or use it.
DROP_EXTENSION = """DO $$ BEGIN
    DROP EXTENSION IF EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR dependent_objects_still_exist THEN NULL;
END $$"""


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        for table in ("beneficiary", "specialist"):
            op.execute(f"DROP INDEX ix_{table}_search_trigram")
        op.execute(DROP_EXTENSION)
    for table in TABLES:
        part_strict_from_loose(table)
        search_tables.make(table)


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        search_tables.drop(table)
        op.execute(f"UPDATE {table} SET search = rtrim(replace(search, '{BETWEEN}', ' '))")  # noqa: S608 – a name of this module.
    if on_postgresql:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for table in ("beneficiary", "specialist"):
            op.execute(f"CREATE INDEX ix_{table}_search_trigram ON {table} USING gin (search gin_trgm_ops)")


def part_strict_from_loose(name: str) -> None:
    """Put the gap into the search columns that were written before there was one."""
    connection = op.get_bind()
    table = sa.table(name, sa.column("id", sa.Uuid()), sa.column("search", sa.String()))
    page = sa.select(table.c.id, table.c.search).order_by(table.c.id).limit(CHUNK)
    change = table.update().where(table.c.id == sa.bindparam("key")).values(search=sa.bindparam("parted"))
    rows = connection.execute(page).all()
    while rows:
        if changes := [{"key": key, "parted": parted(search)} for key, search in rows if search]:
            connection.execute(change, changes)
        rows = connection.execute(page.where(table.c.id > rows[-1].id)).all()


def parted(search: str) -> str:
    """Strict words stood first, then those of their loose forms that were not among them: the least number of words of which this is true.
    A column that was cut off need not have any, and counts as strict.
    """
    words = search.split()
    for count in range(1, len(words) + 1):
        strict = words[:count]
        if list(dict.fromkeys([*strict, *map(loosened, strict)])) == words:
            break
    longest = 1000
    return f" {' '.join(strict)}{BETWEEN}{' '.join(words[count:])}"[: max(longest, len(search))]


def loosened(word: str) -> str:
    """The sign of a foreign letter is no letter to the keys, which make it."""
    return word if "#" in word else loose_key(word)
