"""A message is found by where it stands."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ob_outbox_place", "ob_outbox", ["surface", "channel", "message_id"])
