"""The log channel learns of owner changes only once a person has released them, and of each once."""

from collections.abc import AsyncIterator

import pytest
from fake_crm import FakeCrm
from run_cases import ADA, TOMAS, Desk, desk_at

from connectors.base import RowReason
from handlers.commands import Announce, ConfirmBackup, Retry
from handlers.departure import State
from handlers.playbooks import StepKey
from handlers.practice import Announcement, Practice, Release
from handlers.refusal import Refusal


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """Thirty contacts, too many to name each, and three deals."""
    crm = FakeCrm()
    crm.give("Contacts", 30)
    crm.give("Deals", 3)
    async with desk_at(sqlite_url, crm) as desk:
        yield desk


async def _told(desk: Desk) -> list[str]:
    """Modules, and how many records of each are named one by one."""
    names = [key.partition(":owner:zoho_crm:")[2].partition("@")[0] for key in await desk.announced()]
    return sorted(f"{name.partition(':')[0]}:*" if ":" in name else name for name in names)


ALL = ["Contacts", "Deals", "Deals:*", "Deals:*", "Deals:*"]


async def test_nobody_is_told_before_the_release(desk: Desk) -> None:
    await desk.approve()
    assert (await desk.run()).state is State.BACKUP
    assert await _told(desk) == []


async def test_released_at_the_beginning_it_is_told_as_it_happens(desk: Desk) -> None:
    await desk.approve()
    await desk.says(Announce(), TOMAS)
    await desk.run_to(StepKey.TRANSFER)
    assert await _told(desk) == [], "nothing has changed hands"
    while await desk.outcomes(module="Contacts") != {"moved": 30}:
        await desk.unit()
    assert await _told(desk) == ["Contacts"]
    await desk.run()
    assert await _told(desk) == ALL


async def test_released_in_the_middle_what_is_through_is_told_at_once_and_the_rest_as_it_happens(desk: Desk) -> None:
    await desk.approve()
    await desk.run_to(StepKey.TRANSFER)
    while await desk.outcomes(module="Contacts") != {"moved": 30}:
        await desk.unit()
    await desk.says(Announce(), TOMAS)
    assert await _told(desk) == ["Contacts"]
    await desk.run()
    assert await _told(desk) == ALL


async def test_released_after_the_end_it_is_told_by_module(desk: Desk) -> None:
    await desk.approve()
    await desk.run()
    await desk.says(ConfirmBackup("saved"), ADA)
    assert (await desk.run()).state is State.CLOSED
    await desk.says(Announce(), TOMAS)
    assert await _told(desk) == ["Contacts", "Deals"]
    with pytest.raises(Refusal, match=r"announce\.already"):
        await desk.says(Announce(), ADA)


async def test_a_release_while_the_last_batch_is_under_way_is_not_lost(desk: Desk) -> None:
    await desk.approve()
    await desk.run_to(StepKey.TRANSFER)
    runner, released = desk.runner, False
    change_owner = desk.crm.change_owner

    async def slow(
        module: str, ids: tuple[str, ...], to: str, *, quiet: bool = False, tag: str | None = None
    ) -> object:
        nonlocal released
        if module == "Deals" and not released:
            released = True
            await desk.says(Announce(), TOMAS)
        return await change_owner(module, ids, to, quiet=quiet, tag=tag)

    desk.crm.change_owner = slow  # type: ignore[method-assign,assignment]
    assert (await desk.run()).state is State.BACKUP
    assert runner is desk.runner
    assert await _told(desk) == ["Contacts", "Deals"]


async def test_what_moves_after_a_retry_is_told_and_the_module_once(desk: Desk) -> None:
    desk.crm.refusals[next(iter(desk.crm.rows["Deals"]))] = (RowReason.INVALID, 1)
    await desk.approve()
    await desk.says(Announce(), TOMAS)
    await desk.run()
    assert await _told(desk) == ["Contacts", "Deals", "Deals:*", "Deals:*"]
    await desk.says(Retry(), ADA)
    assert (await desk.run()).state is State.BACKUP
    assert await _told(desk) == ALL


async def test_a_house_that_wants_it_so_tells_at_once(desk: Desk) -> None:
    desk.by(Practice(announcement=Announcement(release=Release.AT_ONCE)))
    await desk.approve()
    assert (await desk.departure()).announced
    await desk.run()
    assert await _told(desk) == ALL
