"""Who got how many records is told from the ledger once the transfer is through."""

from collections.abc import AsyncIterator

import pytest
from fake_crm import COLLEAGUE, LEAVER, SUCCESSOR, FakeCrm
from pydantic import TypeAdapter
from run_cases import Desk, desk_at

from connectors.base import AgendaItem, AgendaKind
from handlers.plan import Handover
from handlers.progress import RunProgress
from handlers.routes import Route


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """Nine contacts go to the successor, four open deals to a colleague."""
    crm = FakeCrm()
    crm.give("Contacts", 9)
    crm.give("Deals", 4)
    async with desk_at(sqlite_url, crm) as desk:
        await desk.approve(Handover(SUCCESSOR, (Route(COLLEAGUE, ("Deals",)),)))
        yield desk


async def given(desk: Desk) -> dict[str, dict[str, int]]:
    progress = await desk.store.read(lambda tx: tx.progress(desk.id))
    assert progress
    return {module.module: dict(module.given) for module in progress.modules if module.moved}


async def test_each_receiver_is_counted_by_module(desk: Desk) -> None:
    await desk.run()
    assert await given(desk) == {"Contacts": {SUCCESSOR.id: 9}, "Deals": {COLLEAGUE.id: 4}}


async def test_what_a_colleague_took_meanwhile_is_nobody_s_gain(desk: Desk) -> None:
    def takes_one() -> None:
        first = next(iter(desk.crm.rows["Contacts"].values()))
        first.owner = COLLEAGUE.id

    desk.crm.before["moved_away"] = takes_one
    await desk.run()
    assert (await given(desk))["Contacts"] == {SUCCESSOR.id: 8}
    assert LEAVER.id not in (await given(desk))["Contacts"]


async def test_whose_each_thing_of_the_work_list_is_now(desk: Desk) -> None:
    contact, deal = (next(iter(desk.crm.rows[module])) for module in ("Contacts", "Deals"))
    desk.crm.shown = (
        AgendaItem(AgendaKind.DEAL, "Deals", deal, "Roof", "https://crm.example/1"),
        AgendaItem(AgendaKind.SILENT, "Contacts", contact, "Quiet", "https://crm.example/2"),
        AgendaItem(AgendaKind.TASK, "Calls", "none of ours", "Call", "https://crm.example/3"),
    )
    await desk.run()
    progress = await desk.store.read(lambda tx: tx.progress(desk.id))
    assert progress
    assert progress.agenda == {
        f"zoho_crm/Deals/{deal}": f"zoho_crm/{COLLEAGUE.id}",
        f"zoho_crm/Contacts/{contact}": f"zoho_crm/{SUCCESSOR.id}",
    }


def test_numbers_stored_by_an_earlier_version_can_be_read() -> None:
    stored = (
        '{"step": "transfer", "modules": [{"system": "zoho_crm", "module": "Deals", "label": "Deals", "moved": 4}]}'
    )
    (module,) = TypeAdapter(RunProgress).validate_json(stored).modules
    assert (module.moved, module.given) == (4, {})
