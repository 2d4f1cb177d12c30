"""Reports: the head of each audit trail, when a departure was purged, files to attach, the secret of their links."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_HEAD = """
UPDATE ob_departures SET head = (
  SELECT hash FROM ob_events WHERE departure_id = ob_departures.id AND seq = ob_departures.revision
)
"""


def upgrade() -> None:
    op.add_column("ob_departures", sa.Column("purged_at", _TIME))
    op.add_column("ob_departures", sa.Column("head", sa.Text))
    op.execute(_HEAD)
    op.create_table(
        "ob_attachments",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("departure_id", sa.Text, sa.ForeignKey("ob_departures.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("error", sa.Text),
    )
    unsent = sa.text("state IN ('waiting', 'sending')")
    op.create_index(
        "ob_attachments_unsent", "ob_attachments", ["next_at"], sqlite_where=unsent, postgresql_where=unsent
    )
    op.create_table(
        "ob_secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
