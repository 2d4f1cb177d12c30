"""What happens when a person uses something the app has put in front of them: clicks, suggestions, modals."""

import asyncio
from typing import Any, Final

from sandbox.slack import payloads
from sandbox.slack.courier import Answer, Delivery
from sandbox.slack.forms import VALUE_KEYS, NotOnScreen, complaints, find
from sandbox.slack.model import Channel, Json, Message, Notice, SlackError, View
from sandbox.slack.tickets import Origin
from sandbox.slack.validate import accepted_view
from sandbox.slack.workspace import Workspace

CLICK_FAILED: Final = "Oh no, something went wrong. Please try that again."
MODAL_FAILED: Final = "We had some trouble connecting. Try again?"
_OPTIONS: Final = 100
_MIN_QUERY: Final = 3


class Interactions:
    """One person's hands. Everything raises `NotOnScreen` where it is not possible."""

    def __init__(self, workspace: Workspace, user_id: str) -> None:
        self._workspace = workspace
        self._user = workspace.user(user_id)

    async def click(
        self, surface: Message | View, block_id: str, action_id: str, *, value: Any = None, times: int = 1
    ) -> None:
        """Use an element; `times` clicks at once send as many payloads, each with a trigger of its own.

        Elements of an input block tell the app nothing unless they have `dispatch_action`.
        """
        block, element = find(surface.blocks, block_id, action_id)
        held: Json = {}
        if element["type"] in VALUE_KEYS:
            held = self._workspace.screens.enter(self._user.id, surface, block_id, action_id, value=value)
            self._workspace.changed()
        elif element["type"] == "overflow":
            held = {"selected_option": _overflow(element, value)}
        if block["type"] == "input" and not block.get("dispatch_action"):
            return
        deliveries = [self._block_actions(surface, element, block_id, held=held) for _ in range(times)]
        self._forget_notices(surface)
        await asyncio.gather(
            *(self._workspace.deliver(delivery, lambda answer: self._mark(surface, answer)) for delivery in deliveries)
        )

    def _block_actions(self, surface: Message | View, element: Json, block_id: str, *, held: Json) -> Delivery:
        workspace, user = self._workspace, self._user
        done = payloads.action(element, block_id, held=held, stamp=workspace.stamp())
        where = payloads.place(surface, self._channel(surface))
        trigger = workspace.tickets.trigger(user.id)
        in_message = isinstance(surface, Message)
        state = workspace.screens.state(user.id, surface) if in_message else None
        payload = payloads.block_actions(user, where, done, trigger_id=trigger, state=state)
        if isinstance(surface, Message):
            payload["response_url"] = workspace.tickets.response_url("actions", origin_of(user.id, surface))
        return Delivery("interactive", payload)

    async def options(self, surface: Message | View, block_id: str, action_id: str, *, typed: str) -> list[Json]:
        """What the app suggests for `typed` in an external select, groups flattened; nothing for too short a text."""
        _, element = find(surface.blocks, block_id, action_id)
        if len(typed) < element.get("min_query_length", _MIN_QUERY):
            return []
        where = payloads.place(surface, self._channel(surface))
        payload = payloads.block_suggestion(self._user, where, block_id=block_id, action_id=action_id, typed=typed)
        answer = await self._workspace.deliver(
            Delivery("interactive", payload), lambda answer: self._mark(surface, answer)
        )
        body = answer.body or {}
        groups = body.get("option_groups") or [{"options": body.get("options") or []}]
        found = [option for group in groups for option in group["options"]][:_OPTIONS]
        self._workspace.screens.offer(surface, block_id, action_id, options=found)
        return found

    async def submit(self, view: View) -> dict[str, str]:
        """Send a modal. Returns the complaints by block id: the client's own, or else the app's."""
        if found := complaints(view.blocks, view.state):
            return found
        tickets = self._workspace.tickets
        response_urls = [
            {
                "block_id": block_id,
                "action_id": action_id,
                "channel_id": chosen,
                "response_url": tickets.response_url("app", Origin(self._user.id, chosen)),
            }
            for block_id, action_id, chosen in payloads.wanted_response_urls(view)
        ]
        payload = payloads.view_submission(
            self._user, view, trigger_id=tickets.trigger(self._user.id), response_urls=response_urls
        )
        self._forget_notices(view)
        answered: dict[str, str] = {}
        await self._workspace.deliver(
            Delivery("interactive", payload), lambda answer: answered.update(self._after_submission(view, answer))
        )
        return answered

    def _after_submission(self, view: View, answer: Answer) -> dict[str, str]:
        """Do what the app answered to a submission; a view that is gone by now is left alone."""
        if view not in self._workspace.views.stack(view.user):
            return {}
        if answer.failure:
            self._mark(view, answer)
            return {}
        try:
            return self._respond(view, answer.body or {})
        except SlackError as error:
            self._notify(view, error.code)
            return {}
        finally:
            self._workspace.changed()

    def _respond(self, view: View, body: Json) -> dict[str, str]:
        views = self._workspace.views
        match body.get("response_action"):
            case None:
                views.done(view)
            case "clear":
                views.clear(view.user)
            case "update":
                views.update(view, accepted_view(body.get("view")))
            case "push":
                views.push(view.user, accepted_view(body.get("view")))
            case "errors":
                return _field_errors(view, body.get("errors"))
            case _:
                raise SlackError("invalid_response_action")
        return {}

    async def close(self, view: View) -> None:
        """Close a modal; the app hears of it where it asked to."""
        closed = self._workspace.views.close(view)
        self._workspace.changed()
        for gone in closed:
            if gone.content.get("notify_on_close"):
                payload = payloads.view_closed(self._user, gone, cleared=len(closed) > 1)
                await self._workspace.deliver(Delivery("interactive", payload), lambda _answer: None)

    def _channel(self, surface: Message | View) -> Channel | None:
        return self._workspace.channels[surface.channel] if isinstance(surface, Message) else None

    def _mark(self, surface: Message | View, answer: Answer) -> None:
        if answer.failure:
            self._notify(surface, answer.code)

    def _notify(self, surface: Message | View, code: str) -> None:
        now, user = self._workspace.stamp(), self._user.id
        if isinstance(surface, View):
            self._workspace.notify(Notice(now, user, code, MODAL_FAILED, view_id=surface.id))
        else:
            notice = Notice(now, user, code, CLICK_FAILED, channel=surface.channel, message_ts=surface.ts)
            self._workspace.notify(notice)

    def _forget_notices(self, surface: Message | View) -> None:
        """The mark of a failed click goes when the person tries again."""
        kept = [notice for notice in self._workspace.notices if not _is_at(notice, self._user.id, surface)]
        self._workspace.notices = kept


def origin_of(user_id: str, message: Message) -> Origin:
    return Origin(
        user_id, message.channel, message.ts, ephemeral=message.only_for is not None, thread_ts=message.thread_ts
    )


def _is_at(notice: Notice, user_id: str, surface: Message | View) -> bool:
    if notice.user != user_id:
        return False
    return notice.view_id == surface.id if isinstance(surface, View) else notice.message_ts == surface.ts


def _overflow(element: Json, value: Any) -> Json:
    for option in element["options"]:
        if option["value"] == value:
            chosen: Json = option
            return chosen
    raise NotOnScreen(f"{value!r} is not in the menu {element['action_id']}")


def _field_errors(view: View, errors: Any) -> dict[str, str]:
    """Errors stand at input blocks. Raises `SlackError` when the app names anything else."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_response_action")
    return {block_id: str(text) for block_id, text in errors.items()}
