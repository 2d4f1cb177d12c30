"""The conversations that Brightwater's workspace starts with."""

from collections.abc import Iterable
from typing import Final

from sandbox.people import BY_KEY, LOG_CHANNEL
from sandbox.slack.directory import User
from sandbox.slack.model import BOT_USER, Channel

_TEAMS: Final = {"sales-north": "Sales North", "sales-south": "Sales South", "service": "Service"}
_LOG_READERS: Final = ("petra", "ada", "noor", "tomas", "lena", "marek")
_HR: Final = ("petra", "gus")


def first_channels(users: Iterable[User], *, created: int) -> dict[str, Channel]:
    """Public channels, one private one, and each person's DM with the bot, by id."""
    active = [user for user in users if user.team and not user.deleted]
    everyone = {user.id for user in active}
    channels = [Channel("C0GENERAL", "general", "channel", everyone, created)]
    for name, team in _TEAMS.items():
        members = {user.id for user in active if user.team == team} | _ids(["petra"])
        channels.append(Channel(channel_id(name), name, "channel", members, created))
    log_readers = _ids(_LOG_READERS) | {BOT_USER}
    channels.append(Channel(channel_id(LOG_CHANNEL), LOG_CHANNEL, "channel", log_readers, created))
    channels.append(Channel(channel_id("hr-private"), "hr-private", "private", _ids(_HR), created))
    channels += [direct(user.id, created=created) for user in active]
    return {channel.id: channel for channel in channels}


def channel_id(name: str) -> str:
    return "C0" + name.replace("-", "").upper()


def direct_id(user_id: str) -> str:
    """The DM between the bot and a person; there is one at most."""
    return "D" + user_id[1:]


def direct(user_id: str, *, created: int) -> Channel:
    return Channel(direct_id(user_id), "", "im", {user_id, BOT_USER}, created)


def _ids(keys: Iterable[str]) -> set[str]:
    return {str(BY_KEY[key].slack_id) for key in keys}
