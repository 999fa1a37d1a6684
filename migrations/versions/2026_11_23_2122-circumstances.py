"""Circumstances of a person, and vulnerability by scheme.

Revision: 8b1e2f6a3c03; after: 8b1e2f6a3c02.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c03"
down_revision = "8b1e2f6a3c02"
branch_labels = None
depends_on = None


def _entity() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
    )


def _owned() -> tuple[sa.Column[Any], ...]:
    return (
        *_entity(),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
    )


def _owner(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return (
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f(f"fk_{table}_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f(f"fk_{table}_territory_place")),
    )


def _names() -> tuple[sa.Column[Any], ...]:
    languages = ("uz_latn", "uz_cyrl", "ru", "en")
    return tuple(sa.Column(f"name_{language}", sa.String(length=300), nullable=True) for language in languages)


def upgrade() -> None:
    op.create_table(
        "circumstances",
        *_owned(),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("seeing", sa.String(length=20), nullable=True),
        sa.Column("hearing", sa.String(length=20), nullable=True),
        sa.Column("walking", sa.String(length=20), nullable=True),
        sa.Column("remembering", sa.String(length=20), nullable=True),
        sa.Column("self_care", sa.String(length=20), nullable=True),
        sa.Column("communicating", sa.String(length=20), nullable=True),
        sa.Column("functioning_assessed_on", sa.Date(), nullable=True),
        sa.Column("has_disability", sa.Boolean(), nullable=True),
        sa.Column("disability_status", sa.String(length=30), nullable=True),
        sa.Column("school_status", sa.String(length=20), nullable=True),
        sa.Column("school", sa.String(length=200), nullable=True),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("school_since", sa.Date(), nullable=True),
        sa.Column("chronic_conditions", sa.String(length=4000), nullable=True),
        sa.Column("polyclinic", sa.String(length=200), nullable=True),
        sa.Column("immunization_up_to_date", sa.Boolean(), nullable=True),
        sa.Column("citizenship", sa.String(length=2), nullable=True),
        sa.Column("missing_documents", app.database.Json, nullable=False),
        sa.Column("papers_note", sa.String(length=4000), nullable=True),
        sa.CheckConstraint("grade IS NULL OR grade BETWEEN 1 AND 11", name=op.f("ck_circumstances_grade_of_a_school")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_circumstances_beneficiary_id_beneficiary")),
        *_owner("circumstances"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circumstances")),
        sa.UniqueConstraint("beneficiary_id", name=op.f("uq_circumstances_beneficiary_id")),
    )
    op.create_index("ix_circumstances_organization_newest", "circumstances", ["organization_id", "created_at", "id"])
    op.create_table(
        "vulnerability_scheme",
        *_entity(),
        sa.Column("code", sa.String(length=60), nullable=False),
        *_names(),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name=op.f("ck_vulnerability_scheme_ends_after_start")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vulnerability_scheme")),
        sa.UniqueConstraint("code", name=op.f("uq_vulnerability_scheme_code")),
    )
    op.create_table(
        "vulnerability_category",
        *_entity(),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("applies_to", sa.String(length=10), nullable=False),
        *_names(),
        sa.ForeignKeyConstraint(
            ["scheme_id"], ["vulnerability_scheme.id"], name=op.f("fk_vulnerability_category_scheme_id_vulnerability_scheme")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vulnerability_category")),
        sa.UniqueConstraint("scheme_id", "code", name=op.f("uq_vulnerability_category_scheme_id_code")),
    )
    op.create_table(
        "vulnerability_record",
        *_owned(),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=True),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("evidence", sa.String(length=4000), nullable=True),
        sa.CheckConstraint("(beneficiary_id IS NULL) <> (family_id IS NULL)", name=op.f("ck_vulnerability_record_exactly_one_subject")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_vulnerability_record_ends_after_start")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_vulnerability_record_beneficiary_id_beneficiary")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_vulnerability_record_family_id_family")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["vulnerability_category.id"], name=op.f("fk_vulnerability_record_category_id_vulnerability_category")
        ),
        *_owner("vulnerability_record"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vulnerability_record")),
    )
    for subject in ("beneficiary", "family"):
        is_open = sa.text("until IS NULL")
        op.create_index(
            f"ix_vulnerability_record_open_{subject}",
            "vulnerability_record",
            [f"{subject}_id", "category_id"],
            unique=True,
            sqlite_where=is_open,
            postgresql_where=is_open,
        )
        op.create_index(f"ix_vulnerability_record_{subject}_id", "vulnerability_record", [f"{subject}_id"])
    op.create_index("ix_vulnerability_record_category_id", "vulnerability_record", ["category_id"])
    op.create_index("ix_vulnerability_record_organization_newest", "vulnerability_record", ["organization_id", "created_at", "id"])


def downgrade() -> None:
    for table in ("vulnerability_record", "vulnerability_category", "vulnerability_scheme", "circumstances"):
        op.drop_table(table)
