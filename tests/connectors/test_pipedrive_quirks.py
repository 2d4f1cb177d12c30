"""What Pipedrive's documents leave open: the connector bears either answer."""

from datetime import UTC, datetime

import pytest
from pipedrive_rigs import AMIT, BEN, IDS, SOFIA, WALTER, InTown

from connectors.base import NotAuthorised, Part, Rejected, RowReason, Unavailable
from connectors.http import together
from sandbox.people import INTEGRATION_USER

NOW = datetime.now(UTC)


@pytest.mark.parametrize("status", [400, 403, 409, 422])
async def test_a_record_archived_since_is_left_alone_whatever_its_edit_is_answered(
    in_town: InTown, status: int
) -> None:
    in_town.town.quirks.archived_edit_status = status
    for module in ("deals", "leads"):
        first, second = (await in_town.owned(module))[:2]
        in_town.town.archive(module, first)

        result = await in_town.crm.change_owner(module, [first, second], SOFIA, tag="AmitRecords")

        assert result.done == (second,)
        assert [(each.id, each.reason, each.code) for each in result.failed] == [(first, RowReason.GONE, "ARCHIVED")]
        assert first in in_town.town.all_owned(AMIT, module)
        assert "AmitRecords" not in in_town.town.labels(module, first)


async def test_a_look_tells_what_was_archived_since(in_town: InTown) -> None:
    for module in ("deals", "leads", "projects"):
        owned = await in_town.owned(module)
        in_town.town.archive(module, owned[0])

        assert await in_town.crm.moved_away(AMIT, module, Part.OPEN, since=NOW, ids=owned) == {owned[0]: AMIT}, module


@pytest.mark.parametrize("status", [None, 400, 403])
async def test_nobody_inactive_gets_records_though_the_vendor_might_allow_it(
    in_town: InTown, status: int | None
) -> None:
    in_town.town.quirks.inactive_owner_status = status

    with pytest.raises(Rejected) as caught:
        await in_town.crm.change_owner("deals", await in_town.owned("deals"), WALTER)

    assert caught.value.code == "INACTIVE_OWNER"
    assert not in_town.sent("PATCH")


@pytest.mark.parametrize("answered", ["accepted", "refused", "empty"])
async def test_what_former_users_own_is_found_however_their_lists_are_answered(in_town: InTown, answered: str) -> None:
    in_town.town.quirks.inactive_owner_filter = answered
    left = dict(in_town.town.open_owned(WALTER))
    assert left

    inventory = await in_town.crm.inventory(WALTER)
    assert {each.module.name: each.open for each in inventory.holdings if each.open} == left
    for module, open_records in left.items():
        assert await in_town.crm.count(WALTER, module, Part.OPEN) == open_records, module
        assert await in_town.crm.recount(WALTER, module, Part.OPEN) == open_records, module
        assert len(await in_town.owned(module, WALTER)) == open_records, module
    assert {each.account.id for each in await in_town.crm.ghosts()} == {user for user, _ in in_town.town.ghosts()}


@pytest.mark.parametrize("answered", ["refused", "empty"])
async def test_a_list_that_fails_for_former_users_does_so_for_nobody_else(in_town: InTown, answered: str) -> None:
    in_town.town.quirks.inactive_owner_filter = answered
    await in_town.crm.inventory(WALTER)

    await in_town.crm.deactivate(AMIT)
    left = in_town.town.open_owned(AMIT)

    assert {name: await in_town.crm.count(AMIT, name, Part.OPEN) for name in left} == left
    assert await in_town.crm.count(BEN, "persons", Part.ALL) == in_town.town.open_owned(BEN)["persons"]


async def test_users_whom_the_list_hides_stay_known_and_their_ghosts_are_found(in_town: InTown) -> None:
    in_town.town.quirks.users_without_deactivated = True
    assert WALTER not in {account.id for account in await in_town.crm.accounts()}

    assert WALTER in {each.account.id for each in await in_town.crm.ghosts()}
    await in_town.crm.deactivate(AMIT)
    accounts = {account.id: account for account in await in_town.crm.accounts(fresh=True)}
    assert not accounts[AMIT].active
    assert not accounts[WALTER].active


@pytest.mark.parametrize("numeric", [False, True])
async def test_a_log_in_is_taken_and_given_back_by_flag_or_number(in_town: InTown, *, numeric: bool) -> None:
    in_town.town.quirks.numeric_active_flag = numeric

    assert await in_town.crm.deactivate(AMIT) is True
    assert in_town.town.user(AMIT).active is False
    assert await in_town.crm.activate(AMIT) is True
    assert in_town.town.user(AMIT).active is True


@pytest.mark.parametrize("code", ["label_ids", "label"])
@pytest.mark.parametrize("v2", [True, False])
async def test_a_label_is_made_once_and_the_others_stay(in_town: InTown, code: str, *, v2: bool) -> None:
    town = in_town.town
    town.quirks.label_field_code, town.quirks.v2_label_options = code, v2
    for module in ("deals", "persons", "organizations"):
        owned = await in_town.owned(module)
        before = {each: town.labels(module, each) for each in owned}
        assert any(before.values()), module

        results = [
            await in_town.crm.change_owner(module, block, SOFIA, tag="AmitRecords")
            for block in (owned[::2], owned[1::2])
        ]

        assert [result.untagged for result in results] == [(), ()]
        assert {each: town.labels(module, each) for each in owned} == {
            each: labels | {"AmitRecords"} for each, labels in before.items()
        }
        assert list(town.fields.labels(module).values()).count("AmitRecords") == 1


async def test_leads_and_projects_have_labels_too(in_town: InTown) -> None:
    for module in ("leads", "projects"):
        owned = await in_town.owned(module)
        before = {each: in_town.town.labels(module, each) for each in owned}

        assert (await in_town.crm.change_owner(module, owned, SOFIA, tag="AmitRecords")).untagged == ()

        assert {each: in_town.town.labels(module, each) - {"AmitRecords"} for each in owned} == before
        assert all("AmitRecords" in in_town.town.labels(module, each) for each in owned)


async def test_where_no_label_may_be_made_records_move_untagged(in_town: InTown) -> None:
    in_town.town.quirks.labels_locked = True
    for module in ("deals", "leads"):
        owned = await in_town.owned(module)

        result = await in_town.crm.change_owner(module, owned, SOFIA, tag="AmitRecords")

        assert result.done == result.untagged == tuple(owned)
        assert set(owned) <= in_town.town.all_owned(SOFIA, module)
    made = len(in_town.sent("POST"))
    await in_town.crm.change_owner("deals", await in_town.owned("deals", BEN), SOFIA, tag="AmitRecords")
    assert len(in_town.sent("POST")) == made, "a refusal is remembered for a while"


async def test_what_has_no_labels_moves_untagged(in_town: InTown) -> None:
    for module in ("activities", "products", "tasks"):
        owned = await in_town.owned(module)
        result = await in_town.crm.change_owner(module, owned, SOFIA, tag="AmitRecords")
        assert result.done == result.untagged == tuple(owned), module


@pytest.mark.parametrize("even_the_same", [True, False])
async def test_where_only_the_owner_may_pass_on_an_ordinary_token_is_told(
    in_town: InTown, *, even_the_same: bool
) -> None:
    in_town.town.quirks.owner_change_forbidden = {"deals"}
    in_town.town.quirks.same_owner_forbidden = even_the_same
    owned = await in_town.owned("deals")

    with pytest.raises(NotAuthorised) as caught:
        await in_town.make("tomas").change_owner("deals", owned, SOFIA)

    assert caught.value.code == "OWNER_CHANGE_FORBIDDEN"
    assert set(owned) <= in_town.town.all_owned(AMIT, "deals")


async def test_without_the_right_to_use_the_api_nothing_goes(in_town: InTown) -> None:
    in_town.town.quirks.api_off = {int(IDS[INTEGRATION_USER])}

    with pytest.raises(NotAuthorised):
        await in_town.crm.accounts()


@pytest.mark.parametrize("told", [True, False])
async def test_the_days_tokens_are_the_vendors_word_or_counted_down(in_town: InTown, *, told: bool) -> None:
    in_town.town.limits.daily_headers = told
    crm = in_town.make(daily_tokens=1000)
    assert crm.credits_left == 1000

    await crm.account(AMIT)

    assert crm.credits_left == (in_town.town.meter.remaining if told else 998)


async def test_a_token_that_ignores_the_limits_is_blocked_and_then_rests(in_town: InTown) -> None:
    in_town.town.limits.burst, in_town.town.limits.ignored = 1, 3
    in_town.town.quirks.plain_429 = True

    with pytest.raises(Unavailable) as caught:
        await together(in_town.crm.account(AMIT) for _ in range(9))

    assert caught.value.code == "BLOCKED"
    assert caught.value.retry_after == 900
