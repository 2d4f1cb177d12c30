"""What every connector promises, whatever its vendor."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract_rig import Factory, Rig, chunks

from connectors.base import Connector, NotAuthorised, Part, Record, Rejected, RowReason
from connectors.http import together
from sandbox.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOBODY = "5000000000009999999"


async def records(connector: Connector, owner: str, module: str, part: Part = Part.OPEN) -> AsyncIterator[list[Record]]:
    """The pages of what the owner has."""
    after: str | None = None
    while True:
        page = await connector.owned(owner, module, part, after=after)
        yield list(page.records)
        if (after := page.after) is None:
            return


async def ids(connector: Connector, owner: str, module: str, part: Part = Part.OPEN) -> list[str]:
    return [record.id async for page in records(connector, owner, module, part) for record in page]


async def move(rig: Rig, module: str, pending: list[str]) -> None:
    """Move the records, rows refused for now once more, until none is left."""
    for _ in range(30):
        results = [
            await rig.connector.change_owner(module, chunk, rig.successor)
            for chunk in chunks(pending, rig.connector.limits.write)
        ]
        failures = [failure for result in results for failure in result.failed]
        assert all(failure.reason.may_pass_later for failure in failures)
        pending = [failure.id for failure in failures]
        if not pending:
            return
    raise AssertionError(f"{len(pending)} records of {module} never moved")


class TestAccounts:
    async def test_active_and_former_users_are_listed_with_their_state(self, still: Rig) -> None:
        accounts = {account.id: account for account in await still.connector.accounts()}

        assert accounts[still.leaver].active
        assert accounts[still.leaver].manager_id == still.lead
        assert "@" in accounts[still.leaver].email
        assert not accounts[still.gone].active
        assert not accounts[still.deleted].active
        assert any(not account.confirmed for account in accounts.values())
        assert {account.system for account in accounts.values()} == {still.connector.system}

    async def test_accounts_come_from_memory_unless_fresh_ones_are_asked_for(self, still: Rig) -> None:
        await still.connector.accounts()
        before = len(still.requests)

        await still.connector.accounts()
        assert len(still.requests) == before
        await still.connector.accounts(fresh=True)
        assert len(still.requests) > before

    async def test_one_account_is_read_as_it_is_now(self, still: Rig) -> None:
        assert (await still.connector.account(still.leaver)).id == still.leaver

    async def test_an_unknown_account_is_said_to_be_unknown(self, still: Rig) -> None:
        with pytest.raises(Rejected) as caught:
            await still.connector.account(NOBODY)

        assert caught.value.code == "NOT_FOUND"


class TestInventory:
    async def test_counts_are_the_vendors_own(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        found = {holding.module.name: holding for holding in inventory.holdings}
        assert list(found) == still.modules
        assert {name: each.open for name, each in found.items() if each.open} == still.open_owned(still.leaver)
        for name, holding in found.items():
            assert holding.open + holding.closed == len(still.all_owned(still.leaver, name)), name

    async def test_samples_of_the_biggest_modules_are_open_records_with_an_address(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        sampled = [holding for holding in inventory.holdings if holding.samples]
        assert {each.open for each in sorted(inventory.holdings, key=lambda each: -each.open)[:3]} <= {
            each.open for each in sampled
        }
        for holding in sampled:
            owned = await ids(still.connector, still.leaver, holding.module.name)
            assert len(holding.samples) == min(3, holding.open)
            assert {sample.id for sample in holding.samples} <= set(owned)
            assert all(sample.label and sample.id in sample.url for sample in holding.samples)

    async def test_value_and_currency_are_told(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        holding = next(each for each in inventory.holdings if each.module.name == still.module)
        values = [sample.value for sample in holding.samples]
        assert inventory.currency
        assert holding.open_value
        assert None not in values
        assert values == sorted(values, key=lambda value: value or 0, reverse=True)
        assert sum(value or 0 for value in values) <= holding.open_value

    async def test_nobody_owns_nothing(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.deleted)
        for holding in inventory.holdings:
            assert holding.open == still.open_owned(still.deleted).get(holding.module.name, 0)

    async def test_what_cannot_be_moved_is_named(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        covered = {holding.module.name for holding in inventory.holdings}
        assert inventory.not_covered
        assert not covered & {each.module for each in inventory.not_covered}
        assert all(each.reason.startswith("not_covered.") and each.label for each in inventory.not_covered)


async def ghosts(connector: Connector) -> dict[tuple[str, str], int]:
    """By user and module."""
    return {(each.account.id, module.name): count for each in await connector.ghosts() for module, count in each.counts}


class TestGhosts:
    async def test_counts_are_the_vendors_own(self, still: Rig) -> None:
        found = await still.connector.ghosts()

        assert await ghosts(still.connector) == still.ghosts()
        assert {still.gone, still.deleted} <= {each.account.id for each in found}
        assert not any(each.account.active for each in found)
        assert all(each.counts and each.total == sum(count for _, count in each.counts) for each in found)

    async def test_it_takes_one_call_for_each_module(self, still: Rig) -> None:
        await still.connector.ghosts()
        before = len(still.requests)

        await still.connector.ghosts()

        assert len(still.requests) - before <= len(still.modules)

    async def test_whoever_is_deactivated_becomes_one_and_a_hand_over_ends_it(self, rig: Rig) -> None:
        left = rig.open_owned(rig.leaver)
        await rig.connector.deactivate(rig.leaver)

        assert {module: n for (user, module), n in (await ghosts(rig.connector)).items() if user == rig.leaver} == left
        for module in left:
            await move(rig, module, await ids(rig.connector, rig.leaver, module))
        assert rig.leaver not in {each.account.id for each in await rig.connector.ghosts()}


class TestOwned:
    async def test_pages_are_complete_ascending_and_without_duplicates(
        self, still: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connector: Any = still.connector
        monkeypatch.setattr(connector, "limits", replace(connector.limits, read=7))

        for part in (Part.ALL, Part.OPEN):
            pages = [page async for page in records(connector, still.leaver, still.module, part)]
            found = [record.id for page in pages for record in page]
            assert len(pages) > 1
            assert max(len(page) for page in pages) <= 7
            assert found == sorted(set(found))
        assert set(await ids(connector, still.leaver, still.module, Part.ALL)) == still.all_owned(
            still.leaver, still.module
        )

    async def test_open_and_closed_together_are_all(self, still: Rig) -> None:
        for module in still.modules:
            everything, opened, closed = [await ids(still.connector, still.leaver, module, part) for part in Part]
            assert set(everything) == still.all_owned(still.leaver, module)
            assert sorted(opened + closed) == sorted(everything), module
            assert len(opened) == still.open_owned(still.leaver).get(module, 0), module

    async def test_records_have_a_label(self, still: Rig) -> None:
        page = await still.connector.owned(still.leaver, still.module, Part.OPEN)

        assert all(record.label and record.label != record.id for record in page.records)


class TestMovedAway:
    async def test_a_foreign_edit_is_seen_and_our_own_is_not(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)
        inside, outside, ours = owned[1], owned[-1], owned[2]
        since = datetime.now(UTC) - timedelta(seconds=2)

        rig.give(rig.module, inside, rig.colleague)
        rig.give(rig.module, outside, rig.colleague)
        await rig.connector.change_owner(rig.module, [ours], rig.successor)

        seen = await _moved_away(rig, Part.OPEN, since, owned[:-1])
        assert seen == {inside: rig.colleague, ours: rig.successor}
        assert not await _moved_away(rig, Part.OPEN, since + timedelta(minutes=10), owned)

    async def test_what_was_closed_has_left_the_open_ones_and_is_still_the_owners(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)
        since = datetime.now(UTC) - timedelta(seconds=2)

        rig.close(rig.module, owned[3])

        assert await _moved_away(rig, Part.OPEN, since, owned) == {owned[3]: rig.leaver}
        assert await _moved_away(rig, Part.ALL, since, owned) == {}

    async def test_what_was_closed_long_ago_is_no_news(self, still: Rig) -> None:
        everything = await ids(still.connector, still.leaver, still.module, Part.ALL)
        assert not await _moved_away(still, Part.OPEN, datetime.now(UTC), everything)

    async def test_it_takes_one_call_for_any_stretch_of_any_module(self, still: Rig) -> None:
        for module in still.modules:
            owned = sorted(still.all_owned(still.leaver, module))
            before = len(still.requests)
            await still.connector.moved_away(
                still.leaver, module, Part.OPEN, since=datetime.now(UTC), first=owned[0], last=owned[-1]
            )
            assert len(still.requests) == before + 1, module


async def _moved_away(rig: Rig, part: Part, since: datetime, span: list[str]) -> dict[str, str]:
    """Of the leaver's records, what has left them; records of others may be among the answer."""
    found = await rig.connector.moved_away(rig.leaver, rig.module, part, since=since, first=span[0], last=span[-1])
    return {each: owner for each, owner in found.items() if each in span}


class TestChangeOwner:
    async def test_records_change_hands_and_twice_is_as_once(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:10]

        first = await rig.connector.change_owner(rig.module, owned, rig.successor)
        second = await rig.connector.change_owner(rig.module, owned, rig.successor)

        assert first == second
        assert first.done == tuple(owned)
        assert set(owned) <= rig.all_owned(rig.successor, rig.module)

    async def test_each_id_is_answered_though_some_are_refused(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:9]
        rig.faults.switch(Fault.PARTIAL_SUCCESS, on=True)

        result = await rig.connector.change_owner(rig.module, [*owned, NOBODY], rig.successor)

        reasons = {failure.id: failure.reason for failure in result.failed}
        assert reasons.pop(NOBODY) is RowReason.GONE
        assert reasons
        assert all(reason.may_pass_later for reason in reasons.values())
        assert set(result.done) | set(reasons) == set(owned)
        assert set(result.done) == set(owned) & rig.all_owned(rig.successor, rig.module)

    async def test_a_receiver_who_left_is_refused_and_nothing_moves(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)

        for receiver in (rig.gone, rig.deleted):
            with pytest.raises(Rejected):
                await rig.connector.change_owner(rig.module, owned[:3], receiver)
        assert await ids(rig.connector, rig.leaver, rig.module) == owned


class TestTag:
    async def test_a_tag_joins_the_others(self, rig: Rig) -> None:
        module, chosen = await _tagged(rig)
        before = rig.tags(module, chosen)

        for _ in range(2):
            result = await rig.connector.tag(module, [chosen], "AmitRecords")
            assert result.done == (chosen,)

        assert rig.tags(module, chosen) == before | {"AmitRecords"}

    async def test_an_unknown_record_is_reported(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)

        result = await rig.connector.tag(rig.module, [owned[0], NOBODY], "AmitRecords")

        assert result.done == (owned[0],)
        assert [failure.id for failure in result.failed] == [NOBODY]


async def _tagged(rig: Rig) -> tuple[str, str]:
    for module in rig.modules:
        for record in await ids(rig.connector, rig.leaver, module):
            if rig.tags(module, record):
                return module, record
    raise AssertionError("no record of the leaver has a tag")


class TestCounts:
    async def test_both_paths_agree_with_the_vendor(self, still: Rig) -> None:
        for module in still.modules:
            expected = still.open_owned(still.leaver).get(module, 0)
            assert await still.connector.count(still.leaver, module, Part.OPEN) == expected, module
            assert await still.connector.recount(still.leaver, module, Part.OPEN) == expected, module
            assert await still.connector.count(still.leaver, module, Part.ALL) == len(
                still.all_owned(still.leaver, module)
            )

    async def test_both_paths_say_zero_when_all_is_handed_over(self, rig: Rig) -> None:
        for module in rig.modules:
            await move(rig, module, await ids(rig.connector, rig.leaver, module))
            assert await rig.connector.count(rig.leaver, module, Part.OPEN) == 0
            rig.settle()
            assert await rig.connector.recount(rig.leaver, module, Part.OPEN) == 0
        assert rig.open_owned(rig.leaver) == {}


class TestDeactivate:
    async def test_the_second_time_finds_it_done(self, rig: Rig) -> None:
        assert await rig.connector.deactivate(rig.leaver) is True
        assert not (await rig.connector.account(rig.leaver)).active
        assert await rig.connector.deactivate(rig.leaver) is False

    async def test_the_list_shows_it_at_once(self, rig: Rig) -> None:
        await rig.connector.accounts()
        await rig.connector.deactivate(rig.leaver)

        accounts = {account.id: account for account in await rig.connector.accounts()}
        assert not accounts[rig.leaver].active

    async def test_a_protected_user_stays_and_says_why(self, rig: Rig) -> None:
        boss = await rig.connector.account(rig.boss)
        assert boss.protected

        with pytest.raises(Rejected):
            await rig.connector.deactivate(rig.boss)
        assert (await rig.connector.account(rig.boss)).active


class TestTrouble:
    @pytest.mark.parametrize("fault", list(Fault))
    async def test_a_hand_over_survives(self, rig: Rig, fault: Fault) -> None:
        others = {user: rig.open_owned(user) for user in (rig.colleague, rig.boss, rig.gone)}
        rig.faults.switch(fault, on=True)

        module = rig.module
        pending = await ids(rig.connector, rig.leaver, module)
        for chunk in chunks(pending, 12):
            await rig.connector.tag(module, chunk, "AmitRecords")
            await move(rig, module, chunk)
        rig.settle()
        assert await rig.connector.recount(rig.leaver, module, Part.OPEN) == 0
        await rig.connector.deactivate(rig.leaver)

        assert rig.faults.struck[fault]
        assert rig.open_owned(rig.leaver).get(module, 0) == 0
        assert set(pending) <= rig.all_owned(rig.successor, module)
        assert {user: rig.open_owned(user) for user in others} == others
        assert not (await rig.connector.account(rig.leaver)).active

    async def test_a_token_that_dies_costs_one_refresh_however_many_calls_wait(self, rig: Rig) -> None:
        await rig.connector.account(rig.leaver)
        before = rig.requests.count(("POST", rig.token_path))
        rig.expire_tokens()

        await together(rig.connector.account(rig.leaver) for _ in range(20))

        assert rig.requests.count(("POST", rig.token_path)) == before + 1


class TestCheck:
    async def test_a_good_grant_passes(self, still: Rig) -> None:
        findings = await still.connector.check()

        assert findings
        assert [each for each in findings if not each.passed] == []

    async def test_a_missing_right_is_named_with_advice(self, still: Rig) -> None:
        connector = still.without("ZohoCRM.settings.layouts.READ")

        failed = [each for each in await connector.check() if not each.passed]

        assert [each.name for each in failed] == ["scope ZohoCRM.settings.layouts.READ"]
        assert failed[0].advice

    async def test_a_missing_right_stops_the_work_for_the_admin(self, still: Rig) -> None:
        with pytest.raises(NotAuthorised):
            await still.without("ZohoCRM.change_owner.CREATE").change_owner(still.module, ["1"], still.successor)


async def test_a_departure_of_5000_records_stays_within_its_budget(factory: Factory, tmp_path: Path) -> None:
    async with factory(tmp_path, 5000) as rig:
        await rig.connector.inventory(rig.leaver)
        assert len(rig.requests) <= 70, "inventory, metadata included"

        for module in rig.modules:
            await move(rig, module, await ids(rig.connector, rig.leaver, module))
        rig.settle()
        for module in rig.modules:
            assert await rig.connector.recount(rig.leaver, module, Part.OPEN) == 0

        assert rig.open_owned(rig.leaver) == {}
        assert len(rig.requests) <= 140, "the whole hand-over"
