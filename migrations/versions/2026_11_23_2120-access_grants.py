"""Grants: who was let in to whose data.

Revision: 8b1e2f6a3c01; after: 7a41c0d95e22.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c01"
down_revision = "7a41c0d95e22"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=True),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("grantee", sa.String(length=60), nullable=False),
        sa.Column("categories", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("opens_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("closes_at", app.database.UtcDateTime(), nullable=False),
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (family_id IS NULL)", name=op.f("ck_access_grant_exactly_one_subject")),
        sa.CheckConstraint("closes_at >= opens_at", name=op.f("ck_access_grant_closes_after_opening")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_access_grant_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_access_grant_family_id_family")),
        sa.ForeignKeyConstraint(["membership_id"], ["family_membership.id"], name=op.f("fk_access_grant_membership_id_family_membership")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_access_grant_organization_id_organization")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
    )
    op.create_index("ix_access_grant_beneficiary_id", "access_grant", ["beneficiary_id"])
    op.create_index("ix_access_grant_family_id", "access_grant", ["family_id"])
    op.create_index("ix_access_grant_membership_id", "access_grant", ["membership_id"])
    op.create_index("ix_access_grant_source_id", "access_grant", ["source_id"])
    op.create_index("ix_access_grant_grantee", "access_grant", ["grantee", "closes_at"])


def downgrade() -> None:
    op.drop_table("access_grant")
