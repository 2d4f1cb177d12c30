"""Who gets, and who has got, how many records; on both stores."""

import pytest
from stored_cases import NOW

from bot.store.database import Database
from bot.store.transaction import SqlStore
from handlers.ports import Cursor, LedgerOutcome, Place, Planned

LEADS = Place("d1", "zoho_crm", "Leads")

pytestmark = pytest.mark.usefixtures("case")


async def test_given_counts_all_rows_or_those_of_one_outcome(database: Database) -> None:
    store = SqlStore(database, lambda *_: None, lambda: NOW)
    rows = [Planned(f"{n:06d}", "A lead", "110", "130" if n == 4 else "120") for n in range(5)]
    other = [Planned("000009", "A deal", "110", "120")]
    deals = Place("d1", "zoho_crm", "Deals")
    cursor = Cursor(None, complete=True, started_at=NOW)
    await store.write(lambda tx: tx.add_page(LEADS, {LEADS: rows, deals: other}, cursor))
    await store.write(lambda tx: tx.settle(LEADS, ["000000", "000004"], LedgerOutcome.MOVED, NOW))
    await store.write(lambda tx: tx.settle(LEADS, ["000001"], LedgerOutcome.OTHERS, NOW))
    assert await store.read(lambda tx: tx.given(LEADS)) == {"120": 4, "130": 1}
    moved = await store.read(lambda tx: tx.given(LEADS, outcome=LedgerOutcome.MOVED))
    assert moved == {"120": 1, "130": 1}
    assert await store.read(lambda tx: tx.given(LEADS, outcome=LedgerOutcome.GONE)) == {}
