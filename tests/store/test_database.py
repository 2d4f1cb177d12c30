"""Transactions from asyncio, migrations, and one process for each SQLite file."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from bot.store.database import Database, DatabaseInUse
from bot.store.tables import PREFIX, metadata


def _make_notes(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE notes (body TEXT)"))


def _note(connection: Connection, body: str) -> None:
    connection.execute(text("INSERT INTO notes VALUES (:body)"), {"body": body})


def _notes(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT body FROM notes ORDER BY body")))


async def test_a_write_commits_and_returns_its_result(database: Database) -> None:
    await database.write(_make_notes)
    await database.write(_note, body="a")
    assert await database.write(_notes) == ["a"]
    assert await database.read(_notes) == ["a"]


async def test_an_error_rolls_back_everything_the_write_did(database: Database) -> None:
    def half(connection: Connection) -> None:
        _note(connection, "never")
        raise LookupError("in the middle")

    await database.write(_make_notes)
    with pytest.raises(LookupError, match="in the middle"):
        await database.write(half)
    assert await database.read(_notes) == []


async def test_what_a_write_reads_cannot_change_before_it_commits(database: Database) -> None:
    """Ten people count the rows and write the count: without one lock over both, two would write the same."""

    def count_then_note(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE notes IN EXCLUSIVE MODE"))
        _note(connection, str(len(_notes(connection))))

    await database.write(_make_notes)
    await asyncio.gather(*(database.write(count_then_note) for _ in range(10)))
    assert await database.read(_notes) == [str(n) for n in range(10)]


async def test_a_read_sees_one_moment_and_blocks_no_writer(database: Database) -> None:
    loop = asyncio.get_running_loop()

    def read_twice(connection: Connection) -> tuple[list[str], list[str]]:
        before = _notes(connection)
        asyncio.run_coroutine_threadsafe(database.write(_note, "late"), loop).result(5)
        return before, _notes(connection)

    await database.write(_make_notes)
    assert await database.read(read_twice) == ([], [])
    assert await database.read(_notes) == ["late"]


async def test_a_read_cannot_write(database: Database) -> None:
    await database.write(_make_notes)
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
        await database.read(_note, "by mistake")


async def test_writing_needs_the_upgrade_first(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(RuntimeError, match="upgrade"):
        await database.write(_make_notes)
    await database.close()


def test_a_store_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        Database("sqlite://")


async def test_migrations_make_exactly_the_tables_of_the_code(new_database_url: str) -> None:
    def compare(connection: Connection) -> object:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        )
        return compare_metadata(context, metadata)

    def indexes(connection: Connection) -> set[str | None]:
        return {i["name"] for name in metadata.tables for i in inspect(connection).get_indexes(name)}

    database = Database(new_database_url)
    await database.upgrade()
    assert await database.write(compare) == []
    assert {i.name for table in metadata.tables.values() for i in table.indexes} <= await database.read(indexes)
    await database.close()


async def test_upgrade_again_keeps_data_and_the_tables_of_others(new_database_url: str) -> None:
    first = Database(new_database_url)
    await first.upgrade()
    await first.write(_make_notes)
    await first.write(_note, "kept")
    await first.close()
    second = Database(new_database_url)
    await second.upgrade()
    assert await second.read(_notes) == ["kept"]
    tables = await second.read(lambda connection: inspect(connection).get_table_names())
    assert all(name.startswith(PREFIX) for name in tables if name != "notes")
    await second.close()


@pytest.mark.postgres
async def test_processes_that_start_together_migrate_once(request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_server").fresh()
    stores = [Database(url) for _ in range(4)]
    await asyncio.gather(*(store.upgrade() for store in stores))
    await asyncio.gather(*(store.close() for store in stores))


async def test_the_engine_that_others_share_is_set_up_for_many_threads(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        assert connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar_one() == pytest.approx(
            time.time(), abs=2
        )
    assert pragmas == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30000}
    await database.close()


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/deeper/offboard.sqlite3")
    await database.upgrade()
    await database.write(_make_notes)
    for name in ("deeper/offboard.sqlite3", "deeper/offboard.sqlite3-wal"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    await database.close()


def _run(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


_START = """
    import asyncio, sys
    from bot.store.database import Database, DatabaseInUse
    async def main():
        database = Database(sys.argv[1])
        try:
            await database.upgrade()
        except DatabaseInUse as refusal:
            print(refusal)
        await database.close()
    asyncio.run(main())
"""


async def test_a_second_process_is_refused_until_the_first_has_gone(sqlite_url: str) -> None:
    first = Database(sqlite_url)
    await first.upgrade()
    said, _ = await asyncio.to_thread(_run(_START, sqlite_url).communicate, timeout=20)
    assert f"in use by the process {os.getpid()}" in said
    assert "Postgres" in said
    with pytest.raises(DatabaseInUse):
        await Database(sqlite_url).upgrade()
    reader = Database(sqlite_url)
    assert await reader.read(lambda connection: connection.scalar(text("SELECT count(*) FROM ob_inbox"))) == 0
    await reader.close()
    await first.close()
    successor = Database(sqlite_url)
    await successor.upgrade()
    await successor.close()


_HALF_A_WRITE = """
    import asyncio, os, sys, time
    from sqlalchemy import text
    from bot.store.database import Database
    def half(connection):
        for body in "abc":
            connection.execute(text("INSERT INTO notes VALUES (:body)"), {"body": body})
        print("half-way", flush=True)
        time.sleep(60)
    async def main():
        database = Database(sys.argv[1])
        await database.upgrade()
        await database.write(lambda connection: connection.execute(text("CREATE TABLE notes (body TEXT)")))
        await database.write(lambda connection: connection.execute(text("INSERT INTO notes VALUES ('whole')")))
        await database.write(half)
    asyncio.run(main())
"""


@pytest.mark.crash
async def test_kill_in_the_middle_of_a_write_leaves_no_half(database_url: str) -> None:
    process = _run(_HALF_A_WRITE, database_url)
    assert process.stdout
    assert "half-way" in await asyncio.to_thread(process.stdout.readline)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate, timeout=10)
    database = Database(database_url)
    await database.upgrade()
    assert await database.read(_notes) == ["whole"]
    await database.write(_note, "after")
    assert await database.read(_notes) == ["after", "whole"]
    await database.close()
