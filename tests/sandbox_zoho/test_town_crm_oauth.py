"""The accounts server: tokens, their errors, and scopes."""

import pytest
from crm_client import PETRA, TOWN, Api, error

from sandbox.zoho.oauth import SCOPES


async def test_refresh_gives_a_token_for_an_hour_and_tells_where_the_api_is(company: Api) -> None:
    answer = await company.refresh()
    body = answer.json()
    assert answer.status_code == 200
    assert body["expires_in"] == 3600
    assert body["api_domain"] == f"{TOWN}/zoho"
    assert body["token_type"] == "Bearer"
    assert "refresh_token" not in body
    assert "ZohoCRM.coql.READ" in body["scope"].split()


async def test_parameters_may_come_in_the_query_string(api: Api) -> None:
    crm = api.crm
    params = {
        "grant_type": "refresh_token",
        "refresh_token": crm.refresh_token,
        "client_id": crm.client_id,
        "client_secret": crm.client_secret,
    }
    answer = await api.send("POST", "/accounts/oauth/v2/token", params=params)
    assert "access_token" in answer.json()


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"refresh_token": "1000.other"}, "invalid_code"),
        ({"client_id": "1000.NOBODY"}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client_secret"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_errors_of_the_token_endpoint_hide_in_a_200(company: Api, wrong: dict[str, str], expected: str) -> None:
    answer = await company.refresh(**wrong)
    assert (answer.status_code, answer.json()) == (200, {"error": expected})


async def test_the_eleventh_refresh_in_ten_minutes_is_denied_until_the_window_has_passed(api: Api) -> None:
    for _ in range(10):
        assert "access_token" in (await api.refresh()).json()
    denied = await api.refresh()
    assert denied.status_code == 400
    assert denied.json()["error"] == "Access Denied"
    assert "too many requests continuously" in denied.json()["error_description"]
    api.crm.clock.advance(601)
    assert "access_token" in (await api.refresh()).json()


async def test_a_token_dies_after_an_hour(api: Api) -> None:
    assert (await api.get("/org")).status_code == 200
    api.crm.clock.advance(3599)
    assert (await api.get("/org")).status_code == 200
    api.crm.clock.advance(2)
    assert error(await api.get("/org")) == (401, "INVALID_TOKEN")


async def test_revoking_the_grant_kills_its_tokens(api: Api) -> None:
    assert (await api.get("/org")).status_code == 200
    revoked = await api.send("POST", "/accounts/oauth/v2/token/revoke", params={"token": api.refresh_token})
    assert revoked.json() == {"status": "success"}
    assert error(await api.get("/org")) == (401, "INVALID_TOKEN")
    assert (await api.refresh()).json() == {"error": "invalid_code"}


async def test_only_the_scheme_of_zoho_is_understood(company: Api) -> None:
    await company.get("/org")
    bearer = await company.send("GET", "/crm/v8/org", headers={"Authorization": f"Bearer {company.token}"})
    assert error(bearer) == (401, "AUTHENTICATION_FAILURE")
    assert error(await company.send("GET", "/crm/v8/org")) == (401, "AUTHENTICATION_FAILURE")


async def test_the_31st_live_token_evicts_the_oldest(api: Api) -> None:
    await api.get("/org")
    api.crm.limits.refreshes = 100
    for _ in range(30):
        await api.refresh()
    assert error(await api.get("/org")) == (401, "INVALID_TOKEN")


async def test_a_missing_scope_is_told_with_method_and_url(company: Api) -> None:
    narrow = company.with_grant("ZohoCRM.users.READ")
    refused = await narrow.get("/org")
    assert error(refused) == (401, "OAUTH_SCOPE_MISMATCH")
    assert refused.json()["details"] == {"method": "GET", "url": "/crm/v8/org"}
    assert (await narrow.get("/users")).status_code == 200


async def test_scopes_are_enforced_for_each_module_and_operation(company: Api) -> None:
    leads_only = company.with_grant("ZohoCRM.coql.READ", "ZohoCRM.modules.leads.READ")
    assert (await leads_only.coql("select id from Leads where id is not null limit 1")).status_code == 200
    assert (
        error(await leads_only.coql("select id from Deals where id is not null limit 1"))[1] == "OAUTH_SCOPE_MISMATCH"
    )
    update = await leads_only.put("/Leads", {"data": [{"id": "1", "Company": "X"}]})
    assert error(update) == (401, "OAUTH_SCOPE_MISMATCH")


async def test_search_needs_the_search_scope_too(company: Api) -> None:
    without = company.with_grant(*(scope for scope in SCOPES if not scope.startswith("ZohoSearch")))
    assert error(await without.get("/Leads/search", word="Anna"))[1] == "OAUTH_SCOPE_MISMATCH"


async def test_scopes_of_custom_modules_are_called_custom(company: Api) -> None:
    custom = company.with_grant("ZohoCRM.coql.READ", "zohocrm.modules.CUSTOM.read")
    assert (await custom.coql("select id from Site_Visits where id is not null limit 1")).status_code == 200


async def test_the_grant_acts_as_the_user_who_consented(company: Api) -> None:
    petra = company.with_grant("ZohoCRM.users.READ", user="petra")
    found = (await petra.get("/users", type="CurrentUser")).json()["users"]
    assert [user["id"] for user in found] == [PETRA]
