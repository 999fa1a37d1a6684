"""Who was a primary caregiver of a family on which days.

What stands in a membership has been so since the membership began, as far as was known until now; so no row is made of it.

Revision: 8b1e2f6a3c0d; after: 8b1e2f6a3c0c.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c0d"
down_revision = "8b1e2f6a3c0c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_care",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("is_primary_caregiver", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.CheckConstraint("started_on IS NULL OR ended_on >= started_on", name=op.f("ck_former_care_ends_after_start")),
        sa.ForeignKeyConstraint(["membership_id"], ["family_membership.id"], name=op.f("fk_former_care_membership_id_family_membership")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_former_care_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f("fk_former_care_territory_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_care")),
    )
    op.create_index("ix_former_care_membership", "former_care", ["membership_id", "ended_on"])


def downgrade() -> None:
    op.drop_index("ix_former_care_membership", "former_care")
    op.drop_table("former_care")
