"""When a family was forgotten.

Revision: 8b1e2f6a3c0b; after: 8b1e2f6a3c0a.
"""

import sqlalchemy as sa
from alembic import op

revision = "8b1e2f6a3c0b"
down_revision = "8b1e2f6a3c0a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("family", sa.Column("anonymized_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("family", "anonymized_at")
