"""Whether Slack would let us do our work: the token, and every scope that the manifest asks for."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack.client import pooled
from bot.chat.slack.errors import translated
from bot.chat.surface import SurfaceError
from connectors.base import Check
from manifests.slack import SCOPES


async def check_slack(client: AsyncWebClient) -> tuple[Check, ...]:
    """Ask Slack who we are; the answer's header names the scopes. https://docs.slack.dev/reference/methods/auth.test"""
    try:
        with translated(changes=False):
            answer = await pooled(client).auth_test()
    except SurfaceError as error:
        advice = "Set OFFBOARD_SLACK_BOT_TOKEN to the app's bot token (xoxb-…), and see that Slack can be reached."
        return (Check("slack.token", passed=False, found=error.code, advice=advice),)
    granted = {scope.strip() for scope in (answer.headers or {}).get("x-oauth-scopes", "").split(",")}
    missing = sorted(set(SCOPES) - granted)
    return (
        Check("slack.token", passed=True, found=f"{answer['team']}, as {answer['user']}"),
        Check(
            "slack.scopes",
            passed=not missing,
            found=", ".join(missing) if missing else "all granted",
            advice="Update the app from `offboard manifest slack` and install it to the workspace again."
            * bool(missing),
        ),
    )
