"""What a merge left behind; the rows that were merged into one.

Revision: 8b1e2f6a3c0a; after: 8b1e2f6a3c09.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "8b1e2f6a3c0a"
down_revision = "8b1e2f6a3c09"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("beneficiary_merge", sa.Column("left_behind", JSON, nullable=True))
    are_merged = sa.text("merged_into_id IS NOT NULL")
    op.create_index(
        "ix_beneficiary_merged_into_id", "beneficiary", ["merged_into_id"], sqlite_where=are_merged, postgresql_where=are_merged
    )


def downgrade() -> None:
    op.drop_index("ix_beneficiary_merged_into_id", table_name="beneficiary")
    op.drop_column("beneficiary_merge", "left_behind")
