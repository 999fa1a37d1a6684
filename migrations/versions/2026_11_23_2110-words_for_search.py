"""Words for search, in place of trigrams.

Revision: 7a41c0d95e22; after: 5c2d8e4f1a07.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "7a41c0d95e22"
down_revision = "5c2d8e4f1a07"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
