"""Break-glass accesses.

Revision: 8b1e2f6a3c07; after: 8b1e2f6a3c06.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c07"
down_revision = "8b1e2f6a3c06"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("account_name", sa.String(length=200), nullable=False),
        sa.Column("account_duty", sa.String(length=20), nullable=False),
        sa.Column("accessor_organization_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("closes_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("review_note", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("closes_at >= opened_at", name=op.f("ck_break_glass_closes_after_opening")),
        sa.CheckConstraint("(reviewed_at IS NULL) = (verdict IS NULL)", name=op.f("ck_break_glass_reviewed_with_verdict")),
        sa.CheckConstraint("accessor_organization_id <> organization_id", name=op.f("ck_break_glass_others_only")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_break_glass_account_id_account")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_break_glass_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_break_glass_organization_id_organization")),
        sa.ForeignKeyConstraint(
            ["accessor_organization_id"], ["organization.id"], name=op.f("fk_break_glass_accessor_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    op.create_index("ix_break_glass_organization_id", "break_glass", ["organization_id", "created_at", "id"])
    op.create_index("ix_break_glass_accessor_organization_id", "break_glass", ["accessor_organization_id", "created_at", "id"])
    op.create_index("ix_break_glass_account_id", "break_glass", ["account_id", "opened_at"])
    op.create_index("ix_break_glass_beneficiary_id", "break_glass", ["beneficiary_id"])


def downgrade() -> None:
    op.drop_table("break_glass")
