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
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=True),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("categories", sa.Integer(), nullable=False),
        sa.Column("notice_version", sa.String(length=20), nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.Column("capacity", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=True),
        sa.Column("witness", sa.String(length=200), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("given_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("refusal_note", sa.String(length=4000), nullable=True),
        sa.Column("withdrawn_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawal_reason", sa.String(length=30), nullable=True),
        sa.Column("withdrawal_note", sa.String(length=4000), nullable=True),
        sa.Column("renews_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (family_id IS NULL)", name=op.f("ck_consent_exactly_one_subject")),
        sa.CheckConstraint("categories >= 0", name=op.f("ck_consent_categories_not_negative")),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name=op.f("ck_consent_ends_after_start")
        ),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_consent_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_consent_family_id_family")),
        sa.ForeignKeyConstraint(["given_by_id"], ["beneficiary.id"], name=op.f("fk_consent_given_by_id_beneficiary")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_consent_organization_id_organization")),
        sa.ForeignKeyConstraint(["renews_id"], ["consent.id"], name=op.f("fk_consent_renews_id_consent")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["beneficiary.id"], name=op.f("fk_consent_withdrawn_by_id_beneficiary")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("renews_id", name=op.f("uq_consent_renews_id")),
    )
    op.create_index("ix_consent_beneficiary_id", "consent", ["beneficiary_id"])
    op.create_index("ix_consent_family_id", "consent", ["family_id"])
    op.create_index("ix_consent_given_by_id", "consent", ["given_by_id"])
    op.create_index("ix_consent_last_day", "consent", ["status", "last_day"])
    op.create_index("ix_consent_organization_id", "consent", ["organization_id", "created_at", "id"])
    op.create_index("ix_consent_withdrawn_by_id", "consent", ["withdrawn_by_id"])
    op.create_table(
        "consent_recipient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.CheckConstraint("(organization_id IS NULL) <> (kind IS NULL)", name=op.f("ck_consent_recipient_exactly_one_recipient")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_recipient_consent_id_consent")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_consent_recipient_organization_id_organization")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_recipient")),
        sa.UniqueConstraint("consent_id", "kind", name=op.f("uq_consent_recipient_consent_id_kind")),
        sa.UniqueConstraint("consent_id", "organization_id", name=op.f("uq_consent_recipient_consent_id_organization_id")),
    )
    op.create_index("ix_consent_recipient_organization_id", "consent_recipient", ["organization_id"])
    op.create_table(
        "consent_subject",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("child_assent", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=30), nullable=True),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_consent_subject_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_subject_consent_id_consent")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["family_membership.id"], name=op.f("fk_consent_subject_membership_id_family_membership")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_subject")),
        sa.UniqueConstraint("consent_id", "beneficiary_id", name=op.f("uq_consent_subject_consent_id_beneficiary_id")),
    )
    op.create_index("ix_consent_subject_beneficiary_id", "consent_subject", ["beneficiary_id"])
    op.create_index("ix_consent_subject_membership_id", "consent_subject", ["membership_id"])


def downgrade() -> None:
    op.drop_table("consent_subject")
    op.drop_table("consent_recipient")
    op.drop_table("consent")
