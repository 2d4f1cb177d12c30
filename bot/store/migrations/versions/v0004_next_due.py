"""When something happens to a departure by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ob_departures", sa.Column("next_due", sa.DateTime(timezone=True)))
    condition = sa.text("next_due IS NOT NULL")
    op.create_index(
        "ob_departures_due", "ob_departures", ["next_due"], sqlite_where=condition, postgresql_where=condition
    )
