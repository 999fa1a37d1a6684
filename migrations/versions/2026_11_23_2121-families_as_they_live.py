"""Families as they live: kinship, residences, incomes.

Revision: 8b1e2f6a3c02; after: 8b1e2f6a3c01.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c02"
down_revision = "8b1e2f6a3c01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
