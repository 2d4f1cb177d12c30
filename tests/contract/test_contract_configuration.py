"""What every connector promises about accounts, configuration and automation, whatever its vendor."""

from datetime import UTC, datetime

import pytest
from contract_rig import Rig

from connectors.base import Connector, Fitness, HandoverState, Part, Reference, ReferenceKind, Rejected
from sandbox.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def some(rig: Rig, module: str, count: int) -> list[str]:
    """Ids of open records of the leaver."""
    page = await rig.connector.owned(rig.leaver, module, Part.OPEN)
    return [record.id for record in page.records[:count]]


class TestFitness:
    async def test_nothing_speaks_against_most_people(self, still: Rig) -> None:
        assert await still.connector.fitness(still.successor) == Fitness()

    @pytest.mark.needs("away")
    async def test_whoever_is_away_has_a_day_of_return(self, still: Rig) -> None:
        until = (await still.connector.fitness(still.away)).absent_until

        assert until
        assert until > datetime.now(UTC)

    @pytest.mark.needs("restricted")
    async def test_what_somebodys_rights_hide_is_told(self, still: Rig) -> None:
        assert still.hidden in (await still.connector.fitness(still.restricted)).forbidden

    @pytest.mark.ability("transfer")
    @pytest.mark.needs("restricted", "refuses_former_owners")
    async def test_what_somebodys_rights_hide_cannot_be_given(self, rig: Rig) -> None:
        with pytest.raises(Rejected):
            await rig.connector.change_owner(rig.hidden, await some(rig, rig.hidden, 1), rig.restricted)

    async def test_an_unknown_account_is_said_to_be_unknown(self, still: Rig) -> None:
        with pytest.raises(Rejected) as caught:
            await still.connector.fitness(still.nobody)

        assert caught.value.code == "NOT_FOUND"


@pytest.mark.ability("plan")
class TestLoads:
    async def test_they_are_what_would_have_to_move(self, still: Rig) -> None:
        asked = (still.leaver, still.successor, still.gone, still.nobody)

        found = await still.connector.loads(asked)

        assert found == {user: sum(still.open_owned(user).values()) for user in asked}
        assert found[still.leaver]

    async def test_it_takes_few_calls_and_none_for_nobody(self, still: Rig) -> None:
        await still.connector.loads([still.leaver])
        before = len(still.requests)

        await still.connector.loads([still.leaver, still.successor, still.colleague])
        assert len(still.requests) - before <= still.load_calls
        calls = len(still.requests)
        assert await still.connector.loads([]) == {}
        assert len(still.requests) == calls


@pytest.mark.ability("reactivate", "deactivate")
class TestActivate:
    async def test_whoever_was_deactivated_comes_back_once(self, rig: Rig) -> None:
        assert await rig.connector.activate(rig.leaver) is False
        await rig.connector.deactivate(rig.leaver)
        await rig.connector.accounts()

        assert await rig.connector.activate(rig.leaver) is True
        assert await rig.connector.activate(rig.leaver) is False
        accounts = {account.id: account for account in await rig.connector.accounts()}
        assert accounts[rig.leaver].active

    async def test_a_lost_answer_changes_nothing(self, rig: Rig) -> None:
        await rig.connector.deactivate(rig.leaver)
        rig.faults.switch(Fault.LOST_RESPONSE, on=True)

        assert await rig.connector.activate(rig.leaver) is True
        assert (await rig.connector.account(rig.leaver)).active

    @pytest.mark.needs("limits_seats")
    async def test_without_a_free_licence_somebody_stays_out(self, rig: Rig) -> None:
        await rig.connector.deactivate(rig.leaver)
        rig.fill_seats()

        with pytest.raises(Rejected) as caught:
            await rig.connector.activate(rig.leaver)

        assert caught.value.code == "NO_LICENCE"
        assert not (await rig.connector.account(rig.leaver)).active

    @pytest.mark.needs("deleted")
    async def test_the_deleted_stay_away(self, rig: Rig) -> None:
        with pytest.raises(Rejected):
            await rig.connector.activate(rig.deleted)


async def named(connector: Connector, account: str) -> dict[ReferenceKind, Reference]:
    return {reference.kind: reference for reference in await connector.references(account)}


async def hand_over(rig: Rig, account: str, kinds: set[ReferenceKind], *, manager: str | None = None) -> None:
    """Give the places to the successor and wait for it."""
    handover = await rig.connector.begin_handover(account, rig.successor, kinds, manager=manager)
    assert handover
    for _ in range(10):
        state = await rig.connector.handover_state(handover)
        assert state is not HandoverState.FAILED
        if state is HandoverState.COMPLETED:
            return
    raise AssertionError("the handover never ends")


class TestReferences:
    @pytest.mark.needs("references")
    async def test_what_names_the_leaver_is_found(self, still: Rig) -> None:
        found = await named(still.connector, still.leaver)

        assert set(found) == still.references
        assert any(reference.labels for reference in found.values())

    @pytest.mark.needs("lead")
    async def test_people_who_report_to_somebody_are_named(self, still: Rig) -> None:
        leaver = await still.connector.account(still.leaver)

        assert leaver.name in (await named(still.connector, still.lead))[ReferenceKind.SUBORDINATES].labels

    async def test_the_inventory_has_the_same(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        assert inventory.references == await still.connector.references(still.leaver)


@pytest.mark.ability("configuration")
class TestConfiguration:
    async def test_what_names_the_leaver_can_be_moved(self, still: Rig) -> None:
        assert all(reference.movable for reference in (await named(still.connector, still.leaver)).values())

    async def test_a_handover_moves_the_places_and_no_record(self, rig: Rig) -> None:
        before = await named(rig.connector, rig.leaver)
        owned = rig.open_owned(rig.leaver)

        await hand_over(rig, rig.leaver, set(before))

        assert await rig.connector.references(rig.leaver) == ()
        after = await named(rig.connector, rig.successor)
        assert set(before[ReferenceKind.ASSIGNMENT].labels) <= set(after[ReferenceKind.ASSIGNMENT].labels)
        assert ReferenceKind.CRITERIA in after
        assert rig.open_owned(rig.leaver) == owned

    async def test_only_the_kinds_that_were_asked_for_move(self, rig: Rig) -> None:
        await hand_over(rig, rig.leaver, {ReferenceKind.CRITERIA})

        assert set(await named(rig.connector, rig.leaver)) == {ReferenceKind.ASSIGNMENT}

    @pytest.mark.needs("lead", "boss")
    async def test_people_get_the_manager_that_is_given_and_else_keep_theirs(self, rig: Rig) -> None:
        await rig.connector.accounts()
        await hand_over(rig, rig.lead, {ReferenceKind.SUBORDINATES})
        assert (await rig.connector.account(rig.leaver)).manager_id == rig.lead

        await hand_over(rig, rig.lead, {ReferenceKind.SUBORDINATES}, manager=rig.boss)
        assert (await rig.connector.account(rig.leaver)).manager_id == rig.boss
        assert ReferenceKind.SUBORDINATES not in await named(rig.connector, rig.lead)

    async def test_a_handover_to_somebody_who_left_is_refused(self, rig: Rig) -> None:
        with pytest.raises(Rejected):
            await rig.connector.begin_handover(rig.leaver, rig.gone, set(ReferenceKind))

    async def test_a_forgotten_handover_counts_as_completed(self, still: Rig) -> None:
        assert await still.connector.handover_state(still.nobody) is HandoverState.COMPLETED


class TestAutomation:
    @pytest.mark.needs("tells_reactions")
    async def test_what_an_owner_change_sets_off_is_told(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        assert any(reaction.module == still.module and reaction.mails for reaction in inventory.reactions)
        assert not all(reaction.mails for reaction in inventory.reactions)
        assert {reaction.module for reaction in inventory.reactions} <= set(still.modules)
        assert all(reaction.name for reaction in inventory.reactions)

    @pytest.mark.ability("quiet", "transfer")
    async def test_a_quiet_change_sets_off_nothing(self, rig: Rig) -> None:
        quiet, loud = (chosen := await some(rig, rig.module, 8))[:4], chosen[4:]

        first = await rig.connector.change_owner(rig.module, quiet, rig.successor, quiet=True)
        assert rig.automated(rig.module) == 0
        second = await rig.connector.change_owner(rig.module, loud, rig.successor)

        assert (first.done, second.done) == (tuple(quiet), tuple(loud))
        assert rig.automated(rig.module) == len(loud)
        assert set(chosen) <= rig.all_owned(rig.successor, rig.module)

    @pytest.mark.ability("quiet", "transfer")
    @pytest.mark.needs("refuses_some_rows")
    async def test_quietly_too_each_id_is_answered(self, rig: Rig) -> None:
        chosen = await some(rig, rig.module, 6)
        rig.faults.switch(Fault.PARTIAL_SUCCESS, on=True)

        result = await rig.connector.change_owner(rig.module, [*chosen, rig.no_record], rig.successor, quiet=True)

        failed = {failure.id: failure.reason.may_pass_later for failure in result.failed}
        assert failed.pop(rig.no_record) is False
        assert failed
        assert all(failed.values())
        assert set(result.done) == set(chosen) - set(failed)
        assert set(result.done) == set(chosen) & rig.all_owned(rig.successor, rig.module)

    @pytest.mark.ability("quiet", "transfer")
    @pytest.mark.needs("refuses_former_owners")
    async def test_quietly_too_a_receiver_who_left_is_refused(self, rig: Rig) -> None:
        chosen = await some(rig, rig.module, 3)

        for receiver in filter(None, (rig.gone, rig.deleted)):
            with pytest.raises(Rejected):
                await rig.connector.change_owner(rig.module, chosen, receiver, quiet=True)
        assert set(chosen) <= rig.all_owned(rig.leaver, rig.module)


@pytest.mark.ability("close")
class TestUpdate:
    async def test_a_field_is_set_and_the_owner_stays(self, rig: Rig) -> None:
        chosen = await some(rig, rig.module, 3)

        result = await rig.connector.update(rig.module, chosen, {rig.text_field: "Dead since spring"})

        assert result.done == tuple(chosen)
        assert {rig.value(rig.module, each, rig.text_field) for each in chosen} == {"Dead since spring"}
        assert set(chosen) <= rig.all_owned(rig.leaver, rig.module)

    @pytest.mark.needs("user_field")
    async def test_a_user_is_set_and_emptied(self, rig: Rig) -> None:
        chosen = await some(rig, rig.module, 3)

        await rig.connector.update(rig.module, chosen, {rig.user_field: rig.colleague})
        assert {rig.value(rig.module, each, rig.user_field) for each in chosen} == {rig.colleague}

        await rig.connector.update(rig.module, chosen[:1], {rig.user_field: None})
        assert [rig.value(rig.module, each, rig.user_field) for each in chosen] == [None, *[rig.colleague] * 2]
        assert set(chosen) <= rig.all_owned(rig.leaver, rig.module)

    @pytest.mark.ability("quiet")
    async def test_automation_is_not_set_off(self, rig: Rig) -> None:
        await rig.connector.update(rig.module, await some(rig, rig.module, 3), {rig.text_field: "Dead since spring"})

        assert rig.automated(rig.module) == 0
