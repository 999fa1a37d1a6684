"""Families as they live: kinship, residences, former relationships, incomes; why a membership ended as a word and a note.

Revision: 8b1e2f6a3c02; after: 8b1e2f6a3c01.
"""

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c02"
down_revision = "8b1e2f6a3c01"
branch_labels = None
depends_on = None


def owned(table: str) -> list[sa.schema.SchemaItem]:
    """What every owned row has."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f(f"fk_{table}_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f(f"fk_{table}_territory_place")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    # Without constraints, so that SQLite need not copy the tables, whose indexes on expressions it would lose.
    op.add_column("family", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.add_column("family_membership", sa.Column("end_note", sa.String(length=4000), nullable=True))
    op.execute("UPDATE family_membership SET end_note = end_reason, end_reason = 'other' WHERE end_reason IS NOT NULL")
    is_open = sa.text("ended_on IS NULL")
    ends_after_start = "ended_on IS NULL OR started_on IS NULL OR ended_on >= started_on"

    op.create_table(
        "former_relationship",
        *owned("former_relationship"),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("relationship_to_head", sa.String(length=20), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.CheckConstraint("started_on IS NULL OR ended_on >= started_on", name=op.f("ck_former_relationship_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["family_membership.id"], name=op.f("fk_former_relationship_membership_id_family_membership")
        ),
    )
    op.create_index("ix_former_relationship_membership", "former_relationship", ["membership_id", "ended_on"])

    op.create_table(
        "family_residence",
        *owned("family_residence"),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.CheckConstraint(ends_after_start, name=op.f("ck_family_residence_ends_after_start")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_residence_family_id_family")),
        sa.UniqueConstraint("family_id", "started_on", name=op.f("uq_family_residence_family_id_started_on")),
    )
    op.create_index(
        "ix_family_residence_open", "family_residence", ["family_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    # Every family lives where it is registered; its first residence has the family's own id, which is new in this table.
    op.execute(
        "INSERT INTO family_residence (id, created_at, updated_at, version, organization_id, territory, family_id, address) "
        "SELECT id, created_at, created_at, 1, organization_id, territory, id, address FROM family"
    )

    op.create_table(
        "kinship",
        *owned("kinship"),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("relative_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("is_legal", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.CheckConstraint("person_id <> relative_id", name=op.f("ck_kinship_two_persons")),
        sa.CheckConstraint("kind NOT IN ('sibling', 'spouse') OR person_id < relative_id", name=op.f("ck_kinship_stored_once")),
        sa.CheckConstraint(ends_after_start, name=op.f("ck_kinship_ends_after_start")),
        sa.ForeignKeyConstraint(["person_id"], ["beneficiary.id"], name=op.f("fk_kinship_person_id_beneficiary")),
        sa.ForeignKeyConstraint(["relative_id"], ["beneficiary.id"], name=op.f("fk_kinship_relative_id_beneficiary")),
    )
    one_open = ["person_id", "relative_id", "kind"]
    op.create_index("ix_kinship_open", "kinship", one_open, unique=True, sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("ix_kinship_person", "kinship", ["person_id"])
    op.create_index("ix_kinship_relative", "kinship", ["relative_id"])
    op.create_index("ix_kinship_newest", "kinship", ["organization_id", "created_at", "id"])

    op.create_table(
        "income_month",
        *owned("income_month"),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_income_month_family_id_family")),
        sa.UniqueConstraint("family_id", "month", name=op.f("uq_income_month_family_id_month")),
    )
    op.create_table(
        "income_record",
        *owned("income_record"),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_income_record_amount_not_negative")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_income_record_family_id_family")),
        sa.UniqueConstraint("family_id", "month", "source", name=op.f("uq_income_record_family_id_month_source")),
    )


def downgrade() -> None:
    for table in ("income_record", "income_month", "kinship", "family_residence", "former_relationship"):
        op.drop_table(table)
    op.execute("UPDATE family_membership SET end_reason = substr(end_note, 1, 200) WHERE end_note IS NOT NULL")
    op.drop_column("family_membership", "end_note")
    op.drop_column("family", "merged_into_id")
