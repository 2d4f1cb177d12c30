"""What `offboard install cliq` does and says: settings → client → installer, questions, and what is left to people."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from bot.app import cliq_authority, utc_now
from bot.chat.cliq.changes import Change, Found
from bot.chat.cliq.client import cliq_http
from bot.chat.cliq.install import Installer, Turns, advice
from bot.settings import PREFIX, Settings
from connectors.base import ConnectorError
from connectors.http import Http
from manifests.cliq import Component, Kind, components

_UNREACHABLE_ACCOUNTS: Final = ("zoho_accounts", "NO_ANSWER")
BY_HAND: Final = """\
What only a person can do in Cliq (docs/cliq-setup.md says where to click):
- Everybody: say yes when Cliq asks, at the first use, whether Offboard may see who you are.
- An administrator: see that admins, leads and successors may use the bot; it can write to nobody else.
- For the widget, and for signed deliveries: make an extension, and set OFFBOARD_CLIQ_PUBLIC_KEY to its public key."""


@dataclass(frozen=True)
class Console:
    """The person at the keyboard."""

    say: Callable[[str], None]
    confirm: Callable[[str], bool]


def wanted_components(settings: Settings, url: str) -> tuple[Component, ...]:
    """Raises `ValueError` for settings or a URL that cannot work."""
    _needed(settings.cliq_refresh_token, "CLIQ_REFRESH_TOKEN")
    return components(url, _needed(settings.cliq_url_secret, "CLIQ_URL_SECRET"))


async def install_cliq(settings: Settings, wanted: Sequence[Component], console: Console) -> bool:
    """Whether Cliq is as it should be now."""
    async with _connected(settings) as http:
        return await run(Installer(http, Turns(time.monotonic, asyncio.sleep, console.say)), wanted, settings, console)


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Http]:
    refresh_token = _needed(settings.cliq_refresh_token, "CLIQ_REFRESH_TOKEN")
    http = cliq_http(cliq_authority(settings, refresh_token, clock=utc_now))
    try:
        yield http
    finally:
        await http.aclose()


def _needed(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise ValueError(f"{PREFIX}{name} is missing: see docs/cliq-setup.md")
    return value.get_secret_value()


async def run(installer: Installer, wanted: Sequence[Component], settings: Settings, console: Console) -> bool:
    """Show what differs, ask, change it, and say what is left. False: something is not as it should be."""
    try:
        plan = await installer.plan(wanted)
        bot = await _register(installer, plan, console)
        if bot is None:
            return False
        if settings.cliq_log_channel:
            await _join(installer, bot, settings.cliq_log_channel, console)
    except ConnectorError as error:
        console.say(f"{str(error).rstrip('.')}. {_advice(error)}")
        return False
    console.say(_about_the_name(bot.unique_name, settings.cliq_bot))
    console.say(BY_HAND)
    return True


def _advice(error: ConnectorError) -> str:
    """The grant comes from another server than Cliq's, with settings of its own."""
    if (error.system, error.code) != _UNREACHABLE_ACCOUNTS:
        return advice(error)
    return (
        f"See that the accounts server ({PREFIX}ZOHO_ACCOUNTS_URL, or {PREFIX}CLIQ_ACCOUNTS_URL where that is set) "
        "is the right one and can be reached from here; then run it again."
    )


async def _register(installer: Installer, plan: Sequence[Change], console: Console) -> Found | None:
    """The bot as it is now; None where nothing may be changed."""
    for change in plan:
        console.say(str(change))
    obstacles = [change.obstacle for change in plan if change.obstacle]
    needed = [change for change in plan if change.needed]
    if obstacles or (needed and not console.confirm(f"Change {len(needed)} of {len(plan)} components in Cliq?")):
        console.say("\n".join([*obstacles, "Nothing was changed."]))
        return None
    if not needed:
        console.say("Nothing to change: the components are as they should be.")
    bot = next(change.found for change in plan if change.wanted.kind is Kind.BOT)
    for change in needed:
        found = await installer.apply(change)
        console.say(f"Done: {change.wanted.title}")
        bot = found if change.wanted.kind is Kind.BOT else bot
    return bot


async def _join(installer: Installer, bot: Found, channel: str, console: Console) -> None:
    """Cliq does not say who is in a channel but by refusing a bot that is: so this asks each time."""
    if bot.unique_name is None:
        console.say(f"Add the bot to the channel {channel} by hand: Cliq did not say the bot's unique name.")
    elif not console.confirm(f"Let the bot into the channel {channel}, unless it is there already?"):
        console.say(f"The bot was not let into the channel {channel}.")
    elif await installer.join(bot.unique_name, channel):
        console.say(f"Done: the bot is in the channel {channel} now.")
    else:
        console.say(f"The bot is in the channel {channel} already.")


def _about_the_name(name: str | None, set_name: str) -> str:
    variable = f"{PREFIX}CLIQ_BOT"
    if name is None:
        return f"Cliq did not say the bot's unique name: copy it from Bots & Tools > Bots > Offboard to {variable}."
    if name == set_name:
        return f"{variable}={name} is set as it should be."
    return f"Set {variable}={name}: by this name the service posts as the bot."
