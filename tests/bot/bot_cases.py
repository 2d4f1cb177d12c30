"""A town for the service to look at, and the settings that lead there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.settings import Settings
from sandbox.supervisor import free_port
from sandbox.town import Town, TownOptions


def settings_with(**changes: Any) -> Settings:
    """Settings that are complete, and lead nowhere."""
    values: dict[str, Any] = {
        "admins": "ada@brightwater.example",
        "slack_bot_token": "xoxb-1-secret",
        "slack_signing_secret": "a-signing-secret",
        "slack_api_url": "http://127.0.0.1:9/",
        "zoho_accounts_url": "http://127.0.0.1:9",
        "zoho_client_id": "1000.CLIENT",
        "zoho_client_secret": "a-client-secret",
        "zoho_refresh_token": "a-refresh-token",
        "http_pause_seconds": 0.01,
    }
    return Settings(_env_file=None, **values | changes)


def settings_in(town: Town, database: Path, **changes: Any) -> Settings:
    url = town.options.public_url
    return settings_with(
        database_url=f"sqlite:///{database}",
        slack_bot_token=town.workspace.bot_token,
        slack_signing_secret=town.workspace.signing_secret,
        slack_api_url=f"{url}/slack/api/",
        zoho_accounts_url=f"{url}/zoho/accounts",
        zoho_client_id=town.crm.client_id,
        zoho_client_secret=town.crm.client_secret,
        zoho_refresh_token=town.crm.refresh_token,
        **changes,
    )


@asynccontextmanager
async def town(storage: Path) -> AsyncIterator[Town]:
    url = f"http://127.0.0.1:{free_port()}"
    made = Town(TownOptions(public_url=url, service_url=url, storage=storage, records=0))
    async with made.serve():
        yield made
