"""Users over the API: finding them, deactivating and activating, deleting."""

from typing import Any

import pytest
from crm_client import AMIT, BEN, NOOR, PETRA, SOFIA, Api, crm_id, error, row

from sandbox.people import ROSTER

WALTER, STAN = crm_id("walter"), crm_id("stan")


def inactive(**more: Any) -> dict[str, Any]:
    return {"users": [{"status": "inactive", **more}]}


async def test_all_users_come_with_their_manager(company: Api) -> None:
    answer = (await company.get("/users", type="AllUsers")).json()
    assert len(answer["users"]) == sum(person.crm_id is not None for person in ROSTER)
    amit = next(user for user in answer["users"] if user["id"] == AMIT)
    assert amit["email"] == "amit@brightwater.example"
    assert amit["Reporting_To"] == {"name": "Tomás Rivera", "id": crm_id("tomas")}
    assert amit["Modified_Time"][19:] in ("+01:00", "+02:00")
    assert next(user for user in answer["users"] if user["id"] == crm_id("karl"))["Reporting_To"] is None
    assert answer["info"]["more_records"] is False


async def test_users_come_in_pages_and_the_page_behind_the_last_is_empty(company: Api) -> None:
    first = (await company.get("/users", per_page=10)).json()
    second = (await company.get("/users", per_page=10, page=2)).json()
    assert first["info"]["more_records"] is True
    assert not {user["id"] for user in first["users"]} & {user["id"] for user in second["users"]}
    beyond = await company.get("/users", per_page=10, page=9)
    assert (beyond.status_code, beyond.content) == (204, b"")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DeactiveUsers", {"walter", "mei"}),
        ("DeletedUsers", {"stan"}),
        ("NotConfirmedUsers", {"ines"}),
        ("AdminUsers", {"petra", "ada", "noor"}),
    ],
)
async def test_types_select_users(company: Api, kind: str, expected: set[str]) -> None:
    found = (await company.get("/users", type=kind)).json()["users"]
    assert {user["id"] for user in found} == {crm_id(key) for key in expected}
    assert (await company.get("/users/actions/count", type=kind)).json() == {"count": len(expected)}


async def test_an_unknown_type_is_refused(company: Api) -> None:
    assert error(await company.get("/users", type="Ghosts")) == (400, "INVALID_DATA")


async def test_one_user_and_chosen_fields(company: Api) -> None:
    assert row(await company.get(f"/users/{WALTER}"), "users")["status"] == "disabled"
    assert set(row(await company.get("/users", ids=AMIT, fields="email,status"), "users")) == {"id", "email", "status"}
    assert error(await company.get("/users/12345")) == (400, "INVALID_DATA")


async def test_inactive_goes_in_and_disabled_comes_out(api: Api) -> None:
    done = await api.put(f"/users/{AMIT}", inactive())
    assert done.status_code == 200
    assert row(done, "users") == {
        "code": "SUCCESS",
        "details": {"id": AMIT},
        "message": "User updated",
        "status": "success",
    }
    seen = row(await api.get(f"/users/{AMIT}"), "users")
    assert (seen["status"], seen["status_reason__s"]) == ("disabled", "disabled manually")
    again = await api.put(f"/users/{AMIT}", inactive())
    assert (again.status_code, row(again, "users")["code"]) == (400, "ID_ALREADY_DEACTIVATED")


@pytest.mark.parametrize(
    ("user", "code", "words"),
    [
        (PETRA, "INVALID_REQUEST", "Primary Contact cannot be deactivated"),
        (NOOR, "INVALID_REQUEST", "logged in user"),
        (STAN, "CANNOT_UPDATE_DELETED_USER", "Deleted user"),
    ],
)
async def test_whom_zoho_does_not_deactivate(company: Api, user: str, code: str, words: str) -> None:
    refused = await company.put(f"/users/{user}", inactive())
    assert refused.status_code == 400
    assert row(refused, "users")["code"] == code
    assert words in row(refused, "users")["message"]


async def test_a_bad_id_and_two_users_at_once_are_refused_in_root_form(company: Api) -> None:
    unknown = await company.put("/users/999", inactive())
    assert (error(unknown), unknown.json()["details"]) == ((400, "INVALID_DATA"), {"resource_path_index": 1})
    two = await company.put(f"/users/{AMIT}", {"users": [{"status": "inactive"}, {"status": "inactive"}]})
    assert two.json()["details"] == {"maximum_length": 1, "api_name": "users", "json_path": "$.users"}
    assert error(await company.put(f"/users/{AMIT}", {})) == (400, "MANDATORY_NOT_FOUND")


async def test_several_users_answer_one_by_one(api: Api) -> None:
    body = {"users": [{"id": AMIT, "status": "inactive"}, {"id": WALTER, "status": "inactive"}]}
    answer = await api.put("/users", body)
    assert answer.status_code == 207
    assert [entry["code"] for entry in answer.json()["users"]] == ["SUCCESS", "ID_ALREADY_DEACTIVATED"]


async def test_only_administrators_manage_users(company: Api) -> None:
    ben = company.with_grant("ZohoCRM.users.ALL", user="ben")
    refused = await ben.put(f"/users/{AMIT}", inactive())
    assert error(refused) == (403, "NO_PERMISSION")
    assert refused.json()["details"] == {"permissions": ["Crm_Implied_Manage_Users"]}


async def test_activation_gives_the_user_back_while_licences_last(api: Api) -> None:
    active = {"users": [{"status": "active"}]}
    already = await api.put(f"/users/{AMIT}", active)
    assert row(already, "users")["code"] == "ID_ALREADY_ACTIVE"
    assert (await api.put(f"/users/{WALTER}", active)).status_code == 200
    assert row(await api.get(f"/users/{WALTER}"), "users")["status"] == "active"


async def test_the_reporting_line_can_be_changed_but_not_to_nobody_known(api: Api) -> None:
    assert (await api.put(f"/users/{AMIT}", {"users": [{"Reporting_To": SOFIA}]})).status_code == 200
    assert row(await api.get(f"/users/{AMIT}"), "users")["Reporting_To"]["id"] == SOFIA
    assert (await api.put(f"/users/{AMIT}", {"users": [{"Reporting_To": None}]})).status_code == 200
    assert row(await api.get(f"/users/{AMIT}"), "users")["Reporting_To"] is None
    refused = await api.put(f"/users/{AMIT}", {"users": [{"Reporting_To": "42"}]})
    assert row(refused, "users")["code"] == "CONFLICTING_DATA_FOUND"


async def test_deletion_is_for_the_super_admin_and_leaves_the_records(api: Api) -> None:
    assert error(await api.call("DELETE", f"/users/{BEN}")) == (403, "NO_PERMISSION")
    petra = api.with_grant("ZohoCRM.users.ALL", user="petra")
    owned = api.crm.open_owned(BEN)
    assert (await petra.call("DELETE", f"/users/{BEN}")).status_code == 200
    assert row(await api.get(f"/users/{BEN}"), "users")["status"] == "deleted"
    assert {module: n for (user, module), n in api.crm.ghosts().items() if user == BEN} == owned
    again = await petra.call("DELETE", f"/users/{BEN}")
    assert row(again, "users")["code"] == "ID_ALREADY_DELETED"
    self_delete = await petra.call("DELETE", f"/users/{PETRA}")
    assert row(self_delete, "users")["code"] == "INVALID_REQUEST"
