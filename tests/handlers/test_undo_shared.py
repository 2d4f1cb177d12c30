"""Records that several people own together: each has a place of their own; an undo gives back the leaver's alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest
import pytest_asyncio
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR
from several_cases import ADA, PIPEDRIVE, Office, Pipedrive

from bot.store.database import Database
from connectors.base import BatchResult, Page, Part, joined
from handlers.checklist import ItemState
from handlers.commands import AnswerHandover, ConfirmBackup, HandOn, SettleItem, StartUndo
from handlers.departure import State
from handlers.events import HandoverReply
from handlers.people import Party, Person

AMIT, SOFIA, BEN = LEAVER.id, SUCCESSOR.id, COLLEAGUE.id


class Sharing(Pipedrive):
    """`beside` has those who own a record together with its first owner."""

    def __init__(self) -> None:
        super().__init__()
        self.beside: dict[str, list[str]] = {}

    def owners(self, record_id: str) -> list[str]:
        return [self.owner(record_id), *self.beside.get(record_id, [])]

    async def owned(
        self,
        account_id: str,
        module: str,
        part: Part,
        *,
        after: str | None = None,
        columns: Sequence[str] = (),
        idle_since: datetime | None = None,
    ) -> Page:
        page = await super().owned(account_id, module, part, after=after, columns=columns, idle_since=idle_since)
        records = [replace(each, shared_with=tuple(self.beside.get(each.id, ()))) for each in page.records]
        return replace(page, records=tuple(records))

    async def values(self, module: str, ids: Sequence[str], name: str) -> dict[str, str | None]:
        found = await super().values(module, ids, name)
        return {each: joined(self.owners(each)) for each in found} if name == self.owner_field else found

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
        before = {each: self.owners(each) for each in ids}
        result = await super().change_owner(module, ids, to, quiet=quiet, tag=tag)
        for each in result.done:
            whose = AMIT if instead_of is None else instead_of
            places = before[each] if whose in before[each] else [*before[each], to]
            first, *rest = dict.fromkeys(to if one == whose else one for one in places)
            self.rows[module][each].owner, self.beside[each] = first, rest
        return result


@pytest_asyncio.fixture
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('shared')}/office.sqlite3")
    await database.upgrade()
    office = Office(database, PIPEDRIVE)
    office.crms[PIPEDRIVE] = Sharing()
    yield office
    await database.close()


async def _closed(office: Office, beside: Mapping[int, list[str]]) -> tuple[Sharing, list[str]]:
    """Amit's contacts, by number with those who share them, are handed over; the departure is closed."""
    crm = office.crms[PIPEDRIVE]
    assert isinstance(crm, Sharing)
    ids = crm.give("Contacts", 3)
    crm.beside |= {ids[number]: people for number, people in beside.items()}
    await office.approve()
    departure = await office.work()
    if departure.state is State.BACKUP:
        await office.says(ConfirmBackup("retained"), ADA)
        departure = await office.work()
    for item in departure.checklist:
        await office.says(SettleItem(item.key, ItemState.DONE, "seen"), ADA)
    assert (await office.departure()).state is State.CLOSED
    return crm, ids


async def test_everybody_has_again_what_they_had(office: Office) -> None:
    crm, ids = await _closed(office, {0: [BEN], 1: [SOFIA]})
    assert [set(crm.owners(each)) for each in ids] == [{SOFIA, BEN}, {SOFIA}, {SOFIA}]

    await office.says(StartUndo(), ADA)
    departure = await office.work()

    assert departure.state is State.UNDONE
    assert departure.undoings[-1].result
    assert (departure.undoings[-1].result.records, departure.undoings[-1].result.others) == (3, 0)
    assert [set(crm.owners(each)) for each in ids] == [{AMIT, BEN}, {AMIT, SOFIA}, {AMIT}]


async def test_what_was_taken_from_the_successor_is_left_with_its_people(office: Office) -> None:
    crm, ids = await _closed(office, {0: [BEN]})
    crm.rows["Contacts"][ids[0]].owner, crm.beside[ids[0]] = BEN, []

    await office.says(StartUndo(), ADA)
    departure = await office.work()

    assert crm.owners(ids[0]) == [BEN]
    assert departure.undoings[-1].result
    assert (departure.undoings[-1].result.records, departure.undoings[-1].result.others) == (2, 1)


async def test_what_was_the_successors_before_stays_theirs_when_it_is_handed_on(office: Office) -> None:
    crm, ids = await _closed(office, {1: [SOFIA]})
    departure = await office.departure()
    assert departure.successor
    await office.says(AnswerHandover(HandoverReply.PROPOSED, "take Ben"), Party(departure.successor, admin=False))
    ben = Person(COLLEAGUE.name, COLLEAGUE.email)
    await office.says(HandOn({PIPEDRIVE: replace(COLLEAGUE, system=PIPEDRIVE)}, ben, frozenset()), ADA)
    await office.work()
    assert [set(crm.owners(each)) for each in ids] == [{BEN}, {SOFIA, BEN}, {BEN}]

    await office.says(StartUndo(), ADA)
    await office.work()

    assert [set(crm.owners(each)) for each in ids] == [{AMIT}, {AMIT, SOFIA}, {AMIT}]
