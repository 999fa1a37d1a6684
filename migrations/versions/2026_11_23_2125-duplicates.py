"""Candidates of duplicates, and merges.

Revision: 8b1e2f6a3c06; after: 8b1e2f6a3c05.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.database
from app.beneficiaries.resemblance import match_key

revision = "8b1e2f6a3c06"
down_revision = "8b1e2f6a3c05"
branch_labels = None
depends_on = None

BATCH = 5_000
COMPARED = ("birth_date", "match_key", "phone_e164")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    # Without constraints, so that SQLite need not copy the table, on which its search hangs.
    op.add_column("beneficiary", sa.Column("match_key", sa.String(length=40), server_default="", nullable=False))
    op.add_column("beneficiary", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    fill_match_keys()
    for column in COMPARED:
        op.create_index(f"ix_beneficiary_{column}", "beneficiary", ["organization_id", column, "merged_into_id"])
    op.create_table(
        "duplicate_candidate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("a_id", sa.Uuid(), nullable=False),
        sa.Column("b_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", app.database.UtcDateTime(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("a_id < b_id", name=op.f("ck_duplicate_candidate_in_order")),
        sa.CheckConstraint("score BETWEEN 0 AND 1", name=op.f("ck_duplicate_candidate_score_is_share")),
        sa.ForeignKeyConstraint(["a_id"], ["beneficiary.id"], name=op.f("fk_duplicate_candidate_a_id_beneficiary")),
        sa.ForeignKeyConstraint(["b_id"], ["beneficiary.id"], name=op.f("fk_duplicate_candidate_b_id_beneficiary")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_duplicate_candidate_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f("fk_duplicate_candidate_territory_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_candidate")),
        sa.UniqueConstraint("a_id", "b_id", name=op.f("uq_duplicate_candidate_a_id_b_id")),
    )
    op.create_index("ix_duplicate_candidate_b_id", "duplicate_candidate", ["b_id"])
    op.create_index("ix_duplicate_candidate_ranked", "duplicate_candidate", ["organization_id", "status", "score", "id"])
    op.create_table(
        "beneficiary_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("updated_at", app.database.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(length=32), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=16), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("winner_id", sa.Uuid(), nullable=False),
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=False),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("replaced", JSON, nullable=False),
        sa.Column("moved", JSON, nullable=False),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_at", app.database.UtcDateTime(), nullable=True),
        sa.CheckConstraint("winner_id <> loser_id", name=op.f("ck_beneficiary_merge_two_persons")),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["duplicate_candidate.id"], name=op.f("fk_beneficiary_merge_candidate_id_duplicate_candidate")
        ),
        sa.ForeignKeyConstraint(["winner_id"], ["beneficiary.id"], name=op.f("fk_beneficiary_merge_winner_id_beneficiary")),
        sa.ForeignKeyConstraint(["loser_id"], ["beneficiary.id"], name=op.f("fk_beneficiary_merge_loser_id_beneficiary")),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_beneficiary_merge_organization_id_organization")),
        sa.ForeignKeyConstraint(["territory"], ["place.soato"], name=op.f("fk_beneficiary_merge_territory_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beneficiary_merge")),
    )
    op.create_index("ix_beneficiary_merge_candidate_id", "beneficiary_merge", ["candidate_id"])
    op.create_index("ix_beneficiary_merge_winner_id", "beneficiary_merge", ["winner_id"])
    op.create_index("ix_beneficiary_merge_loser_id", "beneficiary_merge", ["loser_id"])


def downgrade() -> None:
    op.drop_table("beneficiary_merge")
    op.drop_table("duplicate_candidate")
    for column in COMPARED:
        op.drop_index(f"ix_beneficiary_{column}", "beneficiary")
    op.drop_column("beneficiary", "merged_into_id")
    op.drop_column("beneficiary", "match_key")


def fill_match_keys() -> None:
    """For the people who are registered already, a batch at a time."""
    connection = op.get_bind()
    known = {"id": sa.Uuid(), "surname": sa.String(), "given_name": sa.String(), "patronymic": sa.String(), "match_key": sa.String()}
    person = sa.table("beneficiary", *(sa.column(name, kind) for name, kind in known.items()))
    page = sa.select(person.c.id, person.c.surname, person.c.given_name, person.c.patronymic).order_by(person.c.id).limit(BATCH)
    fill = person.update().where(person.c.id == sa.bindparam("key")).values(match_key=sa.bindparam("value"))
    rows = connection.execute(page).all()
    while rows:
        connection.execute(fill, [{"key": row.id, "value": match_key(*row[1:])} for row in rows])
        rows = connection.execute(page.where(person.c.id > rows[-1].id)).all()
