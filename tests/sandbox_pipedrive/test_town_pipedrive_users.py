"""Users: who is found and how, who may be deactivated, and what a deactivation ends."""

from datetime import timedelta

import pytest
from pipedrive_client import AMIT, CLAIRE, INES, NOOR, PETRA, SOFIA, V1, V2, WALTER, Api, error

from sandbox.wire import without_secrets

FORBIDDEN = {
    "success": False,
    "error": "You do not have permissions to do this.",
    "error_info": "Please check developers.pipedrive.com",
    "data": None,
    "additional_data": None,
}
UNAUTHORIZED = {
    "success": False,
    "error": "unauthorized access",
    "errorCode": 401,
    "error_info": "Please check developers.pipedrive.com",
}
USER = {
    "id", "name", "default_currency", "locale", "lang", "email", "phone", "activated", "last_login", "created",
    "modified", "has_created_company", "access", "active_flag", "timezone_name", "timezone_offset", "role_id",
    "icon_url", "is_you", "is_deleted",
}  # fmt: skip


async def test_the_list_has_everybody_with_their_state(company_pipedrive: Api) -> None:
    users = {user["id"]: user for user in await company_pipedrive.data(f"{V1}/users")}
    assert set(users[AMIT]) == USER
    assert [user["id"] for user in users.values() if user["has_created_company"]] == [PETRA]
    assert [user["id"] for user in users.values() if user["is_you"]] == [NOOR]
    assert [user["id"] for user in users.values() if not user["activated"]] == [INES]
    assert not users[WALTER]["active_flag"]
    apps = {entry["app"]: entry["admin"] for entry in users[NOOR]["access"]}
    assert apps == {"sales": True, "projects": True, "global": True, "account_settings": True}
    assert {entry["app"] for entry in users[CLAIRE]["access"]} == {"sales", "global"}
    assert users[AMIT]["timezone_offset"] in ("+01:00", "+02:00")


async def test_the_list_may_leave_out_who_is_inactive(pipedrive: Api) -> None:
    pipedrive.crm.quirks.users_without_deactivated = True
    assert WALTER not in [user["id"] for user in await pipedrive.data(f"{V1}/users")]
    assert await pipedrive.data(f"{V1}/users/find", term="walter@", search_by_email=1) == []
    assert not (await pipedrive.data(f"{V1}/users/{WALTER}"))["active_flag"]


async def test_people_are_found_by_mail_in_any_case(company_pipedrive: Api) -> None:
    mail = (await company_pipedrive.data(f"{V1}/users/{AMIT}"))["email"]
    assert mail == "amit@brightwater.example"
    found = await company_pipedrive.data(f"{V1}/users/find", term=mail.upper(), search_by_email=1)
    assert [user["id"] for user in found] == [AMIT]
    assert (await company_pipedrive.get(f"{V1}/users/find")).status_code == 400


async def test_me_names_the_company(company_pipedrive: Api) -> None:
    me = await company_pipedrive.data(f"{V1}/users/me")
    assert (me["id"], me["company_domain"], me["company_name"]) == (NOOR, "brightwater", "Brightwater")
    assert await company_pipedrive.data("/v1/users/me") == me


async def test_an_unknown_user_is_refused_in_its_own_words(company_pipedrive: Api) -> None:
    answer = await company_pipedrive.get(f"{V1}/users/1")
    assert answer.status_code == 404
    assert answer.json() == {"success": False, "error": "User not found or not accessible."}
    assert (await company_pipedrive.put(f"{V1}/users/1", active_flag=False)).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"x-api-token": "0" * 40}, {"Authorization": "Bearer nothing"}])
async def test_without_a_good_token_nothing_is_answered(company_pipedrive: Api, headers: dict[str, str]) -> None:
    answer = await company_pipedrive.call("GET", f"{V1}/users/me", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == UNAUTHORIZED


def test_a_token_is_not_written_down_with_the_exchange(company_pipedrive: Api) -> None:
    assert without_secrets({"X-Api-Token": company_pipedrive.headers["x-api-token"]}) == {"X-Api-Token": "***"}


async def test_a_bearer_token_works_and_has_a_wider_burst(company_pipedrive: Api) -> None:
    headers = {"Authorization": f"Bearer v1u:{company_pipedrive.headers['x-api-token']}"}
    answer = await company_pipedrive.call("GET", f"{V2}/deals", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["x-ratelimit-limit"] == "400000"


async def test_a_user_is_deactivated_and_brought_back(pipedrive: Api) -> None:
    answer = await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)
    assert (answer.status_code, answer.json()["data"]["active_flag"]) == (200, False)
    assert (await pipedrive.data(f"{V1}/users/{AMIT}"))["active_flag"] is False
    assert (await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)).status_code == 200
    assert "deals" in pipedrive.crm.open_owned(str(AMIT))
    assert (str(AMIT), "deals") in pipedrive.crm.ghosts()
    assert (await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=True)).json()["data"]["active_flag"] is True
    assert (str(AMIT), "deals") not in pipedrive.crm.ghosts()


@pytest.mark.parametrize(("caller", "target"), [("noor", NOOR), ("noor", PETRA), ("sofia", AMIT), ("sofia", SOFIA)])
async def test_who_may_not_be_deactivated_stays(company_pipedrive: Api, caller: str, target: int) -> None:
    answer = await company_pipedrive.of(caller).put(f"{V1}/users/{target}", active_flag=False)
    assert answer.status_code == 403
    assert answer.json() == FORBIDDEN
    assert (await company_pipedrive.data(f"{V1}/users/{target}"))["active_flag"]


async def test_nothing_but_the_flag_can_be_changed(company_pipedrive: Api) -> None:
    assert (await company_pipedrive.put(f"{V1}/users/{AMIT}", name="Somebody")).status_code == 400
    assert (await company_pipedrive.put(f"{V1}/users/{AMIT}", active_flag="no")).status_code == 400


async def test_an_old_bug_heeds_numbers_alone(pipedrive: Api) -> None:
    pipedrive.crm.quirks.numeric_active_flag = True
    assert (await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)).status_code == 200
    assert (await pipedrive.data(f"{V1}/users/{AMIT}"))["active_flag"] is True
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=0)
    assert (await pipedrive.data(f"{V1}/users/{AMIT}"))["active_flag"] is False


async def test_the_token_of_somebody_inactive_is_dead(pipedrive: Api) -> None:
    amit = pipedrive.of("amit")
    assert (await amit.get(f"{V1}/users/me")).status_code == 200
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)
    assert (await amit.get(f"{V1}/users/me")).status_code == 401


async def test_the_api_can_be_switched_off_for_a_user(pipedrive: Api) -> None:
    pipedrive.crm.quirks.api_off = {SOFIA}
    assert (await pipedrive.of("sofia").get(f"{V1}/users/me")).status_code == 401
    assert (await pipedrive.data(f"{V1}/users/{SOFIA}/permissions"))["can_use_api"] is False
    assert (await pipedrive.data(f"{V1}/users/{AMIT}/permissions"))["can_use_api"] is True


async def test_a_seat_is_freed_and_taken_again_and_bought_when_none_is_free(pipedrive: Api) -> None:
    crm = pipedrive.crm
    paid, used = crm.seats
    assert paid == used
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)
    assert crm.seats == (paid, used - 1)
    await pipedrive.put(f"{V1}/users/{WALTER}", active_flag=True)
    assert crm.seats == (paid, used)
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=True)
    assert crm.seats == (paid + 1, used + 1)
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)
    crm.drop_free_seats()
    assert crm.seats == (used, used)


async def test_a_deactivation_ends_the_sync_and_private_mails_are_erased_after_thirty_days(pipedrive: Api) -> None:
    crm = pipedrive.crm
    before = crm.user(str(AMIT))
    assert before.mail_sync
    assert before.private_mails
    assert before.purge_at is None
    linked = len(await pipedrive.data(f"{V1}/deals/{await _mailed(pipedrive)}/mailMessages"))
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)
    after = crm.user(str(AMIT))
    assert not after.mail_sync
    assert after.purge_at
    assert abs(after.purge_at - crm.clock.now() - timedelta(days=30)) < timedelta(minutes=1)
    crm.clock.advance(29 * 86_400)
    assert crm.user(str(AMIT)).private_mails == before.private_mails
    crm.clock.advance(2 * 86_400)
    assert crm.user(str(AMIT)).private_mails == 0
    assert len(await pipedrive.data(f"{V1}/deals/{await _mailed(pipedrive)}/mailMessages")) == linked


async def _mailed(api: Api) -> int:
    rows = await api.data(f"{V2}/deals", owner_id=AMIT, include_fields="email_messages_count")
    return int(next(row["id"] for row in rows if row["email_messages_count"]))


async def test_coming_back_in_time_keeps_the_private_mails(pipedrive: Api) -> None:
    crm = pipedrive.crm
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=False)
    crm.clock.advance(20 * 86_400)
    await pipedrive.put(f"{V1}/users/{AMIT}", active_flag=True)
    crm.clock.advance(20 * 86_400)
    assert crm.user(str(AMIT)).private_mails
    assert crm.user(str(AMIT)).purge_at is None


async def test_permission_sets_tell_who_is_an_administrator(company_pipedrive: Api) -> None:
    sets = await company_pipedrive.data(f"{V1}/permissionSets", app="account_settings")
    admin = next(each for each in sets if each["type"] == "admin")
    members = await company_pipedrive.data(f"{V1}/permissionSets/{admin['id']}/assignments")
    assert len(members) == admin["assignment_count"] == 3
    assert NOOR in [member["user_id"] for member in members]
    assert error(await company_pipedrive.of("sofia").get(f"{V1}/permissionSets"))[0] == 403
    me = await company_pipedrive.data(f"{V1}/users/me")
    assert admin["id"] in [entry["permission_set_id"] for entry in me["access"]]
