"""Whatever the town looks like and whoever edits it meanwhile: the counts reconcile, and nothing moves that must not.

The vendor is asked about foreign edits once for each stretch of records, so edits strike here at any time but between
that look and the writes it guards.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from fake_crm import COLLEAGUE, DEAD, LEAD, LEAVER, MODULES, SUCCESSOR, FakeCrm, Row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_cases import ADA, TOMAS, Desk, desk_at, now

from connectors.base import BatchResult, Category, RowReason
from handlers.commands import Approve, Retry, SignException
from handlers.departure import Departure, State
from handlers.events import Outcome
from handlers.plan import Handover
from handlers.playbooks import StepKey
from handlers.ports import LedgerOutcome, LedgerRow
from handlers.practice import ModuleRule, Practice, StaleAction
from handlers.routes import Route

# When colleagues strike: before the next call of one of these.
MOMENTS: Final = ("tag", "tag", "moved_away", "moved_away", "owned", "count", "deactivate", "references")
RULES: Final = Practice(modules={"Deals": ModuleRule(status="Status", closed=frozenset({DEAD}), dead=DEAD)})
HANDOVERS: Final = (
    Handover(SUCCESSOR),
    Handover(SUCCESSOR, quiet=True),
    Handover(SUCCESSOR, (Route(COLLEAGUE, share=30), Route(LEAD, ("Calls",)))),
    Handover(SUCCESSOR, (Route(COLLEAGUE, ("Contacts",), share=50),), stale=StaleAction.CLOSE, idle_since=now()),
    Handover(SUCCESSOR, stale=StaleAction.CLOSE, idle_since=now()),
    Handover(SUCCESSOR, stale=StaleAction.ALLOCATE, idle_since=now(), allocate_to=(COLLEAGUE, LEAD)),
)


@dataclass(frozen=True)
class Edit:
    """What a colleague does to the `nth` record of a module, before the next call of a method."""

    moment: str
    kind: str
    module: str
    nth: int


EDITS: Final = st.lists(
    st.builds(
        Edit,
        st.sampled_from(MOMENTS),
        st.sampled_from(["give", "take", "delete", "close", "arrive"]),
        st.sampled_from(sorted(MODULES)),
        st.integers(0, 30),
    ),
    min_size=3,
    max_size=10,
)
ROWS: Final = st.lists(
    st.builds(
        lambda owner, opened, idle, status: Row(owner, opened, fields={"Status": status}, idle=idle),
        st.sampled_from([*[LEAVER.id] * 7, COLLEAGUE.id, SUCCESSOR.id]),
        st.sampled_from([True, True, True, False]),
        st.booleans(),
        st.sampled_from(["New", "New", "New", DEAD]),
    ),
    min_size=3,
    max_size=9,
)
REFUSED: Final = [reason for reason in RowReason if reason is not RowReason.GONE]
REFUSALS: Final = st.lists(
    st.tuples(st.integers(0, 26), st.sampled_from(REFUSED), st.sampled_from([1, 2, 10**6])), max_size=4
)


class Town(FakeCrm):
    """Writes down what each owner change did, and lets colleagues strike when their moment comes."""

    def __init__(self, rows: dict[str, list[Row]], refusals: list[tuple[int, RowReason, int]]) -> None:
        super().__init__()
        self.moves: list[tuple[str, Row, str]] = []  # module, the record before, whom to
        self.edits: list[Edit] = []
        self.edited: dict[str, Row | None] = {}  # by id: as a colleague left it, None where it was deleted
        numbers = iter(range(1000, 9999))
        for module, made in rows.items():
            for row in made:
                self.rows[module][str(next(numbers))] = replace(row, fields=dict(row.fields), tags=set())
        for nth, reason, times in refusals:
            self.refusals[str(1000 + nth)] = (reason, times)
        self.first = {module: self.seen(module) for module in self.rows}

    def seen(self, module: str) -> dict[str, Row]:
        return {each: replace(row, fields=dict(row.fields)) for each, row in self.rows[module].items()}

    def _meet(self, method: str) -> None:
        for edit in [edit for edit in self.edits if edit.moment == method][:1]:
            self.edits.remove(edit)
            self._strike(edit)
        super()._meet(method)

    def _strike(self, edit: Edit) -> None:
        rows = self.rows[edit.module]
        if edit.kind == "arrive":
            number = str(5000 + len(self.edits))
            rows[number] = Row(LEAVER.id, opened := edit.nth % 2 == 0, fields={"Status": "New" if opened else "Won"})
        elif rows:
            each = sorted(rows)[edit.nth % len(rows)]
            row = rows[each]
            match edit.kind:
                case "delete":
                    del rows[each]
                case "close":
                    row.open, row.fields["Status"] = False, "Won"
                case _:
                    row.owner = COLLEAGUE.id if edit.kind == "give" else LEAD.id
            self.edited[each] = None if edit.kind == "delete" else replace(row, fields=dict(row.fields))

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
        before = self.seen(module)
        result = await super().change_owner(module, ids, to, quiet=quiet, tag=tag, instead_of=instead_of)
        self.moves += [(module, before[each], to) for each in result.done]
        return result


def _movable(module: str, row: Row) -> bool:
    return MODULES[module].category is Category.MASTER or row.unfinished


async def _to_the_end(desk: Desk) -> Departure:
    """Until the run is through: a drift is approved anew, a refusal is tried once more and then signed for."""
    departure = await desk.run()
    for attempt in range(12):
        match departure.state:
            case State.BACKUP:
                return departure
            case State.APPROVAL:
                await desk.says(Approve(str(departure.digest)), TOMAS)
            case _:
                await desk.says(SignException("So be it.") if attempt % 2 else Retry(), ADA)
        departure = await desk.run()
    raise AssertionError(f"never through: {departure.problem}")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Callable[[], str]:
    """The URL of a store of its own for each example."""
    folder = tmp_path_factory.mktemp("stores")
    numbers = count()

    def make() -> str:
        return f"sqlite:///{shutil.copy(_sqlite_template, folder / str(next(numbers)))}"

    return make


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries(dict.fromkeys(MODULES, ROWS)), st.sampled_from(HANDOVERS), EDITS, REFUSALS)
def test_it_reconciles(
    fresh: Callable[[], str],
    rows: dict[str, list[Row]],
    chosen: Handover,
    edits: list[Edit],
    refusals: list[tuple[int, RowReason, int]],
) -> None:
    asyncio.run(_reconciles(fresh(), Town(rows, refusals), chosen, edits))


async def _reconciles(url: str, town: Town, chosen: Handover, edits: list[Edit]) -> None:
    async with desk_at(url, town) as desk:
        desk.by(RULES)
        await desk.approve(chosen)
        town.edits = list(edits)
        departure = await _to_the_end(desk)
        ledger = await desk.ledger()
        recounted = await desk.outcome(StepKey.RECOUNT)
    only_what_may_move_has_moved(town)
    every_row_agrees_with_the_crm(town, ledger)
    what_is_not_in_the_ledger_is_as_it_was(town, ledger)
    failed = {row.record_id for row in ledger if row.outcome is LedgerOutcome.FAILED}
    if recounted is Outcome.DONE:
        assert _left(town) <= failed, "zero was proven, but for what a person signed for"
    owned_is_the_sum_of_all_fates(town, ledger, departure)


def only_what_may_move_has_moved(town: Town) -> None:
    for module, before, to in town.moves:
        assert before.owner in (LEAVER.id, to), "nobody else's record is touched"
        assert _movable(module, before) or before.owner == to, "what is closed or done keeps its owner"


def every_row_agrees_with_the_crm(town: Town, ledger: list[LedgerRow]) -> None:
    for row in ledger:
        module, _, name = row.module.partition(".")
        now_, edited = town.rows[module].get(row.record_id), row.record_id in town.edited
        match row.outcome:
            case LedgerOutcome.MOVED:
                assert edited or (now_ and (now_.fields[name] if name else now_.owner) == row.owner_after)
            case LedgerOutcome.OTHERS:
                assert edited
            case LedgerOutcome.GONE:
                assert now_ is None
            case LedgerOutcome.FAILED:
                assert edited or (now_ and now_.owner == LEAVER.id and row.record_id in town.refusals)
            case _:
                raise AssertionError(f"{row.record_id} was never settled")


def what_is_not_in_the_ledger_is_as_it_was(town: Town, ledger: list[LedgerRow]) -> None:
    listed = {row.record_id for row in ledger}
    for module, rows in town.first.items():
        for each, before in rows.items():
            if each not in listed:
                assert town.rows[module].get(each) == town.edited.get(each, before)
                assert before.owner != LEAVER.id or not _movable(module, before) or each in town.edited


def _left(town: Town) -> set[str]:
    return {
        each
        for module, rows in town.rows.items()
        for each, row in rows.items()
        if row.owner == LEAVER.id and _movable(module, row)
    }


def owned_is_the_sum_of_all_fates(town: Town, ledger: list[LedgerRow], departure: Departure) -> None:
    """Per module: owned = moved + kept + closed as dead + changed by others + gone + failed."""
    assert departure.plan
    for module, rows in town.first.items():
        mine = {each for each, row in rows.items() if row.owner == LEAVER.id}
        fates = Counter(row.outcome for row in ledger if row.module == module and row.record_id in mine)
        closed = {row.record_id for row in ledger if row.module == f"{module}.Status" and row.record_id in mine}
        listed = {row.record_id for row in ledger if row.module.partition(".")[0] == module}
        twice = {row.record_id for row in ledger if row.module == module} & closed
        kept = mine - listed
        assert len(mine) == fates.total() + len(closed - twice) + len(kept)
        assert all(not _movable(module, rows[each]) or each in town.edited for each in kept)
