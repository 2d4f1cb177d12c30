"""One SQLite file or one Postgres database, and transactions on it from asyncio.

Blocking calls run in threads of our own: the engine library puts its pool in the place of the loop's default executor,
and takes it away when it shuts down. https://docs.python.org/3/library/asyncio-eventloop.html#executing-code-in-thread-or-process-pools
"""

import asyncio
import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TextIO, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from bot.store.migrations import migrate

P = ParamSpec("P")
T = TypeVar("T")

_READERS: Final = 4
_POSTGRES_WRITERS: Final = 8
# The driver's own two minutes are longer than somebody waits who has mistyped a host.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CONNECT-TIMEOUT
_CONNECT_SECONDS: Final = "10"
_PRAGMAS: Final = ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL")


class DatabaseInUse(Exception):
    """Another process has this SQLite file open; the text says which one and what to do."""


class DatabaseUnusable(Exception):
    """The store cannot be opened for writing; the text says why and what to do."""


class Database:
    """A store by its URL: `sqlite:///path/to/file` or `postgresql://user@host/name`.

    `engine` is what the engine library shares. Reading works at once and beside a running service; call `upgrade`
    before the first write.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._shown = parsed.set(query={}).render_as_string(hide_password=True)
        self._lock: TextIO | None = None
        self._file = sqlite_file(url)
        if self._file:
            self.engine = _sqlite_engine(parsed, pool_size=20)
            self._reader = _sqlite_engine(parsed, pool_size=_READERS, pragmas=("query_only=ON",))
        else:
            self.engine = create_engine(
                parsed.set(
                    drivername="postgresql+psycopg", query={"connect_timeout": _CONNECT_SECONDS, **parsed.query}
                ),
                hide_parameters=True,
                pool_size=20,
                max_overflow=10,
                pool_pre_ping=True,
            )
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # One writer for SQLite, so that our own writes queue here and never sleep on one another's locks.
        self._writers = ThreadPoolExecutor(1 if self._file else _POSTGRES_WRITERS, "store-write")
        self._readers = ThreadPoolExecutor(_READERS, "store-read")
        self.upgraded = False

    async def upgrade(self) -> None:
        """Take the store for this process and bring its tables to their newest shape.

        Raises `DatabaseInUse` when another process has taken the SQLite file, and `DatabaseUnusable`.
        """
        with self._usable():
            if self._file and self._lock is None:
                self._lock = _take(self._file)
            await _in(self._writers, self._write, migrate)
        self.upgraded = True

    async def write(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` in one transaction and return its result once that is committed.

        An error rolls back and is raised here. Being cancelled while waiting does not undo what runs already.
        """
        if not self.upgraded:
            raise RuntimeError("upgrade() comes before the first write")
        return await _in(self._writers, self._write, lambda connection: function(connection, *args, **kwargs))

    async def read(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(connection, …)` on one unchanging view of the data; it cannot write and blocks no writer."""
        return await _in(self._readers, self._read, lambda connection: function(connection, *args, **kwargs))

    async def close(self) -> None:
        """Let what runs come to its end, close all connections and give the file free."""
        closer = ThreadPoolExecutor(1, "store-close")
        await _in(closer, self._shut_down)
        closer.shutdown(wait=False)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, DBAPIError) as error:
            wanted = "a file that this user may create and write" if self._file else "a Postgres that lets this user in"
            raise DatabaseUnusable(
                f"Offboard cannot use the database {self._shown}: {_reason(error)}. "
                f"Set OFFBOARD_DATABASE_URL to {wanted}."
            ) from error

    def _write(self, function: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            if self._file:
                # The driver begins a transaction only at the first INSERT or UPDATE: earlier reads would not be in it.
                # https://docs.python.org/3/library/sqlite3.html#transaction-control
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            return function(connection)

    def _read(self, function: Callable[[Connection], T]) -> T:
        with self._reader.connect() as connection:
            if self._file:
                connection.exec_driver_sql("BEGIN")
            return function(connection)

    def _shut_down(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._reader.dispose()
        self.engine.dispose()
        if self._lock:
            self._lock.close()


async def _in(pool: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, lambda: function(*args, **kwargs))


def _reason(error: OSError | DBAPIError) -> str:
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return (error.strerror or type(error).__name__) + place
    # Further lines are the driver's own advice, and other addresses of the same host.
    return (str(error.orig).splitlines() or [type(error.orig).__name__])[0].rstrip(" .:")


def sqlite_file(url: str) -> Path | None:
    """The file of a store; None where it is a Postgres."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if parsed.database in (None, "", ":memory:"):
        raise ValueError("The store needs a file: sqlite:///path/to/offboard.sqlite3")
    return Path(str(parsed.database))


def _sqlite_engine(url: URL, *, pool_size: int, pragmas: tuple[str, ...] = ()) -> Engine:
    engine = create_engine(url, hide_parameters=True, pool_size=pool_size, max_overflow=0, pool_timeout=30)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        # Who means to write takes the lock at BEGIN: a reader that turns writer midway fails instead of waiting.
        # https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
        connection.isolation_level = "IMMEDIATE"
        for pragma in (*_PRAGMAS, *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        if sqlite3.sqlite_version_info < (3, 42):
            # The engine library calls unixepoch('subsec'), which is NULL before 3.42.
            # https://www.sqlite.org/releaselog/3_42_0.html
            connection.create_function("unixepoch", -1, lambda *_: round(time.time(), 3))

    return engine


def _take(file: Path) -> TextIO:
    """Lock the file `<name>.lock` beside the database for as long as this process lives."""
    file = file.resolve()  # by whatever name it was reached, one file has one lock
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    # Who can write to the database can make the service run code, so it is the owner's alone.
    file.touch(mode=0o600)
    lock = file.with_name(file.name + ".lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise DatabaseInUse(
            f"The database {file} is in use by the process {holder}. Stop that one first; for several processes at a "
            "time, use Postgres."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
