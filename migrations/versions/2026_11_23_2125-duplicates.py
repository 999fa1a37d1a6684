"""Candidates of duplicates, and merges.

Revision: 8b1e2f6a3c06; after: 8b1e2f6a3c05.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c06"
down_revision = "8b1e2f6a3c05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
