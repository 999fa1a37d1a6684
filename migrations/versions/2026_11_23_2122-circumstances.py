"""Circumstances of a person, and vulnerability by scheme.

Revision: 8b1e2f6a3c03; after: 8b1e2f6a3c02.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c03"
down_revision = "8b1e2f6a3c02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
