"""How the client recognises people in what is typed.

https://www.zoho.com/cliq/help/platform/cliq-objects/mentions-object.html
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.cliq.model import BOT_NAME, Json, User
from sandbox.cliq.payloads import bot_mention, mention


@dataclass(frozen=True)
class Typed:
    """A text as it is sent, and whom it mentions, in the order of the text."""

    text: str
    mentions: list[Json]


class Mentions:
    """Finds `@Full Name` and `@Offboard`, and `{@id}` for whoever was picked from the list.

    A name that two people share stays plain text unless picked, and so does one of an account that has been closed.
    """

    def __init__(self, users: Iterable[User], *, bot_id: str) -> None:
        everyone = [user for user in users if user.active]
        shared = Counter(user.name.casefold() for user in everyone)
        self._bot_id = bot_id
        self._by_id = {user.id: user for user in everyone}
        unshared = [user for user in everyone if shared[user.name.casefold()] == 1]
        self._by_name = {user.name.casefold(): user for user in unshared}
        typeable = sorted([BOT_NAME, *(user.name for user in unshared)], key=len, reverse=True)
        names = "|".join(re.escape(name) for name in typeable)
        self._pattern = re.compile(rf"\{{@(?P<id>\d+)\}}|@(?P<name>{names})(?!\w)", re.IGNORECASE)

    def read(self, text: str, *, as_tokens: bool) -> Typed:
        """`as_tokens` spells mentions `{@id}`; otherwise they read as the client shows them: `@Full Name`."""
        found: list[Json] = []

        def spelled(match: re.Match[str]) -> str:
            person = self._by_id.get(match["id"] or "") or self._by_name.get((match["name"] or "").casefold())
            if person is None and match["id"]:
                return match[0]
            found.append(mention(person) if person else bot_mention(self._bot_id))
            if as_tokens:
                return f"{{@{person.id if person else self._bot_id}}}"
            return f"@{person.name if person else BOT_NAME}"

        return Typed(self._pattern.sub(spelled, text), found)
