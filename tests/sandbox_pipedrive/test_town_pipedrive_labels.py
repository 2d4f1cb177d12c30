"""Labels and fields, in both generations of the API."""

from typing import Any

import pytest
from pipedrive_client import AMIT, V1, V2, Api, error

from sandbox.pipedrive import TECHNICAL_CONSULTANT


async def field_of(api: Api, word: str, code: str = "label_ids") -> dict[str, Any]:
    fields: list[dict[str, Any]] = await api.data(f"{V2}/{word}Fields")
    return next(each for each in fields if each["field_code"] == code)


@pytest.mark.parametrize(
    ("word", "module"), [("deal", "deals"), ("person", "persons"), ("organization", "organizations")]
)
async def test_a_label_is_added_and_replaces_the_labels_of_a_record(pipedrive: Api, word: str, module: str) -> None:
    old = {option["id"] for option in (await field_of(pipedrive, word))["options"]}
    answer = await pipedrive.post(f"{V2}/{word}Fields/label_ids/options", [{"label": "AmitKumarRecords"}])
    (new,) = answer.json()["data"]
    assert new["label"] == "AmitKumarRecords"
    assert new["id"] not in old
    rows = await pipedrive.data(f"{V2}/{module}", owner_id=AMIT, limit=500)
    labelled = next(row for row in rows if row["label_ids"])
    path, record = f"{V2}/{module}/{labelled['id']}", str(labelled["id"])
    names = pipedrive.crm.labels(module, record)
    await pipedrive.patch(path, label_ids=[*labelled["label_ids"], new["id"]])
    assert pipedrive.crm.labels(module, record) == names | {"AmitKumarRecords"}
    await pipedrive.patch(path, label_ids=[new["id"]])
    assert pipedrive.crm.labels(module, record) == {"AmitKumarRecords"}
    await pipedrive.patch(path, label_ids=labelled["label_ids"])
    assert pipedrive.crm.labels(module, record) == names


async def test_ids_of_labels_differ_between_the_modules(company_pipedrive: Api) -> None:
    fields = [await field_of(company_pipedrive, word) for word in ("deal", "person", "organization", "project")]
    ids = [option["id"] for each in fields for option in each["options"]]
    assert len(ids) == len(set(ids)) == 12


async def test_the_label_field_may_have_another_code(pipedrive: Api) -> None:
    pipedrive.crm.quirks.label_field_code = "label"
    assert (await field_of(pipedrive, "deal", "label"))["field_name"] == "Label"
    assert error(await pipedrive.post(f"{V2}/dealFields/label_ids/options", [{"label": "X"}]))[0] == 404
    assert (await pipedrive.post(f"{V2}/dealFields/label/options", [{"label": "X"}])).status_code == 200


async def test_where_v2_refuses_v1_takes_the_whole_list(pipedrive: Api) -> None:
    pipedrive.crm.quirks.v2_label_options = False
    assert (await pipedrive.post(f"{V2}/dealFields/label_ids/options", [{"label": "New"}])).status_code == 400
    fields = await pipedrive.data(f"{V1}/dealFields")
    label = next(each for each in fields if each["key"] == "label")
    options = [*label["options"], {"label": "New"}]
    answer = await pipedrive.put(f"{V1}/dealFields/{label['id']}", options=options)
    assert [option["label"] for option in answer.json()["data"]["options"]] == [
        "Hot",
        "Warm",
        "Cold",
        "Messe 2026",
        "New",
    ]
    after = (await field_of(pipedrive, "deal"))["options"]
    assert [option["id"] for option in after[:-1]] == [option["id"] for option in label["options"]]


async def test_v1_forgets_the_options_that_are_not_sent(pipedrive: Api) -> None:
    label = next(each for each in await pipedrive.data(f"{V1}/personFields") if each["key"] == "label")
    await pipedrive.put(f"{V1}/personFields/{label['id']}", options=[{"label": "Alone"}])
    assert [option["label"] for option in (await field_of(pipedrive, "person"))["options"]] == ["Alone"]


async def test_labels_may_be_locked(pipedrive: Api) -> None:
    pipedrive.crm.quirks.labels_locked = True
    assert (await pipedrive.post(f"{V2}/dealFields/label_ids/options", [{"label": "X"}])).status_code == 403
    assert (await pipedrive.post(f"{V1}/leadLabels", {"name": "X", "color": "gray"})).status_code == 403
    label = next(each for each in await pipedrive.data(f"{V1}/dealFields") if each["key"] == "label")
    assert (await pipedrive.put(f"{V1}/dealFields/{label['id']}", options=[{"label": "X"}])).status_code == 403
    assert (await pipedrive.data(f"{V1}/users/{AMIT}/permissions"))["can_modify_labels"] is False


async def test_leads_have_labels_of_their_own(pipedrive: Api) -> None:
    assert (await pipedrive.post(f"{V1}/leadLabels", {"name": "AmitKumarRecords", "color": "pale"})).status_code == 400
    made = await pipedrive.post(f"{V1}/leadLabels", {"name": "AmitKumarRecords", "color": "gray"})
    assert set(made.json()["data"]) == {"id", "name", "color", "add_time", "update_time"}
    label = made.json()["data"]["id"]
    assert label in [each["id"] for each in await pipedrive.data(f"{V1}/leadLabels")]
    lead = (await pipedrive.data(f"{V1}/leads", owner_id=AMIT))[0]["id"]
    assert (await pipedrive.patch(f"{V1}/leads/{lead}", label_ids=[label])).status_code == 200
    assert pipedrive.crm.labels("leads", lead) == {"AmitKumarRecords"}
    assert (await pipedrive.patch(f"{V1}/leads/{lead}", label_ids=["nothing"])).status_code == 400


async def test_a_custom_field_that_names_people_is_known_by_its_type(company_pipedrive: Api) -> None:
    field = await field_of(company_pipedrive, "deal", TECHNICAL_CONSULTANT)
    assert (field["field_type"], field["is_custom_field"], field["options"]) == ("user", True, None)
    one = await company_pipedrive.data(f"{V2}/dealFields/{TECHNICAL_CONSULTANT}")
    assert one == field


async def test_a_custom_field_is_made_and_filled(pipedrive: Api) -> None:
    answer = await pipedrive.post(f"{V2}/productFields", {"field_name": "Previous owner", "field_type": "varchar"})
    code = answer.json()["data"]["field_code"]
    assert len(code) == 40
    product = (await pipedrive.ids("products"))[0]
    filled = await pipedrive.patch(f"{V2}/products/{product}", custom_fields={code: "Amit Kumar"})
    assert filled.json()["data"]["custom_fields"] == {code: "Amit Kumar"}
    assert (await pipedrive.patch(f"{V2}/products/{product}", label_ids=[1])).status_code == 400
    assert (await pipedrive.post(f"{V2}/dealFields", {"field_name": "X", "field_type": "colour"})).status_code == 400
