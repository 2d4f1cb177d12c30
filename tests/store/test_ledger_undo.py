"""What an undo reads from the ledger, and what it notes there; on both stores."""

from datetime import datetime, timedelta

import pytest
from stored_cases import NOW

from bot.store import ledger
from bot.store.database import Database
from bot.store.transaction import SqlStore
from connectors.base import RowFailure, RowReason
from handlers.ports import Cursor, Held, LedgerOutcome, Place, Planned

LEADS = Place("d1", "zoho_crm", "Leads")
LATER = NOW + timedelta(hours=1)
MOVED = LedgerOutcome.MOVED

pytestmark = pytest.mark.usefixtures("case")


def _held(number: int, outcome: LedgerOutcome = MOVED, refusals: int = 0, at: datetime = NOW) -> Held:
    return Held(f"{number:06d}", "110", "120", outcome, at, refusals)


def _ids(*numbers: int) -> list[str]:
    return [f"{n:06d}" for n in numbers]


@pytest.fixture
async def store(database: Database) -> SqlStore:
    """Eight leads, of which the first six were moved."""
    store = SqlStore(database, lambda *_: None, lambda: NOW)
    rows = [Planned(each, "A lead", "110", "120") for each in _ids(*range(8))]
    await store.write(lambda tx: tx.add_page(LEADS, {LEADS: rows}, Cursor(None, complete=True, started_at=NOW)))
    await store.write(lambda tx: tx.settle(LEADS, _ids(*range(6)), MOVED, NOW))
    return store


async def _moved(store: SqlStore, after: str | None = None, limit: int = 99) -> tuple[Held, ...]:
    return await store.read(lambda tx: tx.held(LEADS, outcomes=(MOVED,), after=after, limit=limit))


async def test_rows_come_page_by_page_and_by_outcome(store: SqlStore) -> None:
    assert await _moved(store, limit=2) == (_held(0), _held(1))
    assert await _moved(store, after="000003") == (_held(4), _held(5))
    assert await _moved(store, after="000005") == ()
    both = (MOVED, LedgerOutcome.PLANNED)
    found = await store.read(lambda tx: tx.held(LEADS, outcomes=both, after="000004", limit=2))
    assert found == (_held(5), _held(6, LedgerOutcome.PLANNED))


async def test_only_what_was_moved_can_be_given_back_or_handed_on(store: SqlStore) -> None:
    await store.write(lambda tx: tx.give_back(LEADS, _ids(0, 6), LedgerOutcome.RETURNED, LATER))
    await store.write(lambda tx: tx.give_back(LEADS, _ids(1), LedgerOutcome.KEPT, LATER))
    await store.write(lambda tx: tx.hand_on(LEADS, _ids(0, 1, 2, 7), "130", LATER))
    totals = (await store.read(lambda tx: tx.totals("d1")))[LEADS]
    assert totals.outcomes == {
        LedgerOutcome.RETURNED: 1,
        LedgerOutcome.KEPT: 1,
        MOVED: 4,
        LedgerOutcome.PLANNED: 2,
    }
    first, *rest = await _moved(store)
    assert first == Held("000002", "110", "130", MOVED, LATER, handed_on=True)
    assert rest == [_held(3), _held(4), _held(5)]
    await store.write(lambda tx: tx.give_back(LEADS, [], LedgerOutcome.RETURNED, LATER))
    await store.write(lambda tx: tx.hand_on(LEADS, [], "130", LATER))
    assert (await store.read(lambda tx: tx.totals("d1")))[LEADS] == totals


async def test_refusals_are_remembered_with_their_tries(store: SqlStore) -> None:
    def failure(number: int) -> RowFailure:
        return RowFailure(f"{number:06d}", RowReason.LOCKED, "RECORD_LOCKED")

    failures = [(failure(0), 1), (failure(1), 2), (failure(2), 0), (failure(7), 1)]
    await store.write(lambda tx: tx.hold(LEADS, failures, LATER))
    await store.write(lambda tx: tx.hold(LEADS, [], LATER))
    again = await store.read(lambda tx: tx.refused(LEADS, fewer_than=3, after=None, limit=99))
    assert again == (_held(0, refusals=1, at=LATER), _held(1, refusals=2, at=LATER))
    assert await store.read(lambda tx: tx.refused(LEADS, fewer_than=2, after=None, limit=99)) == again[:1]
    assert await store.read(lambda tx: tx.refused(LEADS, fewer_than=3, after="000000", limit=99)) == again[1:]
    assert (await _moved(store))[2:4] == (_held(2, at=LATER), _held(3)), "refused for good, and never refused"
    await store.write(lambda tx: tx.give_back(LEADS, _ids(0), LedgerOutcome.RETURNED, LATER))
    assert await store.read(lambda tx: tx.refused(LEADS, fewer_than=3, after=None, limit=99)) == again[1:]


async def test_the_reason_of_a_refusal_stands_in_the_export(store: SqlStore, database: Database) -> None:
    refused = [(RowFailure("000001", RowReason.FORBIDDEN, "NO_PERMISSION"), 0)]
    await store.write(lambda tx: tx.hold(LEADS, refused, LATER))
    rows = await database.read(lambda c: list(ledger.rows(c, "d1")))
    assert [(row.outcome, row.reason, row.at) for row in rows[:2]] == [
        (MOVED, None, NOW),
        (MOVED, "NO_PERMISSION", LATER),
    ]


async def test_what_was_refused_before_it_moved_is_no_refusal_to_go_back(store: SqlStore) -> None:
    later = [RowFailure("000006", RowReason.LOCKED, "RECORD_LOCKED")]
    await store.write(lambda tx: tx.defer(LEADS, later, NOW))
    await store.write(lambda tx: tx.settle(LEADS, _ids(6), MOVED, NOW))
    assert await store.read(lambda tx: tx.refused(LEADS, fewer_than=9, after=None, limit=99)) == ()
    assert (await _moved(store))[-1] == _held(6)
