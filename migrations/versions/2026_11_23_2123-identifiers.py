"""Identifiers, encrypted, with a blind index.

Revision: 8b1e2f6a3c04; after: 8b1e2f6a3c03.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c04"
down_revision = "8b1e2f6a3c03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
