"""What `doctor` and readiness find where several CRMs are connected: each fault with its system and what to do."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from bot_cases import settings_with
from pydantic import SecretStr

import bot.app
from bot.app import Service, run_checks
from bot.settings import Settings
from connectors.sangam.crm import SangamCrm
from sandbox.people import SUITECRM_IDS
from sandbox.pipedrive import Pipedrive
from sandbox.suitecrm import SuiteCrm
from sandbox.suitecrm.oauth import CLIENT_ID
from sandbox.supervisor import free_port
from sandbox.town import SYSTEMS, Town, TownOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town with all systems."""
    url = f"http://127.0.0.1:{free_port()}"
    storage = tmp_path_factory.mktemp("city")
    made = Town(TownOptions(public_url=url, service_url=url, storage=storage, records=0, systems=SYSTEMS))
    async with made.serve():
        yield made


@pytest.fixture(autouse=True)
def in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sangam CRM is asked twice a second, which here would only be waited for."""
    monkeypatch.setattr(bot.app, "SangamCrm", partial(SangamCrm, requests_per_second=100))


def settings_of(city: Town, database: Path, *systems: str, **changes: Any) -> Settings:
    """Settings for these systems of the town alone."""
    url = city.options.public_url
    values: dict[str, Any] = {"zoho_client_id": None, "zoho_client_secret": None, "zoho_refresh_token": None}
    for system in systems:
        values |= {**city.systems[system].settings, **city.systems[system].address_settings(url)}
    return settings_with(
        database_url=f"sqlite:///{database}",
        slack_bot_token=city.workspace.bot_token,
        slack_signing_secret=city.workspace.signing_secret,
        slack_api_url=f"{url}/slack/api/",
        **values | changes,
    )


async def faults(settings: Settings) -> dict[str, str]:
    """Advice by name of what is wrong."""
    return {check.name: check.advice for check in await run_checks(settings) if not check.passed}


async def test_all_is_well_and_each_line_says_where(city: Town, tmp_path: Path) -> None:
    checks = await run_checks(settings_of(city, tmp_path / "db", *SYSTEMS))
    assert [check for check in checks if not check.passed] == []
    names = [check.name for check in checks]
    assert len(set(names)) == len(names), "no line stands for two systems"
    assert {
        "zoho_crm.credentials", "zoho_crm.grant user", "pipedrive.credentials", "pipedrive.right account_settings",
        "pipedrive.tokens", "suitecrm.credentials", "suitecrm.grant user", "suitecrm.modules", "sangam.push key",
        "sangam.log-in", "sangam.owner fields", "sangam.changes", "policy",
    } <= set(names)  # fmt: skip


async def test_a_single_system_needs_no_name(city: Town, tmp_path: Path) -> None:
    checks = await run_checks(settings_of(city, tmp_path / "db", "pipedrive"))
    assert {"credentials", "right sales", "module deals", "policy"} <= {check.name for check in checks}


async def test_readiness_does_not_take_one_system_for_another(city: Town, tmp_path: Path) -> None:
    service = Service(settings_of(city, tmp_path / "db", "pipedrive", "suitecrm", pipedrive_api_token="dead"))
    found = {check.name: check.passed for check in await service.readiness.checks()}
    assert (found["pipedrive.credentials"], found["suitecrm.credentials"]) == (False, True)
    for part in (service.slack, *service.connectors.values()):
        await part.aclose()
    await service.database.close()


async def test_pipedrive_without_the_rights_of_an_administrator(
    city: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(city, tmp_path / "db", "pipedrive")
    dead = await faults(settings.model_copy(update={"pipedrive_api_token": SecretStr("dead")}))
    assert set(dead) == {"credentials"}
    assert "Renew the API token" in dead["credentials"]
    pipedrive = city.systems["pipedrive"]
    assert isinstance(pipedrive, Pipedrive)
    seller = pipedrive.token_of("sofia")
    found = await faults(settings.model_copy(update={"pipedrive_api_token": SecretStr(seller)}))
    assert {"right account_settings", "right sales", "right global"} <= set(found)
    assert all("administrator" in found[name] for name in found if name.startswith("right"))
    monkeypatch.setattr(pipedrive.limits, "daily_headers", False)
    few = await faults(settings.model_copy(update={"pipedrive_daily_tokens": 500}))
    assert few == {"tokens": "Wait until tomorrow, or buy a top-up."}


async def test_suitecrm_with_a_client_that_may_do_too_little(
    city: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(city, tmp_path / "db", "suitecrm")
    wrong = await faults(settings.model_copy(update={"suitecrm_client_secret": SecretStr("wrong")}))
    assert set(wrong) == {"credentials"}
    assert "OAuth2 client" in wrong["credentials"]
    suite = city.systems["suitecrm"]
    assert isinstance(suite, SuiteCrm)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite.quirks, "without_tag_field", True)
        checks = {check.name: check for check in await run_checks(settings)}
    assert checks["modules"].passed
    assert "without the field previous_owner_c, and so without tags: Accounts" in checks["modules"].found
    client = suite.oauth.clients[CLIENT_ID]
    monkeypatch.setitem(suite.oauth.clients, CLIENT_ID, replace(client, user_id=SUITECRM_IDS["sofia"]))
    assert "an administrator" in (await faults(settings))["grant user"]


async def test_sangam_with_a_wrong_key_or_password(city: Town, tmp_path: Path) -> None:
    settings = settings_of(city, tmp_path / "db", "sangam")
    for name, fault in (("sangam_push_key", "push key"), ("sangam_password", "log-in")):
        found = await faults(settings.model_copy(update={name: SecretStr("wrong")}))
        assert set(found) == {fault}
        assert found[fault]
