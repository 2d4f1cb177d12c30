"""`offboard export`, `departures` and `audit verify`, as an operator types them while the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from report_cases import departure_of, story
from sqlalchemy import Connection, update

import bot.__main__
from bot.store import departures
from bot.store.database import Database
from bot.store.tables import events

Offboard = Callable[..., Awaitable[Result]]


def _two(connection: Connection) -> None:
    told = story()
    departures.create(connection, departure_of(told[:1]), told[:1])
    departures.append(connection, departure_of(told[:2], number=1), told[1:2], expected_revision=1)


@pytest.fixture
async def service(database: Database) -> Database:
    """What a running service holds: the store, and for SQLite its lock."""
    await database.write(_two)
    return database


@pytest.fixture
def offboard(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Offboard:
    """With what an auditor has set: where the database is, and no secret of a vendor."""
    monkeypatch.setenv("OFFBOARD_DATABASE_URL", database_url)
    monkeypatch.setenv("OFFBOARD_TIME_ZONE", "Europe/Berlin")

    async def typed(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, bot.__main__.main, arguments)

    return typed


@pytest.mark.usefixtures("service")
async def test_export_says_where_the_files_are(offboard: Offboard, tmp_path: Path) -> None:
    done = await offboard("export", "1", "--out", str(tmp_path / "out"), "--language", "de")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [f"{tmp_path}/out/report-0001.html", f"{tmp_path}/out/ledger-0001.csv"]
    assert 'lang="de"' in (tmp_path / "out" / "report-0001.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("number", ["77", "12345678901234567890123", "9" * 5000])
async def test_export_of_nobody_ends_with_a_sentence(offboard: Offboard, number: str) -> None:
    done = await offboard("export", number)
    assert done.exit_code == 3
    assert done.stderr == f"There is no departure {number}. `offboard departures` lists them all.\n"


async def test_a_wrong_database_is_said_before_anything_is_read(
    offboard: Offboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFBOARD_DATABASE_URL", "mysql://somewhere")
    done = await offboard("audit", "verify")
    assert done.exit_code == 2
    assert "OFFBOARD_DATABASE_URL is wrong" in done.stderr
    assert "ZOHO" not in done.stderr


@pytest.mark.usefixtures("service")
async def test_the_list(offboard: Offboard) -> None:
    done = await offboard("departures")
    assert "1    Amit Kumar  successor  2026-11-02 10:30  -" in done.stdout


async def test_audit_verify_tells_by_its_exit_code(offboard: Offboard, service: Database) -> None:
    whole = await offboard("audit", "verify")
    assert whole.exit_code == 0
    assert "1 of 1 audit trails are whole." in whole.stdout
    await service.write(lambda c: c.execute(update(events).where(events.c.seq == 2).values(type="approved")))
    broken = await offboard("audit", "verify", "1")
    assert broken.exit_code == 1
    assert "BROKEN at event 2" in broken.stdout
    assert "0 of 1 audit trails are whole." in broken.stdout


@pytest.mark.usefixtures("service")
async def test_a_pinned_hash_needs_its_departure(offboard: Offboard) -> None:
    assert (await offboard("audit", "verify", "1", "--pinned", "ab" * 32)).exit_code == 1
    alone = await offboard("audit", "verify", "--pinned", "ab" * 32)
    assert alone.exit_code == 2
    assert "--pinned needs the departure" in alone.stderr
