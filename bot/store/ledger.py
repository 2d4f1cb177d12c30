"""One row for each record that a departure is to move: the before-image, and what became of it.

planned ──▶ moved | others (somebody else gave it away) | gone | failed | deferred (may pass later)
moved ──▶ returned (by an undo) | kept (somebody else's by then) | moved (handed on; or refused, with the reason)
deferred ──▶ the same, failed when it was refused too often          failed ──requeue_failed──▶ planned
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from connectors.base import parted
from handlers.departure import State, departure_from_json
from handlers.ports import Held, LedgerOutcome, LedgerRow, Place, Planned, Tagged, Totals

_PORTION: Final = 1000  # rows of one read
_GIVEN: Final = ("record_id", "label", "owner_before", "owner_after")
_UNDER_WAY: Final = (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED, LedgerOutcome.MOVED)
_HANDED_ON: Final = "HANDED_ON"  # the reason of a moved row that went on from an interim successor to the real one


@dataclass(frozen=True)
class Refused:
    """A record that a write did not change. `reason` is a code, safe to show."""

    record_id: str
    outcome: LedgerOutcome
    reason: str


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
    statement = update(ledger).where(_within(place), _among(connection, ids), _not_others(only))
    connection.execute(statement.values(**values))


def change_all(
    connection: Connection, place: Place, *, before: LedgerOutcome, after: LedgerOutcome, at: datetime
) -> None:
    """Give all records with one outcome another; their reasons stay."""
    statement = update(ledger).where(_within(place), ledger.c.outcome == before)
    connection.execute(statement.values(outcome=after, at=at))


def requeue_failed(connection: Connection, departure_id: str, system: str, *, at: datetime) -> None:
    """Plan what has failed in a system once more, with all its attempts before it."""
    of_system = and_(ledger.c.departure_id == departure_id, ledger.c.system == system)
    statement = update(ledger).where(of_system, ledger.c.outcome == LedgerOutcome.FAILED)
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


def held(
    connection: Connection, place: Place, *, outcomes: Collection[LedgerOutcome], after: str | None, limit: int
) -> tuple[Held, ...]:
    """The first `limit` rows with one of these outcomes behind an id, ascending."""
    return _held(connection, place, _not_others(outcomes), after=after, limit=limit)


def refused(
    connection: Connection, place: Place, *, fewer_than: int, after: str | None, limit: int
) -> tuple[Held, ...]:
    """The same of moved rows whose return was refused for now, fewer than so many times."""
    tried = ledger.c.attempts.between(1, fewer_than - 1)
    condition = and_(_not_others((LedgerOutcome.MOVED,)), ledger.c.reason.is_not(None), tried)
    return _held(connection, place, condition, after=after, limit=limit)


def hand_on(connection: Connection, place: Place, ids: Collection[str], *, to: str, at: datetime) -> None:
    """Note that moved records belong to another account by now, by us."""
    statement = update(ledger).where(_within(place), _among(connection, ids), _not_others((LedgerOutcome.MOVED,)))
    connection.execute(statement.values(owner_after=to, reason=_HANDED_ON, attempts=0, at=at))


def hold(connection: Connection, place: Place, failures: Sequence[tuple[Refused, int]], *, at: datetime) -> None:
    """Note why moved rows could not be given back, and how often that was tried."""
    if not failures:
        return
    statement = (
        update(ledger)
        .where(_within(place), ledger.c.record_id == bindparam("id"), ledger.c.outcome == bindparam("fate"))
        .values(reason=bindparam("why"), attempts=bindparam("tries"), at=at)
    )
    connection.execute(
        statement, [{"id": r.record_id, "fate": r.outcome, "why": r.reason, "tries": n} for r, n in failures]
    )


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


def moved_since(connection: Connection, departure_id: str, since: datetime) -> int:
    """How many records have moved after that time. Later work on a moved record leaves a reason."""
    query = select(func.count()).where(
        ledger.c.departure_id == departure_id,
        ledger.c.outcome == LedgerOutcome.MOVED,
        ledger.c.reason.is_(None),
        ledger.c.at > since,
    )
    return connection.scalar(query) or 0


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


def receivers(connection: Connection, place: Place, ids: Collection[str]) -> dict[str, str]:
    """Record id to the account, or value, that it goes to."""
    query = select(ledger.c.record_id, ledger.c.owner_after).where(_within(place), _among(connection, ids))
    return dict(connection.execute(query).all())


def planned(connection: Connection, place: Place, ids: Collection[str]) -> tuple[Planned, ...]:
    """These rows as the snapshot found them, by record id."""
    columns = (ledger.c.record_id, ledger.c.label, ledger.c.owner_before, ledger.c.owner_after)
    query = select(*columns).where(_within(place), _among(connection, ids)).order_by(ledger.c.record_id)
    return tuple(
        Planned(each, label or each, before, after) for each, label, before, after in connection.execute(query)
    )


def given(connection: Connection, place: Place, *, outcome: LedgerOutcome | None = None) -> Counter[str]:
    """How many records of a place go to each account; with an outcome, how many of those."""
    rows = _within(place) if outcome is None else and_(_within(place), ledger.c.outcome == outcome)
    query = select(ledger.c.owner_after, func.count()).where(rows).group_by(ledger.c.owner_after)
    return Counter(dict(connection.execute(query).all()))


def moves(
    connection: Connection, system: str, module: str, ids: Collection[str], *, since: datetime
) -> dict[str, frozenset[str]]:
    """Record id to the accounts that departures gave it to since then, or may have by now without having noted it."""
    # By way of the few departures that can matter: no index leads from a record to its rows.
    recent = select(departures.c.id).where(or_(departures.c.closed_at.is_(None), departures.c.closed_at >= since))
    noted = and_(ledger.c.outcome.in_((LedgerOutcome.MOVED, LedgerOutcome.RETURNED)), ledger.c.at >= since)
    under_way = and_(departures.c.closed_at.is_(None), _not_others(_UNDER_WAY))
    query = select(ledger, departures.c.state).where(
        ledger.c.departure_id.in_(recent),
        departures.c.id == ledger.c.departure_id,
        ledger.c.system == system,
        ledger.c.module == module,
        _among(connection, ids),
        or_(noted, under_way),
    )
    heirs = _real_successors(connection, system)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query):
        moved, returned = row.outcome == LedgerOutcome.MOVED, row.outcome == LedgerOutcome.RETURNED
        possible = {
            row.owner_after: row.at >= since if moved else not returned,
            next(iter(parted(row.owner_before)), ""): returned or (moved and row.state == State.UNDOING),
            heirs.get(row.departure_id, ""): moved and row.departure_id in heirs,
        }
        found[row.record_id] |= {owner for owner, is_so in possible.items() if is_so}
    return {record_id: frozenset(owners) for record_id, owners in found.items() if owners}


def _real_successors(connection: Connection, system: str) -> dict[str, str]:
    """Departures whose records are being handed on, with the account that gets them."""
    query = select(departures.c.data).where(departures.c.state == State.HANDING_ON)
    going_on = [departure_from_json(data) for data in connection.scalars(query)]
    return {d.id: d.undoings[-1].to[system].id for d in going_on if system in d.undoings[-1].to}


def received(connection: Connection, departure_id: str) -> dict[tuple[str, str], int]:
    """How many records each account has got: (system, account id). Other fields that were set are not counted."""
    owned = ledger.c.module.not_like("%.%")
    key = (ledger.c.system, ledger.c.owner_after)
    query = select(*key, func.count()).where(
        ledger.c.departure_id == departure_id, ledger.c.outcome == LedgerOutcome.MOVED, owned
    )
    return {(system, account): n for system, account, n in connection.execute(query.group_by(*key))}


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


def _not_others(outcomes: Collection[LedgerOutcome]) -> ColumnElement[bool]:
    """One of these outcomes, said by what they are not: IN would send SQLite through the index on outcomes, over the
    whole module."""
    return ledger.c.outcome.not_in(set(LedgerOutcome) - set(outcomes))


def _held(
    connection: Connection, place: Place, condition: ColumnElement[bool], *, after: str | None, limit: int
) -> tuple[Held, ...]:
    names = ("record_id", "owner_before", "owner_after", "outcome", "at", "attempts", "reason")
    query = (
        select(*(ledger.c[name] for name in names))
        .where(_within(place), ledger.c.record_id > (after or ""), condition)
        .order_by(ledger.c.record_id)
        .limit(limit)
    )
    return tuple(
        Held(id_, before, to, LedgerOutcome(fate), at, tries if why else 0, handed_on=why == _HANDED_ON)
        for id_, before, to, fate, at, tries, why in connection.execute(query)
    )


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
