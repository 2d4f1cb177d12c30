"""The indexes are used as they are meant."""

from typing import Any

from sqlalchemy import Connection, event
from stored_cases import NOW

from bot.store import inbox, ledger, outbox
from bot.store.database import Database
from handlers.ports import LedgerOutcome, Place

LEADS = Place("d1", "zoho_crm", "Leads")


async def test_every_look_goes_straight_to_its_rows(sqlite_url: str) -> None:
    """A batch costs the same at the end of a long ledger as at its beginning."""
    plans: list[str] = []

    def explain(connection: Connection) -> None:
        def note(_: object, cursor: Any, statement: str, parameters: Any, *__: object) -> None:
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(row[3] for row in rows if "ob_" in row[3])

        event.listen(connection, "before_cursor_execute", note)
        ledger.batch(connection, LEADS, outcome=LedgerOutcome.PLANNED, limit=500)
        ledger.mark(connection, LEADS, ["000001"], outcome=LedgerOutcome.MOVED, at=NOW)
        outbox.due(connection, NOW, 10)
        inbox.unfinished(connection, NOW, 10)

    database = Database(sqlite_url)
    await database.upgrade()
    await database.write(explain)
    await database.close()
    assert {plan.split(" (")[0] for plan in plans} == {
        "SEARCH ob_ledger USING COVERING INDEX ob_ledger_next",
        "SEARCH ob_ledger USING PRIMARY KEY",
        "SCAN ob_outbox USING INDEX ob_outbox_unposted",
        "SCAN ob_inbox USING INDEX ob_inbox_unfinished",
    }
