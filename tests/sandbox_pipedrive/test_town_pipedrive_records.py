"""Changing records: strict bodies, owners, archived and deleted ones, tasks, leads; what people do by hand."""

from typing import Any

import pytest
from pipedrive_client import AMIT, BEN, CLAIRE, SOFIA, V1, V2, WALTER, Api, error

from sandbox.pipedrive import TECHNICAL_CONSULTANT


async def test_the_owner_changes_with_labels_and_fields_in_one_call(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="open"))[0]
    before = await pipedrive.data(f"{V2}/deals/{deal}")
    label = max(option["id"] for option in await _labels(pipedrive, "deal"))
    custom = {TECHNICAL_CONSULTANT: BEN}
    answer = await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA, label_ids=[label], custom_fields=custom)
    assert answer.status_code == 200
    after = answer.json()["data"]
    assert after == await pipedrive.data(f"{V2}/deals/{deal}")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"owner_id", "update_time", "label_ids", "custom_fields"}
    assert (after["owner_id"], after["label_ids"], after["custom_fields"]) == (SOFIA, [label], custom)
    assert pipedrive.crm.labels("deals", str(deal)) == {"Messe 2026"}
    assert pipedrive.crm.value("deals", str(deal), TECHNICAL_CONSULTANT) == str(BEN)


async def _labels(api: Api, word: str) -> list[Any]:
    fields = await api.data(f"{V2}/{word}Fields")
    options: list[Any] = next(each["options"] for each in fields if each["field_code"] == "label_ids")
    return options


@pytest.mark.parametrize("module", ["deals", "persons", "organizations", "activities", "products", "projects"])
async def test_each_module_passes_on_and_the_town_sees_it(pipedrive: Api, module: str) -> None:
    crm = pipedrive.crm
    rows = await pipedrive.every(f"{V2}/{module}")
    record = next(row for row in rows if row["owner_id"] == AMIT)
    before, version = crm.open_owned(str(AMIT)).get(module, 0) + crm.closed_owned(str(AMIT)).get(module, 0), crm.version
    assert (await pipedrive.patch(f"{V2}/{module}/{record['id']}", owner_id=SOFIA)).status_code == 200
    assert crm.open_owned(str(AMIT)).get(module, 0) + crm.closed_owned(str(AMIT)).get(module, 0) == before - 1
    assert crm.version > version
    change = crm.recent_changes[-1]
    assert (change.module, change.record_id) == (module, str(record["id"]))
    assert (change.old_owner, change.new_owner) == (str(AMIT), str(SOFIA))


@pytest.mark.parametrize(
    "body",
    [
        {"user_id": SOFIA},
        {"owner_id": str(SOFIA)},
        {"owner_id": True},
        {"owner_id": None},
        {"label_ids": "41"},
        {"label_ids": ["41"]},
        {"label_ids": [999]},
        {"label": 41},
        {"is_archived": 1},
        {"value": "12"},
        {"status": "closed"},
        {"expected_close_date": "tomorrow"},
        {"won_time": "yesterday"},
        {"update_time": "2026-01-01T00:00:00Z"},
        {"custom_fields": {"0" * 40: 1}},
        {"custom_fields": {TECHNICAL_CONSULTANT: "Sofia"}},
        {},
    ],
)
async def test_bodies_are_strict(company_pipedrive: Api, body: dict[str, Any]) -> None:
    deal = (await company_pipedrive.ids("deals", status="open"))[0]
    version = company_pipedrive.crm.version
    answer = await company_pipedrive.patch(f"{V2}/deals/{deal}", **body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
    assert company_pipedrive.crm.version == version


async def test_broken_json_and_unknown_places(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="open"))[0]
    headers = {**pipedrive.headers, "content-type": "application/json"}
    answer = await pipedrive.call("PATCH", f"{V2}/deals/{deal}", content="{owner", headers=headers)
    assert answer.status_code == 400
    assert error(await pipedrive.patch(f"{V2}/deals/999999", owner_id=SOFIA)) == (404, "Entity was not found")
    assert error(await pipedrive.get(f"{V2}/deals/x"))[0] == 404
    assert error(await pipedrive.get(f"{V2}/leads"))[0] == 404
    assert error(await pipedrive.get(f"{V1}/nothing"))[0] == 404
    assert error(await pipedrive.put(f"{V2}/deals/{deal}", owner_id=SOFIA))[0] == 405


async def test_an_owner_must_exist(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="open"))[0]
    assert error(await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=42)) == (400, "User not found or not accessible.")


@pytest.mark.parametrize("status", [400, 403, None])
async def test_giving_to_somebody_inactive_is_refused_or_done(pipedrive: Api, status: int | None) -> None:
    pipedrive.crm.quirks.inactive_owner_status = status
    deal = (await pipedrive.ids("deals", status="open"))[0]
    answer = await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=WALTER)
    assert answer.status_code == (status or 200)
    assert (pipedrive.crm.value("deals", str(deal), "owner_id") == str(WALTER)) == (status is None)


async def test_taking_away_from_somebody_inactive_works(pipedrive: Api) -> None:
    pipedrive.crm.deactivate_by_hand(str(AMIT))
    deal = (await pipedrive.ids("deals", status="open"))[0]
    assert (await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA)).status_code == 200
    same = (await pipedrive.ids("deals", status="open"))[0]
    assert (await pipedrive.patch(f"{V2}/deals/{same}", owner_id=AMIT)).status_code == 200


async def test_projects_need_the_app(pipedrive: Api) -> None:
    crm = pipedrive.crm
    project = next(row.id for row in crm.records("projects", owner=str(AMIT)) if row.state == "open")
    task = (await pipedrive.ids("tasks", is_done="false"))[0]
    assert (await pipedrive.patch(f"{V2}/projects/{project}", owner_id=CLAIRE)).status_code == 403
    assert (await pipedrive.patch(f"{V2}/tasks/{task}", assignee_ids=[CLAIRE])).status_code == 403
    deal = (await pipedrive.ids("deals", status="open"))[0]
    assert (await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=CLAIRE)).status_code == 200


@pytest.mark.parametrize("same_too", [True, False])
async def test_a_permission_can_forbid_to_change_the_owner(pipedrive: Api, same_too: bool) -> None:
    quirks = pipedrive.crm.quirks
    quirks.owner_change_forbidden, quirks.same_owner_forbidden = {"persons"}, same_too
    person, deal = (await pipedrive.ids("persons"))[0], (await pipedrive.ids("deals"))[0]
    assert error(await pipedrive.patch(f"{V2}/persons/{person}", owner_id=SOFIA)) == (
        403, "You do not have permissions to do this.",
    )  # fmt: skip
    same = await pipedrive.patch(f"{V2}/persons/{person}", owner_id=AMIT)
    assert same.status_code == (403 if same_too else 200)
    assert (await pipedrive.patch(f"{V2}/persons/{person}", job_title="CTO")).status_code == 200
    assert (await pipedrive.of("amit").patch(f"{V2}/persons/{person}", owner_id=SOFIA)).status_code == 200
    assert (await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA)).status_code == 200


@pytest.mark.parametrize("status", [400, 403])
async def test_an_archived_deal_takes_nothing_but_its_way_back(pipedrive: Api, status: int) -> None:
    pipedrive.crm.quirks.archived_edit_status = status
    deal = (await pipedrive.data(f"{V2}/deals/archived", owner_id=AMIT))[0]
    path = f"{V2}/deals/{deal['id']}"
    assert (await pipedrive.patch(path, owner_id=SOFIA)).status_code == status
    assert (await pipedrive.patch(path, owner_id=SOFIA, is_archived=False)).status_code == status
    back = (await pipedrive.patch(path, is_archived=False)).json()["data"]
    assert (back["is_archived"], back["archive_time"]) == (False, None)
    assert (await pipedrive.patch(path, owner_id=SOFIA)).status_code == 200
    text = deal["archive_time"].replace("T", " ").rstrip("Z")
    again = (await pipedrive.patch(path, is_archived=True, archive_time=text)).json()["data"]
    assert (again["is_archived"], again["archive_time"], again["owner_id"]) == (True, deal["archive_time"], SOFIA)
    assert deal["id"] in await pipedrive.ids("deals/archived", SOFIA)


async def test_unarchiving_and_giving_can_be_one_call(pipedrive: Api) -> None:
    pipedrive.crm.quirks.unarchive_alone = False
    deal = (await pipedrive.ids("deals/archived"))[0]
    answer = await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA, is_archived=False)
    assert answer.json()["data"]["owner_id"] == SOFIA


async def test_a_lead_passes_on_and_an_archived_one_must_come_back_first(pipedrive: Api) -> None:
    lead = (await pipedrive.data(f"{V1}/leads", owner_id=AMIT))[0]["id"]
    assert (await pipedrive.patch(f"{V1}/leads/{lead}", owner_id=SOFIA)).json()["data"]["owner_id"] == SOFIA
    gone = (await pipedrive.data(f"{V1}/leads/archived", owner_id=AMIT))[0]["id"]
    assert (await pipedrive.patch(f"{V1}/leads/{gone}", owner_id=SOFIA)).status_code == 400
    for body in ({"is_archived": False}, {"owner_id": SOFIA}, {"is_archived": True}):
        assert (await pipedrive.patch(f"{V1}/leads/{gone}", **body)).status_code == 200
    assert gone in [row["id"] for row in await pipedrive.data(f"{V1}/leads/archived", owner_id=SOFIA)]


async def test_an_unknown_lead_is_refused_in_its_own_words(pipedrive: Api) -> None:
    answer = await pipedrive.patch(f"{V1}/leads/00000000-0000-4000-8000-000000000000", owner_id=SOFIA)
    assert answer.status_code == 404
    assert answer.json() == {
        "success": False,
        "error": "requested lead not found",
        "error_info": "Object was not found.",
        "data": None,
        "additional_data": None,
    }


async def test_a_task_keeps_its_other_assignees_unless_one_is_named_alone(pipedrive: Api) -> None:
    rows = await pipedrive.data(f"{V2}/tasks", assignee_id=AMIT, is_done="false")
    shared = next(row for row in rows if len(row["assignee_ids"]) > 1)
    path, other = f"{V2}/tasks/{shared['id']}", shared["assignee_ids"][1]
    after = (await pipedrive.patch(path, assignee_ids=[BEN, other])).json()["data"]
    assert after["assignee_ids"] == [BEN, other]
    assert str(shared["id"]) not in pipedrive.crm.all_owned(str(AMIT), "tasks")
    change = pipedrive.crm.recent_changes[-1]
    assert (change.module, change.old_owner) == ("tasks", str(AMIT))
    assert (await pipedrive.patch(path, assignee_id=SOFIA)).json()["data"]["assignee_ids"] == [SOFIA]
    done = (await pipedrive.patch(path, done=1)).json()["data"]
    assert done["is_done"] is True
    assert done["marked_as_done_time"]
    assert (await pipedrive.patch(path, done=True)).status_code == 400
    assert (await pipedrive.patch(path, is_done=True)).status_code == 400


async def test_a_deleted_deal_cannot_be_edited(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="deleted"))[0]
    assert (await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA)).status_code == 400


async def test_winning_sets_the_times(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="open"))[0]
    won = (await pipedrive.patch(f"{V2}/deals/{deal}", status="won")).json()["data"]
    assert won["won_time"] == won["close_time"] == won["update_time"]
    assert won["local_won_date"]
    reopened = (await pipedrive.patch(f"{V2}/deals/{deal}", status="open")).json()["data"]
    assert (reopened["won_time"], reopened["close_time"]) == (None, None)


async def test_a_project_is_archived_and_closed_to_edits(pipedrive: Api) -> None:
    project = next(row for row in await pipedrive.every(f"{V2}/projects", status="open") if row["owner_id"] == AMIT)
    before = pipedrive.crm.open_owned(str(AMIT))["projects"]
    answer = await pipedrive.post(f"{V2}/projects/{project['id']}/archive")
    assert answer.json()["data"]["archive_time"]
    assert pipedrive.crm.open_owned(str(AMIT))["projects"] == before - 1
    assert (await pipedrive.patch(f"{V2}/projects/{project['id']}", owner_id=SOFIA)).status_code == 400


async def test_colleagues_change_records_by_hand(pipedrive: Api) -> None:
    crm = pipedrive.crm
    deal, other, third = (str(each) for each in (await pipedrive.ids("deals", status="open"))[:3])
    task = str((await pipedrive.ids("tasks", is_done="false"))[0])
    lead = (await pipedrive.data(f"{V1}/leads", owner_id=AMIT))[0]["id"]
    crm.give("deals", deal, str(BEN))
    crm.give("tasks", task, str(BEN))
    crm.give("leads", lead, str(BEN))
    crm.win(other)
    crm.archive("deals", third)
    crm.archive("leads", lead)
    assert crm.value("deals", deal, "owner_id") == str(BEN)
    assert crm.value("tasks", task, "assignee_ids") == str([BEN])
    assert crm.value("deals", other, "status") == "won"
    assert int(third) in await pipedrive.ids("deals/archived")
    assert lead in [row["id"] for row in await pipedrive.data(f"{V1}/leads/archived", owner_id=BEN)]
    for unknown in (("deals", "999999"), ("leads", "x"), ("deals", "x")):
        with pytest.raises(KeyError):
            crm.give(*unknown, str(BEN))
    with pytest.raises(KeyError):
        crm.give("deals", deal, "1")
    with pytest.raises(KeyError):
        crm.archive("persons", str((await pipedrive.ids("persons"))[0]))


async def test_the_changelog_tells_who_gave_what_to_whom(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="open"))[0]
    pipedrive.crm.give("deals", str(deal), str(BEN))
    await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA)
    answer = (await pipedrive.get(f"{V1}/deals/{deal}/changelog", limit=1)).json()
    assert answer["additional_data"]["next_cursor"] == "1"
    entry = answer["data"][0]
    assert (entry["field_key"], entry["old_value"], entry["new_value"]) == ("owner_id", str(BEN), str(SOFIA))
    assert entry["change_source"] == "api"
    older = await pipedrive.data(f"{V1}/deals/{deal}/changelog", limit=1, cursor=1)
    assert older[0]["change_source"] == "app"
