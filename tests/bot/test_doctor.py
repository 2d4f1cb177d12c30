"""What `doctor` and readiness find in a town where all is well, and what they advise where it is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from bot_cases import settings_in, settings_with
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp

import bot.app
from bot.app import Service, build_app, run_checks
from bot.chat.slack.selfclick import check_click
from sandbox.people import BY_KEY, INTEGRATION_USER
from sandbox.supervisor import free_port
from sandbox.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def faults(settings: Any) -> dict[str, str]:
    """Advice by name of what is wrong."""
    return {check.name: check.advice for check in await run_checks(settings) if not check.passed}


async def test_all_is_well(town: Town, tmp_path: Path) -> None:
    checks = await run_checks(settings_in(town, tmp_path / "db"))
    assert [check for check in checks if not check.passed] == []
    assert {"slack.token", "slack.scopes", "credentials", "grant user", "modules", "policy"} <= {
        check.name for check in checks
    }


async def test_a_dead_slack_token_is_named(town: Town, tmp_path: Path) -> None:
    found = await faults(settings_in(town, tmp_path / "db").model_copy(update={"slack_bot_token": _secret("xoxb-0")}))
    assert "OFFBOARD_SLACK_BOT_TOKEN" in found.pop("slack.token")
    assert not found


async def test_a_missing_slack_scope_is_named(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(town.workspace, "scopes", set(town.workspace.scopes) - {"chat:write"})
    checks = await run_checks(settings_in(town, tmp_path / "db"))
    (fault,) = [check for check in checks if not check.passed]
    assert (fault.name, fault.found) == ("slack.scopes", "chat:write")
    assert "install" in fault.advice


async def test_a_dead_grant_is_named(town: Town, tmp_path: Path) -> None:
    settings = settings_in(town, tmp_path / "db").model_copy(update={"zoho_refresh_token": _secret("1000.dead.dead")})
    found = await faults(settings)
    assert set(found) == {"credentials"}
    assert found["credentials"]


async def test_a_missing_right_in_the_crm_is_named(town: Town, tmp_path: Path) -> None:
    grant = town.crm.make_grant(
        ["ZohoCRM.users.READ", "ZohoCRM.org.READ"], user_id=BY_KEY[INTEGRATION_USER].crm_id or ""
    )
    settings = settings_in(town, tmp_path / "db").model_copy(update={"zoho_refresh_token": _secret(grant)})
    found = await faults(settings)
    assert found
    assert all(found.values()), "each fault has an advice"


async def test_a_policy_that_names_what_is_not_there_is_a_fault(town: Town, tmp_path: Path) -> None:
    own = tmp_path / "policy.toml"
    own.write_text(
        '[modules.Deals]\nmove = "none"\n[modules.Nowhere]\nmove = "all"\n'
        '[modules.Leads]\nstatus = "Lead_Status"\ndead = "Lost Lead"\n[modules.Cases]\nstatus = "Mood"\ndead = "Bad"\n'
        '[stale]\nallocate_to = ["ada@brightwater.example", "stranger@brightwater.example"]\n'
        '[[checklist]]\nkey = "badge"\ntitle = {en = "Badge", de = "Ausweis"}\nassignee = "ada@brightwater.example"',
        encoding="utf-8",
    )
    found = await faults(settings_in(town, tmp_path / "db", policy_file=own))
    assert set(found) == {"policy modules.Nowhere", "policy modules.Cases", "policy stale.allocate_to"}


async def test_a_policy_is_not_compared_with_systems_that_are_not_well(town: Town, tmp_path: Path) -> None:
    own = tmp_path / "policy.toml"
    own.write_text(
        '[modules.Leads]\nstatus = "Nowhere"\nclosed = ["x"]\n[modules.Gone]\nmove = "all"', encoding="utf-8"
    )
    assert set(await faults(settings_in(town, tmp_path / "db", policy_file=own))) == {"modules"}


async def test_vendors_that_cannot_be_reached_are_faults_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.app, "_DOCTOR_SECONDS", 0.2)
    found = await faults(settings_with())
    assert set(found) == {"slack.token", "credentials"}
    assert all(found.values())


async def test_live_and_ready(town: Town, tmp_path: Path) -> None:
    for settings, expected in (
        (settings_in(town, tmp_path / "db"), 200),
        (settings_in(town, tmp_path / "db").model_copy(update={"slack_bot_token": _secret("xoxb-0")}), 503),
    ):
        service = Service(settings)
        transport = httpx.ASGITransport(build_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://offboard") as client:
            assert (await client.get("/health/live")).json() == {"status": "live"}
            ready = await client.get("/health/ready")
            assert ready.status_code == expected
            assert ready.json()["ready"] is (expected == 200)
            assert ready.json()["checks"]["slack.token"] is (expected == 200)
        await service.slack.aclose()
        for connector in service.connectors.values():
            await connector.aclose()
        await service.database.close()


# Inbound buttons blocked by a proxy: the service clicks itself through its public address.


@asynccontextmanager
async def at_a_public_url(app: ASGIApp) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=free_port(), log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{config.port}"
    finally:
        await server.shutdown()


SECRET = "a-signing-secret"


@pytest.fixture
def edge() -> ASGIApp:
    return build_app(Service(settings_with()))


async def test_a_signed_click_through_the_public_url_arrives(edge: ASGIApp) -> None:
    async with at_a_public_url(edge) as url:
        for spelled in (url, f"{url}/"):
            assert (await check_click(spelled, SECRET)).passed


async def test_inbound_buttons_blocked_by_a_proxy(edge: ASGIApp) -> None:
    async def without_signature(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"x-slack-signature"]
        await edge({**scope, "headers": headers}, receive, send)

    for proxy, found in (
        (PlainTextResponse("forbidden", 403), "HTTP 403"),
        (HTMLResponse("<form>Please log in</form>"), "HTTP 200, but not from Offboard: a log-in page, perhaps"),
        (PlainTextResponse("", 302, headers={"location": "https://login.example"}), "HTTP 302"),
        (without_signature, "HTTP 401"),
    ):
        async with at_a_public_url(proxy) as url:
            check = await check_click(url, SECRET)
        assert not check.passed
        assert check.found == found
        assert "proxy" in check.advice


async def test_doctor_clicks_where_a_public_url_is_set(edge: ASGIApp, town: Town, tmp_path: Path) -> None:
    """This service has another signing secret than the settings: the click is refused, and doctor says so."""
    async with at_a_public_url(edge) as url:
        found = await faults(settings_in(town, tmp_path / "db", public_url=url))
    assert set(found) == {"slack.click"}
    assert "another signing secret" in found["slack.click"]


async def test_a_service_that_is_not_running_is_told_to_be_started() -> None:
    check = await check_click(f"http://127.0.0.1:{free_port()}", SECRET)
    assert not check.passed
    assert check.advice.startswith("Start the service")


def _secret(value: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(value)
