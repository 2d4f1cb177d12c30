"""Whatever is cut off, refused or changed by others in the meantime: exactly the untouched records go back."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import pytest
from fake_crm import COLLEAGUE, DEAD, LEAVER, SUCCESSOR, FakeCrm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from undo_cases import FIELD, NEWCOMER, OUTSIDER, STATUS, SYSTEM, UndoDesk, now

from bot.store.database import Database
from bot.store.transaction import SqlStore
from connectors.base import BatchResult, RowReason, Unavailable
from handlers.commands import Command, HandOn, Retry, SignException, StartUndo
from handlers.departure import REFUSED, Departure, State
from handlers.people import Person
from handlers.ports import LedgerOutcome, Transaction

T = TypeVar("T")
PEOPLE: Final = (LEAVER, SUCCESSOR, COLLEAGUE, OUTSIDER)
MODULES: Final = {"Contacts": 11, "Deals": 6, "Calls": 4}
RECORDS: Final = sum(MODULES.values())
UNDO: Final = StartUndo()
HAND_ON: Final = HandOn({SYSTEM: NEWCOMER}, Person(NEWCOMER.name, NEWCOMER.email), frozenset())


class Killed(BaseException):
    """The process is gone at this instant."""


@dataclass(frozen=True)
class Blow:
    """Something that befalls the n-th call of the vendor or of the store's writing: before it, or right after it.

    Whatever happens to the store, the process that wrote is gone.
    """

    call: int
    kind: str  # "killed", "away" or "bug"
    after: bool


@dataclass(frozen=True)
class Edit:
    """A colleague gives the n-th record to somebody, or deletes it, before the n-th look or write of the ledger."""

    moment: int
    record: int
    to: int  # of PEOPLE; one more: deleted


class Weather:
    """When what happens."""

    def __init__(self, blows: Sequence[Blow], edits: Sequence[Edit], edit: Callable[[Edit], None]) -> None:
        self._blows = {blow.call: blow for blow in blows}
        self._edits, self._edit = list(edits), edit
        self._calls = self._moments = 0

    @asynccontextmanager
    async def around(self, *, store: bool = False) -> AsyncIterator[None]:
        blow = self._blows.get(self._calls)
        self._calls += 1
        if blow and not blow.after:
            self._strike("killed" if store else blow.kind)
        yield
        if blow and blow.after:
            self._strike("killed" if store else blow.kind)

    def moment(self) -> None:
        """Here colleagues get a turn."""
        for edit in [each for each in self._edits if each.moment == self._moments]:
            self._edit(edit)
        self._moments += 1

    def _strike(self, kind: str) -> None:
        match kind:
            case "killed":
                raise Killed
            case "away":
                raise Unavailable("away", system=SYSTEM, code="503", unsure=True)
            case _:
                raise KeyError("a bug of ours")


class StormyCrm(FakeCrm):
    """Checks every write: each record must belong to whoever we gave it to, at that instant."""

    def __init__(self) -> None:
        super().__init__()
        self.weather = Weather((), (), lambda _: None)
        self.receivers: dict[str, str] = {}  # by record
        self.wrong: list[str] = []

    async def values(self, module: str, ids: Sequence[str], name: str) -> dict[str, str | None]:
        self.weather.moment()
        async with self.weather.around():
            return await super().values(module, ids, name)

    async def change_owner(
        self,
        module: str,
        ids: Sequence[str],
        to: str,
        *,
        quiet: bool = False,
        tag: str | None = None,
        instead_of: str | None = None,
    ) -> BatchResult:
        rows = self.rows[module]
        self.wrong += [each for each in ids if each in rows and rows[each].owner != self.receivers[each]]
        async with self.weather.around():
            return await super().change_owner(module, ids, to, quiet=quiet, tag=tag, instead_of=instead_of)

    async def update(self, module: str, ids: Sequence[str], values: Mapping[str, str | None]) -> BatchResult:
        async with self.weather.around():
            return await super().update(module, ids, values)

    async def activate(self, account_id: str) -> bool:
        async with self.weather.around():
            return await super().activate(account_id)


class StormyStore(SqlStore):
    def __init__(self, database: Database, crm: StormyCrm) -> None:
        super().__init__(database, lambda *_: None, now)
        self._crm = crm
        self.calm = True

    async def write(self, work: Callable[[Transaction], T]) -> T:
        if self.calm:
            return await super().write(work)
        async with self._crm.weather.around(store=True):
            result = await super().write(work)
        self._crm.weather.moment()
        return result


class Storm:
    """One departure, the records that it moved, and what befalls the undo."""

    def __init__(self, database: Database) -> None:
        self.crm = StormyCrm()
        self.store = StormyStore(database, self.crm)
        self.desk = UndoDesk(self.store, self.crm)
        self.ids: list[str] = []
        self.last: dict[str, str | None] = {}  # by record: whom a colleague gave it to last; None: deleted

    async def prepare(self) -> None:
        self.crm.people[NEWCOMER.id] = NEWCOMER
        made = {module: self.crm.give(module, count) for module, count in MODULES.items()}
        await self.desk.open()
        for module, ids in made.items():
            to = COLLEAGUE if module == "Calls" else SUCCESSOR
            await self.desk.moved(module, ids, to=to)
            self.crm.receivers |= dict.fromkeys(ids, to.id)
        await self.desk.named(made["Deals"][:3])
        await self.desk.closed_as_dead(dict.fromkeys(made["Deals"][3:], "Qualified"))
        await self.crm.deactivate(LEAVER.id)
        self.ids = [each for ids in made.values() for each in ids]

    def edit(self, edit: Edit) -> None:
        record = self.ids[edit.record]
        rows = next((rows for rows in self.crm.rows.values() if record in rows), None)
        if rows is None:
            return
        if edit.to == len(PEOPLE):
            del rows[record]
            self.last[record] = None
        else:
            rows[record].owner = self.last[record] = PEOPLE[edit.to].id

    async def undo(self, command: Command, blows: Sequence[Blow], edits: Sequence[Edit]) -> Departure:
        self.crm.weather = Weather(blows, edits, self.edit)
        await self.desk.says(command)
        self.store.calm = False
        for _ in range(2 * len(blows) + 3):
            try:
                departure = await self.desk.work()
            except Killed:
                self.desk.fresh()
                continue
            if departure.state is not State.ATTENTION:
                return departure
            refused = departure.problem and departure.problem.key == REFUSED
            self.store.calm = True
            await self.desk.says(SignException("They are locked.") if refused else Retry())
            self.store.calm = False
        raise AssertionError("more retries than blows")

    def owner(self, record: str) -> str | None:
        return next((rows[record].owner for rows in self.crm.rows.values() if record in rows), None)


BLOWS: Final = st.lists(
    st.builds(Blow, st.integers(0, 40), st.sampled_from(["killed", "away", "bug"]), st.booleans()),
    max_size=6,
    unique_by=lambda blow: blow.call,
)
EDITS: Final = st.lists(
    st.builds(Edit, st.integers(0, 25), st.integers(0, RECORDS - 1), st.integers(0, len(PEOPLE))), max_size=12
)
REFUSALS: Final = st.dictionaries(
    st.integers(0, RECORDS - 1),
    st.tuples(st.sampled_from([RowReason.LOCKED, RowReason.FORBIDDEN]), st.integers(1, 9)),
    max_size=3,
)
stormy = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def play(sqlite_url: str, tmp_path: Path) -> Callable[[Callable[[Storm], object]], None]:
    """Each example gets a store of its own."""
    numbers = iter(range(10**6))

    def run(act: Callable[[Storm], object]) -> None:
        file = tmp_path / f"storm{next(numbers)}.sqlite3"
        shutil.copy(sqlite_url.removeprefix("sqlite:///"), file)
        asyncio.run(_within(f"sqlite:///{file}", act))

    return run


async def _within(url: str, act: Callable[[Storm], object]) -> None:
    database = Database(url)
    await database.upgrade()
    try:
        storm = Storm(database)
        await storm.prepare()
        await act(storm)  # type: ignore[misc]
    finally:
        await database.close()


@stormy
@given(blows=BLOWS, edits=EDITS, refusals=REFUSALS)
def test_exactly_the_untouched_records_go_back(
    play: Callable[[Callable[[Storm], object]], None],
    blows: list[Blow],
    edits: list[Edit],
    refusals: dict[int, tuple[RowReason, int]],
) -> None:
    async def act(storm: Storm) -> None:
        storm.crm.refusals = {storm.ids[n]: refusal for n, refusal in refusals.items()}
        departure = await storm.undo(UNDO, blows, edits)
        assert departure.state is State.UNDONE
        assert storm.crm.wrong == [], "a record of somebody else was changed"
        for record in storm.ids:
            _check_owner(storm, record)
        await _check_counts(storm, departure)
        assert storm.crm.people[LEAVER.id].active

    play(act)


def _check_owner(storm: Storm, record: str) -> None:
    receiver, owner = storm.crm.receivers[record], storm.owner(record)
    if record not in storm.last:
        stubborn = record in storm.crm.refusals and owner == receiver
        assert owner == LEAVER.id or stubborn, "nobody touched it, and it did not go back"
    elif storm.last[record] != receiver:
        assert owner == storm.last[record], "a colleague's decision was overruled"
    else:
        assert owner in (receiver, LEAVER.id)


async def _check_counts(storm: Storm, departure: Departure) -> None:
    """Moved = returned + left alone + refused, for owners and other fields alike."""
    result = departure.undoings[-1].result
    assert result
    outcomes = await storm.desk.outcomes()
    both = Counter({"records": result.records, "others": result.others, "failed": result.failed})
    both.update(result.fields)
    assert both.total() == RECORDS + MODULES["Deals"]
    assert outcomes.get("returned", 0) == both["records"]
    assert outcomes.get("kept", 0) == both["others"]
    assert outcomes.get("moved", 0) == both["failed"]


@stormy
@given(blows=BLOWS, edits=EDITS)
def test_exactly_what_the_interim_successor_still_has_is_handed_on(
    play: Callable[[Callable[[Storm], object]], None], blows: list[Blow], edits: list[Edit]
) -> None:
    async def act(storm: Storm) -> None:
        departure = await storm.undo(HAND_ON, blows, edits)
        assert departure.state is State.CLOSED
        assert storm.crm.wrong == []
        for record in storm.ids:
            receiver, owner = storm.crm.receivers[record], storm.owner(record)
            if record not in storm.last:
                assert owner == (NEWCOMER.id if receiver == SUCCESSOR.id else receiver)
            elif storm.last[record] != receiver:
                assert owner == storm.last[record]
        result = departure.undoings[-1].result
        assert result
        concerned = RECORDS - MODULES["Calls"] + 3  # three deals name them in a field
        assert (result.records + result.others + sum(result.fields.values()), result.failed) == (concerned, 0)

    play(act)


@stormy
@given(blows=BLOWS)
def test_fields_and_states_are_restored_whatever_is_cut_off(
    play: Callable[[Callable[[Storm], object]], None], blows: list[Blow]
) -> None:
    async def act(storm: Storm) -> None:
        await storm.undo(UNDO, blows, ())
        deals = storm.crm.rows["Deals"]
        assert [row.fields.get(FIELD) for row in deals.values()] == [LEAVER.id] * 3 + [None] * 3
        assert [row.fields.get(STATUS) for row in deals.values()] == [None] * 3 + ["Qualified"] * 3
        assert DEAD not in {row.fields.get(STATUS) for row in deals.values()}
        rows = await storm.store.read(lambda tx: tx.totals(storm.desk.id))
        assert all(set(totals.outcomes) == {LedgerOutcome.RETURNED} for totals in rows.values())

    play(act)
