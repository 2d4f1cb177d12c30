"""What every connector promises, whatever its vendor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from contract_rig import Rig, chunks
from contract_work import ids, move, put_tag, records

from connectors.base import Ability, Connector, NotAuthorised, Part, Rejected, RowReason, Way
from connectors.http import together
from sandbox.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.ability("discover")
class TestAccounts:
    async def test_active_and_former_users_are_listed_with_their_state(self, still: Rig) -> None:
        accounts = {account.id: account for account in await still.connector.accounts()}

        assert accounts[still.leaver].active
        assert "@" in accounts[still.leaver].email
        assert not accounts[still.gone].active
        assert {account.system for account in accounts.values()} == {still.connector.system}

    @pytest.mark.needs("lead")
    async def test_whom_somebody_reports_to_is_told(self, still: Rig) -> None:
        accounts = {account.id: account for account in await still.connector.accounts()}

        assert accounts[still.leaver].manager_id == still.lead

    @pytest.mark.needs("deleted")
    async def test_the_deleted_are_listed_as_former_users(self, still: Rig) -> None:
        accounts = {account.id: account for account in await still.connector.accounts()}

        assert not accounts[still.deleted].active

    @pytest.mark.needs("unconfirmed")
    async def test_who_has_never_logged_in_is_told(self, still: Rig) -> None:
        accounts = {account.id: account for account in await still.connector.accounts()}

        assert not accounts[still.unconfirmed].confirmed
        assert accounts[still.leaver].confirmed

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
            await still.connector.account(still.nobody)

        assert caught.value.code == "NOT_FOUND"


@pytest.mark.ability("plan")
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
            assert 0 < len(holding.samples) <= holding.open
            assert {sample.id for sample in holding.samples} <= set(owned)
            assert all(sample.label and sample.id in sample.url for sample in holding.samples)

    @pytest.mark.needs("value_field")
    async def test_value_and_currency_are_told(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        holding = next(each for each in inventory.holdings if each.module.name == still.module)
        values = [sample.value for sample in holding.samples]
        assert holding.module.value_field == still.value_field
        assert inventory.currency
        assert holding.open_value
        assert None not in values
        assert values == sorted(values, key=lambda value: value or 0, reverse=True)
        assert sum(value or 0 for value in values) <= holding.open_value

    async def test_of_somebody_who_left_it_is_what_stayed_behind(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.gone)

        assert {each.module.name: each.open for each in inventory.holdings if each.open} == still.open_owned(still.gone)
        assert not inventory.account.active

    async def test_no_module_is_both_covered_and_not(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        assert not {holding.module.name for holding in inventory.holdings} & {m.module for m in inventory.not_covered}
        assert all(each.reason.startswith("not_covered.") and each.label for each in inventory.not_covered)

    @pytest.mark.needs("uncovered")
    async def test_what_cannot_be_moved_is_named(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        assert still.uncovered in {each.module for each in inventory.not_covered}


async def ghosts(connector: Connector) -> dict[tuple[str, str], int]:
    """By user and module."""
    return {(each.account.id, module.name): count for each in await connector.ghosts() for module, count in each.counts}


@pytest.mark.ability("plan", "discover")
class TestGhosts:
    async def test_counts_are_the_vendors_own(self, still: Rig) -> None:
        found = await still.connector.ghosts()

        assert await ghosts(still.connector) == still.ghosts()
        assert still.gone in {each.account.id for each in found}
        assert not any(each.account.active for each in found)
        assert all(each.counts and each.total == sum(count for _, count in each.counts) for each in found)

    async def test_the_calls_grow_with_the_modules_and_not_with_the_people(self, still: Rig) -> None:
        await still.connector.ghosts()
        before = len(still.requests)

        await still.connector.ghosts()

        assert len(still.requests) - before <= still.ghost_calls

    @pytest.mark.ability("deactivate", "transfer")
    async def test_whoever_is_deactivated_becomes_one_and_a_hand_over_ends_it(self, rig: Rig) -> None:
        left = rig.open_owned(rig.leaver)
        await rig.connector.deactivate(rig.leaver)

        assert {module: n for (user, module), n in (await ghosts(rig.connector)).items() if user == rig.leaver} == left
        for module in left:
            await move(rig, module, await ids(rig.connector, rig.leaver, module))
        assert rig.leaver not in {each.account.id for each in await rig.connector.ghosts()}


@pytest.mark.ability("plan")
class TestOwned:
    async def test_pages_are_complete_in_a_steady_order_and_without_duplicates(
        self, still: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connector: Any = still.connector
        monkeypatch.setattr(connector, "limits", replace(connector.limits, read=7))

        for part in (Part.ALL, Part.OPEN):
            pages = [page async for page in records(connector, still.leaver, still.module, part)]
            found = [record.id for page in pages for record in page]
            assert len(pages) > 1
            assert max(len(page) for page in pages) <= 7
            assert len(found) == len(set(found))
            assert found == await ids(connector, still.leaver, still.module, part)
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


@pytest.mark.ability("plan")
class TestMovedAway:
    @pytest.mark.ability("transfer")
    async def test_it_is_told_with_whose_each_record_is_now(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)
        inside, outside, ours = owned[1], owned[-1], owned[2]
        since = datetime.now(UTC) - timedelta(seconds=2)

        rig.give(rig.module, inside, rig.colleague)
        rig.give(rig.module, outside, rig.colleague)
        await rig.connector.change_owner(rig.module, [ours], rig.successor)

        seen = await _moved_away(rig, Part.OPEN, since, owned[:-1])
        assert seen == {inside: rig.colleague, ours: rig.successor}

    async def test_what_was_closed_has_left_the_open_ones_and_is_still_the_owners(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)
        since = datetime.now(UTC) - timedelta(seconds=2)

        rig.close(rig.module, owned[3])

        assert await _moved_away(rig, Part.OPEN, since, owned) == {owned[3]: rig.leaver}
        assert await _moved_away(rig, Part.ALL, since, owned) == {}

    async def test_where_nothing_happened_nothing_is_told(self, still: Rig) -> None:
        since = datetime.now(UTC) - timedelta(days=3650)

        for module in still.modules:
            owned = await ids(still.connector, still.leaver, module)
            assert await _moved_away(still, Part.OPEN, since, owned, module) == {}, module

    @pytest.mark.needs("looks_by_time")
    async def test_what_changed_before_is_no_news(self, rig: Rig) -> None:
        everything = await ids(rig.connector, rig.leaver, rig.module, Part.ALL)
        rig.give(rig.module, everything[1], rig.colleague)

        assert not await _moved_away(rig, Part.OPEN, datetime.now(UTC) + timedelta(minutes=10), everything)


async def _moved_away(
    rig: Rig, part: Part, since: datetime, asked: list[str], module: str | None = None
) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(asked, rig.connector.limits.look):
        found |= await rig.connector.moved_away(rig.leaver, module or rig.module, part, since=since, ids=chunk)
    return found


@pytest.mark.ability("transfer")
class TestChangeOwner:
    async def test_records_change_hands_and_twice_is_as_once(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:10]

        first = await rig.connector.change_owner(rig.module, owned, rig.successor)
        second = await rig.connector.change_owner(rig.module, owned, rig.successor)

        assert first == second
        assert first.done == tuple(owned)
        assert set(owned) <= rig.all_owned(rig.successor, rig.module)

    async def test_a_record_that_is_gone_is_answered_and_the_others_move(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:3]

        result = await rig.connector.change_owner(rig.module, [*owned, rig.no_record], rig.successor)

        assert set(result.done) == set(owned)
        assert [(failure.id, failure.reason) for failure in result.failed] == [(rig.no_record, RowReason.GONE)]

    @pytest.mark.needs("refuses_some_rows")
    async def test_each_id_is_answered_though_some_are_refused(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:9]
        rig.faults.switch(Fault.PARTIAL_SUCCESS, on=True)

        result = await rig.connector.change_owner(rig.module, [*owned, rig.no_record], rig.successor)

        reasons = {failure.id: failure.reason for failure in result.failed}
        assert reasons.pop(rig.no_record) is RowReason.GONE
        assert reasons
        assert all(reason.may_pass_later for reason in reasons.values())
        assert set(result.done) | set(reasons) == set(owned)
        assert set(result.done) == set(owned) & rig.all_owned(rig.successor, rig.module)

    @pytest.mark.needs("refuses_former_owners")
    async def test_a_receiver_who_left_is_refused_and_nothing_moves(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)

        for receiver in filter(None, (rig.gone, rig.deleted)):
            with pytest.raises(Rejected):
                await rig.connector.change_owner(rig.module, owned[:3], receiver)
        assert await ids(rig.connector, rig.leaver, rig.module) == owned


@pytest.mark.ability("undo", "transfer")
class TestUndo:
    async def test_records_go_back_and_no_others_come_along(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)
        before = rig.all_owned(rig.leaver, rig.module), rig.all_owned(rig.successor, rig.module)
        moved = owned[:6]
        await rig.connector.change_owner(rig.module, moved, rig.successor)

        back = await rig.connector.change_owner(rig.module, moved[:4], rig.leaver)

        assert back.done == tuple(moved[:4])
        assert rig.all_owned(rig.leaver, rig.module) == before[0] - set(moved[4:])
        assert rig.all_owned(rig.successor, rig.module) == before[1] | set(moved[4:])


@pytest.mark.ability("tag", "transfer")
class TestTag:
    async def test_records_get_it_once(self, rig: Rig) -> None:
        chosen = [each for each in await ids(rig.connector, rig.leaver, rig.module) if not rig.tags(rig.module, each)]

        for _ in range(2):
            result = await put_tag(rig, rig.module, chosen[:2], "AmitRecords")
            assert (result.done, result.untagged) == (tuple(chosen[:2]), ())

        assert [rig.tags(rig.module, each) for each in chosen[:3]] == [{"AmitRecords"}, {"AmitRecords"}, set()]

    @pytest.mark.needs("many_tags")
    async def test_a_tag_joins_the_others(self, rig: Rig) -> None:
        module, chosen = await _tagged(rig)
        before = rig.tags(module, chosen)

        for _ in range(2):
            result = await put_tag(rig, module, [chosen], "AmitRecords")
            assert (result.done, result.untagged) == ((chosen,), ())

        assert rig.tags(module, chosen) == before | {"AmitRecords"}

    async def test_an_unknown_record_is_reported(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)

        result = await put_tag(rig, rig.module, [owned[0], rig.no_record], "AmitRecords")

        assert result.done == (owned[0],)
        assert [failure.id for failure in result.failed] == [rig.no_record]


async def _tagged(rig: Rig) -> tuple[str, str]:
    for module in rig.modules:
        for record in await ids(rig.connector, rig.leaver, module):
            if rig.tags(module, record):
                return module, record
    raise AssertionError("no record of the leaver has a tag")


@pytest.mark.ability("plan", "verify")
class TestCounts:
    async def test_both_paths_agree_with_the_vendor(self, still: Rig) -> None:
        for module in still.modules:
            expected = still.open_owned(still.leaver).get(module, 0)
            assert await still.connector.count(still.leaver, module, Part.OPEN) == expected, module
            assert await still.connector.recount(still.leaver, module, Part.OPEN) == expected, module
            assert await still.connector.count(still.leaver, module, Part.ALL) == len(
                still.all_owned(still.leaver, module)
            )

    @pytest.mark.ability("transfer")
    async def test_both_paths_say_zero_when_all_is_handed_over(self, rig: Rig) -> None:
        for module in rig.modules:
            await move(rig, module, await ids(rig.connector, rig.leaver, module))
            assert await rig.connector.count(rig.leaver, module, Part.OPEN) == 0
            rig.settle()
            assert await rig.connector.recount(rig.leaver, module, Part.OPEN) == 0
        assert rig.open_owned(rig.leaver) == {}


@pytest.mark.ability("deactivate")
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

    @pytest.mark.needs("boss")
    async def test_a_protected_user_stays_and_says_why(self, rig: Rig) -> None:
        boss = await rig.connector.account(rig.boss)
        assert boss.protected

        with pytest.raises(Rejected):
            await rig.connector.deactivate(rig.boss)
        assert (await rig.connector.account(rig.boss)).active


# Those that strike any vendor; the others have tests of their own.
_ANYWHERE: Final = (Fault.LATENCY, Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.LOST_RESPONSE)


@pytest.mark.ability("transfer")
class TestTrouble:
    @pytest.mark.parametrize("fault", _ANYWHERE)
    async def test_a_hand_over_survives(self, rig: Rig, fault: Fault) -> None:
        await _hand_over_under(rig, fault)

    @pytest.mark.needs("token_path")
    async def test_a_hand_over_survives_dying_tokens(self, rig: Rig) -> None:
        await _hand_over_under(rig, Fault.EXPIRED_TOKEN)

    @pytest.mark.needs("refuses_some_rows")
    async def test_a_hand_over_survives_refused_rows(self, rig: Rig) -> None:
        await _hand_over_under(rig, Fault.PARTIAL_SUCCESS)

    @pytest.mark.needs("token_path")
    async def test_a_token_that_dies_costs_one_refresh_however_many_calls_wait(self, rig: Rig) -> None:
        await rig.connector.count(rig.leaver, rig.module, Part.OPEN)
        before = rig.requests.count(("POST", rig.token_path))
        rig.expire_tokens()

        await together(rig.connector.count(rig.leaver, rig.module, Part.OPEN) for _ in range(20))

        assert rig.requests.count(("POST", rig.token_path)) == before + 1


async def _hand_over_under(rig: Rig, fault: Fault) -> None:
    """A hand-over of a module with its proof, while the fault strikes; nobody else's records move."""
    others = {user: rig.open_owned(user) for user in (rig.colleague, rig.gone)}
    can = {ability for ability, how in rig.connector.capabilities.items() if how.way is Way.API}
    along = "AmitRecords" if Ability.TAG in can and rig.connector.tags_along else None
    rig.faults.switch(fault, on=True)

    pending = await ids(rig.connector, rig.leaver, rig.module)
    for chunk in chunks(pending, 12):
        if Ability.TAG in can and not along:
            await rig.connector.tag(rig.module, chunk, "AmitRecords")
        await move(rig, rig.module, list(chunk), tag=along)
    rig.settle()
    if Ability.VERIFY in can:
        assert await rig.connector.recount(rig.leaver, rig.module, Part.OPEN) == 0
    if Ability.DEACTIVATE in can:
        await rig.connector.deactivate(rig.leaver)
        assert not (await rig.connector.account(rig.leaver)).active

    assert rig.faults.struck[fault]
    assert rig.open_owned(rig.leaver).get(rig.module, 0) == 0
    assert set(pending) <= rig.all_owned(rig.successor, rig.module)
    assert {user: rig.open_owned(user) for user in others} == others


class TestCheck:
    async def test_a_good_grant_passes(self, still: Rig) -> None:
        findings = await still.connector.check()

        assert findings
        assert [each for each in findings if not each.passed] == []

    @pytest.mark.needs("limits_rights")
    async def test_a_missing_right_is_named_with_advice(self, still: Rig) -> None:
        failed = [each for each in await still.with_fewer_rights().check() if not each.passed]

        assert len(failed) == 1
        assert failed[0].name
        assert failed[0].advice

    @pytest.mark.ability("transfer")
    async def test_a_grant_that_may_not_stops_the_work_for_the_admin(self, still: Rig) -> None:
        owned = await ids(still.connector, still.leaver, still.module)

        with pytest.raises(NotAuthorised):
            await still.barred().change_owner(still.module, owned[:1], still.successor)
