"""Lists of v2 and v1: shapes, paging, filters, what a call may ask for."""

import base64
import json
from typing import Any

import pytest
from pipedrive_client import AMIT, SOFIA, V1, V2, WALTER, Api, error

from sandbox.people import PIPEDRIVE_IDS
from sandbox.pipedrive import TECHNICAL_CONSULTANT

MODULES = ("deals", "persons", "organizations", "activities", "products", "projects", "tasks")
SHAPES = {
    "deals": {
        "id", "title", "creator_user_id", "owner_id", "value", "currency", "person_id", "org_id", "stage_id",
        "pipeline_id", "status", "is_archived", "archive_time", "is_deleted", "probability", "lost_reason",
        "visible_to", "add_time", "update_time", "stage_change_time", "close_time", "won_time", "lost_time",
        "local_won_date", "local_lost_date", "local_close_date", "expected_close_date", "label_ids", "origin",
        "origin_id", "channel", "channel_id", "source_lead_id", "acv", "arr", "mrr", "custom_fields",
    },
    "tasks": {
        "id", "title", "creator_id", "description", "project_id", "is_done", "is_milestone", "due_date", "start_date",
        "parent_task_id", "assignee_ids", "priority", "add_time", "update_time", "marked_as_done_time",
    },
    "projects": {
        "id", "title", "description", "status", "board_id", "phase_id", "owner_id", "start_date", "end_date",
        "deal_ids", "person_ids", "org_ids", "label_ids", "health_status", "add_time", "update_time",
        "status_change_time", "archive_time", "custom_fields",
    },
}  # fmt: skip
LEAD = {
    "id", "title", "owner_id", "creator_id", "label_ids", "person_id", "organization_id", "source_name", "origin",
    "origin_id", "channel", "channel_id", "source_deal_id", "is_archived", "was_seen", "value", "expected_close_date",
    "next_activity_id", "add_time", "update_time", "visible_to", "cc_email",
}  # fmt: skip


@pytest.mark.parametrize("module", sorted(SHAPES))
async def test_a_record_has_the_fields_of_the_reference_and_no_others(company_pipedrive: Api, module: str) -> None:
    row = (await company_pipedrive.data(f"{V2}/{module}", limit=1))[0]
    assert set(row) == SHAPES[module]
    assert row["add_time"][10] == "T"
    assert row["add_time"].endswith("Z")


async def test_a_lead_is_a_lead_of_v1(company_pipedrive: Api) -> None:
    row = (await company_pipedrive.data(f"{V1}/leads", limit=1))[0]
    assert set(row) == LEAD
    assert row["visible_to"] == "3"
    assert len(row["id"]) == 36
    assert row == await company_pipedrive.data(f"{V1}/leads/{row['id']}")


@pytest.mark.parametrize("module", MODULES)
async def test_pages_by_cursor_give_every_record_once_in_order(company_pipedrive: Api, module: str) -> None:
    owned = {} if module == "projects" else {"assignee_id" if module == "tasks" else "owner_id": AMIT}
    whole = await company_pipedrive.data(f"{V2}/{module}", limit=500, **owned)
    paged = await company_pipedrive.every(f"{V2}/{module}", limit=max(1, len(whole) // 3), **owned)
    assert paged == whole
    assert [row["id"] for row in paged] == sorted(row["id"] for row in paged)


async def test_the_cursor_is_opaque_and_a_strange_one_is_refused(company_pipedrive: Api) -> None:
    answer = (await company_pipedrive.get(f"{V2}/deals", limit=2)).json()
    inside = json.loads(base64.b64decode(answer["additional_data"]["next_cursor"]))
    assert inside == {
        "field": "id", "fieldValue": answer["data"][1]["id"], "sortDirection": "asc", "id": answer["data"][1]["id"],
    }  # fmt: skip
    assert (await company_pipedrive.get(f"{V2}/deals", cursor="%%%")).status_code == 400
    assert (await company_pipedrive.get(f"{V2}/deals", cursor=base64.b64encode(b"[]").decode())).status_code == 400


async def test_a_list_can_be_sorted_and_its_pages_keep_the_order(company_pipedrive: Api) -> None:
    sort = {"sort_by": "due_date", "sort_direction": "desc", "owner_id": AMIT}
    rows = await company_pipedrive.every(f"{V2}/activities", limit=20, **sort)
    assert [row["due_date"] for row in rows] == sorted((row["due_date"] for row in rows), reverse=True)
    assert len({row["id"] for row in rows}) == len(rows) == 84


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("deals", {"user_id": AMIT}),
        ("deals", {"limit": 501}),
        ("deals", {"limit": 0}),
        ("deals", {"owner_id": "amit"}),
        ("deals", {"status": "closed"}),
        ("deals", {"include_fields": "mails"}),
        ("deals", {"sort_by": "title"}),
        ("deals", {"custom_fields": "0" * 40}),
        ("deals", {"ids": ",".join(map(str, range(101)))}),
        ("activities", {"done": "yes"}),
        ("activities", {"due_date": "2026-01-01"}),
        ("projects", {"owner_id": AMIT}),
        ("products", {"include_fields": "notes_count"}),
    ],
)
async def test_what_a_list_does_not_know_is_refused(company_pipedrive: Api, path: str, query: dict[str, Any]) -> None:
    answer = await company_pipedrive.get(f"{V2}/{path}", **query)
    assert answer.status_code == 400
    assert answer.json()["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
    assert next(iter(query)) in answer.json()["error"]


async def test_the_wording_for_an_unknown_parameter(company_pipedrive: Api) -> None:
    answer = await company_pipedrive.get(f"{V2}/deals", user_id=AMIT)
    assert answer.json() == {
        "success": False,
        "error": "Validation failed: user_id: Parameter 'user_id' is not allowed for this request",
        "code": "ERR_SCHEMA_VALIDATION_FAILED",
    }


async def test_the_owner_filter_gives_open_won_and_lost_but_neither_archived_nor_deleted(
    company_pipedrive: Api,
) -> None:
    rows = await company_pipedrive.data(f"{V2}/deals", owner_id=AMIT, limit=500)
    assert {row["status"] for row in rows} == {"open", "won", "lost"}
    assert {row["owner_id"] for row in rows} == {AMIT}
    assert not any(row["is_archived"] or row["is_deleted"] for row in rows)
    archived = await company_pipedrive.data(f"{V2}/deals/archived", owner_id=AMIT, limit=500)
    deleted = await company_pipedrive.data(f"{V2}/deals", owner_id=AMIT, status="deleted")
    assert archived
    assert all(row["is_archived"] and row["archive_time"] for row in archived)
    assert {row["status"] for row in deleted} == {"deleted"}
    crm = company_pipedrive.crm
    assert {str(row["id"]) for row in rows + archived} == crm.all_owned(str(AMIT), "deals")


async def test_a_status_can_be_a_list(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.data(f"{V2}/deals", owner_id=AMIT, status="won,lost", limit=500)
    assert {row["status"] for row in rows} == {"won", "lost"}


async def test_counts_come_when_asked_for(company_pipedrive: Api) -> None:
    names = "activities_count,undone_activities_count,done_activities_count,notes_count,followers_count"
    fields = f"{names},email_messages_count,files_count"
    rows = await company_pipedrive.data(f"{V2}/deals", owner_id=AMIT, include_fields=fields, limit=500)
    for name in ("activities_count", "notes_count", "followers_count", "email_messages_count"):
        assert any(row[name] for row in rows)
    for row in rows:
        assert row["done_activities_count"] + row["undone_activities_count"] == row["activities_count"]
    busy = max(rows, key=lambda row: row["activities_count"])
    activities = await company_pipedrive.data(f"{V2}/activities", deal_id=busy["id"])
    assert len(activities) == busy["activities_count"]
    mailed = max(rows, key=lambda row: row["email_messages_count"])
    mails = await company_pipedrive.data(f"{V1}/deals/{mailed['id']}/mailMessages")
    assert len(mails) == mailed["email_messages_count"]


async def test_attendees_come_when_asked_for(company_pipedrive: Api) -> None:
    plain = await company_pipedrive.data(f"{V2}/activities", owner_id=SOFIA, limit=500)
    assert not any("attendees" in row for row in plain)
    rows = await company_pipedrive.data(f"{V2}/activities", owner_id=SOFIA, include_fields="attendees", limit=500)
    assert any(each["user_id"] == AMIT for row in rows for each in row["attendees"])


async def test_labels_can_be_asked_for_by_name(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.data(f"{V2}/deals", owner_id=AMIT, include_labels="true", limit=500)
    names = {label["label"] for row in rows for label in row["label_ids"]}
    assert names == {"Hot", "Warm", "Cold", "Messe 2026"}


async def test_custom_fields_can_be_narrowed(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.data(f"{V2}/deals", custom_fields=TECHNICAL_CONSULTANT, limit=500)
    named = {row["id"] for row in rows if row["custom_fields"][TECHNICAL_CONSULTANT] == AMIT}
    assert named
    assert {str(each) for each in named} <= company_pipedrive.crm.named_in(str(AMIT), "deals", TECHNICAL_CONSULTANT)


async def test_leads_are_paged_by_offset_with_the_oldest_first(company_pipedrive: Api) -> None:
    rows: list[Any] = []
    start: int | None = 0
    while start is not None:
        answer = (await company_pipedrive.get(f"{V1}/leads", owner_id=AMIT, start=start, limit=10)).json()
        pagination = answer["additional_data"]["pagination"]
        assert (pagination["start"], pagination["limit"]) == (start, 10)
        assert pagination["more_items_in_collection"] == ("next_start" in pagination)
        rows += answer["data"]
        start = pagination.get("next_start")
    archived = await company_pipedrive.data(f"{V1}/leads/archived", owner_id=AMIT)
    assert [row["add_time"] for row in rows] == sorted(row["add_time"] for row in rows)
    assert {row["id"] for row in rows + archived} == company_pipedrive.crm.all_owned(str(AMIT), "leads")
    assert len(archived) == 4


async def test_projects_are_found_by_status_phase_and_deal(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.every(f"{V2}/projects", status="open")
    mine = {str(row["id"]) for row in rows if row["owner_id"] == AMIT}
    assert len(mine) == company_pipedrive.crm.open_owned(str(AMIT))["projects"]
    archived = await company_pipedrive.every(f"{V2}/projects/archived")
    assert all(row["archive_time"] for row in archived)
    assert not {row["id"] for row in archived} & {row["id"] for row in await company_pipedrive.every(f"{V2}/projects")}
    deal = rows[0]["deal_ids"][0]
    assert rows[0]["id"] in [row["id"] for row in await company_pipedrive.data(f"{V2}/projects", deal_id=deal)]


async def test_tasks_are_found_by_any_of_their_assignees(company_pipedrive: Api) -> None:
    rows = await company_pipedrive.data(f"{V2}/tasks", assignee_id=SOFIA, is_done="false", limit=500)
    shared = [row for row in rows if len(row["assignee_ids"]) > 1]
    assert any(row["assignee_ids"][0] != SOFIA for row in shared)
    assert not any(row["is_done"] for row in rows)


async def test_a_saved_view_overrides_the_other_filters(company_pipedrive: Api) -> None:
    views = await company_pipedrive.data(f"{V1}/filters", type="deals")
    mine = next(view for view in views if view["user_id"] == AMIT)
    rows = await company_pipedrive.data(f"{V2}/deals", filter_id=mine["id"], owner_id=SOFIA, limit=500)
    assert {(row["owner_id"], row["status"]) for row in rows} == {(AMIT, "open")}
    assert error(await company_pipedrive.get(f"{V2}/deals", filter_id=1))[0] == 404


async def test_who_is_no_administrator_does_not_see_what_is_for_the_owner_alone(company_pipedrive: Api) -> None:
    hidden = {row["id"] for row in await company_pipedrive.every(f"{V2}/deals") if row["visible_to"] == 1}
    foreign = hidden - set(await company_pipedrive.ids("deals", SOFIA))
    seen = {row["id"] for row in await company_pipedrive.of("sofia").every(f"{V2}/deals")}
    assert foreign
    assert not seen & foreign
    answer = await company_pipedrive.of("sofia").get(f"{V2}/deals/{min(foreign)}")
    assert error(answer) == (404, "Entity was not found")


@pytest.mark.parametrize(
    ("way", "status", "some"), [("accepted", 200, True), ("refused", 400, False), ("empty", 200, False)]
)
async def test_a_list_by_an_inactive_owner_is_answered_in_one_of_three_ways(
    pipedrive: Api, way: str, status: int, some: bool
) -> None:
    pipedrive.crm.quirks.inactive_owner_filter = way
    for path in (f"{V2}/deals", f"{V2}/persons", f"{V1}/leads"):
        answer = await pipedrive.get(path, owner_id=WALTER)
        assert answer.status_code == status
        assert bool(answer.json().get("data")) == some


async def test_updated_since_gives_what_changed(pipedrive: Api) -> None:
    deal = (await pipedrive.ids("deals", status="open"))[0]
    since = pipedrive.crm.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    await pipedrive.patch(f"{V2}/deals/{deal}", owner_id=SOFIA)
    assert [row["id"] for row in await pipedrive.data(f"{V2}/deals", updated_since=since)] == [deal]
    assert deal not in [row["id"] for row in await pipedrive.every(f"{V2}/deals", updated_until=since)]


def test_the_roster_is_the_one_of_the_company(company_pipedrive: Api) -> None:
    assert [int(user.id) for user in company_pipedrive.crm.users()] == list(PIPEDRIVE_IDS.values())
