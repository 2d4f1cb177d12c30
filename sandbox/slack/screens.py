"""What each person has in front of them beyond what is stored: entries in messages, suggestions, and their choices."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.slack.directory import User
from sandbox.slack.forms import NotOnScreen, entered, find, initial_state, state_after_update
from sandbox.slack.model import Json, Message, View


class Screens:
    """Entries in messages belong to a person, not to the message: two people who look at one see their own."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = users
        self._states: dict[tuple[str, str], Json] = {}
        self._offered: dict[tuple[str, str, str], list[Json]] = {}

    def state(self, user: str, surface: Message | View) -> Json:
        """`state.values` of a message or view as this person has filled it in."""
        if isinstance(surface, View):
            return surface.state
        kept = self._states.get((user, surface.ts))
        return state_after_update(kept, surface.blocks) if kept else initial_state(surface.blocks)

    def offer(self, surface: Message | View, block_id: str, action_id: str, *, options: Sequence[Json]) -> None:
        """Remember what the app suggested for an external select, so that it can be chosen."""
        seen = self._offered.setdefault((_key(surface), block_id, action_id), [])
        seen += [option for option in options if option not in seen]

    def enter(self, user: str, surface: Message | View, block_id: str, action_id: str, *, value: Any) -> Json:
        """Fill in one element. Returns what it holds then. Raises `NotOnScreen`."""
        _, element = find(surface.blocks, block_id, action_id)
        held = entered(element, value, self._offered.get((_key(surface), block_id, action_id), ()))
        self._check_people(held)
        state = self.state(user, surface)
        state.setdefault(block_id, {})[action_id] = held
        if isinstance(surface, Message):
            self._states[user, surface.ts] = state
        return held

    def _check_people(self, held: Json) -> None:
        """Closed accounts are in no picker."""
        for user_id in [*held.get("selected_users", ()), held.get("selected_user")]:
            if user_id and (user_id not in self._users or self._users[user_id].deleted):
                raise NotOnScreen(f"{user_id} cannot be picked")


def _key(surface: Message | View) -> str:
    return surface.id if isinstance(surface, View) else surface.ts
