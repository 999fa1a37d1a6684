"""The trail as a chain of seals.

Revision: 8b1e2f6a3c09; after: 8b1e2f6a3c08.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c09"
down_revision = "8b1e2f6a3c08"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", app.database.UtcDateTime(), nullable=False),
        sa.Column("first_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entry_ids", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_seal_number")),
    )
    # Sealing and verifying walk all entries in this order.
    op.create_index("ix_audit_entry_at", "audit_entry", ["at", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entry_at", table_name="audit_entry")
    op.drop_table("audit_seal")
