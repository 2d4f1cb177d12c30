"""What an operator takes out of the store, beside a running service and without harm to it."""

import csv
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from report_cases import AMIT, CRM, START, departure_of, story
from sqlalchemy import Connection, delete, update

from bot import export
from bot.export import NotThere, reading
from bot.store import departures, ledger
from bot.store.database import Database
from bot.store.purge import purge
from bot.store.tables import departures as departures_table
from bot.store.tables import events
from handlers.departure import evolve
from handlers.ports import LedgerOutcome, Place, Planned
from handlers.texts import Texts

ENGLISH = Texts("en")


def _fill(connection: Connection) -> None:
    told = story()
    departure = departures.create(connection, departure_of(told[:1]), told[:1])
    for event in told[1:]:
        departure = evolve(departure, event)
        departures.append(connection, departure, [event], expected_revision=departure.revision - 1)
    deals = Place("d7", CRM, "Deals")
    ledger.add(connection, deals, [Planned("1", "=cmd()", "110", "120"), Planned("2", "B", "110", "120")], at=START)
    ledger.mark(connection, deals, ["1"], outcome=LedgerOutcome.MOVED, at=START)


def _left(directory: Path, pattern: str) -> list[str]:
    """Names of files, hidden ones too; other tests' stores are no concern."""
    return sorted(file.name for file in directory.glob(pattern))


@pytest.fixture
async def filled(database: Database) -> Database:
    """An open store, as a running service has it, with one departure that has been closed."""
    await database.write(_fill)
    return database


@pytest.fixture
async def reader(filled: Database, database_url: str) -> AsyncIterator[Database]:  # noqa: ARG001 - filled before
    """A second look at the same store."""
    async with reading(database_url) as store:
        yield store


@pytest.mark.parametrize("subject", ["1", "AMIT@brightwater.example"])
async def test_report_and_ledger_are_written(reader: Database, subject: str, tmp_path: Path) -> None:
    report, rows = await export.export(reader, subject, tmp_path / "out", Texts("de", "Europe/Berlin"))
    assert (report, rows) == (tmp_path / "out/report-0001.html", tmp_path / "out/ledger-0001.csv")
    assert "Bericht zu Vorgang Nr. 1" in report.read_text(encoding="utf-8")
    with rows.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert [(row["record_id"], row["label"], row["outcome"]) for row in written] == [
        ("1", "'=cmd()", "moved"),
        ("2", "B", "planned"),
    ]
    assert rows.read_bytes().startswith(b"\xef\xbb\xbfsystem,module,")
    assert {stat.S_IMODE(file.stat().st_mode) for file in (report, rows)} == {0o600}


async def test_a_file_is_replaced_only_by_a_whole_one(
    reader: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, rows = await export.export(reader, "1", tmp_path, ENGLISH)
    before = rows.read_bytes()

    def torn(*_: object) -> object:
        yield "half a line"
        raise OSError("No space left on device")

    monkeypatch.setattr(export, "ledger_csv", torn)
    with pytest.raises(OSError, match="No space left"):
        await export.export(reader, "1", tmp_path, ENGLISH)
    assert rows.read_bytes() == before
    assert _left(tmp_path, "*-0001.*") == ["ledger-0001.csv", "report-0001.html"]


@pytest.mark.parametrize("subject", ["2", "ada@brightwater.example", "nobody@brightwater.example", "%"])
async def test_who_has_no_departure_is_said(reader: Database, subject: str, tmp_path: Path) -> None:
    with pytest.raises(NotThere, match=f"There is no departure {subject}"):
        await export.export(reader, subject, tmp_path / "out", ENGLISH)
    assert not (tmp_path / "out").exists()


async def test_looking_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="There is no database"):
        async with reading(f"sqlite:///{tmp_path}/none.sqlite3"):
            pass
    assert _left(tmp_path, "*") == []


async def test_a_database_of_another_shape_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    with pytest.raises(NotThere, match="Let this version of the service start once"):
        async with reading(f"sqlite:///{tmp_path}/empty.sqlite3") as store:
            await export.verify(store, None)


async def test_a_whole_trail_is_proven_with_its_newest_hash(filled: Database, reader: Database) -> None:
    history = await filled.read(departures.history, "d7")
    (proof,) = await export.verify(reader, None)
    assert proof.whole
    assert (proof.events, proof.head, proof.pinned) == (len(history), history[-1].hash, None)
    assert proof.said == f"No. 1: {len(history)} events, whole. Newest hash: {history[-1].hash}"


async def test_a_changed_event_is_named(filled: Database, reader: Database) -> None:
    await filled.write(lambda c: c.execute(update(events).where(events.c.seq == 7).values(actor="eve@example.com")))
    (proof,) = await export.verify(reader, "1")
    assert not proof.whole
    assert "BROKEN at event 7, which is missing or was changed" in proof.said


def _cut(connection: Connection, *, head: str | None = None) -> None:
    """Take the newest event away, and say that there never was one; with `head`, of the hash too."""
    count = len(story())
    connection.execute(delete(events).where(events.c.seq == count))
    values = {"revision": count - 1} | ({"head": head} if head else {})
    connection.execute(update(departures_table).values(values))


async def test_a_cut_of_the_newest_events_shows_by_the_head(filled: Database, reader: Database) -> None:
    await filled.write(_cut)
    (proof,) = await export.verify(reader, "1")
    assert proof.broken == len(story())


async def test_whoever_rewrites_all_is_found_by_a_hash_kept_elsewhere(filled: Database, reader: Database) -> None:
    history = await filled.read(departures.history, "d7")
    await filled.write(_cut, head=history[-2].hash)
    (unpinned,) = await export.verify(reader, "1")
    assert unpinned.whole  # nothing in the store tells
    (proof,) = await export.verify(reader, "1", pinned=history[-1].hash)
    assert not proof.whole
    assert "THE PINNED HASH IS NOT IN IT" in proof.said
    (earlier,) = await export.verify(reader, "1", pinned=history[4].hash.upper())
    assert earlier.whole
    assert "the pinned hash is in it" in earlier.said


async def test_after_the_purge_the_trail_still_proves_itself(
    filled: Database, reader: Database, tmp_path: Path
) -> None:
    later = START + timedelta(days=500)
    assert await filled.write(purge, later, at=later) == 1
    assert (await export.verify(reader, None))[0].whole
    report, rows = await export.export(reader, "1", tmp_path, ENGLISH)
    text = report.read_text(encoding="utf-8")
    assert "The details about people were deleted on Mar 16, 2028" in text
    assert AMIT.name not in text
    assert "=cmd" not in rows.read_text(encoding="utf-8-sig")
    assert "1    (name deleted)  closed" in await export.listing(reader, "UTC")


async def test_the_list_has_every_departure_with_its_times(reader: Database) -> None:
    assert (await export.listing(reader, "Asia/Tokyo")).splitlines() == [
        "No.  Leaver      State   Opened            Closed",
        "1    Amit Kumar  closed  2026-11-02 18:30  2026-11-04 00:30",
    ]


async def test_an_empty_store_has_an_empty_list(database: Database) -> None:
    assert (await export.listing(database, "UTC")).splitlines() == ["No.  Leaver  State  Opened  Closed"]
    assert await export.verify(database, None) == ()
