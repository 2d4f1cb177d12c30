"""What every connector says of itself: how each ability can be had, and what work costs, call by call."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from contract_rig import Rig, chunks
from contract_work import ids

from connectors.base import Ability, Part, ReferenceKind, Rejected, Way, Work

pytestmark = pytest.mark.asyncio(loop_scope="module")
_SOME: Final = 23


class TestCapabilities:
    async def test_each_ability_has_its_way(self, still: Rig) -> None:
        assert set(still.connector.capabilities) == set(Ability)

    async def test_writes_that_the_api_lacks_are_refused_and_not_sent(self, still: Rig) -> None:
        lacking = {ability for ability, how in still.connector.capabilities.items() if how.way is not Way.API}
        before = len([method for method, _ in still.requests if method != "GET"])

        for ability, write in _writes(still).items():
            if ability in lacking:
                with pytest.raises(Rejected) as caught:
                    await write
                assert caught.value.code == "NOT_SUPPORTED", ability
            else:
                write.close()
        assert len([method for method, _ in still.requests if method != "GET"]) == before

    async def test_reads_that_the_api_lacks_are_empty(self, still: Rig) -> None:
        how = still.connector.capabilities
        if how[Ability.MAIL].way is not Way.API:
            assert await still.connector.mail_sample(still.leaver, limit=5) == ()
        if how[Ability.CONFIGURATION].way is not Way.API:
            assert not any(reference.movable for reference in await still.connector.references(still.leaver))
            kinds = set(ReferenceKind)
            assert await still.connector.begin_handover(still.leaver, still.successor, kinds) is None


def _writes(rig: Rig) -> dict[Ability, Coroutine[Any, Any, Any]]:
    """What each ability is used by. A count that proves nothing must not look like a proof: it is refused too."""
    connector, module, record = rig.connector, rig.module, [rig.no_record]
    return {
        Ability.TRANSFER: connector.change_owner(module, record, rig.successor),
        Ability.QUIET: connector.change_owner(module, record, rig.successor, quiet=True),
        Ability.TAG: connector.tag(module, record, "AmitRecords"),
        Ability.CLOSE: connector.update(module, record, {rig.text_field: "Dead since spring"}),
        Ability.DEACTIVATE: connector.deactivate(rig.leaver),
        Ability.REACTIVATE: connector.activate(rig.gone),
        Ability.VERIFY: connector.recount(rig.leaver, module, Part.OPEN),
    }


class TestBatches:
    async def test_they_hold_at_least_one_record(self, still: Rig) -> None:
        limits = still.connector.limits

        assert min(limits.read, limits.write, limits.tag, limits.update, limits.look) > 0

    async def test_more_records_never_cost_less(self, still: Rig) -> None:
        for work in Work:
            module = "" if work is Work.ONCE else still.module
            prices = [still.connector.price(work, module, records) for records in (0, 1, 50, 1_000, 5_000)]
            assert [each.calls for each in prices] == sorted(each.calls for each in prices), work
            assert [each.credits for each in prices] == sorted(each.credits for each in prices), work

    async def test_nothing_is_free(self, still: Rig) -> None:
        for work in (Work.READ, Work.LOOK, Work.COUNT):
            assert still.connector.price(work, still.module, 1).calls > 0, work
        assert still.connector.price(Work.ONCE, "", 0).calls > 0


@pytest.mark.ability("plan")
class TestPriceOfReads:
    async def test_reading_records(self, still: Rig) -> None:
        for module in still.modules:
            records = len(await ids(still.connector, still.leaver, module))
            made = await _calls(still, ids(still.connector, still.leaver, module))
            assert made == still.connector.price(Work.READ, module, records).calls, module

    async def test_looking_for_foreign_changes(self, still: Rig) -> None:
        for module in still.modules:
            owned = await ids(still.connector, still.leaver, module)
            made = 0
            for chunk in chunks(owned, still.connector.limits.look):
                look = still.connector.moved_away(still.leaver, module, Part.OPEN, since=datetime.now(UTC), ids=chunk)
                made += await _calls(still, look)
            assert made == still.connector.price(Work.LOOK, module, len(owned)).calls, module

    async def test_counting(self, still: Rig) -> None:
        for module in still.modules:
            records = await still.connector.count(still.leaver, module, Part.OPEN)
            made = await _calls(still, still.connector.count(still.leaver, module, Part.OPEN))
            assert made == still.connector.price(Work.COUNT, module, records).calls, module

    @pytest.mark.ability("verify")
    async def test_counting_again(self, still: Rig) -> None:
        for module in still.modules:
            records = await still.connector.recount(still.leaver, module, Part.OPEN)
            made = await _calls(still, still.connector.recount(still.leaver, module, Part.OPEN))
            assert made == still.connector.price(Work.RECOUNT, module, records).calls, module


@pytest.mark.ability("transfer")
class TestPriceOfWrites:
    async def test_changing_owners(self, rig: Rig) -> None:
        along = rig.connector.capabilities[Ability.TAG].way is Way.API and rig.connector.tags_along
        tag = "AmitRecords" if along else None
        for module in rig.open_owned(rig.leaver):
            owned = await ids(rig.connector, rig.leaver, module)
            await _first(rig, module, owned[0], tag)
            made = 0
            for chunk in chunks(owned, rig.connector.limits.write):
                made += await _calls(rig, rig.connector.change_owner(module, chunk, rig.successor, tag=tag))
            assert made == rig.connector.price(Work.MOVE, module, len(owned)).calls, module

    @pytest.mark.ability("quiet")
    async def test_changing_owners_quietly(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:_SOME]

        made = await _calls(rig, rig.connector.change_owner(rig.module, owned, rig.successor, quiet=True))

        assert made == rig.connector.price(Work.MOVE_QUIETLY, rig.module, len(owned)).calls

    @pytest.mark.ability("tag")
    async def test_tagging(self, rig: Rig) -> None:
        owned = await ids(rig.connector, rig.leaver, rig.module)
        if rig.connector.tags_along:  # the owner's call has it
            assert rig.connector.price(Work.TAG, rig.module, len(owned)).calls == 0
            return
        await rig.connector.tag(rig.module, owned[:1], "AmitRecords")
        made = 0
        for chunk in chunks(owned, rig.connector.limits.tag):
            made += await _calls(rig, rig.connector.tag(rig.module, chunk, "AmitRecords"))

        assert made == rig.connector.price(Work.TAG, rig.module, len(owned)).calls

    @pytest.mark.ability("close")
    async def test_looking_at_fields_and_changing_them(self, rig: Rig) -> None:
        owned = (await ids(rig.connector, rig.leaver, rig.module))[:_SOME]
        made = 0
        for chunk in chunks(owned, rig.connector.limits.update):
            made += await _calls(rig, rig.connector.values(rig.module, chunk, rig.text_field))
            made += await _calls(rig, rig.connector.update(rig.module, chunk, {rig.text_field: "Dead since spring"}))

        assert made == rig.connector.price(Work.UPDATE, rig.module, len(owned)).calls


@pytest.mark.needs("tells_credits")
class TestCredits:
    async def test_what_is_left_is_told_once_the_vendor_tells_it(self, rig: Rig) -> None:
        rig.use_up_credits()

        left = (await rig.connector.inventory(rig.leaver)).credits_left
        later = (await rig.connector.inventory(rig.leaver)).credits_left

        assert left
        assert later
        assert later < left

    @pytest.mark.ability("transfer")
    async def test_a_hand_over_takes_what_was_said(self, rig: Rig) -> None:
        rig.use_up_credits()
        owned = await ids(rig.connector, rig.leaver, rig.module)
        await rig.connector.account(rig.successor)  # whoever gets records was looked at before
        await rig.connector.count(rig.leaver, rig.module, Part.OPEN)
        before = rig.connector.credits_left
        assert before

        for chunk in chunks(owned, rig.connector.limits.write):
            await rig.connector.change_owner(rig.module, chunk, rig.successor)

        after = rig.connector.credits_left
        assert after
        assert before - after == rig.connector.price(Work.MOVE, rig.module, len(owned)).credits


async def _first(rig: Rig, module: str, record: str, tag: str | None) -> None:
    """What a connector learns once and remembers, such as the id of a tag, is not part of the price of a record."""
    rig.give(module, record, rig.successor)
    await rig.connector.change_owner(module, [record], rig.successor, tag=tag)
    rig.give(module, record, rig.leaver)


async def _calls(rig: Rig, work: Coroutine[Any, Any, Any]) -> int:
    """How many calls the vendor received for it."""
    before = len(rig.requests)
    await work
    return len(rig.requests) - before
