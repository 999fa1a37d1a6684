"""Retention: rules, holds, runs and erasures.

Revision: 8b1e2f6a3c08; after: 8b1e2f6a3c07.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c08"
down_revision = "8b1e2f6a3c07"
branch_labels = None
depends_on = None


def _entity() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
    ]


def _about_a_person(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f(f"fk_{table}_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f(f"fk_{table}_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f(f"fk_{table}_territory_place")),
    ]


def upgrade() -> None:
    op.add_column("beneficiary", sa.Column("anonymized_at", app.database.UtcDateTime(), nullable=True))
    op.create_table(
        "retention_rule",
        *_entity(),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("months BETWEEN 1 AND 1200", name=op.f("ck_retention_rule_months_in_a_century")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_retention_rule_code")),
    )
    op.create_table(
        "retention_run",
        *_entity(),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("finished_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("counts", app.database.Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_table(
        "legal_hold",
        *_entity(),
        *_about_a_person("legal_hold"),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("released_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("release_reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index("ix_legal_hold_beneficiary_id", "legal_hold", ["beneficiary_id"])
    op.create_table(
        "erasure_request",
        *_entity(),
        *_about_a_person("erasure_request"),
        sa.Column("asked_by", sa.String(length=20), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("decided_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("refusal_reason", sa.String(length=500), nullable=True),
        sa.Column("done_at", app.database.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index("ix_erasure_request_beneficiary_id", "erasure_request", ["beneficiary_id"])
    op.create_index(
        "ix_erasure_request_open",
        "erasure_request",
        ["beneficiary_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('requested', 'approved')"),
        postgresql_where=sa.text("status IN ('requested', 'approved')"),
    )


def downgrade() -> None:
    for table in ("erasure_request", "legal_hold", "retention_run", "retention_rule"):
        op.drop_table(table)
    op.drop_column("beneficiary", "anonymized_at")
