"""Whatever a client sends, the town answers in Pipedrive's envelope and never breaks."""

import base64
import json
from typing import Any

import pytest
from pipedrive_client import AMIT, Api

BIG = 10**30
ODD: tuple[Any, ...] = (
    None,
    1,
    "x",
    [],
    [1],
    [{}],
    {"id": []},
    [{"id": [], "label": 3}],
    {"options": [{"id": [1]}]},
    [None],
)
GOOD_CURSOR = {"field": "id", "sortDirection": "asc"}
PLACES = [
    ("PATCH", "/api/v2/deals/{deal}"),
    ("PATCH", "/api/v2/tasks/{task}"),
    ("PATCH", "/api/v1/leads/{lead}"),
    ("POST", "/api/v2/dealFields"),
    ("POST", "/api/v2/dealFields/label_ids/options"),
    ("PUT", "/api/v1/dealFields/12474"),
    ("POST", "/api/v1/leadLabels"),
    ("POST", "/api/v1/filters"),
    ("POST", "/api/v1/webhooks"),
    ("PUT", "/api/v1/users/{amit}"),
    ("PUT", "/api/v1/notes/1"),
    ("PUT", "/api/v1/goals/{goal}"),
    ("POST", "/api/v2/deals/{deal}/followers"),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
async def test_an_odd_body_is_refused(pipedrive: Api, method: str, path: str) -> None:
    crm = pipedrive.crm
    ids = {module: min(crm.all_owned(str(AMIT), f"{module}s")) for module in ("deal", "task", "lead")}
    place = path.format(**ids, amit=AMIT, goal=min(crm.goals))
    for body in ODD:
        answer = await pipedrive.call(method, place, json=body)
        assert answer.status_code in (400, 403), (body, answer.text)
        assert answer.json()["success"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"owner_id": BIG},
        {"person_id": BIG},
        {"label_ids": [BIG]},
        {"value": "NaN"},
        {"title": ["x"]},
        {"custom_fields": [1]},
        {"custom_fields": None},
        {"archive_time": "2026-13-45 00:00:00"},
        {"lost_reason": {}},
    ],
)
async def test_odd_values_are_refused(company_pipedrive: Api, body: dict[str, Any]) -> None:
    deal = min(company_pipedrive.crm.all_owned(str(AMIT), "deals"))
    assert (await company_pipedrive.patch(f"/api/v2/deals/{deal}", **body)).status_code == 400


@pytest.mark.parametrize("path", ["/api/v2/deals", "/api/v2/tasks", "/api/v1/leads"])
@pytest.mark.parametrize("value", [str(BIG), "-1", "²", "1.5", "", "1;DROP TABLE deals"])
async def test_odd_numbers_are_refused(company_pipedrive: Api, path: str, value: str) -> None:
    name = "assignee_id" if path.endswith("tasks") else "owner_id"
    assert (await company_pipedrive.get(path, **{name: value})).status_code == 400
    assert (await company_pipedrive.get(path, limit=value)).status_code == 400


@pytest.mark.parametrize(
    "inside",
    [[], 7, {}, {**GOOD_CURSOR, "fieldValue": [], "id": 1}, {**GOOD_CURSOR, "fieldValue": 1, "id": {}},
     {**GOOD_CURSOR, "fieldValue": BIG, "id": BIG}],
)  # fmt: skip
async def test_a_forged_cursor_is_refused(company_pipedrive: Api, inside: Any) -> None:
    cursor = base64.b64encode(json.dumps(inside).encode()).decode()
    assert (await company_pipedrive.get("/api/v2/deals", cursor=cursor)).status_code == 400


@pytest.mark.parametrize("record", [str(BIG), "x", "²", "0", "%00"])
async def test_an_odd_id_is_not_found(company_pipedrive: Api, record: str) -> None:
    for path in ("/api/v2/deals", "/api/v1/users", "/api/v1/leads", "/api/v1/notes", "/api/v1/filters"):
        assert (await company_pipedrive.get(f"{path}/{record}")).status_code == 404
