"""Tags: the catalogue, and tags on records."""

import pytest
from crm_client import AMIT, BEN, Api, error, row


def body(ids: list[str], *names: str, **more: object) -> dict[str, object]:
    return {"ids": ids, "tags": [{"name": name} for name in names], **more}


async def names_on(api: Api, record_id: str) -> list[str]:
    return [tag["name"] for tag in row(await api.get(f"/Contacts/{record_id}"))["Tag"]]


async def test_a_tag_is_added_and_the_others_stay(api: Api) -> None:
    ids = await api.ids("Contacts", limit=8)
    before = await names_on(api, ids[3])
    answer = await api.post("/Contacts/actions/add_tags", body(ids, "AmitRecords"))
    assert answer.status_code == 200
    assert answer.json()["success_count"] == "8"
    assert answer.json()["locked_count"] == "0"
    assert row(answer)["details"]["tags"][-1]["name"] == "AmitRecords"
    assert before
    assert await names_on(api, ids[3]) == [*before, "AmitRecords"]
    catalogue = (await api.get("/settings/tags", module="Contacts")).json()
    assert "AmitRecords" in {tag["name"] for tag in catalogue["tags"]}


async def test_the_same_tag_twice_is_there_once(api: Api) -> None:
    record_id = (await api.ids("Contacts", limit=1))[0]
    for _ in range(2):
        await api.post(f"/Contacts/{record_id}/actions/add_tags", body([], "Once"))
    assert (await names_on(api, record_id)).count("Once") == 1


async def test_overwriting_replaces_all_tags(api: Api) -> None:
    ids = await api.ids("Contacts", limit=8)
    await api.post("/Contacts/actions/add_tags", body(ids, "Only", over_write=True))
    assert await names_on(api, ids[3]) == ["Only"]


async def test_tags_are_removed_by_name(api: Api) -> None:
    ids = await api.ids("Contacts", limit=2)
    await api.post("/Contacts/actions/add_tags", body(ids, "A", "B"))
    assert (await api.post("/Contacts/actions/remove_tags", body(ids, "A"))).status_code == 200
    assert await names_on(api, ids[0]) == ["B"]
    await api.post(f"/Contacts/{ids[0]}/actions/remove_tags", body([], "B"))
    assert await names_on(api, ids[0]) == []


async def test_a_record_holds_ten_tags(api: Api) -> None:
    record_id = (await api.ids("Contacts", limit=1))[0]
    ten = [f"t{number}" for number in range(10)]
    assert (await api.post("/Contacts/actions/add_tags", body([record_id], *ten))).status_code == 200
    eleventh = await api.post("/Contacts/actions/add_tags", body([record_id], "more"))
    assert (eleventh.status_code, row(eleventh)["details"]["maximum_length"]) == (400, 10)
    assert error(await api.post("/Contacts/actions/add_tags", body([record_id], *ten, "x"))) == (400, "INVALID_DATA")


async def test_500_records_in_a_call(company: Api) -> None:
    refused = await company.post("/Contacts/actions/add_tags", body([str(n) for n in range(501)], "x"))
    assert (error(refused), refused.json()["details"]["maximum_length"]) == ((400, "INVALID_DATA"), 500)


async def test_locked_and_unknown_records_are_refused_in_their_row(api: Api) -> None:
    good, locked = await api.ids("Contacts", limit=1), api.crm.store.query("SELECT id FROM Contacts WHERE _lock = 1")
    answer = await api.post("/Contacts/actions/add_tags", body([*good, str(locked[0]["id"]), "1"], "x"))
    assert answer.status_code == 202
    assert [each["code"] for each in answer.json()["data"]] == ["SUCCESS", "RECORD_LOCKED", "INVALID_DATA"]
    assert answer.json()["locked_count"] == "1"


@pytest.mark.parametrize(
    ("path", "given", "code"),
    [
        ("/Contacts/actions/add_tags", {"ids": ["1"]}, "MANDATORY_NOT_FOUND"),
        ("/Contacts/actions/add_tags", {"ids": ["1"], "tags": [{"id": "1"}]}, "MANDATORY_NOT_FOUND"),
        ("/Contacts/1/actions/add_tags", {"tags": [{"name": "x"}]}, "INVALID_DATA"),
        ("/Notes/actions/add_tags", {"ids": ["1"], "tags": [{"name": "x"}]}, "NOT_SUPPORTED"),
    ],
)
async def test_malformed_calls(company: Api, path: str, given: dict[str, object], code: str) -> None:
    assert error(await company.post(path, given)) == (400, code)


async def test_the_catalogue_tells_its_limits_and_knows_duplicates(api: Api) -> None:
    assert (await api.get("/settings/tags", module="Quotes")).status_code == 204
    made = await api.call("POST", "/settings/tags", params={"module": "Quotes"}, json={"tags": [{"name": "New"}]})
    assert (made.status_code, row(made, "tags")["code"]) == (201, "SUCCESS")
    again = await api.call("POST", "/settings/tags", params={"module": "Quotes"}, json={"tags": [{"name": "New"}]})
    assert row(again, "tags")["code"] == "DUPLICATE_DATA"
    assert row(again, "tags")["details"]["id"] == row(made, "tags")["details"]["id"]
    assert (await api.get("/settings/tags", module="Quotes")).json()["info"]["allowed_count"] == 100
    api.crm.limits.tags_per_module = 1
    full = await api.call("POST", "/settings/tags", params={"module": "Quotes"}, json={"tags": [{"name": "Two"}]})
    assert row(full, "tags")["code"] == "LICENSE_LIMIT_EXCEEDED"


async def test_tagging_leaves_the_owner_alone(api: Api) -> None:
    before = api.crm.open_owned(AMIT), api.crm.open_owned(BEN)
    await api.post("/Contacts/actions/add_tags", body(await api.ids("Contacts", limit=8), "x"))
    assert (api.crm.open_owned(AMIT), api.crm.open_owned(BEN)) == before
    assert not api.crm.recent_changes
