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
    op.create_table(
        "identifier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(length=400), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("blind_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "expires_on IS NULL OR issued_on IS NULL OR expires_on >= issued_on", name=op.f("ck_identifier_expires_after_issue")
        ),
        sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name=op.f("ck_identifier_ends_for_a_reason")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_identifier_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_identifier_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f("fk_identifier_territory_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifier")),
    )
    op.create_index("ix_identifier_beneficiary", "identifier", ["beneficiary_id", "created_at", "id"])
    op.create_index("ix_identifier_blind_index", "identifier", ["kind", "blind_index"])
    op.create_index("ix_identifier_key_version", "identifier", ["key_version", "id"])


def downgrade() -> None:
    op.drop_table("identifier")
