"""Fixtures for all tests: a fresh store on SQLite and on Postgres, and a departure to fill it with."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from bot.store.database import Database
from bot.store.migrations import migrate
from bot.store.tables import metadata

_NUMBERS = count(1)
_MIGRATED = "migrated"
_LONG = ("leavers", "crash", "browser", "dialogues", "contract")
# Emptying one database is quicker than making another; for a few rows DELETE is quicker than TRUNCATE.
_CLEAR = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA IF EXISTS dbos CASCADE;
DROP TABLE IF EXISTS notes;
""" + ";".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables))  # noqa: S608 - our own names


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first: at the end of a run no process waits for another."""
    items.sort(key=lambda item: next((n for n, part in enumerate(_LONG) if f"/{part}/" in str(item.path)), len(_LONG)))


@dataclass(frozen=True)
class PostgresServer:
    port: int

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://offboard@127.0.0.1:{self.port}/{name}"

    def execute(self, statements: str, *, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statements.encode())

    def fresh(self) -> str:
        """The URL of a new database with nothing in it."""
        name = f"test{next(_NUMBERS)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A throw-away Postgres for this test process, from the system's binaries."""
    binaries = _postgres_binaries()
    directory = Path(tempfile.mkdtemp(prefix="offboard-pg-"))
    identity = _identity(directory)
    data = directory / "data"
    initdb = [binaries / "initdb", "-D", data, "-U", "offboard", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=directory, **identity)
    port = _free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": directory,
        "fsync": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "shared_buffers": "32MB",
        "max_connections": 200,
    }
    command = [binaries / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())]
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory, **identity)
    try:
        server = PostgresServer(port)
        _wait_until_ready(server, process, directory / "log")
        server.execute(f"CREATE DATABASE {_MIGRATED}")
        _migrate(server.url(_MIGRATED).replace("postgresql", "postgresql+psycopg"))
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
        shutil.rmtree(directory, ignore_errors=True)


def _postgres_binaries() -> Path:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).parent)
    for directory in found:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    reason = (
        "Postgres is not installed (initdb and postgres, in PATH or /usr/lib/postgresql/*/bin): its tests are left out"
    )
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _identity(directory: Path) -> dict[str, Any]:
    """Postgres refuses to run as root: then it runs as another user, who gets the directory."""
    if os.getuid() != 0:
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Postgres did not start: {log.read_text()}")
            time.sleep(0.05)


def _migrate(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """A file with our tables, empty."""
    file = tmp_path / "offboard.sqlite3"
    shutil.copy(_sqlite_template, file)
    file.chmod(0o600)
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A store with our tables, empty: on SQLite and on Postgres."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: PostgresServer = request.getfixturevalue("postgres_server")
    server.execute(_CLEAR, database=_MIGRATED)
    return server.url(_MIGRATED)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that nobody has used yet: no file, or a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.sqlite3"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.fresh()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open store, empty: on SQLite and on Postgres."""
    store = Database(database_url)
    await store.upgrade()
    yield store
    await store.close()
