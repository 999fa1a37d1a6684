"""When the merge of a pair was last undone.

Revision: 8b1e2f6a3c0c; after: 8b1e2f6a3c0b.
"""

import sqlalchemy as sa
from alembic import op

revision = "8b1e2f6a3c0c"
down_revision = "8b1e2f6a3c0b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("duplicate_candidate", sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("duplicate_candidate", "reopened_at")
