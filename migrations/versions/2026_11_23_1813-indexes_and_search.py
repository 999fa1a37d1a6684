"""Indexes on each level of a territory, and search by parts of a name.

Revision: 5c2d8e4f1a07; after: b1f6970b0eff.
"""

from alembic import op

revision = "5c2d8e4f1a07"
down_revision = "b1f6970b0eff"
branch_labels = None
depends_on = None

LEVELS = {"country": 2, "region": 4, "district": 7, "mahalla": 12}
SEARCHED = ("beneficiary", "specialist")


def upgrade() -> None:
    # Neither database can be asked how an index on an expression was written, so these are kept by hand.
    for table in ("family", "beneficiary"):
        for level, length in LEVELS.items():
            op.execute(
                f"CREATE INDEX ix_{table}_organization_{level} ON {table} (organization_id, substr(territory, 1, {length}), created_at, id)"
            )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for table in SEARCHED:
            op.execute(f"CREATE INDEX ix_{table}_search_trigram ON {table} USING gin (search gin_trgm_ops)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in SEARCHED:
            op.execute(f"DROP INDEX ix_{table}_search_trigram")
    for table in ("family", "beneficiary"):
        for level in LEVELS:
            op.execute(f"DROP INDEX ix_{table}_organization_{level}")
