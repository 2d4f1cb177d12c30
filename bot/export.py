"""What an operator takes out of the store: reports, the list of departures, the proof of the audit trail.

It reads beside a running service, and writes nothing but files.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.store import cases, departures, ledger
from bot.store.database import Database, sqlite_file
from handlers.report import ledger_csv, owner_names, report_html
from handlers.texts import Texts


class NotThere(Exception):
    """There is no such departure, or no store that could be read; the text says so and what to do."""


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Database]:
    """A store that is only read: no lock is taken, and no file is made where there is none."""
    file = sqlite_file(url)
    if file and not file.exists():
        raise NotThere(f"There is no database {file}. Set OFFBOARD_DATABASE_URL to that of the service.")
    database = Database(url)
    try:
        yield database
    except DBAPIError as error:
        raise NotThere(
            f"The database cannot be read ({type(error.orig).__name__}). Let this version of the service start once, "
            "which brings the tables up to date, and run this as the service's user."
        ) from error
    finally:
        await database.close()


async def export(database: Database, subject: str, directory: Path, texts: Texts) -> tuple[Path, Path]:
    """Write report and ledger of one departure, each whole or not at all. Where they are."""
    return await database.read(_export, subject, directory, texts)


def _export(connection: Connection, subject: str, directory: Path, texts: Texts) -> tuple[Path, Path]:
    found = _find(connection, subject)
    case = cases.load(connection, found.id)
    if case is None:
        raise NotThere(f"There is no departure {subject}.")
    directory.mkdir(parents=True, exist_ok=True)
    report, rows = directory / cases.report_name(found.number), directory / cases.ledger_name(found.number)
    _write(report, [report_html(case, texts)])
    lines = ledger_csv(ledger.rows(connection, found.id), owner_names(case.departure))
    _write(rows, lines, encoding=cases.CSV_ENCODING)
    return report, rows


def _write(file: Path, pieces: Iterable[str], *, encoding: str = "utf-8") -> None:
    """In place of what was there only once it is whole. It tells about people, so it is its owner's alone."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding=encoding, newline="") as whole:
            whole.writelines(pieces)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _find(connection: Connection, subject: str) -> cases.Listed:
    found = cases.find(connection, subject)
    if found is None:
        raise NotThere(f"There is no departure {subject}. `offboard departures` lists them all.")
    return found


@dataclass(frozen=True)
class Proof:
    """What the audit trail of one departure proves. `broken` is the first event that is missing or was changed.

    `pinned` says whether the hash that was asked for is the hash of one of its events; None where none was asked for.
    """

    number: int
    events: int
    head: str
    broken: int | None
    pinned: bool | None = None

    @property
    def whole(self) -> bool:
        return self.broken is None and self.pinned is not False

    @property
    def said(self) -> str:
        told = "whole" if self.broken is None else f"BROKEN at event {self.broken}, which is missing or was changed"
        found = {True: "; the pinned hash is in it", False: "; THE PINNED HASH IS NOT IN IT", None: ""}[self.pinned]
        return f"No. {self.number}: {self.events} events, {told}{found}. Newest hash: {self.head}"


async def verify(database: Database, subject: str | None, *, pinned: str | None = None) -> tuple[Proof, ...]:
    """The proof of one departure, or of all where none is named."""
    return await database.read(_verify, subject, pinned=pinned)


def _verify(connection: Connection, subject: str | None, *, pinned: str | None) -> tuple[Proof, ...]:
    listed = cases.every(connection) if subject is None else (_find(connection, subject),)
    return tuple(_prove(connection, each, pinned) for each in listed)


def _prove(connection: Connection, listed: cases.Listed, pinned: str | None) -> Proof:
    hashes = [entry.hash for entry in departures.history(connection, listed.id)]
    return Proof(
        listed.number,
        len(hashes),
        hashes[-1] if hashes else departures.GENESIS,
        departures.verify_chain(connection, listed.id),
        None if pinned is None else pinned.lower() in hashes,
    )


async def listing(database: Database, zone: str) -> str:
    """All departures as a table, one a line, with times in `zone`."""
    rows = [_row(each, ZoneInfo(zone)) for each in await database.read(cases.every)]
    table = [("No.", "Leaver", "State", "Opened", "Closed"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(map(_padded, row, widths)).rstrip() for row in table)


def _row(listed: cases.Listed, zone: ZoneInfo) -> tuple[str, ...]:
    def written(at: datetime | None) -> str:
        return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else "-"

    leaver = listed.leaver or "(name deleted)"
    return str(listed.number), leaver, listed.state, written(listed.opened_at), written(listed.closed_at)


def _padded(text: str, width: int) -> str:
    return text.ljust(width)
