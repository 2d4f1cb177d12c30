"""One row for each record that a departure is to move: the before-image, and what became of it.

planned ──▶ moved | others (somebody else gave it away) | gone | failed | deferred (may pass later)
deferred ──▶ the same, failed when it was refused too often          failed ──requeue_failed──▶ planned
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)

from bot.store.dialects import insert, listed
from bot.store.tables import departures, ledger
from handlers.ports import LedgerOutcome, Place, Totals

_PORTION: Final = 1000  # rows of one read
_GIVEN: Final = ("record_id", "label", "owner_before", "owner_after")


class Tagged(IntEnum):
    NO = 0
    YES = 1
    REFUSED = 2


@dataclass(frozen=True)
class Planned:
    """A record as the snapshot found it. The owners are account ids of the system."""

    record_id: str
    label: str
    owner_before: str
    owner_after: str


@dataclass(frozen=True)
class Refused:
    """A record that a write did not change. `reason` is a code, safe to show."""

    record_id: str
    outcome: LedgerOutcome
    reason: str


@dataclass(frozen=True)
class LedgerRow:
    """`attempts` counts the refusals; `at` is when the row changed last."""

    system: str
    module: str
    record_id: str
    label: str | None
    owner_before: str
    owner_after: str
    outcome: LedgerOutcome
    tagged: Tagged
    attempts: int
    reason: str | None
    at: datetime


def add(connection: Connection, place: Place, records: Sequence[Planned], *, at: datetime) -> int:
    """Add what is not there yet, as planned; how many were new. A page that is read again adds nothing."""
    common = {**vars(place), "outcome": LedgerOutcome.PLANNED, "tagged": Tagged.NO, "attempts": 0, "at": at}
    rows = listed(
        connection, _GIVEN, [(r.record_id, _storable(r.label), r.owner_before, r.owner_after) for r in records]
    )
    values = (literal(value, ledger.c[name].type) for name, value in common.items())
    # The WHERE keeps SQLite from reading ON CONFLICT as a join: https://www.sqlite.org/lang_upsert.html#parsing_ambiguity
    query = select(*values, *rows.c).where(text("true"))
    statement = insert(connection, ledger).from_select([*common, *_GIVEN], query).on_conflict_do_nothing()
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def batch(
    connection: Connection,
    place: Place,
    *,
    outcome: LedgerOutcome,
    limit: int,
    tagged: Collection[Tagged] = tuple(Tagged),
) -> tuple[str, ...]:
    """The first `limit` record ids with this outcome, ascending; only those with one of the tag states in `tagged`."""
    first = _first(place, outcome, tagged, limit)
    return tuple(connection.scalars(select(first.c.record_id).order_by(first.c.record_id)))


def span(connection: Connection, place: Place, *, count: int) -> tuple[str, str] | None:
    """The first and the last id of the next `count` planned records; None when none is left."""
    first = _first(place, LedgerOutcome.PLANNED, tuple(Tagged), count)
    low, high = connection.execute(select(func.min(first.c.record_id), func.max(first.c.record_id))).one()
    return None if low is None else (low, high)


def mark(
    connection: Connection,
    place: Place,
    ids: Collection[str],
    *,
    at: datetime,
    outcome: LedgerOutcome | None = None,
    tagged: Tagged | None = None,
    only: Collection[LedgerOutcome] = tuple(LedgerOutcome),
) -> None:
    """Note an outcome or a tag state, or both, of those records whose outcome is one of `only` so far."""
    values: dict[str, Any] = {"at": at}
    if outcome is not None:
        values |= {"outcome": outcome, "reason": None}
    if tagged is not None:
        values["tagged"] = tagged
    # Said by what they are not: IN would send SQLite through the index on outcomes, over the whole module.
    others = ledger.c.outcome.not_in(set(LedgerOutcome) - set(only))
    statement = update(ledger).where(_within(place), _among(connection, ids), others)
    connection.execute(statement.values(**values))


def change_all(
    connection: Connection, place: Place, *, before: LedgerOutcome, after: LedgerOutcome, at: datetime
) -> None:
    """Give all records with one outcome another; their reasons stay."""
    statement = update(ledger).where(_within(place), ledger.c.outcome == before)
    connection.execute(statement.values(outcome=after, at=at))


def requeue_failed(connection: Connection, departure_id: str, *, at: datetime) -> None:
    """Plan what has failed once more, with all its attempts before it."""
    statement = update(ledger).where(ledger.c.departure_id == departure_id, ledger.c.outcome == LedgerOutcome.FAILED)
    connection.execute(statement.values(outcome=LedgerOutcome.PLANNED, attempts=0, reason=None, at=at))


def mark_rows(connection: Connection, place: Place, refused: Sequence[Refused], *, at: datetime) -> None:
    """Note refusals, each with its own outcome and reason, and count the attempt."""
    if not refused:
        return
    statement = (
        update(ledger)
        .where(_within(place), ledger.c.record_id == bindparam("id"))
        .values(outcome=bindparam("fate"), reason=bindparam("why"), at=at, attempts=ledger.c.attempts + 1)
    )
    connection.execute(statement, [{"id": r.record_id, "fate": r.outcome, "why": r.reason} for r in refused])


def totals(connection: Connection, departure_id: str) -> dict[Place, Totals]:
    """How many records have which outcome, and how many have the tag. What no record has is not there."""
    key = (ledger.c.system, ledger.c.module, ledger.c.outcome, ledger.c.tagged)
    query = select(*key, func.count()).where(ledger.c.departure_id == departure_id).group_by(*key).order_by(*key)
    outcomes: defaultdict[Place, Counter[LedgerOutcome]] = defaultdict(Counter)
    tagged: Counter[Place] = Counter()
    for system, module, outcome, state, count_ in connection.execute(query):
        place = Place(departure_id, system, module)
        outcomes[place][LedgerOutcome(outcome)] += count_
        tagged[place] += count_ if state == Tagged.YES else 0
    return {place: Totals(dict(counts), tagged[place]) for place, counts in outcomes.items()}


def count(connection: Connection, place: Place, outcomes: Collection[LedgerOutcome]) -> int:
    """How many records have one of these outcomes."""
    query = select(func.count()).select_from(ledger).where(_within(place), ledger.c.outcome.in_(outcomes))
    return connection.scalar(query) or 0


def most_attempts(connection: Connection, place: Place, ids: Sequence[str]) -> int:
    """How often the most refused of these records was refused."""
    query = select(func.max(ledger.c.attempts)).where(_within(place), _among(connection, ids))
    return connection.scalar(query) or 0


def known(connection: Connection, place: Place, ids: Collection[str]) -> frozenset[str]:
    """Which of these ids are in the ledger."""
    query = select(ledger.c.record_id).where(_within(place), _among(connection, ids))
    return frozenset(connection.scalars(query))


def labels(connection: Connection, place: Place, ids: Sequence[str]) -> dict[str, str]:
    """Record id to label, for those that have one."""
    query = select(ledger.c.record_id, ledger.c.label).where(_within(place), _among(connection, ids))
    return {record_id: label for record_id, label in connection.execute(query) if label is not None}


def moves(
    connection: Connection, system: str, module: str, ids: Collection[str], *, since: datetime
) -> dict[str, frozenset[str]]:
    """Record id to the accounts that departures gave it to since then, or may have by now without having noted it."""
    # By way of the few departures that can matter: no index leads from a record to its rows.
    still_open = select(departures.c.id).where(departures.c.closed_at.is_(None))
    recent = select(departures.c.id).where(or_(departures.c.closed_at.is_(None), departures.c.closed_at >= since))
    noted = and_(ledger.c.outcome == LedgerOutcome.MOVED, ledger.c.at >= since)
    planned = ledger.c.outcome.in_((LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED))
    query = select(ledger.c.record_id, ledger.c.owner_after).where(
        ledger.c.departure_id.in_(recent),
        ledger.c.system == system,
        ledger.c.module == module,
        _among(connection, ids),
        or_(noted, and_(planned, ledger.c.departure_id.in_(still_open))),
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for record_id, owner in connection.execute(query):
        found[record_id].add(owner)
    return {record_id: frozenset(owners) for record_id, owners in found.items()}


def rows(connection: Connection, departure_id: str) -> Iterator[LedgerRow]:
    """Every row, by system, module and id; read in portions, so to be consumed inside the transaction."""
    columns = [ledger.c[name] for name in LedgerRow.__dataclass_fields__]
    query = (
        select(*columns)
        .where(ledger.c.departure_id == departure_id)
        .order_by(ledger.c.system, ledger.c.module, ledger.c.record_id)
        .execution_options(yield_per=_PORTION)
    )
    with connection.execute(query) as result:
        for system, module, record_id, label, before, after, outcome, tagged, attempts, reason, at in result:
            fate, tag = LedgerOutcome(outcome), Tagged(tagged)
            yield LedgerRow(system, module, record_id, label, before, after, fate, tag, attempts, reason, at)


def _within(place: Place) -> ColumnElement[bool]:
    return and_(*(ledger.c[name] == value for name, value in vars(place).items()))


def _among(connection: Connection, ids: Collection[str]) -> ColumnElement[bool]:
    return ledger.c.record_id.in_(select(listed(connection, ["id"], [(record_id,) for record_id in ids])))


def _storable(label: str) -> str:
    """Vendors cut names in the middle of a character, and Postgres stores no NUL."""
    return label.encode(errors="replace").decode().replace("\0", "?")


def _first(place: Place, outcome: LedgerOutcome, tagged: Collection[Tagged], limit: int) -> Subquery:
    """The first ids of an outcome. One look into the index for each tag state, so that a batch costs the same at any
    place in a ledger of a hundred thousand rows."""
    looks = [
        select(ledger.c.record_id)
        .where(_within(place), ledger.c.outcome == outcome, ledger.c.tagged == state)
        .order_by(ledger.c.record_id)
        .limit(limit)
        .subquery()
        for state in tagged
    ]
    every = union_all(*(select(look.c.record_id) for look in looks)).subquery()
    return select(every.c.record_id).order_by(every.c.record_id).limit(limit).subquery()
