"""Every Web API method that the workspace knows: what runs, what it needs, how often it may be called.

Tiers: https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.slack import methods_chat as chat
from sandbox.slack import methods_conversations as conversations
from sandbox.slack import methods_files as files
from sandbox.slack import methods_people as people
from sandbox.slack import methods_views as views
from sandbox.slack.arguments import Arguments
from sandbox.slack.model import Json
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True)
class Method:
    """`per_minute` is the tier; `cut` says that a lost answer is worth trying, since the call has changed something."""

    run: Callable[[Workspace, Arguments], Json]
    per_minute: int
    scopes: tuple[str, ...] = ()
    token: Literal["bot", "app", "none"] = "bot"
    cut: bool = False


_TIER_2: Final = 20
_TIER_3: Final = 50
_TIER_4: Final = 100
# "Hundreds a minute", without a figure.
_SPECIAL: Final = 300


def api_test(_workspace: Workspace, arguments: Arguments) -> Json:
    return {"args": arguments.all()}


def open_connection(workspace: Workspace, _arguments: Arguments) -> Json:
    return {"url": workspace.hub.open_url()}


METHODS: Final[dict[str, Method]] = {
    "api.test": Method(api_test, _TIER_4, token="none"),
    "apps.connections.open": Method(open_connection, _TIER_3, token="app"),
    "auth.test": Method(people.auth_test, _SPECIAL),
    "blocks.validate": Method(views.blocks_validate, _SPECIAL, token="none"),
    "chat.delete": Method(chat.delete, _TIER_3, ("chat:write",)),
    "chat.deleteScheduledMessage": Method(chat.delete_scheduled_message, _TIER_3, ("chat:write",)),
    "chat.getPermalink": Method(chat.get_permalink, _SPECIAL),
    "chat.postEphemeral": Method(chat.post_ephemeral, _TIER_4, ("chat:write",)),
    "chat.postMessage": Method(chat.post_message, _SPECIAL, ("chat:write",), cut=True),
    "chat.scheduleMessage": Method(chat.schedule_message, _TIER_3, ("chat:write",)),
    "chat.update": Method(chat.update, _TIER_3, ("chat:write",), cut=True),
    "conversations.history": Method(conversations.history, _TIER_3),
    "conversations.info": Method(conversations.info, _TIER_3),
    "conversations.join": Method(conversations.join, _TIER_3, ("channels:join",)),
    "conversations.list": Method(conversations.list_, _TIER_2),
    "conversations.members": Method(conversations.members, _TIER_4),
    "conversations.open": Method(conversations.open_, _TIER_3),
    "conversations.replies": Method(conversations.replies, _TIER_3),
    "files.completeUploadExternal": Method(files.complete_upload, _TIER_4, ("files:write",), cut=True),
    "files.getUploadURLExternal": Method(files.get_upload_url, _TIER_4, ("files:write",)),
    "reactions.add": Method(chat.add_reaction, _TIER_3, ("reactions:write",)),
    "reactions.remove": Method(chat.remove_reaction, _TIER_2, ("reactions:write",)),
    "team.info": Method(people.team_info, _TIER_3, ("team:read",)),
    "team.profile.get": Method(people.team_profile_get, _TIER_3, ("users.profile:read",)),
    "users.info": Method(people.info, _TIER_4, ("users:read",)),
    "users.list": Method(people.list_, _TIER_2, ("users:read",)),
    "users.lookupByEmail": Method(people.lookup_by_email, _TIER_3, ("users:read.email",)),
    "users.profile.get": Method(people.profile_get, _TIER_4, ("users.profile:read",)),
    "views.open": Method(views.open_, _TIER_4, cut=True),
    "views.publish": Method(views.publish, _TIER_4, cut=True),
    "views.push": Method(views.push, _TIER_4, cut=True),
    "views.update": Method(views.update, _TIER_4, cut=True),
}
