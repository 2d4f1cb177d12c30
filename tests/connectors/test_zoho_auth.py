"""Tokens of Zoho: fetched once for all, early, from the right place, and never shown."""

from typing import Any

import httpx
import pytest
from scripted_vendor import QUICK, TOKEN, Clock, Vendor, make_crm, refusal
from structlog.testing import capture_logs

from connectors.base import NotAuthorised, Unavailable
from connectors.http import together
from connectors.zoho.auth import ZohoAuthority
from connectors.zoho.crm import ZohoCrm

TOKEN_PATH = "/oauth/v2/token"


def authority(vendor: Vendor, clock: Clock, *, api_url: str | None = None) -> ZohoAuthority:
    return ZohoAuthority(
        accounts_url="http://accounts.example", api_url=api_url, client_id="1000.CLIENT", client_secret="client-secret",
        refresh_token="1000.refresh-secret", clock=clock, timings=QUICK, transport=vendor.transport,
    )  # fmt: skip


async def test_many_who_wait_share_one_refresh(vendor: Vendor, clock: Clock) -> None:
    source = authority(vendor, clock)

    grants = await together(source.grant() for _ in range(50))

    assert vendor.count(TOKEN_PATH) == 1
    assert {grant.headers["Authorization"] for grant in grants} == {"Zoho-oauthtoken 1000.secret"}
    await source.aclose()


async def test_many_who_wait_share_one_failure(vendor: Vendor, clock: Clock) -> None:
    vendor.replies[TOKEN_PATH] = {"error": "invalid_code"}
    source = authority(vendor, clock)

    async def failure() -> str:
        with pytest.raises(NotAuthorised) as caught:
            await source.grant()
        return caught.value.code

    assert await together(failure() for _ in range(20)) == ["invalid_code"] * 20
    assert vendor.count(TOKEN_PATH) == 1
    await source.aclose()


async def test_a_token_is_renewed_five_minutes_early(vendor: Vendor, clock: Clock) -> None:
    source = authority(vendor, clock)
    await source.grant()
    clock.advance(minutes=54)
    await source.grant()
    assert vendor.count(TOKEN_PATH) == 1

    clock.advance(minutes=2)
    await source.grant()
    assert vendor.count(TOKEN_PATH) == 2
    await source.aclose()


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("error", ["invalid_code", "invalid_client", "invalid_client_secret"])
async def test_a_dead_grant_is_told_with_advice_whatever_the_status(
    vendor: Vendor, clock: Clock, error: str, status: int
) -> None:
    vendor.replies[TOKEN_PATH] = httpx.Response(status, json={"error": error})
    source = authority(vendor, clock)

    with pytest.raises(NotAuthorised) as caught:
        await source.grant()

    assert caught.value.code == error
    assert len(str(caught.value)) > len(error) + 30
    await source.aclose()


async def test_the_refresh_throttle_is_no_dead_grant(vendor: Vendor, clock: Clock) -> None:
    vendor.replies[TOKEN_PATH] = httpx.Response(400, json={"error": "Access Denied", "error_description": "too many"})
    source = authority(vendor, clock)

    with pytest.raises(Unavailable) as caught:
        await source.grant()

    assert caught.value.retry_after
    assert vendor.count(TOKEN_PATH) == 1
    await source.aclose()


async def test_the_accounts_server_being_down_is_waited_for(vendor: Vendor, clock: Clock) -> None:
    vendor.replies[TOKEN_PATH] = [httpx.Response(503, text="<html>"), httpx.ReadTimeout("late"), TOKEN]
    source = authority(vendor, clock)

    assert (await source.grant()).base_url == "http://api.example"
    await source.aclose()


async def test_the_api_domain_of_the_token_wins_over_the_setting(vendor: Vendor, clock: Clock) -> None:
    source = authority(vendor, clock, api_url="http://configured.example")
    assert (await source.grant()).base_url == "http://api.example"
    await source.aclose()


async def test_the_setting_helps_where_the_token_names_no_domain(vendor: Vendor, clock: Clock) -> None:
    vendor.replies[TOKEN_PATH] = TOKEN | {"api_domain": None}
    configured, bare = authority(vendor, clock, api_url="http://configured.example/"), authority(vendor, clock)

    assert (await configured.grant()).base_url == "http://configured.example"
    with pytest.raises(NotAuthorised, match="API domain"):
        await bare.grant()
    await configured.aclose()
    await bare.aclose()


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "AUTHENTICATION_FAILURE"])
async def test_a_token_that_died_early_is_replaced_and_the_call_repeated(
    crm: ZohoCrm, vendor: Vendor, code: str
) -> None:
    vendor.replies["/users/1"] = [refusal(401, code), {"users": [{"id": "1", "status": "active"}]}]

    assert (await crm.account("1")).active
    assert vendor.count(TOKEN_PATH) == 2


async def test_a_fresh_token_that_is_refused_again_ends_in_a_request_to_the_admin(crm: ZohoCrm, vendor: Vendor) -> None:
    vendor.replies["/users/1"] = refusal(401, "INVALID_TOKEN")

    with pytest.raises(NotAuthorised):
        await crm.account("1")

    assert vendor.count("/crm/v8/users/1") == 3


async def test_a_missing_scope_fetches_no_new_token(crm: ZohoCrm, vendor: Vendor) -> None:
    vendor.replies["/users/1"] = refusal(401, "OAUTH_SCOPE_MISMATCH")

    with pytest.raises(NotAuthorised, match="scopes"):
        await crm.account("1")

    assert vendor.count(TOKEN_PATH) == 1


async def test_secrets_reach_neither_log_nor_error_nor_address(vendor: Vendor, clock: Clock) -> None:
    crm = make_crm(vendor, clock)
    vendor.replies["/users/1"] = refusal(403, "NO_PERMISSION", permissions=["Crm_Implied_Manage_Users"])

    with capture_logs() as logs, pytest.raises(NotAuthorised, match="Crm_Implied_Manage_Users") as caught:
        await crm.account("1")

    seen: list[Any] = [logs, caught.value, repr(caught.value), *(str(request.url) for request in vendor.requests)]
    assert "secret" not in str(seen)
    await crm.aclose()
