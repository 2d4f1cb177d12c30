"""The figures of a report are the ledger's: compared with sums over the CSV that is handed out beside it."""

import csv
import io
import re
from collections import Counter
from dataclasses import replace

import pytest
from report_cases import CRM, FATES, LINES, departure_of, story
from sqlalchemy import Connection

from bot.store import cases, departures, ledger
from bot.store.database import Database
from bot.store.ledger import Refused
from handlers.departure import departure_from_json, departure_to_json
from handlers.ports import LedgerOutcome, Place, Planned
from handlers.report import Case, ledger_csv, owner_names, report_html
from handlers.texts import Texts

HEADS = {
    "Moved": "moved",
    "Changed by others": "others",
    "Gone": "gone",
    "Refused": "failed",
    "Still to move": "planned",
}
START = story()[0].at


def _fill(connection: Connection) -> None:
    """A departure as the service stores it, event by event, and a ledger of 1,500 rows with every fate."""
    events = story()
    first = departure_of(events[:1])
    departures.create(connection, first, events[:1])
    for n in range(1, len(events)):
        after = replace(departure_of(events[: n + 1]), number=1)
        departures.append(connection, after, events[n : n + 1], expected_revision=n)
    for module, (fates, second) in FATES.items():
        _fill_module(connection, Place("d7", CRM, module), fates, second)
    _fill_module(connection, Place("d7", CRM, "Visits"), {LedgerOutcome.MOVED: 1200, LedgerOutcome.PLANNED: 7}, 30)


def _fill_module(connection: Connection, place: Place, fates: dict[LedgerOutcome, int], second: int) -> None:
    outcomes = [outcome for outcome, n in fates.items() for _ in range(n)]
    rows = [Planned(f"{n:05d}", f"R {n}", "110", "130" if n < second else "120") for n in range(len(outcomes))]
    ledger.add(connection, place, rows, at=START)
    for outcome in fates:
        ids = [row.record_id for row, fate in zip(rows, outcomes, strict=True) if fate is outcome]
        if outcome is LedgerOutcome.FAILED:
            ledger.mark_rows(connection, place, [Refused(each, outcome, "LOCKED") for each in ids], at=START)
        else:
            ledger.mark(connection, place, ids, at=START, outcome=outcome)


@pytest.fixture
async def case(database: Database) -> Case:
    await database.write(_fill)
    found = await database.read(cases.load, "d7")
    assert found
    return found


def _table(html: str) -> dict[str, dict[str, int]]:
    """Module to head to number."""
    text = html.partition('<table id="records">')[2].partition("</table>")[0]
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", text)
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in text.split("<tr>")[2:]]
    return {row[0]: {h: int(n.replace(",", "")) for h, n in zip(heads[1:], row[1:], strict=True)} for row in rows}


async def test_every_number_is_a_sum_over_the_ledger(database: Database, case: Case) -> None:
    lines = await database.read(lambda c: "".join(ledger_csv(ledger.rows(c, "d7"), owner_names(case.departure))))
    rows = list(csv.DictReader(io.StringIO(lines, newline="")))
    counted = Counter((row["module"], row["outcome"]) for row in rows)
    html = report_html(case, Texts("en"))
    table = _table(html)
    kept = {line.module: line.keep for line in LINES}
    modules = {row["module"] for row in rows}
    assert len(rows) == 1485
    assert set(table) == modules | {"All"}
    for module in modules:
        shown = table[module]
        assert {outcome: shown[head] for head, outcome in HEADS.items()} == {
            outcome: counted[module, outcome] for outcome in HEADS.values()
        }
        assert shown["Kept, by rule"] == kept.get(module, 0)
        assert shown["All"] == sum(counted[module, outcome] for outcome in HEADS.values()) + kept.get(module, 0)
    assert table["All"] == {head: sum(table[module][head] for module in modules) for head in table["All"]}
    to = Counter(row["owner_after"] for row in rows if row["outcome"] == "moved")
    assert f"Sofia Lindgren: {to['120']:,} records" in html
    assert f"Jun Watanabe: {to['130']:,} records" in html


async def test_the_trail_is_the_stored_one_and_whole(database: Database, case: Case) -> None:
    history = await database.read(departures.history, "d7")
    html = report_html(case, Texts("de"))
    assert case.broken is None
    assert all(entry.hash in html for entry in history)
    assert departure_from_json(departure_to_json(case.departure)) == case.departure


async def test_what_fields_were_set_to_is_nobodys_record(database: Database) -> None:
    await database.write(_fill)
    before = await database.read(ledger.received, "d7")
    field = Place("d7", CRM, "Leads.Lead_Status")
    await database.write(ledger.add, field, [Planned("1", "R", "New", "Junk")], at=START)
    await database.write(ledger.mark, field, ["1"], at=START, outcome=LedgerOutcome.MOVED)
    assert await database.read(ledger.received, "d7") == before == {(CRM, "120"): 1380, (CRM, "130"): 90}


async def test_there_is_no_case_of_an_unknown_departure(database: Database) -> None:
    assert await database.read(cases.load, "nobody") is None
