"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_RECORD_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _departures()
    _messages()
    _work()


def _departure_id(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("departure_id", sa.Text, sa.ForeignKey("ob_departures.id"), nullable=nullable)


def _departures() -> None:
    op.create_table(
        "ob_departures",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("open_key", sa.Text, unique=True),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("closed_at", _TIME),
        sa.Column("purged", sa.Boolean, nullable=False),
    )
    op.create_table(
        "ob_events",
        _departure_id(),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("departure_id", "seq"),
    )


def _messages() -> None:
    op.create_table(
        "ob_inbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reply", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("reference", sa.Text),
    )
    _partial_index("ob_inbox_unfinished", "ob_inbox", "received_at", "state IN ('new', 'decided')")
    op.create_table(
        "ob_outbox",
        sa.Column("seq", _SEQUENCE, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _departure_id(nullable=True),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("posted_version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("message_id", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("error", sa.Text),
    )
    _partial_index("ob_outbox_unposted", "ob_outbox", "seq", "state IN ('waiting', 'posting')")
    op.create_index("ob_outbox_departure", "ob_outbox", ["departure_id"])


def _work() -> None:
    op.create_table(
        "ob_ledger",
        _departure_id(),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("module", sa.Text, nullable=False),
        sa.Column("record_id", _RECORD_ID, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("owner_before", sa.Text, nullable=False),
        sa.Column("owner_after", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("tagged", sa.SmallInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("departure_id", "system", "module", "record_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ob_ledger_next", "ob_ledger", ["departure_id", "system", "module", "outcome", "tagged", "record_id"]
    )
    op.create_table(
        "ob_snapshots",
        _departure_id(),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("module", sa.Text, nullable=False),
        sa.Column("after", sa.Text),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("departure_id", "system", "module"),
    )
    op.create_table(
        "ob_progress",
        _departure_id(),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("departure_id"),
    )


def _partial_index(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)
