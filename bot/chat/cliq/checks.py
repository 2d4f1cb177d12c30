"""Whether Cliq would let us do our work: the token, the bot, and the log channel."""

from collections.abc import Awaitable, Callable

from bot.chat.cliq.surface import CliqSurface
from bot.chat.surface import SurfaceError
from connectors.base import Check

_TOKEN = (
    "Set OFFBOARD_CLIQ_REFRESH_TOKEN to a grant with the scopes of docs/cliq-setup.md, and OFFBOARD_CLIQ_API_URL to "
    "Cliq in your data centre."
)
_BOT = "Run `offboard install cliq`, and set OFFBOARD_CLIQ_BOT to the unique name that it prints."
_CHANNEL = "Set OFFBOARD_CLIQ_LOG_CHANNEL to the unique name under the channel's Connectors, and let the bot join it."


async def check_cliq(surface: CliqSurface, channel: str | None) -> tuple[Check, ...]:
    """What Cliq says of each; a dead token is one fault, not three."""
    token = await _check("cliq.token", surface.whoami, _TOKEN)
    if not token.passed:
        return (token,)
    found = [token, await _check("cliq.bot", surface.bot_name, _BOT)]
    if channel:
        found.append(await _check("cliq.channel", lambda: surface.channel_name(channel), _CHANNEL))
    return tuple(found)


async def _check(name: str, ask: Callable[[], Awaitable[str]], advice: str) -> Check:
    try:
        return Check(name, passed=True, found=await ask())
    except SurfaceError as error:
        return Check(name, passed=False, found=error.code, advice=advice)
