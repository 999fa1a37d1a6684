"""Consents.

Revision: 8b1e2f6a3c05; after: 8b1e2f6a3c04.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c05"
down_revision = "8b1e2f6a3c04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
