"""Whether a consent about a family was given by one who speaks for the household: its head, or a primary caregiver.

What anybody else opened of a family's own row, for which nobody had spoken, is closed.

Revision: 8b1e2f6a3c0e; after: 8b1e2f6a3c0d.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import app.database

revision = "8b1e2f6a3c0e"
down_revision = "8b1e2f6a3c0d"
branch_labels = None
depends_on = None

# A giver who is no member any more is none of these; such a consent has ended already, and its grants with it.
_MARK = """
    UPDATE consent SET covers_household = true WHERE family_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM family_membership AS own
        WHERE own.family_id = consent.family_id AND own.beneficiary_id = consent.given_by_id AND own.ended_on IS NULL
        AND (own.is_head OR own.is_primary_caregiver)
    )
"""
_CLOSE = """
    UPDATE access_grant SET closes_at = CASE WHEN opens_at > :moment THEN opens_at ELSE :moment END
    WHERE source = 'consent' AND family_id IS NOT NULL AND closes_at > :moment
    AND source_id IN (SELECT id FROM consent WHERE NOT covers_household)
"""


def upgrade() -> None:
    op.add_column("consent", sa.Column("covers_household", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_MARK)
    moment = sa.bindparam("moment", datetime.now(UTC), type_=app.database.UtcDateTime())
    op.execute(sa.text(_CLOSE).bindparams(moment))


def downgrade() -> None:
    op.drop_column("consent", "covers_household")
