"""How the client turns what a person types into Slack's markup.

https://docs.slack.dev/interactivity/implementing-slash-commands and
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections import Counter
from collections.abc import Iterable
from html import escape as escape_html

from sandbox.slack.directory import User
from sandbox.slack.model import SLACKBOT, Channel

_PICKED = r"<@(?P<person_id>[UW][A-Z0-9]+)>|<#(?P<channel_id>[CG][A-Z0-9]+)>"
_LINK = r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<url>https?://[^\s<>]+)"


class Escaper:
    """Makes references of people and channels, links of addresses, entities of `& < >`.

    A name that two people share stays plain text, and so does one of an account that has been closed. Whoever was
    picked from the list comes as `<@U…>`.
    """

    def __init__(self, users: Iterable[User], channels: Iterable[Channel], *, labelled: bool) -> None:
        """`labelled` adds the handle to mentions, and makes links of e-mail addresses."""
        self._labelled = labelled
        everyone = [user for user in users if not user.deleted and user.id != SLACKBOT]
        shared = Counter(user.real_name.casefold() for user in everyone)
        named = {user.name: user for user in everyone} | {u.real_name: u for u in everyone}
        typeable = [name for name in named if shared[name.casefold()] <= 1]
        self._people = {name.casefold(): named[name] for name in typeable} | {u.id.casefold(): u for u in everyone}
        known = [channel for channel in channels if not channel.direct]
        self._channels = {c.name.casefold(): c for c in known} | {c.id.casefold(): c for c in known}
        typed = rf"@(?P<person>{_any_of(typeable)})(?!\w)|#(?P<channel>{_any_of(c.name for c in known)})(?!\w)"
        self._pattern = re.compile(f"{_PICKED}|{_LINK}|{typed}", re.IGNORECASE)

    def escape(self, text: str) -> str:
        done, parts = 0, []
        for match in self._pattern.finditer(text):
            parts += [escape_html(text[done : match.start()], quote=False), self._reference(match)]
            done = match.end()
        return "".join([*parts, escape_html(text[done:], quote=False)])

    def _reference(self, match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        value = match[kind]
        if kind.startswith("person") and (user := self._people.get(value.casefold())):
            return f"<@{user.id}|{user.name}>" if self._labelled else f"<@{user.id}>"
        if kind.startswith("channel") and (channel := self._channels.get(value.casefold())):
            # A private channel's name is not given away.
            return f"<#{channel.id}|{channel.name if channel.kind == 'channel' else ''}>"
        if kind == "email":
            return f"<mailto:{value}|{value}>" if self._labelled else value
        if kind == "url":
            return f"<{escape_html(value, quote=False)}>"
        return escape_html(match[0], quote=False)


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
