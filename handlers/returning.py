"""The work behind an undo, and behind a hand-over from an interim successor to the real one; and what it would find."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from connectors.base import Connector
from handlers.departure import REFUSED, RETURNING, Departure, State, Undoing
from handlers.errand import Errand, errands_of, pages
from handlers.events import Returned, SystemReturned, Undone
from handlers.places import is_field
from handlers.ports import Held, Place, Store, Transaction
from handlers.ports import LedgerOutcome as Row
from handlers.refusal import Refusal
from handlers.steps.deactivate import let_out_here
from handlers.steps.give_back import give_back
from handlers.steps.unit import More, Stopped
from handlers.undoing import PlacePreview, UndoPreview, is_whole, lasting, places_of, undoes_all
from handlers.working import ENDED, Advance, Worker, log

_RECORD: Final = re.compile(r"[\w-]*\d[\w-]*")  # some systems have UUIDs
_NAMED_AT_ONCE: Final = 25  # records: a button carries their ids
_MOVED_ONCE: Final = (Row.MOVED, Row.RETURNED, Row.KEPT)


class Returner(Worker):
    """Does the durable work of both."""

    async def advance(self, departure_id: str, run: int, system: str) -> Advance:
        """Do one unit, in one system, of what was asked for last."""
        departure = await self._load(departure_id)
        if departure is None or departure.work not in RETURNING or departure.run != run or departure.stopped(system):
            return ENDED
        return await self._guarded(departure, system, departure.work, self._advance)

    async def _advance(self, departure: Departure, system: str) -> Advance:
        undoing = departure.undoings[-1]
        if system in departure.working_in:
            match await give_back(self._unit(departure, system)):
                case More(wait, waiting):
                    await self._report(departure, system, waiting=waiting, wait=wait)
                    return Advance(ended=False, wait=wait)
                case Stopped() as stopped:
                    return await self._stop(departure, system, departure.work, stopped)
            counts, fields = await self._counted(departure, (system,))
            refused = counts["failed"] + fields["failed"]
            if refused and (is_whole(undoing) or undoing.to):  # a part can be asked for again
                return await self._stop(departure, system, departure.work, Stopped(REFUSED, refused))
            self._forget(departure, system)
            await self._append(departure, SystemReturned(at=self._now(), system=system), of=system)
            return Advance(ended=False)
        if departure.state is State.ATTENTION or departure.working_in:
            return ENDED  # whoever is through with the last system ends it
        return await self._end(departure, system)

    async def _counted(self, departure: Departure, systems: Collection[str]) -> tuple[Counter[str], Counter[str]]:
        """What became of the records, and of the other fields."""
        counts: Counter[str] = Counter()
        fields: Counter[str] = Counter()
        for errand in errands_of(departure, self._connectors):
            if errand.plan.system in systems:
                async for place, rows in pages(self._store, errand, _MOVED_ONCE):
                    counted = fields if is_field(departure.plan, place.system, place.module) else counts
                    counted.update(fate for row in rows if (fate := _fate(errand, place, row)))
        return counts, fields

    async def _end(self, departure: Departure, system: str) -> Advance:
        counts, fields = await self._counted(departure, departure.accounts)
        records, others, failed = counts["records"], counts["others"], counts["failed"]
        undoing = departure.undoings[-1]
        log.info("departure.returned", departure=departure.id, records=records, others=others, failed=failed)
        await self._report(departure, system, always=True)
        event = Undone if undoes_all(undoing) else Returned
        ended = event(at=self._now(), records=records, others=others, failed=failed, fields=dict(fields))
        await self._append(departure, ended)
        return ENDED


def _fate(errand: Errand, place: Place, row: Held) -> str | None:
    """What the result counts a record as; None for one that it is not about, or that was settled before."""
    if row.outcome is Row.MOVED:
        arrived = errand.receiver is not None and row.owner_after == errand.receiver
        if arrived:
            return "records" if row.handed_on and errand.touched(row) else None
        return "failed" if errand.wants(place, row) else None
    if not (errand.wants(place, row) and errand.touched(row)):
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
        let_in |= await _lets_in(store, errand)
    return UndoPreview(tuple(places), let_in, lasting(departure, undoing), modules, records)


async def _lets_in(store: Store, errand: Errand) -> bool:
    """Whether the leaver gets a log-in back that this departure took."""
    inactive = not (await errand.connector.account(errand.plan.leaver.id)).active
    return inactive and await let_out_here(store, errand.departure, errand.plan.system)


async def _found(store: Store, errand: Errand) -> list[PlacePreview]:
    labels = places_of(errand.departure, errand.plan)
    counts: dict[str, Counter[str]] = {}
    async for place, rows in pages(store, errand, (Row.MOVED,)):
        seen = await errand.look(place, [row for row in rows if errand.wants(place, row)])
        found = {"ours": len(seen.ours), "back": len(seen.back), "others": len(seen.others)}
        counts.setdefault(place.module, Counter()).update(found)
    return [
        PlacePreview(errand.plan.system, name, labels[name], n["ours"], n["back"], n["others"])
        for name, n in counts.items()
        if n.total()
    ]


async def placed(
    store: Store, departure: Departure, records: Sequence[str], modules: Sequence[str] = ()
) -> tuple[str, ...]:
    """These records with their places ("system/module/id"): an id alone is not unique over modules and systems. Of an
    id without a place, only modules that were named with it count.

    Raises `Refusal` for a record that this departure has nothing to do with, and for one that could be several.
    """
    spellings = _spellings(departure)
    within = modules or tuple(dict.fromkeys(chain.from_iterable(spellings.values())))
    return tuple(dict.fromkeys([await _placed(store, departure, each, spellings, within) for each in records]))


async def _placed(
    store: Store, departure: Departure, record: str, spellings: Mapping[str, Sequence[str]], within: Sequence[str]
) -> str:
    module, _, record_id = record.rpartition("/")
    named = spellings.get(module.casefold(), ())

    def found(tx: Transaction) -> list[str]:
        everywhere = named or tuple(dict.fromkeys(chain.from_iterable(spellings.values())))
        places = [(each, Place(departure.id, *each.split("/", 1))) for each in everywhere]
        return [f"{each}/{record_id}" for each, place in places if record_id in tx.known(place, [record_id])]

    known = await store.read(found)
    possible = known if named else [each for each in known if each.rpartition("/")[0] in within]
    if len(possible) == 1:
        return possible[0]
    if not known:
        raise Refusal("undo.unknown_record", record=record[:80])
    key = "undo.several_records" if possible else "undo.record_elsewhere"
    raise Refusal(key, record=record[:80], places=", ".join(possible or known))


def _spellings(departure: Departure) -> dict[str, tuple[str, ...]]:
    """What a module may be called, with the modules ("system/module") of that name: several systems can have it."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for plan in departure.plan.systems if departure.plan else ():
        for name, label in places_of(departure, plan).items():
            if "." not in name:
                full = f"{plan.system}/{name}"
                for spelling in (name, label, full, f"{plan.system}/{label}"):
                    found[spelling.casefold()][full] = None
    return {spelling: tuple(modules) for spelling, modules in found.items()}


def scope_of(departure: Departure, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read what was typed behind "undo" and a person: modules by name, in all systems that have one of that name unless
    the system is named too, and record ids, with or without a module before them. Nothing typed: everything.

    Raises `Refusal` for a word that is neither, and where the plan is forgotten.
    """
    if departure.plan is None:
        raise Refusal("undo.forgotten")
    known = _spellings(departure)
    words = [word for part in re.split(r"[,;\n]", text) for word in _words(part.split(), known)]
    unknown = next((word for word in words if word.casefold() not in known and not _is_record(word, known)), None)
    if unknown:
        raise Refusal("undo.scope", scope=unknown[:80])
    named = (known[word.casefold()] for word in words if word.casefold() in known)
    modules = tuple(dict.fromkeys(chain.from_iterable(named)))
    records = tuple(dict.fromkeys(word for word in words if word.casefold() not in known))
    if len(records) > _NAMED_AT_ONCE:
        raise Refusal("undo.too_many_records", n=_NAMED_AT_ONCE)
    return modules, records


def _is_record(word: str, known: Mapping[str, Sequence[str]]) -> bool:
    module, _, record_id = word.rpartition("/")
    return _RECORD.fullmatch(record_id) is not None and (not module or module.casefold() in known)


def _words(words: list[str], known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A module's name may have several words, before a slash and an id too."""
    while words:
        lengths = range(len(words), 0, -1)
        spans = [n for n in lengths if _is_name(" ".join(words[:n]), known)] or [1]
        yield " ".join(words[: spans[0]])
        words = words[spans[0] :]


def _is_name(word: str, known: Mapping[str, Sequence[str]]) -> bool:
    return word.casefold() in known or ("/" in word and _is_record(word, known))
