"""Gives moved records back to the leaver, or on to the real successor: exactly those that still are as we left them.

Right before each batch is written, one look tells what every one of its records says now. Records that do not name
our receiver any more are somebody else's business and are left alone; those that are where they should go already need
no write. Four passes over the ledger: what may have been moved without having been noted (work was cut off), what an
earlier undo gave back and somebody may have given away since, what was moved, and what was refused for now.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final

from connectors.base import Ability, BatchResult, Rejected, RowFailure, RowReason, Way
from handlers.errand import Errand
from handlers.playbooks import StepKey
from handlers.ports import Held, LedgerOutcome, Place, Transaction
from handlers.rules import successor_problem
from handlers.steps.deactivate import let_out_here
from handlers.steps.unit import More, Stopped, Unit
from handlers.undoing import is_whole


class _Pass(StrEnum):
    UNSURE = "unsure"
    RETURNED = "returned"
    MOVED = "moved"
    REFUSED = "refused"


@dataclass(frozen=True)
class _Batch:
    """Records of one place; `last` is the id up to which the ledger was looked through for them."""

    during: _Pass
    place: Place
    rows: tuple[Held, ...]
    last: str


async def give_back(unit: Unit) -> More | Stopped | None:
    """Do the next batch of one system. None when every record in scope is settled."""
    errand = Errand(unit.departure, unit.plan, unit.connector)
    if StepKey.TRANSFER in unit.plan.guided:
        return await _by_hand(unit, errand)
    batch = await unit.store.read(lambda tx: next(_batches(unit, errand, tx), None))
    if batch is None:
        return await _let_in(unit, errand)
    more = await _DOES.get(batch.during, _settle)(unit, errand, batch)
    if isinstance(more, More):
        unit.memory.passed[batch.during, batch.place] = batch.last
    return more


async def _by_hand(unit: Unit, errand: Errand) -> More | Stopped | None:
    """See which records people have given back in the system's own page; while some are left, they are asked to."""
    for place in errand.places:
        after = unit.memory.looked.get(place)
        rows = await unit.store.read(lambda tx, p=place, a=after: _rows(unit, tx, _Pass.MOVED, p, after=a))  # type: ignore[misc]
        if rows:
            await _see(unit, errand, place, tuple(row for row in rows if errand.wants(place, row)))
            unit.memory.looked[place] = rows[-1].record_id
            return More()
    unit.memory.looked.clear()
    left = 0
    for place in errand.places:
        after = None
        while rows := await unit.store.read(lambda tx, p=place, a=after: _rows(unit, tx, _Pass.MOVED, p, after=a)):  # type: ignore[misc]
            left += sum(errand.wants(place, row) for row in rows)
            after = rows[-1].record_id
    return Stopped("guided.undo", left) if left else None


async def _see(unit: Unit, errand: Errand, place: Place, rows: tuple[Held, ...]) -> None:
    """Write down what has gone where it should and what is somebody else's; the rest stays as it is."""
    seen, now = await errand.look(place, rows), unit.now()

    def write(tx: Transaction) -> None:
        _arrived(tx, errand, place, _ids(seen.back), now)
        tx.give_back(place, _ids(seen.others), LedgerOutcome.KEPT, now)

    await unit.store.write(write)


def _arrived(tx: Transaction, errand: Errand, place: Place, ids: Sequence[str], now: datetime) -> None:
    if errand.receiver:
        tx.hand_on(place, ids, errand.receiver, now)
    else:
        tx.give_back(place, ids, LedgerOutcome.RETURNED, now)


async def _prepare(unit: Unit, errand: Errand) -> Stopped | None:
    """Whoever gets records must be able to own them; the leaver is let in again where they were let out here. Once, and
    not before it is needed."""
    if unit.plan.system in unit.memory.ready:
        return None
    stopped = await _make_able(unit, errand)
    if stopped is None:
        unit.memory.ready.add(unit.plan.system)
    return stopped


async def _let_in(unit: Unit, errand: Errand) -> Stopped | None:
    """Also where nothing had to go back, in the end all is as it was."""
    whole = is_whole(errand.undoing) and await let_out_here(unit.store, unit.departure, unit.plan.system)
    return await _prepare(unit, errand) if whole else None


async def _make_able(unit: Unit, errand: Errand) -> Stopped | None:
    leaver = errand.plan.leaver
    if errand.receiver:
        problem = successor_problem(leaver, await errand.connector.account(errand.receiver), frozenset())
        return Stopped(f"problem.{problem}") if problem else None
    if errand.connector.capabilities[Ability.REACTIVATE].way is not Way.API:
        return None  # people were told before they decided
    if not await let_out_here(unit.store, unit.departure, unit.plan.system):
        active = (await errand.connector.account(leaver.id)).active
        return None if active else Stopped("problem.leaver_inactive")
    try:
        await errand.connector.activate(leaver.id)
    except Rejected as error:
        if error.code != "NO_LICENCE":
            raise
        return Stopped("problem.no_licence", code=error.code)
    return None


def _batches(unit: Unit, errand: Errand, tx: Transaction) -> Iterator[_Batch]:
    for during in _Pass:
        for place in errand.places:
            after = None if during is _Pass.REFUSED else unit.memory.passed.get((during, place))
            while rows := _rows(unit, tx, during, place, after=after):
                after = rows[-1].record_id
                wanted = tuple(row for row in rows if errand.wants(place, row) and _open(errand, during, row))
                if wanted:
                    yield _Batch(during, place, wanted, after)


def _open(errand: Errand, during: _Pass, row: Held) -> bool:
    """Of what is back already, only what an earlier undo gave back."""
    return during is not _Pass.RETURNED or not (errand.receiver or errand.touched(row))


def _rows(unit: Unit, tx: Transaction, during: _Pass, place: Place, *, after: str | None) -> tuple[Held, ...]:
    limits = unit.connector.limits
    limit = limits.update if unit.plan.chosen.quiet or "." in place.module else limits.write
    match during:
        case _Pass.UNSURE:
            unsettled = (LedgerOutcome.PLANNED, LedgerOutcome.DEFERRED)
            return tx.held(place, outcomes=unsettled, after=after, limit=limit)
        case _Pass.RETURNED:
            return tx.held(place, outcomes=(LedgerOutcome.RETURNED,), after=after, limit=limit)
        case _Pass.MOVED:
            return tx.held(place, outcomes=(LedgerOutcome.MOVED,), after=after, limit=limit)
        case _Pass.REFUSED:
            return tx.refused(place, fewer_than=unit.settings.tries, after=after, limit=limit)


async def _claim(unit: Unit, errand: Errand, batch: _Batch) -> More:
    """Note as moved what the vendor has with our receiver, though we never saw the answer to our write."""
    seen, now = await errand.look(batch.place, batch.rows), unit.now()
    await unit.store.write(lambda tx: tx.settle(batch.place, _ids(seen.ours), LedgerOutcome.MOVED, now))
    return More()


async def _review(unit: Unit, errand: Errand, batch: _Batch) -> More:
    """What has left the leaver again after it was given back was somebody's decision, whoever has it now."""
    seen, now = await errand.look(batch.place, batch.rows), unit.now()
    gone = _ids((*seen.ours, *seen.others))
    await unit.store.write(lambda tx: tx.give_back(batch.place, gone, LedgerOutcome.KEPT, now))
    return More()


async def _settle(unit: Unit, errand: Errand, batch: _Batch) -> More | Stopped:
    seen, now, place = await errand.look(batch.place, batch.rows), unit.now(), batch.place
    stopped = await _prepare(unit, errand) if seen.ours else None
    if stopped:
        return stopped
    result = await _write(unit, errand, place, seen.ours)
    gone = tuple(failure.id for failure in result.failed if failure.reason is RowReason.GONE)
    failed = [(f, _refusals(batch, f)) for f in result.failed if f.reason is not RowReason.GONE]
    arrived = (*_ids(seen.back), *result.done)

    def write(tx: Transaction) -> None:
        _arrived(tx, errand, place, arrived, now)
        tx.give_back(place, (*_ids(seen.others), *gone), LedgerOutcome.KEPT, now)
        tx.hold(place, failed, now)

    await unit.store.write(write)
    again = batch.during is _Pass.REFUSED and any(0 < n < unit.settings.tries for _, n in failed)
    return More(wait=unit.settings.patience, waiting="waiting.locked") if again else More()


_DOES: Final = {_Pass.UNSURE: _claim, _Pass.RETURNED: _review}  # the other passes settle


def _ids(rows: Sequence[Held]) -> tuple[str, ...]:
    return tuple(row.record_id for row in rows)


def _refusals(batch: _Batch, failure: RowFailure) -> int:
    """How often a record was refused for now, this time included; zero where it is refused for good."""
    if not failure.reason.may_pass_later:
        return 0
    before = {row.record_id: row.refusals for row in batch.rows} if batch.during is _Pass.REFUSED else {}
    return before.get(failure.id, 0) + 1


async def _write(unit: Unit, errand: Errand, place: Place, rows: Sequence[Held]) -> BatchResult:
    """Set them to what they should be; one call for each value, and for whose place it takes."""
    module, _, name = place.module.partition(".")
    by_target: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        by_target[errand.target(place, row), errand.instead_of(place, row)].append(row.record_id)
    results = []
    for (value, instead_of), ids in by_target.items():
        if name:
            results.append(await unit.connector.update(module, ids, {name: value or None}))
        else:
            quiet = unit.plan.chosen.quiet
            results.append(await unit.connector.change_owner(module, ids, value, quiet=quiet, instead_of=instead_of))
    return BatchResult(
        tuple(chain.from_iterable(result.done for result in results)),
        tuple(chain.from_iterable(result.failed for result in results)),
    )
