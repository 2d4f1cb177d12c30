"""The tables. Every name starts with ob_: the engine library keeps its own tables in the same database."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    text,
)

PREFIX = "ob_"

metadata = MetaData()

# Nearly every row of the inbox and of the outbox has been dealt with. Indexes on the others stay small; a query has the
# condition in these very words, since both stores must see that it implies the index's.
UNFINISHED = "state IN ('new', 'decided')"
UNPOSTED = "state IN ('waiting', 'posting')"
WAITING = "next_due IS NOT NULL"
UNATTACHED = "state IN ('waiting', 'sending')"


class UtcTime(TypeDecorator[datetime]):
    """A point in time. SQLite keeps no zone, so it stores UTC; what comes back is always aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Record ids are compared and sorted byte by byte on both stores; a Postgres locale would sort them its own way.
RecordId = Text().with_variant(Text(collation="C"), "postgresql")


def _departure(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(
        "departure_id",
        Text,
        ForeignKey("ob_departures.id"),
        primary_key=primary_key,
        nullable=nullable and not primary_key,
    )


departures = Table(
    "ob_departures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("open_key", Text, unique=True),
    Column("data", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("purged", Boolean, nullable=False),
    Column("purged_at", UtcTime),  # None also where it was purged before this was kept
    Column("head", Text),  # the hash of the newest event
    Column("next_due", UtcTime),  # when something happens by itself; derived from `data`
)
Index(
    "ob_departures_due",
    departures.c.next_due,
    sqlite_where=text(WAITING),
    postgresql_where=text(WAITING),
)

events = Table(
    "ob_events",
    metadata,
    _departure(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text),  # None: the service itself
    Column("type", Text, nullable=False),
    Column("body", Text),  # None: sealed by the purge
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

inbox = Table(
    "ob_inbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("surface", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reply", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("reference", Text),
)
Index(
    "ob_inbox_unfinished",
    inbox.c.received_at,
    sqlite_where=text(UNFINISHED),
    postgresql_where=text(UNFINISHED),
)

outbox = Table(
    "ob_outbox",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    _departure(nullable=True),
    Column("surface", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("posted_version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("channel", Text),
    Column("message_id", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("error", Text),
)
Index(
    "ob_outbox_unposted",
    outbox.c.seq,
    sqlite_where=text(UNPOSTED),
    postgresql_where=text(UNPOSTED),
)
Index("ob_outbox_departure", outbox.c.departure_id)
Index("ob_outbox_place", outbox.c.surface, outbox.c.channel, outbox.c.message_id)

attachments = Table(
    "ob_attachments",
    metadata,
    Column("key", Text, primary_key=True),  # of the message that the files belong to
    _departure(),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("error", Text),
)
Index(
    "ob_attachments_unsent",
    attachments.c.next_at,
    sqlite_where=text(UNATTACHED),
    postgresql_where=text(UNATTACHED),
)

secrets = Table(
    "ob_secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),  # random bytes, in hex
)

ledger = Table(
    "ob_ledger",
    metadata,
    _departure(primary_key=True),
    Column("system", Text, primary_key=True),
    Column("module", Text, primary_key=True),
    Column("record_id", RecordId, primary_key=True),
    Column("label", Text),
    Column("owner_before", Text, nullable=False),
    Column("owner_after", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("tagged", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ob_ledger_next",
    ledger.c.departure_id,
    ledger.c.system,
    ledger.c.module,
    ledger.c.outcome,
    ledger.c.tagged,
    ledger.c.record_id,
)

snapshots = Table(
    "ob_snapshots",
    metadata,
    _departure(primary_key=True),
    Column("system", Text, primary_key=True),
    Column("module", Text, primary_key=True),
    Column("after", Text),
    Column("complete", Boolean, nullable=False),
    Column("started_at", UtcTime, nullable=False),
)

progress = Table(
    "ob_progress",
    metadata,
    _departure(primary_key=True),
    Column("body", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)
