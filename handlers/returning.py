"""The work behind an undo, and behind a hand-over from an interim successor to the real one; and what it would find."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors.base import Connector
from handlers.departure import RETURNING, Departure, Undoing
from handlers.errand import Errand, errands_of, pages
from handlers.events import Returned, Undone
from handlers.places import is_field
from handlers.ports import Held, Place, Store
from handlers.ports import LedgerOutcome as Row
from handlers.refusal import Refusal
from handlers.steps.give_back import give_back
from handlers.steps.unit import More, Stopped
from handlers.undoing import REFUSED, PlacePreview, UndoPreview, is_whole, lasting, places_of, undoes_all
from handlers.working import ENDED, Advance, Worker, log

_RECORD: Final = re.compile(r"\w*\d\w*")
_NAMED_AT_ONCE: Final = 25  # records: a button carries their ids
_MOVED_ONCE: Final = (Row.MOVED, Row.RETURNED, Row.KEPT)


class Returner(Worker):
    """Does the durable work of both."""

    async def advance(self, departure_id: str, run: int) -> Advance:
        """Do one unit of what was asked for last."""
        departure = await self._load(departure_id)
        if departure is None or departure.state not in RETURNING or departure.run != run:
            return ENDED
        return await self._guarded(departure, departure.state, self._advance)

    async def _advance(self, departure: Departure) -> Advance:
        errands = errands_of(departure, self._connectors)
        for errand in errands if not departure.undoings[-1].given_up else ():
            match await give_back(self._unit(departure, errand.plan.system)):
                case More(wait, waiting):
                    await self._report(departure, waiting=waiting, wait=wait)
                    return Advance(ended=False, wait=wait)
                case Stopped() as stopped:
                    return await self._stop(departure, departure.state, stopped)
        return await self._end(departure, errands)

    async def _end(self, departure: Departure, errands: tuple[Errand, ...]) -> Advance:
        counts: Counter[str] = Counter()
        fields: Counter[str] = Counter()
        for errand in errands:
            async for place, rows in pages(self._store, errand, _MOVED_ONCE):
                counted = fields if is_field(departure.plan, place.system, place.module) else counts
                counted.update(fate for row in rows if (fate := _fate(errand, row)))
        records, others, failed = counts["records"], counts["others"], counts["failed"]
        refused = failed + fields["failed"]
        undoing = departure.undoings[-1]
        once = is_whole(undoing) or undoing.to  # a part can be asked for again
        if refused and once and not undoing.given_up:
            return await self._stop(departure, departure.state, Stopped(REFUSED, refused))
        log.info("departure.returned", departure=departure.id, records=records, others=others, failed=failed)
        self._memories.pop(departure.id, None)
        await self._report(departure, always=True)
        event = Undone if undoes_all(undoing) else Returned
        ended = event(at=self._now(), records=records, others=others, failed=failed, fields=dict(fields))
        await self._append(departure, ended)
        return ENDED


def _fate(errand: Errand, row: Held) -> str | None:
    """What the result counts a record as; None for one that it is not about, or that was settled before."""
    if row.outcome is Row.MOVED:
        arrived = errand.receiver is not None and row.owner_after == errand.receiver
        if arrived:
            return "records" if row.handed_on and errand.touched(row) else None
        return "failed" if errand.wants(row) else None
    if not (errand.wants(row) and errand.touched(row)):
        return None
    return "others" if row.outcome is Row.KEPT else "records"


async def preview(
    store: Store,
    connectors: Mapping[str, Connector],
    departure: Departure,
    *,
    modules: tuple[str, ...] = (),
    records: tuple[str, ...] = (),
) -> UndoPreview:
    """What an undo of these modules ("system/module"; none named: of all) would find now. Writes nothing."""
    undoing = Undoing(departure.admin, departure.since, modules, records)
    places: list[PlacePreview] = []
    let_in = False
    for errand in errands_of(replace(departure, undoings=(*departure.undoings, undoing)), connectors):
        places += await _found(store, errand)
        let_in |= not (await errand.connector.account(errand.plan.leaver.id)).active
    return UndoPreview(tuple(places), let_in, lasting(departure, undoing), modules, records)


async def _found(store: Store, errand: Errand) -> list[PlacePreview]:
    labels = places_of(errand.departure, errand.plan)
    counts: dict[str, Counter[str]] = {}
    async for place, rows in pages(store, errand, (Row.MOVED,)):
        seen = await errand.look(place, [row for row in rows if errand.wants(row)])
        found = {"ours": len(seen.ours), "back": len(seen.back), "others": len(seen.others)}
        counts.setdefault(place.module, Counter()).update(found)
    return [
        PlacePreview(errand.plan.system, name, labels[name], n["ours"], n["back"], n["others"])
        for name, n in counts.items()
        if n.total()
    ]


async def check_records(store: Store, departure: Departure, records: Sequence[str]) -> None:
    """Raises `Refusal` for a record that this departure has nothing to do with."""
    owned = [
        Place(departure.id, plan.system, name)
        for plan in (departure.plan.systems if departure.plan else ())
        for name in places_of(departure, plan)
        if "." not in name
    ]
    known = await store.read(lambda tx: frozenset().union(*(tx.known(place, records) for place in owned)))
    unknown = next((record for record in records if record not in known), None)
    if unknown:
        raise Refusal("undo.unknown_record", record=unknown[:80])


def scope_of(departure: Departure, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read what was typed behind "undo" and a person: modules by name and record ids. Nothing typed: everything.

    Raises `Refusal` for a word that is neither, and where the plan is forgotten.
    """
    if departure.plan is None:
        raise Refusal("undo.forgotten")
    known = {
        spelling.casefold(): f"{plan.system}/{name}"
        for plan in departure.plan.systems
        for name, label in places_of(departure, plan).items()
        if "." not in name
        for spelling in (name, label)
    }
    words = [word for part in re.split(r"[,;\n]", text) for word in _words(part.strip(), known)]
    unknown = next((word for word in words if word.casefold() not in known and not _RECORD.fullmatch(word)), None)
    if unknown:
        raise Refusal("undo.scope", scope=unknown[:80])
    modules = tuple(dict.fromkeys(known[word.casefold()] for word in words if word.casefold() in known))
    records = tuple(dict.fromkeys(word for word in words if word.casefold() not in known))
    if len(records) > _NAMED_AT_ONCE:
        raise Refusal("undo.too_many_records", n=_NAMED_AT_ONCE)
    return modules, records


def _words(part: str, known: Mapping[str, str]) -> list[str]:
    """A module's name may have several words."""
    return [part] if part.casefold() in known else part.split()
