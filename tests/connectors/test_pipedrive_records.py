"""Records that are more than an owner: tasks of several people, labels, fields with types, odd states."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pipedrive_rigs import AMIT, BEN, IDS, SOFIA, InTown, Script, envelope, refusal, scripted, user

from connectors.base import Part, Rejected, RowReason
from sandbox.pipedrive.schema import BY_NAME

NOW = datetime.now(UTC)
HASH = "0123456789abcdef0123456789abcdef01234567"


def assign(in_town: InTown, task: str, *users: str) -> None:
    module = BY_NAME["tasks"]
    row = in_town.town.store.row(module, int(task))
    assignees = json.dumps([int(each) for each in users])
    in_town.town.changes.write(module, row, {"assignee_ids": assignees}, actor=int(BEN), source="app")


def assignees(in_town: InTown, task: str) -> list[str]:
    found = in_town.town.record("tasks", task)
    assert found
    return [str(each) for each in found["assignee_ids"]]


class TestTasks:
    async def test_only_the_leaver_is_replaced_and_the_others_keep_their_places(self, in_town: InTown) -> None:
        first, second, third = (await in_town.owned("tasks"))[:3]
        assign(in_town, first, BEN, AMIT)
        assign(in_town, second, AMIT, BEN)
        assign(in_town, third, AMIT, SOFIA)
        moving = [first, second, third]
        assert await in_town.crm.moved_away(AMIT, "tasks", Part.OPEN, since=NOW, ids=moving) == {}

        for _ in range(2):
            assert (await in_town.crm.change_owner("tasks", moving, SOFIA)).done == tuple(moving)

        assert [assignees(in_town, each) for each in moving] == [[BEN, SOFIA], [SOFIA, BEN], [SOFIA]]

    async def test_without_a_look_whoever_left_is_replaced(self, in_town: InTown) -> None:
        task = (await in_town.owned("tasks"))[0]
        assign(in_town, task, BEN, AMIT)
        in_town.town.deactivate_by_hand(AMIT)

        await in_town.make().change_owner("tasks", [task], SOFIA)

        assert assignees(in_town, task) == [BEN, SOFIA]

    async def test_a_task_that_somebody_took_over_is_told_by_the_look(self, in_town: InTown) -> None:
        first, second = (await in_town.owned("tasks"))[:2]
        assign(in_town, first, BEN)
        assign(in_town, second, BEN, AMIT)

        looked = await in_town.crm.moved_away(AMIT, "tasks", Part.OPEN, since=NOW, ids=[first, second])

        assert looked == {first: BEN}

    async def test_its_owners_are_all_of_its_people(self, in_town: InTown) -> None:
        task, alone = (await in_town.owned("tasks"))[:2]
        assign(in_town, task, BEN, AMIT)
        assign(in_town, alone, AMIT)

        page = await in_town.crm.owned(AMIT, "tasks", Part.OPEN)

        assert await in_town.crm.values("tasks", [task, alone], "owner_id") == {task: f"{BEN}; {AMIT}", alone: AMIT}
        shared = {record.id: record.shared_with for record in page.records}
        assert (shared[task], shared[alone]) == ((BEN,), ())

    @pytest.mark.parametrize(
        ("people", "instead_of", "after"),
        [
            ((BEN, SOFIA), SOFIA, [BEN, AMIT]),
            ((SOFIA, BEN), SOFIA, [AMIT, BEN]),
            ((SOFIA,), SOFIA, [AMIT]),
            ((SOFIA,), "", [SOFIA, AMIT]),  # it was Sofia's before
            ((AMIT, SOFIA), SOFIA, [AMIT]),
            ((BEN,), SOFIA, [BEN, AMIT]),  # nobody loses it to whom it was not given
        ],
    )
    async def test_somebody_is_put_back_in_the_place_of_whoever_got_it(
        self, in_town: InTown, people: tuple[str, ...], instead_of: str, after: list[str]
    ) -> None:
        task = (await in_town.owned("tasks"))[0]
        await in_town.crm.moved_away(AMIT, "tasks", Part.OPEN, since=NOW, ids=[task])
        assign(in_town, task, *people)

        for _ in range(2):
            await in_town.crm.values("tasks", [task], "owner_id")  # the look right before
            await in_town.crm.change_owner("tasks", [task], AMIT, instead_of=instead_of)
            assert assignees(in_town, task) == after


class TestLabels:
    async def test_a_label_that_a_colleague_sets_after_an_old_look_is_kept(self, in_town: InTown) -> None:
        deal = (await in_town.owned("deals"))[0]
        await in_town.crm.moved_away(AMIT, "deals", Part.OPEN, since=NOW, ids=[deal])
        hot = next(number for number, name in in_town.town.fields.labels("deals").items() if name == "Hot")
        row = in_town.town.store.row(BY_NAME["deals"], int(deal))
        values = {"label_ids": json.dumps([hot])}
        in_town.town.changes.write(BY_NAME["deals"], row, values, actor=int(BEN), source="app")
        in_town.town.clock.advance(61)

        await in_town.crm.change_owner("deals", [deal], SOFIA, tag="AmitRecords")

        assert in_town.town.labels("deals", deal) == {"Hot", "AmitRecords"}

    async def test_a_look_saves_the_calls_for_labels(self, in_town: InTown) -> None:
        owned = await in_town.owned("deals")
        in_town.town.clock.advance(61)
        await in_town.crm.moved_away(AMIT, "deals", Part.OPEN, since=NOW, ids=owned)
        await in_town.crm.change_owner("deals", owned[:1], SOFIA, tag="AmitRecords")
        before = len(in_town.calls)

        await in_town.crm.change_owner("deals", owned[1:], SOFIA, tag="AmitRecords")

        assert len(in_town.calls) - before == len(owned) - 1

    async def test_a_label_that_somebody_deleted_keeps_no_record_from_moving(self) -> None:
        def patch(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content)
            if "label_ids" in body:
                return refusal(400, error="Validation failed: label_ids")
            return httpx.Response(200, json=envelope({"id": 1, "owner_id": body["owner_id"], "label_ids": []}))

        row = {"id": 1, "owner_id": 7, "label_ids": []}
        label = {"field_code": "label_ids", "field_name": "Label", "options": [{"id": 3, "label": "DanaRecords"}]}
        script = Script(
            {
                "GET /v1/users/8": envelope(user(8)),
                "GET /v2/dealFields": envelope([label]),
                "GET /v2/deals": envelope([row]),
                "GET /v2/deals/1": envelope(row),
                "PATCH /v2/deals/1": patch,
            }
        )
        crm = scripted(script)

        first = await crm.change_owner("deals", ["1"], "8", tag="DanaRecords")
        await crm.change_owner("deals", ["1"], "8", tag="DanaRecords")

        assert (first.done, first.untagged) == (("1",), ("1",))
        assert script.count("GET /v2/dealFields") == 2, "it is looked for again"

    async def test_options_are_found_by_the_name_of_their_field_too(self) -> None:
        fields = [
            {"field_code": "x", "field_name": "Label", "is_custom_field": True, "options": [{"id": 1, "label": "T"}]},
            {"field_code": "system_label", "field_name": "Label", "options": [{"id": 9, "label": "T"}]},
        ]
        row = {"id": 1, "owner_id": 7, "label_ids": [4]}
        script = Script(
            {
                "GET /v1/users/8": envelope(user(8)),
                "GET /v2/dealFields": envelope(fields),
                "GET /v2/deals": envelope([row]),
                "PATCH /v2/deals/1": envelope(row | {"owner_id": 8}),
            }
        )

        assert (await scripted(script).change_owner("deals", ["1"], "8", tag="T")).untagged == ()
        assert json.loads(script.requests[-1].content) == {"owner_id": 8, "label_ids": [4, 9]}


class TestWrites:
    async def test_an_answer_that_shows_the_old_owner_is_no_success(self) -> None:
        unchanged = {"id": 1, "owner_id": 7}
        script = Script({"GET /v1/users/8": envelope(user(8)), "PATCH /v2/persons/1": envelope(unchanged)})

        result = await scripted(script).change_owner("persons", ["1"], "8")

        assert not result.done
        assert [(each.reason, each.code) for each in result.failed] == [(RowReason.BUSY, "OWNER_UNCHANGED")]

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (400, RowReason.INVALID),
            (403, RowReason.FORBIDDEN),
            (404, RowReason.GONE),
            (409, RowReason.BUSY),
            (410, RowReason.GONE),
            (422, RowReason.INVALID),
            (423, RowReason.LOCKED),
        ],
    )
    async def test_a_refusal_concerns_its_own_record(self, status: int, reason: RowReason) -> None:
        script = Script(
            {
                "GET /v1/users/8": envelope(user(8)),
                "PATCH /v2/persons/1": envelope({"id": 1, "owner_id": 8}),
                "PATCH /v2/persons/2": refusal(status),
            }
        )

        result = await scripted(script).change_owner("persons", ["1", "2"], "8")

        assert result.done == ("1",)
        assert [(each.id, each.reason) for each in result.failed] == [("2", reason)]

    async def test_values_are_sent_in_their_types(self) -> None:
        kinds = {"user": "7", "double": "1.5", "set": "3; 4", "varchar": "77", "enum": "12"}
        codes = {kind: f"{number}" * 40 for number, kind in enumerate(kinds)}
        fields = [
            {"field_code": code, "field_name": kind, "field_type": kind, "is_custom_field": True}
            for kind, code in codes.items()
        ]
        row = envelope({"id": 1, "owner_id": 7})
        script = Script({"GET /v2/dealFields": envelope(fields), "PATCH /v2/deals/1": row})
        values: dict[str, str | None] = {codes[kind]: value for kind, value in kinds.items()}

        await scripted(script).update(
            "deals", ["1"], {**values, "status": "lost", "stage_id": "5", "lost_reason": None, "title": "12"}
        )

        sent = json.loads(script.requests[-1].content)
        custom: list[Any] = [7, 1.5, [3, 4], "77", 12]
        assert sent == {
            "custom_fields": dict(zip(codes.values(), custom, strict=True)),
            "status": "lost",
            "stage_id": 5,
            "lost_reason": None,
            "title": "12",
        }

    async def test_a_stale_deal_is_closed_as_dead(self, in_town: InTown) -> None:
        deal = (await in_town.owned("deals"))[0]

        assert (await in_town.crm.update("deals", [deal], {"status": "lost"})).done == (deal,)
        assert in_town.town.value("deals", deal, "status") == "lost"


class TestClosed:
    async def test_what_the_house_calls_closed_stays(self, in_town: InTown) -> None:
        crm = in_town.make(closed={"deals.stage_id": ["1", "2"]})
        owned = await in_town.owned("deals")
        still = {each for each in owned if in_town.town.value("deals", each, "stage_id") not in ("1", "2")}
        assert 0 < len(still) < len(owned)

        assert await crm.count(AMIT, "deals", Part.OPEN) == await crm.recount(AMIT, "deals", Part.OPEN) == len(still)
        everything = await crm.count(AMIT, "deals", Part.ALL)
        assert await crm.count(AMIT, "deals", Part.CLOSED) == everything - len(still)
        page = await crm.owned(AMIT, "deals", Part.OPEN)
        assert {record.id for record in page.records} == still
        looked = await crm.moved_away(AMIT, "deals", Part.OPEN, since=NOW, ids=owned)
        assert looked == dict.fromkeys(set(owned) - still, AMIT)

    @pytest.mark.parametrize("place", ["deals.mood", "tickets.status", "deals"])
    async def test_what_pipedrive_does_not_have_stops_the_work_and_is_a_finding(self, place: str) -> None:
        crm = scripted(Script(), closed={place: ["x"]})

        with pytest.raises(Rejected) as caught:
            await crm.count("7", "deals", Part.OPEN)
        findings = await crm.check()

        assert caught.value.code == "UNKNOWN_STATUS_FIELD"
        assert [(each.name, each.passed) for each in findings] == [("modules", False)]
        assert place in findings[0].found

    async def test_a_field_that_the_company_added_may_close_records(self) -> None:
        rows = [{"id": n, "name": "P", "owner_id": 7, "custom_fields": {HASH: n}} for n in (1, 2)]
        crm = scripted(Script({"GET /v2/persons": envelope(rows)}), closed={f"persons.{HASH}": ["2"]})

        assert await crm.count("7", "persons", Part.OPEN) == await crm.count("7", "persons", Part.CLOSED) == 1

    async def test_a_deal_without_a_state_counts_as_open(self) -> None:
        rows = [{"id": 1, "owner_id": 7}, {"id": 2, "owner_id": 7, "status": "won"}]
        crm = scripted(Script({"GET /v2/deals": envelope(rows)}))

        assert [record.id for record in (await crm.owned("7", "deals", Part.OPEN)).records] == ["1"]


async def test_a_module_that_pipedrive_does_not_have_is_refused(in_town: InTown) -> None:
    for ask in (in_town.crm.count(AMIT, "tickets", Part.ALL), in_town.crm.values("tickets", ["1"], "x")):
        with pytest.raises(Rejected) as caught:
            await ask
        assert caught.value.code == "NO_MODULE"


async def test_gone_records_are_left_out_of_looks_and_values(in_town: InTown) -> None:
    for module in ("deals", "leads", "projects", "tasks"):
        owned = (await in_town.owned(module))[:2]
        gone = "99999999"
        assert await in_town.crm.moved_away(AMIT, module, Part.OPEN, since=NOW, ids=[*owned, gone]) == {}
        assert set(await in_town.crm.values(module, [*owned, gone], "title")) == set(owned)


async def test_leads_and_projects_given_away_by_hand_are_seen(in_town: InTown) -> None:
    for module in ("leads", "projects", "activities", "persons"):
        owned = await in_town.owned(module)
        in_town.town.give(module, owned[0], BEN)

        assert await in_town.crm.moved_away(AMIT, module, Part.OPEN, since=NOW, ids=owned) == {owned[0]: BEN}, module


async def test_idle_is_what_nobody_has_changed_since(in_town: InTown) -> None:
    since = NOW - timedelta(days=90)
    page = await in_town.crm.owned(AMIT, "leads", Part.OPEN, idle_since=since)

    idle = {record.id for record in page.records if record.idle}
    assert 0 < len(idle) < len(page.records)
    sql = "SELECT id FROM leads WHERE update_time < ?"
    old = {str(row["id"]) for row in in_town.town.store.query(sql, (since.timestamp(),))}
    assert idle == old & {record.id for record in page.records}


async def test_somebody_without_the_app_gets_no_records_of_it(in_town: InTown) -> None:
    owned = await in_town.owned("projects")

    assert (await in_town.crm.fitness(IDS["claire"])).forbidden == ("projects", "tasks")
    with pytest.raises(Rejected) as caught:
        await in_town.crm.change_owner("projects", owned, IDS["claire"])
    assert caught.value.code == "NO_APP"
    assert (await in_town.crm.change_owner("deals", (await in_town.owned("deals"))[:1], IDS["claire"])).done


async def test_the_field_that_closes_records_is_asked_for_with_the_others() -> None:
    other = HASH[::-1]
    script = Script({"GET /v2/persons": envelope([])})

    await scripted(script, closed={f"persons.{HASH}": ["2"]}).owned("7", "persons", Part.OPEN, columns=(other,))

    assert script.requests[-1].url.params["custom_fields"].split(",") == [other, HASH]


async def test_more_fields_than_a_list_takes_come_all_together() -> None:
    script = Script({"GET /v2/persons": envelope([])})

    await scripted(script).owned("7", "persons", Part.OPEN, columns=tuple(f"{number:040x}" for number in range(16)))

    assert "custom_fields" not in script.requests[-1].url.params
