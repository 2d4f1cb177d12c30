"""Modals, in a stack of at most three for each person, and Home tabs. https://docs.slack.dev/surfaces/modals"""

import secrets
from itertools import count
from typing import Final

from sandbox.clock import Clock
from sandbox.slack.forms import initial_state, state_after_update
from sandbox.slack.model import Json, SlackError, View

STACK: Final = 3


class Views:
    """All open views. Content comes in as Slack keeps it; who changes a view tells the workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._open: dict[str, View] = {}
        self._stacks: dict[str, list[str]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """The person's modals, the one on top last."""
        return [self._open[view_id] for view_id in self._stacks.get(user, [])]

    def home(self, user: str) -> View | None:
        return self._homes.get(user)

    def get(self, view_id: str) -> View:
        """Raises `SlackError` "not_found", also for a modal that has been closed."""
        if view_id not in self._open:
            raise SlackError("not_found")
        return self._open[view_id]

    def open(self, user: str, content: Json) -> View:
        """Show a new modal instead of those that the person had open."""
        self._check_external_id(content)
        self.clear(user)
        view = self._new(user, content)
        self._stacks[user] = [view.id]
        return view

    def push(self, user: str, content: Json) -> View:
        """Lay a modal over the others. Raises `SlackError` "not_found" or "push_limit_reached"."""
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        self._check_external_id(content)
        view = self._new(user, content)
        view.root, view.previous = stack[0].id, stack[-1].id
        self._stacks[user].append(view.id)
        return view

    def update(self, view: View, content: Json, *, expected: str | None = None) -> View:
        """Replace what a view shows. Raises `SlackError` "hash_conflict" when `expected` is no longer its hash."""
        if expected and expected != view.hash:
            raise SlackError("hash_conflict")
        if content.get("external_id") != view.content.get("external_id"):
            self._check_external_id(content)
        view.state = state_after_update(view.state, content["blocks"])
        view.content = content
        view.hash = self._hash()
        return view

    def publish(self, user: str, content: Json, *, expected: str | None = None) -> View:
        if (home := self._homes.get(user)) is not None:
            return self.update(home, content, expected=expected)
        if expected:
            raise SlackError("hash_conflict")
        self._homes[user] = self._new(user, content)
        return self._homes[user]

    def by_external_id(self, external_id: str) -> View:
        """Raises `SlackError` "not_found"."""
        for view in self._open.values():
            if view.content.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def close(self, view: View) -> list[View]:
        """Close a modal and those above it, or all when it says so. Returns what was closed, the topmost first."""
        stack = self.stack(view.user)
        if view not in stack:
            return []
        first = 0 if view.content.get("clear_on_close") else stack.index(view)
        return self._drop(view.user, stack[first:])

    def done(self, view: View) -> None:
        """Close one modal that was submitted; the one below it comes to the front."""
        self._drop(view.user, [view])

    def clear(self, user: str) -> list[View]:
        return self._drop(user, self.stack(user))

    def _drop(self, user: str, views: list[View]) -> list[View]:
        for view in views:
            self._open.pop(view.id, None)
        self._stacks[user] = [view_id for view_id in self._stacks.get(user, []) if view_id in self._open]
        return views[::-1]

    def _new(self, user: str, content: Json) -> View:
        view_id = f"V{next(self._numbers):09d}"
        view = View(view_id, user, content, self._hash(), root=view_id, state=initial_state(content["blocks"]))
        self._open[view_id] = view
        return view

    def _hash(self) -> str:
        return f"{int(self._clock.time())}.{secrets.token_hex(4)}"

    def _check_external_id(self, content: Json) -> None:
        external_id = content.get("external_id")
        if external_id and any(view.content.get("external_id") == external_id for view in self._open.values()):
            raise SlackError("duplicate_external_id")
