"""views.* and blocks.validate of the Web API. https://docs.slack.dev/reference/methods/views.open"""

from collections.abc import Callable
from typing import Any, Final

from sandbox.slack.arguments import Arguments
from sandbox.slack.blocks import HOME, MESSAGE
from sandbox.slack.model import Json, SlackError
from sandbox.slack.schema import Problem
from sandbox.slack.validate import accepted_view, block_problems, refusal, view_problems
from sandbox.slack.workspace import Workspace


def _content(arguments: Arguments, *, home: bool) -> Json:
    view = arguments.json("view", "invalid_arguments")
    if view is None:
        raise refusal("invalid_arguments", [Problem("/view", "missing required field: view")])
    content = accepted_view(view)
    if (content["type"] == HOME) is not home:
        raise refusal("invalid_arguments", [Problem("/view/type", "must be a valid enum value")])
    return content


def open_(workspace: Workspace, arguments: Arguments) -> Json:
    content = _content(arguments, home=False)
    user = workspace.tickets.redeem(arguments.required("trigger_id"))
    view = workspace.views.open(user, content)
    workspace.changed()
    return {"view": view.json()}


def push(workspace: Workspace, arguments: Arguments) -> Json:
    content = _content(arguments, home=False)
    user = workspace.tickets.redeem(arguments.required("trigger_id"))
    view = workspace.views.push(user, content)
    workspace.changed()
    return {"view": view.json()}


def update(workspace: Workspace, arguments: Arguments) -> Json:
    view_id = arguments.text("view_id")
    views = workspace.views
    view = views.get(view_id) if view_id else views.by_external_id(arguments.required("external_id"))
    content = _content(arguments, home=view.kind == HOME)
    views.update(view, content, expected=arguments.text("hash"))
    workspace.changed()
    return {"view": view.json()}


def publish(workspace: Workspace, arguments: Arguments) -> Json:
    user = workspace.user(arguments.required("user_id"))
    content = _content(arguments, home=True)
    view = workspace.views.publish(user.id, content, expected=arguments.text("hash"))
    workspace.changed()
    return {"view": view.json()}


def blocks_validate(_workspace: Workspace, arguments: Arguments) -> Json:
    """The public validator: exactly one of blocks, message and view."""
    given = {name: arguments.json(name, f"invalid_{name}") for name in ("blocks", "message", "view")}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    (name, value), *_ = given.items()
    if problems := _CHECKS[name](value):
        errors = [{"pointer": p.pointer, "code": p.code, "message": p.message} for p in problems]
        raise SlackError(f"invalid_{name}", errors=errors)
    return {}


def _message_problems(message: Any) -> list[Problem]:
    if not isinstance(message, dict):
        return [Problem("", "must provide an object")]
    return block_problems(message.get("blocks", []), MESSAGE, "/blocks")


_CHECKS: Final[dict[str, Callable[[Any], list[Problem]]]] = {
    "blocks": lambda value: block_problems(value, MESSAGE),
    "message": _message_problems,
    "view": lambda value: view_problems(value, ""),
}
