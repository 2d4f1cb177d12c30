"""A town with the service in it: settings, the rules of the house, and everything started."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from dialogue_servers import Switch, listening, serving
from dialogue_stage import Stage

from bot.settings import Settings
from sandbox.cliq.hall import LOG_CHANNEL_NAME, REFRESH_TOKEN
from sandbox.cliq.model import BOT_UNIQUE_NAME
from sandbox.people import ADMINS, BY_KEY, LOG_CHANNEL
from sandbox.town import Town, TownOptions

# What people have to do outside the connected systems, and when the channels learn of it, are subjects of their own.
SIMPLE_POLICY: Final = """
checklist = []
[announcement]
release = "at_once"
"""


@asynccontextmanager
async def stage(
    storage: Path, database_url: str, surface: str = "slack", *, policy: str = SIMPLE_POLICY
) -> AsyncIterator[Stage]:
    """A stage with the service running, in Slack, in Cliq or in "both"; `policy` are the rules of the house."""
    town_at, service_at = listening(), listening()
    switch = Switch()
    town = Town(TownOptions(public_url=town_at.url, service_url=service_at.url, storage=storage / "town"))
    town.crm.search_lag_seconds = 0.0
    town.workspace.deliver_timeout = 60.0
    town.hall.limits.scale = 1000.0  # Cliq's allowances are a real organisation's; a test that is about them sets them
    rules = storage / "policy.toml"
    rules.write_text(policy, encoding="utf-8")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(town.close)
        await stack.enter_async_context(serving(town.app, town_at))
        await stack.enter_async_context(serving(switch, service_at))
        made = Stage(town, settings_for(town, database_url, surface, policy=rules), switch)
        await made.start()
        stack.push_async_callback(made.stop)
        yield made


def settings_for(town: Town, database_url: str, surface: str, *, policy: Path, **changes: Any) -> Settings:
    """The service's settings in the town; it is not to wait for anything longer than a test does."""
    url = town.options.public_url
    values: dict[str, Any] = {
        "admins": ",".join(BY_KEY[key].email for key in ADMINS),
        "database_url": database_url,
        "policy_file": policy,
        "zoho_accounts_url": f"{url}/zoho/accounts",
        "zoho_web_url": url,
        "zoho_client_id": town.crm.client_id,
        "zoho_client_secret": town.crm.client_secret,
        "zoho_refresh_token": town.crm.refresh_token,
        "per_record_notices": 1,
        "patience_seconds": 0.05,
        "http_pause_seconds": 0.01,
        "tries": 3,
    }
    chat = _slack(town) if surface != "cliq" else {}
    chat |= _cliq(town) if surface != "slack" else {}
    return Settings(_env_file=None, **values | chat | changes)


def _slack(town: Town) -> dict[str, str]:
    return {
        "slack_bot_token": town.workspace.bot_token,
        "slack_signing_secret": town.workspace.signing_secret,
        "slack_log_channel": next(c.id for c in town.workspace.channels.values() if c.name == LOG_CHANNEL),
        "slack_api_url": f"{town.options.public_url}/slack/api/",
    }


def _cliq(town: Town) -> dict[str, str]:
    return {
        "cliq_log_channel": LOG_CHANNEL_NAME,
        "cliq_api_url": town.hall.url,
        "cliq_bot": BOT_UNIQUE_NAME,
        "cliq_refresh_token": REFRESH_TOKEN,
        "cliq_public_key": town.hall.public_key,
        "cliq_url_secret": town.cliq_secret,
    }
