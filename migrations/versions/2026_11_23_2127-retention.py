"""Retention: rules, holds, runs and erasures.

Revision: 8b1e2f6a3c08; after: 8b1e2f6a3c07.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c08"
down_revision = "8b1e2f6a3c07"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
