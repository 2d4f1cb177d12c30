"""A departure with all that a report needs, read at one moment."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, TextIOWrapper
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.engine import Row

from bot.store import departures as cases
from bot.store import ledger
from bot.store.tables import departures
from handlers.departure import Departure, departure_from_json
from handlers.people import Person
from handlers.report import Case, ledger_csv, owner_names, report_html
from handlers.texts import Texts

# With its mark in front, spreadsheets read the file as UTF-8.
CSV_ENCODING: Final = "utf-8-sig"
_DIGITS: Final = 9  # of the highest numbers that both stores can compare


@dataclass(frozen=True)
class Document:
    """A file of a departure, whole."""

    name: str
    media_type: str
    content: bytes


def report_name(number: int) -> str:
    return f"report-{number:04d}.html"


def ledger_name(number: int) -> str:
    return f"ledger-{number:04d}.csv"


def report(connection: Connection, departure_id: str, texts: Texts) -> Document:
    """The report as it stands now. Raises `LookupError` where there is no such departure."""
    case = load(connection, departure_id)
    if case is None:
        raise LookupError(departure_id)
    name = report_name(case.departure.number)
    return Document(name, "text/html; charset=utf-8", report_html(case, texts).encode())


def ledger_file(connection: Connection, departure_id: str) -> Document:
    """The ledger as it stands now. Raises `LookupError` where there is no such departure."""
    row = connection.execute(select(departures).where(departures.c.id == departure_id)).one_or_none()
    if row is None:
        raise LookupError(departure_id)
    names = owner_names(departure_from_json(row.data))
    content = BytesIO()
    # Line by line: as one text, a ledger of a hundred thousand rows would be held three times over.
    with TextIOWrapper(content, encoding=CSV_ENCODING, newline="") as lines:
        lines.writelines(ledger_csv(ledger.rows(connection, departure_id), names))
        lines.flush()
        return Document(ledger_name(row.number), "text/csv; charset=utf-8", content.getvalue())


@dataclass(frozen=True)
class Listed:
    """One departure in a list. `leaver` is None once the purge has deleted the name."""

    id: str
    number: int
    leaver: str | None
    state: str
    opened_at: datetime
    closed_at: datetime | None


def load(connection: Connection, departure_id: str) -> Case | None:
    row = connection.execute(select(departures).where(departures.c.id == departure_id)).one_or_none()
    if row is None:
        return None
    return Case(
        departure_from_json(row.data),
        cases.history(connection, departure_id),
        ledger.totals(connection, departure_id),
        ledger.received(connection, departure_id),
        cases.verify_chain(connection, departure_id),
        purged=row.purged,
        purged_at=row.purged_at,
    )


def ended_at(connection: Connection, departure_id: str) -> datetime | None:
    """When the last thing happened in a departure that has ended; None for one that has not, or is not there."""
    return connection.scalar(select(departures.c.closed_at).where(departures.c.id == departure_id))


def reader_of(departure: Departure, surface: str, recipient: str) -> Person | None:
    """Who of those that run a departure gets messages there; None where it is somebody else, or a channel."""
    people = (departure.admin, *([departure.lead] if departure.lead else []))
    return next((person for person in people if person.chat.get(surface) == recipient), None)


def every(connection: Connection) -> tuple[Listed, ...]:
    """All departures, by number."""
    return _listed(connection, select(departures).order_by(departures.c.number))


def find(connection: Connection, subject: str) -> Listed | None:
    """The departure with this number, or the newest of the person with this e-mail address."""
    if subject.isdecimal():
        if len(subject) > _DIGITS:
            return None
        found = _listed(connection, select(departures).where(departures.c.number == int(subject)))
        return found[0] if found else None
    address = subject.lower()
    mentioned = func.lower(departures.c.data).contains(address, autoescape=True)
    query = select(departures).where(mentioned).order_by(departures.c.number.desc())
    for row in connection.execute(query):
        if (departure_from_json(row.data).leaver.email or "").lower() == address:
            return _list(row)
    return None


def _listed(connection: Connection, query: Select[Any]) -> tuple[Listed, ...]:
    return tuple(_list(row) for row in connection.execute(query))


def _list(row: Row[Any]) -> Listed:
    leaver = None if row.purged else departure_from_json(row.data).leaver.name
    return Listed(row.id, row.number, leaver, row.state, row.opened_at, row.closed_at)
