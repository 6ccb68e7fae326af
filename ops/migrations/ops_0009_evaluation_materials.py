"""Files handed over for evaluations, by object and material."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0009_evaluation_materials"
down_revision = "ops_0008_gradings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ops_evaluation_materials",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("object_id", "material")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("name", "sha256", "by")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("ops_evaluation_materials")
