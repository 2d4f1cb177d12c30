"""What a workspace consists of: channels, messages, views, notices, and the error that every refusal becomes."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Json = dict[str, Any]

TEAM_ID: Final = "T0BRIGHTWATER"
TEAM_DOMAIN: Final = "brightwater"
APP_ID: Final = "A0OFFBOARD"
BOT_USER: Final = "UBOT"
BOT_ID: Final = "B0OFFBOARD"
SLACKBOT: Final = "USLACKBOT"
# The deprecated verification token that every payload still carries; it proves nothing.
LEGACY_TOKEN: Final = "legacy"


class SlackError(Exception):
    """An answer with `ok: false`. `extra` stands beside the code, such as `needed` and `provided`."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


@dataclass
class Message:
    """One message. `blocks` are as Slack keeps them; `only_for` names the one reader of an ephemeral message.

    `system` marks what Slack itself says to that reader, such as that a command failed. `edits` holds earlier texts.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: Json | None = None
    only_for: str | None = None
    system: bool = False
    files: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    edited_at: str | None = None
    deleted: bool = False

    @property
    def by_bot(self) -> bool:
        return self.user == BOT_USER

    def json(self, *, metadata: bool = False) -> Json:
        """The message as the Web API and payloads show it."""
        shown: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "team": TEAM_ID}
        if self.by_bot:
            shown |= {"bot_id": BOT_ID, "app_id": APP_ID}
        for name in ("blocks", "attachments", "files", "thread_ts"):
            if value := getattr(self, name):
                shown[name] = value
        if self.broadcast:
            shown["subtype"] = "thread_broadcast"
        if self.edited_at:
            shown["edited"] = {"user": self.user, "ts": self.edited_at}
        if self.reactions:
            shown["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in self.reactions.items()]
        if self.replies:
            shown |= {"reply_count": len(self.replies), "latest_reply": self.replies[-1], "thread_ts": self.ts}
        if metadata and self.metadata:
            shown["metadata"] = self.metadata
        return shown


@dataclass
class Channel:
    """A conversation. `members` are user ids; the bot is one where it has been invited."""

    id: str
    name: str
    kind: Literal["channel", "private", "im", "mpim"]
    members: set[str]
    created: int = 0
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)

    @property
    def direct(self) -> bool:
        return self.kind == "im"

    @property
    def partner(self) -> str:
        """The person at the other end of a DM with the bot."""
        return next(member for member in self.members if member != BOT_USER)

    def json(self) -> Json:
        shown: Json = {
            "id": self.id,
            "created": self.created,
            "is_archived": self.archived,
            "is_im": self.direct,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
        }
        if self.direct:
            return shown | {"user": self.partner, "is_user_deleted": False, "priority": 0}
        return shown | {
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "private",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "channel",
            "is_member": BOT_USER in self.members,
            "is_general": self.name == "general",
            "num_members": len(self.members),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass
class View:
    """A modal or a Home tab. `content` is what the bot sent, as Slack keeps it; `state` what its reader has entered.

    `state` is `{block_id: {action_id: value}}` in the form of `view.state.values`.
    """

    id: str
    user: str
    content: Json
    hash: str
    root: str
    previous: str | None = None
    state: Json = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.content["type"])

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.content["blocks"]
        return blocks

    def json(self, state: Json | None = None) -> Json:
        """The view as payloads and answers show it; `state` replaces what its reader has entered."""
        empty = {"private_metadata": "", "callback_id": "", "external_id": ""}
        modal = {"title": None, "clear_on_close": False, "notify_on_close": False, "close": None, "submit": None}
        return {
            **empty,
            **(modal if self.kind == "modal" else {}),
            **self.content,
            "id": self.id,
            "team_id": TEAM_ID,
            "state": {"values": {k: dict(held) for k, held in (self.state if state is None else state).items()}},
            "hash": self.hash,
            "previous_view_id": self.previous,
            "root_view_id": self.root,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
        }


@dataclass(frozen=True)
class Notice:
    """Something Slack itself tells one person: a command failed, a click was not heard.

    `message_ts` or `view_id` say at which message or view the mark stands; a failed command has neither.
    """

    at: str  # like the `ts` of a message
    user: str
    code: str
    text: str
    channel: str | None = None
    message_ts: str | None = None
    view_id: str | None = None


@dataclass(frozen=True)
class Command:
    """A slash command as the app's manifest registers it."""

    name: str
    description: str
    usage_hint: str
    should_escape: bool = True


@dataclass
class StoredFile:
    """A file on its way: reserved, then filled, then shared. `length` is in bytes."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str = ""
    shared: bool = False
