"""What every connector promises to tell of records: idle ones, groups, columns, other fields, agenda and mails."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import pytest_asyncio
from contract_rig import Rig

from connectors.base import AgendaKind, Inventory, Page, Part, Record, Survey

pytestmark = pytest.mark.asyncio(loop_scope="module")
_LONG: Final = timedelta(days=180)


async def everything(ask: Callable[[str | None], Coroutine[Any, Any, Page]]) -> list[Record]:
    """The records of all pages."""
    records: list[Record] = []
    page = await ask(None)
    records += page.records
    while page.after:
        page = await ask(page.after)
        records += page.records
    return records


async def open_records(rig: Rig, module: str, **asked: Any) -> list[Record]:
    return await everything(lambda after: rig.connector.owned(rig.leaver, module, Part.OPEN, after=after, **asked))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def surveyed(still: Rig) -> AsyncIterator[tuple[Inventory, datetime]]:
    """An inventory with everything that a survey can ask for, and the time since when records are idle."""
    now = (await still.connector.inventory(still.leaver)).taken_at
    since = now.replace(microsecond=0) - _LONG
    survey = Survey(idle_since=since, group_by={still.module: still.columns})
    yield await still.connector.inventory(still.leaver, survey), since


@pytest.mark.ability("plan")
@pytest.mark.needs("tells_idleness")
class TestIdle:
    async def test_the_idle_records_of_each_module_are_the_vendors_own(
        self, still: Rig, surveyed: tuple[Inventory, datetime]
    ) -> None:
        inventory, since = surveyed
        for holding in inventory.holdings:
            name = holding.module.name
            records = await open_records(still, name, idle_since=since)
            idle = {record.id for record in records if record.idle}
            assert idle == still.idle(still.leaver, name, since) & {record.id for record in records}, name
            assert holding.idle == len(idle), name

    async def test_some_are_and_some_are_not(self, surveyed: tuple[Inventory, datetime]) -> None:
        inventory, _ = surveyed
        assert any(0 < holding.idle < holding.open for holding in inventory.holdings)

    async def test_unasked_nothing_is_idle(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)
        assert {holding.idle for holding in inventory.holdings} == {0}
        assert not any(record.idle for record in await open_records(still, still.module))


@pytest.mark.ability("plan")
class TestColumns:
    async def test_records_hold_what_the_vendor_holds(self, still: Rig) -> None:
        records = await open_records(still, still.module, columns=(*still.columns, "No_Such_Column"))

        assert records
        for record in records:
            expected = {column: still.value(still.module, record.id, column) for column in still.columns}
            assert record.fields == expected | {"No_Such_Column": None}

    async def test_columns_and_idleness_change_no_page(self, still: Rig, surveyed: tuple[Inventory, datetime]) -> None:
        plain = await open_records(still, still.module)
        asked = await open_records(still, still.module, columns=still.columns, idle_since=surveyed[1])
        assert [(record.id, record.label) for record in asked] == [(record.id, record.label) for record in plain]
        assert not any(record.fields for record in plain)


@pytest.mark.ability("plan")
class TestValues:
    async def test_one_column_of_named_records_and_of_none_that_is_gone(self, still: Rig) -> None:
        ids = [record.id for record in await open_records(still, still.module)]
        for column in still.columns:
            found = await still.connector.values(still.module, [*ids, still.no_record], column)
            assert found == {each: still.value(still.module, each, column) for each in ids}

    async def test_what_somebody_else_changed_is_seen(self, rig: Rig) -> None:
        owned = [record.id for record in await open_records(rig, rig.module)][:2]
        rig.give(rig.module, owned[0], rig.colleague)

        found = await rig.connector.values(rig.module, owned, rig.connector.owner_field)

        assert found == {owned[0]: rig.colleague, owned[1]: rig.leaver}


@pytest.mark.ability("plan")
class TestGroups:
    async def test_groups_are_those_of_the_open_records(self, still: Rig, surveyed: tuple[Inventory, datetime]) -> None:
        holding = next(each for each in surveyed[0].holdings if each.module.name == still.module)
        records = await open_records(still, still.module, columns=still.columns)

        assert set(holding.groups) == set(still.columns)
        for column in still.columns:
            assert holding.groups[column] == Counter(record.fields[column] or "" for record in records)
            assert sum(holding.groups[column].values()) == holding.open

    async def test_other_modules_have_none(self, still: Rig, surveyed: tuple[Inventory, datetime]) -> None:
        others = [each for each in surveyed[0].holdings if each.module.name != still.module]
        assert not any(each.groups for each in others)


@pytest.mark.ability("plan")
@pytest.mark.needs("user_field")
class TestUserFields:
    async def test_each_field_is_counted_or_named_as_not_covered(self, still: Rig) -> None:
        inventory = await still.connector.inventory(still.leaver)

        counted = {(each.module, each.field): each.count for each in inventory.user_fields}
        uncounted = {each.module for each in inventory.not_covered if each.reason == "not_covered.user_field"}
        truth = still.named_in(still.leaver)
        askable = {place: len(ids) for place, ids in truth.items() if ids and ".".join(place) not in uncounted}
        assert counted == askable
        assert counted
        assert uncounted <= {".".join(place) for place in truth}

    async def test_the_records_that_name_somebody_are_listed_whoever_owns_them(
        self, still: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(still.connector, "limits", replace(still.connector.limits, read=7))
        truth = still.named_in(still.leaver)
        for each in (await still.connector.inventory(still.leaver)).user_fields:
            records = await everything(_named(still, each.module, each.field))
            assert len(records) > 7
            assert sorted(record.id for record in records) == sorted(truth[each.module, each.field])
            assert not {record.id for record in records} <= still.all_owned(still.leaver, each.module)


def _named(rig: Rig, module: str, field: str) -> Callable[[str | None], Coroutine[Any, Any, Page]]:
    return lambda after: rig.connector.named(rig.leaver, module, field, after=after)


@pytest.mark.ability("plan")
class TestAgenda:
    @pytest.mark.needs("agenda")
    async def test_at_most_ten_of_each_kind_of_the_leavers_own(self, still: Rig) -> None:
        now = (await still.connector.inventory(still.leaver)).taken_at
        items = await still.connector.agenda(still.leaver, until=now + timedelta(days=30))

        assert {item.kind for item in items} == still.agenda
        assert max(Counter(item.kind for item in items).values()) <= 10
        for item in items:
            assert item.record_id in still.all_owned(still.leaver, item.module)
            assert item.label
            assert item.url == still.connector.record_url(item.module, item.record_id)

    @pytest.mark.needs("agenda")
    async def test_each_kind_comes_in_its_order_and_within_its_time(self, still: Rig) -> None:
        now = (await still.connector.inventory(still.leaver)).taken_at
        until = now + timedelta(days=30)
        items = await still.connector.agenda(still.leaver, until=until)

        values = [item.value or 0 for item in items if item.kind is AgendaKind.DEAL]
        overdue = [item.due for item in items if item.kind is AgendaKind.TASK if item.due]
        meetings = [item.due for item in items if item.kind is AgendaKind.MEETING if item.due]
        assert values == sorted(values, reverse=True)
        assert overdue == sorted(overdue)
        assert all(due < now for due in overdue)
        assert meetings == sorted(meetings)
        assert all(now <= due <= until for due in meetings)

    async def test_all_of_it_is_still_open(self, still: Rig) -> None:
        now = (await still.connector.inventory(still.leaver)).taken_at
        items = await still.connector.agenda(still.leaver, until=now + timedelta(days=30))

        for module in {item.module for item in items}:
            listed = {item.record_id for item in items if item.module == module}
            assert listed <= {record.id for record in await open_records(still, module)}, module

    async def test_who_owns_nothing_has_nothing_to_look_at(self, still: Rig) -> None:
        now = (await still.connector.inventory(still.leaver)).taken_at
        assert await still.connector.agenda(still.nobody, until=now + timedelta(days=30)) == ()


@pytest.mark.ability("mail")
class TestMails:
    async def test_a_sample_counts_the_mails_on_records_of_the_account(self, still: Rig) -> None:
        sample = await still.connector.mail_sample(still.leaver, limit=5)

        assert len(sample) == 5
        for each in sample:
            assert each.label
            assert each.count == still.mails(still.leaver, each.record_id) > 0

    async def test_a_second_count_agrees_whoever_owns_the_records_by_then(self, rig: Rig) -> None:
        sample = await rig.connector.mail_sample(rig.leaver, limit=4)
        counted = _given_away(rig, [each.record_id for each in sample])

        assert await rig.connector.count_mails(rig.leaver, counted) == {each.record_id: each.count for each in sample}
        assert await rig.connector.count_mails(None, counted) == {each.record_id: each.count for each in sample}

    @pytest.mark.needs("tells_mail_owners")
    async def test_mails_belong_to_a_mailbox_and_not_to_whoever_has_the_record(self, rig: Rig) -> None:
        sample = await rig.connector.mail_sample(rig.leaver, limit=4)
        counted = _given_away(rig, [each.record_id for each in sample])

        assert await rig.connector.count_mails(rig.successor, counted) == dict.fromkeys(counted, 0)

    @pytest.mark.needs("tells_mail_owners")
    async def test_who_has_no_mails_has_no_sample(self, still: Rig) -> None:
        assert await still.connector.mail_sample(still.colleague, limit=5) == ()


def _given_away(rig: Rig, records: list[str]) -> list[str]:
    """The same records, which are the successor's now."""
    for module in rig.modules:
        for record in rig.all_owned(rig.leaver, module) & set(records):
            rig.give(module, record, rig.successor)
    return records
