"""One row for each record: added once, taken in batches, marked in bulk, counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event
from stored_cases import NOW

from bot.store import ledger, progress, snapshots
from bot.store.database import Database
from bot.store.ledger import Planned, Refused
from handlers.ports import Cursor, LedgerOutcome, Place, Tagged, Totals

LEADS = Place("d1", "zoho_crm", "Leads")
DEALS = replace(LEADS, module="Deals")
LATER = NOW + timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("case")


def _records(count: int, start: int = 0) -> list[Planned]:
    return [Planned(f"{n:06d}", f"Record {n}", "110", "120") for n in range(start, start + count)]


def _ids(start: int, stop: int) -> tuple[str, ...]:
    return tuple(f"{n:06d}" for n in range(start, stop))


async def _fill(database: Database, count: int, place: Place = LEADS) -> None:
    await database.write(ledger.add, place, _records(count), at=NOW)


async def test_a_page_that_is_read_again_adds_nothing(database: Database) -> None:
    assert await database.write(ledger.add, LEADS, _records(5), at=NOW) == 5
    await database.write(ledger.mark, LEADS, ["000001"], outcome=LedgerOutcome.MOVED, at=LATER)
    assert await database.write(ledger.add, LEADS, _records(7), at=LATER) == 2
    assert await database.write(ledger.add, LEADS, [], at=LATER) == 0
    assert await database.read(ledger.totals, "d1") == {
        LEADS: Totals({LedgerOutcome.MOVED: 1, LedgerOutcome.PLANNED: 6}, 0)
    }


async def test_batches_come_in_ascending_order_and_by_outcome(database: Database) -> None:
    await database.write(ledger.add, LEADS, _records(10)[::-1], at=NOW)
    await _fill(database, 3, DEALS)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.PLANNED, limit=4) == _ids(0, 4)
    await database.write(ledger.mark, LEADS, _ids(0, 4), outcome=LedgerOutcome.MOVED, at=LATER)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.PLANNED, limit=100) == _ids(4, 10)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.MOVED, limit=100) == _ids(0, 4)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.GONE, limit=100) == ()


async def test_tagging_asks_for_what_has_no_tag_and_moving_for_all(database: Database) -> None:
    await _fill(database, 6)
    await database.write(ledger.mark, LEADS, ["000000", "000003"], tagged=Tagged.YES, at=LATER)
    await database.write(ledger.mark, LEADS, ["000001"], tagged=Tagged.REFUSED, at=LATER)
    untagged = await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.PLANNED, tagged=(Tagged.NO,), limit=2)
    assert untagged == ("000002", "000004")
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.PLANNED, limit=5) == _ids(0, 5)


async def test_refusals_keep_their_reasons_and_are_counted(database: Database) -> None:
    await _fill(database, 3)
    refused = [
        Refused("000000", LedgerOutcome.DEFERRED, "LOCKED"),
        Refused("000002", LedgerOutcome.GONE, "INVALID_DATA"),
    ]
    await database.write(ledger.mark_rows, LEADS, refused, at=LATER)
    await database.write(ledger.mark_rows, LEADS, [], at=LATER)
    await database.write(ledger.mark_rows, LEADS, refused[:1], at=LATER)
    rows = await database.read(lambda c: list(ledger.rows(c, "d1")))
    assert [(r.record_id, r.outcome, r.reason, r.attempts) for r in rows] == [
        ("000000", LedgerOutcome.DEFERRED, "LOCKED", 2),
        ("000001", LedgerOutcome.PLANNED, None, 0),
        ("000002", LedgerOutcome.GONE, "INVALID_DATA", 1),
    ]
    await database.write(ledger.mark, LEADS, ["000000"], outcome=LedgerOutcome.MOVED, at=LATER)
    assert await database.read(lambda c: next(ledger.rows(c, "d1")).reason) is None


async def test_what_moved_since_leaves_out_what_was_only_worked_on_since(database: Database) -> None:
    await _fill(database, 6)
    await database.write(ledger.mark, LEADS, _ids(0, 3), outcome=LedgerOutcome.MOVED, at=NOW)
    await database.write(ledger.mark, LEADS, _ids(3, 5), outcome=LedgerOutcome.MOVED, at=LATER)
    await database.write(ledger.hand_on, LEADS, _ids(0, 1), to="130", at=LATER)
    await database.write(ledger.hold, LEADS, [(Refused("000001", LedgerOutcome.MOVED, "LOCKED"), 1)], at=LATER)
    assert await database.read(ledger.moved_since, "d1", NOW) == 2
    assert await database.read(ledger.moved_since, "d1", LATER) == 0
    assert await database.read(ledger.moved_since, "d2", NOW) == 0


async def test_the_export_has_every_row_as_it_is(database: Database) -> None:
    await _fill(database, 2500, DEALS)
    await _fill(database, 1)
    rows = await database.read(lambda c: list(ledger.rows(c, "d1")))
    assert [r.record_id for r in rows] == [*_ids(0, 2500), "000000"]
    last = rows[-1]
    assert (last.module, last.label, last.owner_before, last.owner_after) == ("Leads", "Record 0", "110", "120")
    assert (last.tagged, last.at) == (Tagged.NO, NOW)
    assert await database.read(ledger.totals, "d1") == {
        DEALS: Totals({LedgerOutcome.PLANNED: 2500}, 0),
        LEADS: Totals({LedgerOutcome.PLANNED: 1}, 0),
    }


async def test_labels_name_records(database: Database) -> None:
    await _fill(database, 3)
    assert await database.read(ledger.labels, LEADS, ["000002", "999999"]) == {"000002": "Record 2"}


async def test_a_name_that_no_store_can_spell_stops_nobody(database: Database) -> None:
    broken = [Planned("000001", "Caf\u00e9 \ud83d", "110", "120"), Planned("000002", "a\0b", "110", "120")]
    assert await database.write(ledger.add, LEADS, broken, at=NOW) == 2
    assert await database.read(ledger.labels, LEADS, _ids(1, 3)) == {"000001": "Café ?", "000002": "a?b"}


async def test_many_ids_are_known_at_once(database: Database) -> None:
    await _fill(database, 3)
    asked = [f"{n:06d}" for n in range(2, 40_000)]
    assert await database.read(ledger.known, LEADS, asked) == {"000002"}
    assert await database.read(ledger.known, DEALS, asked) == frozenset()


async def test_what_is_settled_is_not_settled_again(database: Database) -> None:
    await _fill(database, 3)
    await database.write(ledger.mark, LEADS, ["000000"], outcome=LedgerOutcome.MOVED, at=LATER)
    open_ones = (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED)
    await database.write(ledger.mark, LEADS, _ids(0, 9), outcome=LedgerOutcome.OTHERS, at=LATER, only=open_ones)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.MOVED, limit=9) == _ids(0, 1)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.OTHERS, limit=9) == _ids(1, 3)
    assert await database.read(ledger.count, LEADS, open_ones) == 0
    assert await database.read(ledger.count, LEADS, [LedgerOutcome.OTHERS]) == 2


async def test_what_was_deferred_too_often_fails_and_can_be_planned_anew(database: Database) -> None:
    await _fill(database, 3)
    refused = [Refused("000001", LedgerOutcome.DEFERRED, "LOCKED")]
    for _ in range(2):
        await database.write(ledger.mark_rows, LEADS, refused, at=LATER)
    assert await database.read(ledger.most_attempts, LEADS, ["000000", "000001"]) == 2
    change = {"before": LedgerOutcome.DEFERRED, "after": LedgerOutcome.FAILED}
    await database.write(ledger.change_all, LEADS, at=LATER, **change)
    assert await database.read(lambda c: [r.reason for r in ledger.rows(c, "d1")]) == [None, "LOCKED", None]
    assert await database.read(ledger.count, LEADS, [LedgerOutcome.FAILED]) == 1
    await database.write(ledger.requeue_failed, "d1", "zoho_crm", at=LATER)
    assert await database.read(ledger.batch, LEADS, outcome=LedgerOutcome.PLANNED, limit=9) == _ids(0, 3)
    assert await database.read(ledger.most_attempts, LEADS, ["000001"]) == 0


async def test_the_tagged_are_counted_whatever_became_of_them(database: Database) -> None:
    await _fill(database, 4)
    await database.write(ledger.mark, LEADS, _ids(0, 3), tagged=Tagged.YES, at=LATER)
    await database.write(ledger.mark, LEADS, _ids(3, 4), tagged=Tagged.REFUSED, at=LATER)
    await database.write(ledger.mark, LEADS, _ids(0, 1), outcome=LedgerOutcome.MOVED, at=LATER)
    counted = (await database.read(ledger.totals, "d1"))[LEADS]
    assert counted == Totals({LedgerOutcome.MOVED: 1, LedgerOutcome.PLANNED: 3}, tagged=3)


async def test_bulk_work_takes_a_handful_of_statements(database: Database) -> None:
    """2,000 rows in and 500 marked: typically 15 ms and 4 ms. One statement for each row would be seconds."""
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    await _fill(database, 2000)
    ids = await database.write(ledger.batch, LEADS, outcome=LedgerOutcome.PLANNED, limit=500)
    await database.write(ledger.mark, LEADS, ids, outcome=LedgerOutcome.MOVED, at=LATER)
    assert await database.write(ledger.known, LEADS, ids) == set(_ids(0, 500))
    assert len([statement for statement in statements if "ob_ledger" in statement]) == 4


async def test_a_snapshot_goes_on_where_it_stood(database: Database) -> None:
    assert await database.read(snapshots.load_all, "d1", "zoho_crm") == {}
    first = Cursor(after=None, complete=False, started_at=NOW)
    for cursor in (first, replace(first, after="000199"), replace(first, after="000399", complete=True)):
        await database.write(snapshots.save, LEADS, cursor)
        assert await database.read(snapshots.load_all, "d1", "zoho_crm") == {"Leads": cursor}
    await database.write(snapshots.save, DEALS, first)
    assert sorted(await database.read(snapshots.load_all, "d1", "zoho_crm")) == ["Deals", "Leads"]
    assert await database.read(snapshots.load_all, "d1", "pipedrive") == {}


async def test_progress_shows_the_newest(database: Database) -> None:
    assert await database.read(progress.load, "d1") is None
    await database.write(progress.save, "d1", body="10 %", now=NOW)
    await database.write(progress.save, "d1", body="20 %", now=LATER)
    assert await database.read(progress.load, "d1") == progress.Progress("20 %", LATER)
